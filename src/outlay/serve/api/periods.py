"""/v1/periods and /v1/health: which months there are, and whether the store answers."""

from fastapi import APIRouter

from outlay.serve.api.asking import Json, router
from outlay.serve.edition import edition
from outlay.serve.ledger import months
from outlay.store import Store


def routes(store: Store) -> APIRouter:
    """Return the routes."""
    found = router()

    @found.get("/periods")
    def periods() -> Json:
        """Every month with data; `published` is the ledger in force, with billed against the sum of its shares."""
        return Json({"periods": months(store)})

    @found.get("/health")
    def health() -> Json:
        """Whether the server and its store answer."""
        store.count("publication")
        return Json({"status": "ok", "version": edition(), "engine": store.engine})

    return found
