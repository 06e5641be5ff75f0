"""Usage events as rows of `usage`."""

from collections.abc import Iterator
from hashlib import blake2b

import msgspec

from outlay.store.tables import BY_NAME
from outlay.terms.unit import TOKEN_UNITS
from outlay.terms.usage_event import UsageEvent

#: Columns in the order of the table; every row has them all.
NAMES = [column.name for column in BY_NAME["arrival"].columns]
_TOKENS = frozenset(TOKEN_UNITS)
_NO_TOKENS = dict.fromkeys(TOKEN_UNITS, 0)
_encode = msgspec.json.Encoder(decimal_format="number").encode


def lines_of(event: UsageEvent, take_in: str, file: int, line: int) -> Iterator[bytes]:
    """Yield an event's rows as lines of JSON: one, or one more for each further unit that is not a token.

    The first row carries the tokens and the attempt; further ones have attempt 0, so that no call counts twice.
    """
    tokens = {unit: n for unit, n in event.usage.items() if unit in _TOKENS}
    others = [(unit, n) for unit, n in event.usage.items() if unit not in _TOKENS]
    unit, quantity = others[0] if others else (None, 0)
    row = {
        "take_in": take_in,
        "file": file,
        "line": line,
        "id": event.id,
        "fingerprint": "",
        "time": event.time.replace(tzinfo=None).isoformat(sep=" "),
        "provider": event.provider,
        "model": event.model,
        "operation": event.operation,
        "feature": event.feature,
        "customer": event.customer,
        "team": event.team,
        "user": event.user,
        "environment": event.environment,
        "service": event.service,
        "release": event.release,
        "endpoint": event.endpoint,
        "prompt": event.prompt,
        "session": event.session,
        "trace": event.trace,
        "span": event.span,
        "parent": event.parent,
        "call": event.call,
        "attempt": event.attempt,
        "response_id": event.response_id,
        "state": event.state,
        "error": event.error,
        "tier": event.context.get("tier", ""),
        "processing": event.context.get("processing", ""),
        "region": event.context.get("region", ""),
        "sensor": event.sensor,
        **_NO_TOKENS,
        **tokens,
        "unit": unit,
        "quantity": quantity,
        "duration_ms": event.duration_ms,
        "reported_cost": event.reported_cost,
        "currency": event.currency,
        "tags": event.tags,
    }
    # The content is everything but where it came from.
    content = _encode([*list(row.values())[5:], others[1:]])
    row["fingerprint"] = blake2b(content, digest_size=8).hexdigest()
    yield _encode(row) + b"\n"
    for unit, quantity in others[1:]:
        yield (
            _encode({**row, **_NO_TOKENS, "attempt": 0, "unit": unit, "quantity": quantity, "reported_cost": None})
            + b"\n"
        )
