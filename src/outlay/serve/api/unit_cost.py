"""/v1/customers, /v1/features, /v1/models and /v1/users: what each one costs."""

from typing import Annotated

from fastapi import APIRouter, Query

from outlay.explain import unit_cost
from outlay.serve.api.asking import AskedCurrency, AskedSpan, AskedWhere, Json, router
from outlay.serve.asked import period_of
from outlay.store import Store


def routes(store: Store) -> APIRouter:
    """Return the routes."""
    found = router()

    @found.get("/customers")
    def customers(span: AskedSpan, where: AskedWhere, currency: AskedCurrency) -> Json:
        """Each customer: cost to serve, revenue and margin; no margin, with a reason, where revenue is unknown."""
        period = period_of(store, span.period, span.since, span.to)
        return Json(unit_cost.customers(store, period, where=where, currency=currency))

    @found.get("/features")
    def features(span: AskedSpan, where: AskedWhere, currency: AskedCurrency) -> Json:
        """Each feature: cost, calls, cost per call, customers and users."""
        period = period_of(store, span.period, span.since, span.to)
        return Json(unit_cost.features(store, period, where=where, currency=currency))

    @found.get("/models")
    def models(span: AskedSpan, where: AskedWhere, currency: AskedCurrency) -> Json:
        """Each model: usage times price, calls, tokens, cost per million tokens, and what has no price."""
        period = period_of(store, span.period, span.since, span.to)
        return Json(unit_cost.models(store, period, where=where, currency=currency))

    @found.get("/users")
    def users(
        span: AskedSpan,
        where: AskedWhere,
        currency: AskedCurrency,
        most: Annotated[int, Query(ge=1, le=10_000, description="How many to return.")] = 50,
    ) -> Json:
        """The users whose usage costs most, and their part of it all."""
        period = period_of(store, span.period, span.since, span.to)
        return Json(unit_cost.users(store, period, where=where, most=most, currency=currency))

    return found
