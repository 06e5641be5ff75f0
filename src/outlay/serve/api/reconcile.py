"""/v1/reconcile: what providers billed against what usage and prices say; /v1/restatements: what moved afterwards."""

from fastapi import APIRouter

from outlay.explain import gap, restatements
from outlay.serve.api.asking import AskedCurrency, AskedSpan, AskedWhere, Json, Names, router
from outlay.serve.asked import names_of, period_of
from outlay.store import Store

_BY = ("provider", "model")


def routes(store: Store) -> APIRouter:
    """Return the routes."""
    found = router()

    @found.get("/reconcile")
    def reconcile(
        span: AskedSpan,
        where: AskedWhere,
        currency: AskedCurrency,
        by: Names = list(_BY),  # noqa: B006 - FastAPI copies defaults
    ) -> Json:
        """Billed, estimated and the gap between them, cut into causes that sum to it exactly, with their evidence."""
        period = period_of(store, span.period, span.since, span.to)
        return Json(gap.reconcile(store, period, names_of(by) or _BY, where=where, currency=currency))

    @found.get("/restatements")
    def restated(span: AskedSpan) -> Json:
        """Bills that were replaced, and what moved in months that were over: for whom, since when, by which import."""
        return Json(restatements.restatements(store, period_of(store, span.period, span.since, span.to)))

    return found
