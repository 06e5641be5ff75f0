"""/v1/failures, /v1/heatmap and /v1/trace/{id}: what happened, and when."""

from fastapi import APIRouter

from outlay.explain import activity
from outlay.serve.api.asking import NOT_FOUND, AskedCurrency, AskedSpan, AskedWhere, Json, router
from outlay.serve.asked import period_of
from outlay.store import Store


def routes(store: Store) -> APIRouter:
    """Return the routes."""
    found = router()

    @found.get("/failures")
    def failures(span: AskedSpan, where: AskedWhere, currency: AskedCurrency) -> Json:
        """What failed, cut-off, lost and refused attempts cost, by feature, outcome and error."""
        period = period_of(store, span.period, span.since, span.to)
        return Json(activity.failures(store, period, where=where, currency=currency))

    @found.get("/heatmap")
    def heatmap(span: AskedSpan, where: AskedWhere, currency: AskedCurrency) -> Json:
        """Usage times price by weekday (1 is Monday) and hour of the day in UTC."""
        period = period_of(store, span.period, span.since, span.to)
        return Json(activity.heatmap(store, period, where=where, currency=currency))

    @found.get("/trace/{id}", responses=NOT_FOUND)
    def trace(id: str) -> Json:  # noqa: A002 - the path says so
        """Every event of a trace, session, call, response or event id, with what each cost."""
        return Json(activity.trace(store, id))

    return found
