"""Usage event: something that happened and may cost money. It holds quantities, never a cost of ours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

#: How an attempt ended, as far as its cost goes:
#: complete (usage known), partial (cut off: input known, output counted or bounded), refused (before any work),
#: unknown (timed out or reset after it was sent), not_sent.
STATES = ("complete", "partial", "refused", "unknown", "not_sent")


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """One attempt of a call as one sensor saw it; None where nobody said.

    Args:
        id: The event's own id; two events with one id are one event.
        time: When the attempt began, timezone-aware.
        usage: Quantity by unit. Units are disjoint, so tokens may be added; token units hold whole numbers.
        provider: Who is paid for it.
        model: Model, meter or SKU, as the provider names it.
        operation: `chat`, `embeddings`, `analyze_document`, ...
        feature: Product feature, `area.action`.
        customer: Paying customer (tenant).
        team: Team that owns the feature.
        user: End user, an opaque id.
        session: The user's session.
        environment: `production`, `staging`, ...
        service: Deployed service that made the call.
        endpoint: Route of that service, without query string.
        prompt: Name and version of the prompt template; never its text.
        release: Version of the service.
        trace: W3C trace id.
        span: W3C span id.
        parent: Span id of the caller.
        call: The call this is an attempt of.
        attempt: Which try of the call, from 1.
        response_id: The provider's id of its answer.
        state: One of `STATES`.
        error: What went wrong, a short name.
        context: What the price may depend on: `tier`, `processing`, `speed`, `region`, `route`, `search_type`,
            `project`.
        duration_ms: How long it took, in milliseconds.
        reported_cost: What the provider says it cost, in `currency`.
        currency: ISO 4217 code.
        sensor: Who saw it: `sdk`, `gateway`, ...
        tags: Further dimensions.
    """

    id: str
    time: datetime
    usage: Mapping[str, int | Decimal] = field(default_factory=dict)
    provider: str | None = None
    model: str | None = None
    operation: str | None = None
    feature: str | None = None
    customer: str | None = None
    team: str | None = None
    user: str | None = None
    session: str | None = None
    environment: str | None = None
    service: str | None = None
    endpoint: str | None = None
    prompt: str | None = None
    release: str | None = None
    trace: str | None = None
    span: str | None = None
    parent: str | None = None
    call: str | None = None
    attempt: int = 1
    response_id: str | None = None
    state: str = "complete"
    error: str | None = None
    context: Mapping[str, str] = field(default_factory=dict)
    duration_ms: int | None = None
    reported_cost: Decimal | None = None
    currency: str = "USD"
    sensor: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
