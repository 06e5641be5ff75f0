"""Attribution: who caused a cost."""

from dataclasses import dataclass

#: The attribution dimensions, in the order in which pages and tables show them.
ATTRIBUTION = ("feature", "customer", "team", "user", "environment", "service", "release")


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who caused something; None where nobody said.

    Args:
        feature: Product feature, `area.action`, for example `search.query_expansion`.
        customer: The paying customer (tenant), by its stable id.
        team: The team that owns the feature.
        user: The end user, by an opaque id.
        environment: `production`, `staging`, ...
        service: The deployed service that made the call.
        release: The version of that service.
    """

    feature: str | None = None
    customer: str | None = None
    team: str | None = None
    user: str | None = None
    environment: str | None = None
    service: str | None = None
    release: str | None = None
