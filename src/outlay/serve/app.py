"""App: the API and the page as one ASGI app, and the server that runs it on the loopback address."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe

import uvicorn
from fastapi import FastAPI

from outlay.capture.intake import Intake
from outlay.errors import Refused
from outlay.serve import api, web
from outlay.serve.address import announced, bind, url_of
from outlay.serve.api import keys, live
from outlay.serve.collect import events, telemetry
from outlay.serve.collect.body import Bodies
from outlay.serve.edition import edition
from outlay.serve.fresh import Fresh
from outlay.serve.guard import App, Guard, is_loopback
from outlay.serve.keys import Ring
from outlay.serve.settings import Settings
from outlay.store import Store


def create_app(
    store: Store,
    url: str | None = None,
    intake: Intake | None = None,
    *,
    only_keys: bool = False,
    config: Path | None = None,
) -> App:
    """Return the app that answers from a store.

    Args:
        store: Holds the published ledger; only read from.
        url: Where the app will be reached; written beside a DuckDB file while the app runs.
        intake: Takes in what programs send; None means that the app only answers.
        only_keys: Whether nothing is answered without a key.
        config: An `outlay.toml` with sources, budgets and the currency of the pages; None for none of them.
    """
    settings = Settings(config)
    token = token_urlsafe(32)
    ring = Ring(store, lambda: datetime.now(UTC), token)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with announced(store, url, token):
            yield

    app = FastAPI(
        title="Outlay",
        version=edition(),
        summary="Every dollar of cloud and AI spend, and what caused it.",
        openapi_url="/v1/openapi.json",
        docs_url=None,  # the documentation pages that FastAPI brings load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    api.attach(app, store, settings)
    app.include_router(keys.routes(store, ring.forget))
    if intake:
        bodies = Bodies()
        app.include_router(events.routes(intake, ring, bodies))
        app.include_router(telemetry.routes(intake, ring, bodies))
        app.include_router(live.routes(store, intake.state))
    web.attach(app, store, f"{url or ''}/v1/events" if intake else None, settings=settings)
    return Guard(app, ring, only_keys=only_keys)


def serve(  # noqa: PLR0913 - each is a setting with a name
    store: Store,
    *,
    journal: Path | None = None,
    host: str = "127.0.0.1",
    port: int = 8321,
    only_keys: bool = False,
    run_every: timedelta | None = None,
    retain_days: int | None = None,
    config: Path | None = None,
    ready: Callable[[str], object] = print,
) -> None:
    """Serve the API and the page, and take in what programs send, until interrupted.

    Args:
        store: Holds the published ledger.
        journal: Folder for what is acknowledged and not filed yet; None means that nothing is taken in.
        host: A loopback name or address; any other only when there are keys, and nothing is answered without one then.
        port: The port; 0 takes a free one.
        only_keys: Whether nothing is answered without a key on loopback either.
        run_every: Time between two runs of the months that new events are of; None means that others run them.
        retain_days: Days for which events are kept after their month has ended; None means that others remove them.
        config: An `outlay.toml` with sources, budgets and the currency of the pages; None for none of them.
        ready: Is told the URL, as one sentence, once it is known to be free.

    Raises:
        Refused: The host is not loopback and there is no key, or the port is in use.
    """
    apart = not is_loopback(host)
    if apart and not Ring(store, lambda: datetime.now(UTC)).may_send():
        raise Refused(
            f"serving on {host} shows this ledger to other machines, and there is no key to keep them out",
            fix="make one first: outlay keys make NAME; or leave --host out",
            code="not-loopback",
        )
    with bind(host, port) as bound:
        url = url_of(bound)
        with taking_in(store, journal, run_every, retain_days) as intake:
            app = create_app(store, url, intake, only_keys=only_keys or apart, config=config)
            server = uvicorn.Server(
                uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, http="httptools")
            )
            ready(f"Outlay is at {url} (Ctrl+C stops it)")
            with suppress(KeyboardInterrupt):
                server.run(sockets=[bound])


@contextmanager
def taking_in(
    store: Store, journal: Path | None, run_every: timedelta | None = None, retain_days: int | None = None
) -> Iterator[Intake | None]:
    """Keep an intake open, and the numbers up with it, for as long as the block lasts; None without a journal."""
    if journal is None:
        yield None
        return
    fresh = Fresh(store, lambda: datetime.now(UTC), run_every, retain_days)
    intake = Intake(store, journal, filed=fresh.filed)
    fresh.start()
    try:
        yield intake
    finally:
        intake.close()
        fresh.stop()
