"""/v1/live: what the last minutes cost, a few seconds after it happened."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from outlay.explain.live import live
from outlay.serve.api.asking import Json, router
from outlay.store import Store

Dimension = Literal["provider", "model", "feature", "team"]


def routes(store: Store, state: Callable[[], dict[str, object]]) -> APIRouter:
    """Return the routes.

    Args:
        store: Holds what was collected.
        state: Says how the collector is.
    """
    found = router()

    @found.get("/live")
    def now(
        by: Annotated[Dimension, Query(description="Dimension of `rows`.")] = "feature",
        minutes: Annotated[int, Query(ge=1, le=60, description="How many of the last minutes.")] = 60,
    ) -> Json:
        """What the last minutes cost: usage times price, of what programs sent; and how the collector is."""
        answer = live(store, datetime.now(UTC), minutes=minutes, by=by)
        return Json({**answer, "collector": state()})

    return found
