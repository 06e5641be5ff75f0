"""App: the API and the page as one ASGI app, and the server that runs it on the loopback address."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import uvicorn
from fastapi import FastAPI

from outlay.serve import api, web
from outlay.serve.address import announced, bind, url_of
from outlay.serve.edition import edition
from outlay.serve.guard import App, Guard
from outlay.store import Store


def create_app(store: Store, url: str | None = None) -> App:
    """Return the app that answers from a store.

    Args:
        store: Holds the published ledger; only read from.
        url: Where the app will be reached; written beside a DuckDB file while the app runs.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with announced(store, url):
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
    api.attach(app, store)
    web.attach(app, store)
    return Guard(app)


def serve(store: Store, *, host: str = "127.0.0.1", port: int = 8321, ready: Callable[[str], object] = print) -> None:
    """Serve the API and the page until interrupted.

    Args:
        store: Holds the published ledger.
        host: A loopback name or address.
        port: The port; 0 takes a free one.
        ready: Is told the URL, as one sentence, once it is known to be free.

    Raises:
        Refused: The host is not loopback, or the port is in use.
    """
    with bind(host, port) as bound:
        url = url_of(bound)
        server = uvicorn.Server(
            uvicorn.Config(create_app(store, url), log_level="warning", access_log=False, server_header=False)
        )
        ready(f"Outlay is at {url} (Ctrl+C stops it)")
        with suppress(KeyboardInterrupt):
            server.run(sockets=[bound])
