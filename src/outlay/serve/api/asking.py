"""Asking: the query parameters that routes share, and the one way in which they answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from outlay.errors import UnknownName
from outlay.exchange.conversion import InCurrency
from outlay.exchange.rates import DEFAULT_DAYS, MOST_DAYS
from outlay.serve.asked import where_of
from outlay.serve.encode import to_json
from outlay.serve.problems import MEDIA_TYPE, SCHEMA

#: What every route may answer besides its own.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {MEDIA_TYPE: {"schema": SCHEMA}}}
    for status, text in (
        (400, "What was asked cannot be answered as asked."),
        (503, "The database failed."),
    )
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The answer.", "content": {"application/json": {"schema": {"type": "object"}}}},
    **PROBLEMS,
}
#: What a route answers besides, whose path names one thing.
NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {"description": "There is no such thing.", "content": {MEDIA_TYPE: {"schema": SCHEMA}}}
}

_INTO = (
    "Convert into this currency, each day at its own rate. Rows keep `original`, the amounts they are made of; what has"
    " no rate is not converted, and stays a row of its own with a `reason`. `conversion` says which rates were used."
)
MONTH_OR_DAYS = "`YYYY-MM`, or `YYYY-MM-DD..YYYY-MM-DD` with the last day not included."
Names = Annotated[list[str], Query(description="Dimensions, repeated or separated by commas.")]
Where = Annotated[
    list[str], Query(description="`DIM=VALUE`, repeated; `DIM=` asks for what names none.", examples=["team=growth"])
]


class Json(Response):
    """An answer in the encoding that the API shares with the CLI."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """Return the body."""
        return to_json(content).encode()


@dataclass(frozen=True, slots=True)
class Span:
    """The texts that name a period; all None means everything the store holds."""

    period: str | None
    since: str | None
    to: str | None


def _span(
    period: Annotated[str | None, Query(description=f"The period: {MONTH_OR_DAYS}")] = None,
    since: Annotated[str | None, Query(alias="from", description="First day, `YYYY-MM-DD`.")] = None,
    to: Annotated[str | None, Query(description="Day after the last, `YYYY-MM-DD`.")] = None,
) -> Span:
    return Span(period, since, to)


def _where(where: Where = []) -> dict[str, str]:  # noqa: B006 - FastAPI copies defaults
    return where_of(where)


def _currency(
    currency: Annotated[str | None, Query(description=_INTO, examples=["EUR"])] = None,
    rate_days: Annotated[
        int, Query(ge=0, le=MOST_DAYS, description="How many days before the day a rate may be from.")
    ] = DEFAULT_DAYS,
) -> InCurrency | None:
    return InCurrency(currency, rate_days) if currency else None


AskedCurrency = Annotated[InCurrency | None, Depends(_currency)]
AskedSpan = Annotated[Span, Depends(_span)]
AskedWhere = Annotated[Mapping[str, str], Depends(_where)]


def _only_known(request: Request) -> None:
    """Refuse parameters the route does not have: a mistyped filter must not answer for everything."""
    route = request.scope["route"]
    described = request.app.openapi()["paths"][route.path]["get"].get("parameters", [])
    known = [parameter["name"] for parameter in described if parameter["in"] == "query"]
    for name in request.query_params:
        if name not in known:
            raise UnknownName("query parameter", name, known)


def router() -> APIRouter:
    """Return a router whose routes answer in our encoding and refuse unknown parameters."""
    return APIRouter(
        prefix="/v1", default_response_class=Json, responses=RESPONSES, dependencies=[Depends(_only_known)]
    )
