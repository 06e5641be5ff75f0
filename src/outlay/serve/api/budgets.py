"""/v1/budgets: how budgets stand; /v1/budgets/decision: whether a call may still be made."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from outlay.serve.api.asking import Json, router
from outlay.serve.settings import Settings
from outlay.store import Store
from outlay.watch.budgets.asked import asked
from outlay.watch.budgets.decision import Kept


def _of(name: str) -> Any:  # noqa: ANN401 - FastAPI's own way to say it
    return Query(description=f"The {name} that the call is for; empty for none.", max_length=500)


def _now() -> datetime:
    return datetime.now(UTC)


def routes(store: Store, settings: Settings) -> APIRouter:
    """Return the routes."""
    found = router()
    kept = Kept(store, lambda: settings.now()[0].budgets, _now)

    @found.get("/budgets")
    def budgets() -> Json:
        """How each budget of outlay.toml stands this month, the worst first, and what calls use."""
        return Json(asked(store, settings.now()[0].budgets, _now()))

    @found.get("/budgets/decision")
    def decision(
        customer: Annotated[str, _of("customer")] = "",
        feature: Annotated[str, _of("feature")] = "",
        user: Annotated[str, _of("user")] = "",
        team: Annotated[str, _of("team")] = "",
        environment: Annotated[str, _of("environment")] = "",
        service: Annotated[str, _of("service")] = "",
        release: Annotated[str, _of("release")] = "",
        model: Annotated[str, _of("model")] = "",
    ) -> Json:
        """Whether a call may still be made: `allow`, `warn` or `deny`, with the budgets that say so and as of when."""
        given = {"customer": customer, "feature": feature, "user": user, "team": team, "environment": environment}
        given |= {"service": service, "release": release, "model": model}
        return Json(asdict(kept.now().decide({name: value for name, value in given.items() if value})))

    return found
