"""/v1/trace-back: shares led back to lines of the bill, and forward to rule version and driver."""

from typing import Annotated

from fastapi import APIRouter, Query

from outlay.explain.trace_back import trace_back as lead_back
from outlay.serve.api.asking import AskedSpan, AskedWhere, Json, router
from outlay.serve.asked import period_of
from outlay.store import Store


def routes(store: Store) -> APIRouter:
    """Return the routes."""
    found = router()

    @found.get("/trace-back")
    def trace_back(
        span: AskedSpan,
        where: AskedWhere,
        most: Annotated[int, Query(ge=1, le=1_000, description="How many shares, and charges each.")] = 20,
    ) -> Json:
        """The dearest shares of a slice: charges through every rule, the rule's version, the driver's rows."""
        period = period_of(store, span.period, span.since, span.to)
        return Json(lead_back(store, period, where=where, most=most))

    return found
