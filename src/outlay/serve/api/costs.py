"""/v1/costs and /v1/coverage: what a period cost by any dimensions, and how much of it has an owner."""

from typing import Annotated

from fastapi import APIRouter, Query

from outlay.exchange.conversion import Conversion
from outlay.explain import cost
from outlay.serve.api.asking import AskedCurrency, AskedSpan, AskedWhere, Json, Names, router
from outlay.serve.asked import names_of, period_of
from outlay.serve.ledger import ownership
from outlay.store import Store

_ORIGIN = "`ledger` (billed, shared out), `billed` (as the bills say) or `estimated` (usage times price)."


def routes(store: Store) -> APIRouter:
    """Return the routes."""
    found = router()

    @found.get("/costs")
    def costs(
        span: AskedSpan,
        where: AskedWhere,
        currency: AskedCurrency,
        by: Names = [],  # noqa: B006 - FastAPI copies defaults
        origin: Annotated[str, Query(description=_ORIGIN)] = "ledger",
    ) -> Json:
        """What a period cost, dearest first, with the total and the part that has an owner."""
        period = period_of(store, span.period, span.since, span.to)
        return Json(cost.costs(store, period, names_of(by), where=where, origin=origin, currency=currency))

    @found.get("/coverage")
    def coverage(span: AskedSpan, where: AskedWhere, currency: AskedCurrency) -> Json:
        """How many dollars name each dimension, as ratio and amount, and what is idle and unallocated."""
        period = period_of(store, span.period, span.since, span.to)
        conversion = Conversion(store, period, currency) if currency else None
        ratios = cost.coverage(store, period, where, conversion=conversion)
        amounts = ownership(store, period, where, conversion=conversion)
        return Json({"period": str(period), **ratios, "amounts": amounts})

    return found
