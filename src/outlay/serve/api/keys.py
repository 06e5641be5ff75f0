"""/v1/keys: who may send, read and administer. Only for keys that may administer, and for this machine's own files."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from outlay.serve import keys
from outlay.serve.api.asking import NOT_FOUND, RESPONSES, Json
from outlay.serve.keys.key import Key, listed
from outlay.store import Store


class Wanted(BaseModel):
    """A key that somebody wants."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(description="Whom it is for.")]
    scopes: Annotated[list[str], Field(description="ingest, read, admin")] = ["ingest"]
    bound: Annotated[dict[str, str], Field(description="Dimensions that all it sends has.")] = {}
    events_per_second: Annotated[int | None, Field(description="The most it may send.")] = None
    days: Annotated[int | None, Field(description="Days after which it ends.", ge=1, le=36500)] = None


class Grace(BaseModel):
    """How long a key that is replaced still holds."""

    model_config = ConfigDict(extra="forbid")

    hours: Annotated[int, Field(ge=0, le=24 * 365)] = 24


def routes(store: Store, changed: Callable[[], object]) -> APIRouter:
    """Return the routes.

    Args:
        store: Holds the keys.
        changed: Told after every decision.
    """
    found = APIRouter(prefix="/v1", default_response_class=Json, responses=RESPONSES)

    @found.get("/keys")
    def all_keys() -> Json:
        """Every key there ever was, without its secret."""
        return Json({"keys": [shown(key) for key in listed(store)]})

    @found.post("/keys")
    def make(request: Request, wanted: Wanted) -> Json:
        """Make a key; its text is in this answer and never shown again."""
        now = datetime.now(UTC)
        key, text = keys.made(
            store,
            wanted.name,
            now=now,
            scopes=wanted.scopes,
            bound=wanted.bound,
            events_per_second=wanted.events_per_second,
            expires_at=now + timedelta(days=wanted.days) if wanted.days else None,
            actor=_actor(request),
        )
        changed()
        return Json({**shown(key), "text": text})

    @found.post("/keys/{key}/rotate", responses=NOT_FOUND)
    def rotate(request: Request, key: str, grace: Grace) -> Json:
        """Make another key for the same; the old one holds for some hours more."""
        now = datetime.now(UTC)
        fresh, text = keys.rotated(store, key, now=now, until=now + timedelta(hours=grace.hours), actor=_actor(request))
        changed()
        return Json({**shown(fresh), "text": text})

    @found.post("/keys/{key}/revoke", responses=NOT_FOUND)
    def revoke(request: Request, key: str) -> Json:
        """End a key at once."""
        ended = keys.revoked(store, key, now=datetime.now(UTC), actor=_actor(request))
        changed()
        return Json(shown(ended))

    return found


def shown(key: Key) -> dict[str, object]:
    """Return what may be seen of a key: all but its digest."""
    return {
        "key": key.key,
        "name": key.name,
        "scopes": key.scopes,
        "bound": key.bound,
        "events_per_second": key.events_per_second,
        "expires_at": key.expires_at,
        "revoked": key.revoked,
    }


def _actor(request: Request) -> str:
    key = request.scope.get("outlay.key")
    return key.key if isinstance(key, Key) else "local"
