"""/v1/explain: why a period cost more or less than an earlier one."""

from typing import Annotated

from fastapi import APIRouter, Query

from outlay.explain.change import change
from outlay.serve.api.asking import MONTH_OR_DAYS, AskedCurrency, AskedWhere, Json, Names, router
from outlay.serve.asked import names_of
from outlay.store import Store
from outlay.terms.period import Period


def routes(store: Store) -> APIRouter:
    """Return the routes."""
    found = router()

    @found.get("/explain")
    def explain(
        before: Annotated[str, Query(description=f"The earlier period: {MONTH_OR_DAYS}")],
        after: Annotated[str, Query(description=f"The later period: {MONTH_OR_DAYS}")],
        where: AskedWhere,
        currency: AskedCurrency,
        by: Names = ["feature"],  # noqa: B006 - FastAPI copies defaults
    ) -> Json:
        """The change to the last digit: effects that sum to it, segments, causes, a verdict with its arguments."""
        periods = Period.parse(before), Period.parse(after)
        return Json(change(store, *periods, names_of(by) or ["feature"], where=where, currency=currency))

    return found
