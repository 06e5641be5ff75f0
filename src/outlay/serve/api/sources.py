"""/v1/sources: how fresh each scheduled source is, and what is wrong with them."""

from datetime import UTC, datetime

from fastapi import APIRouter

from outlay.schedule.state import state
from outlay.serve.api.asking import Json, router
from outlay.serve.settings import Settings
from outlay.store import Store


def routes(store: Store, settings: Settings) -> APIRouter:
    """Return the routes."""
    found = router()

    @found.get("/sources")
    def sources() -> Json:
        """Each source of outlay.toml: last run and success, newest day, next run; findings; a flaw of the file."""
        config, flaw = settings.now()
        answer = state(store, config.sources, datetime.now(UTC), keep=False)
        return Json({"sources": answer.sources, "findings": answer.findings, "flaw": flaw})

    return found
