"""Fixtures: a ledger of two months in each engine, the app over it, a served page, and a real browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest
import uvicorn
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, sync_playwright

from outlay.serve.address import bind, url_of
from outlay.serve.app import create_app
from outlay.store import Store, open_store
from tests.serve.making import make_ledger

#: Flags with which Chromium asks nobody for anything.
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def client_of(store: Store) -> TestClient:
    """Return a client of the app over a store, as if it were at localhost."""
    return TestClient(create_app(store), base_url="http://localhost")


@pytest.fixture(scope="module", params=["duckdb", "clickhouse"])
def ledger(request: pytest.FixtureRequest, clickhouse_folder: Path) -> Iterator[Store]:
    """A store of each engine with two published months; the tests only read from it."""
    name = f"serve_{request.node.name.removesuffix('.py').rpartition('/')[2]}"
    own = f"chdb://{clickhouse_folder}?database={name}"
    store = open_store("duckdb:///:memory:" if request.param == "duckdb" else own)
    make_ledger(store)
    yield store
    store.drop()


@pytest.fixture(scope="module")
def api(ledger: Store) -> TestClient:
    """A client of the app over that ledger."""
    return client_of(ledger)


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """The URL of a real server over two published months."""
    store = open_store("duckdb:///:memory:")
    make_ledger(store)
    yield from _run(store)


@pytest.fixture(scope="module")
def served_empty() -> Iterator[str]:
    """The URL of a real server over an empty store."""
    yield from _run(open_store("duckdb:///:memory:"))


class _Server(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config, answers: "Queue[bool]") -> None:
        super().__init__(config)
        self._answers = answers

    async def startup(self, sockets: "list[object] | None" = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        self._answers.put(self.started)


def _run(store: Store) -> Iterator[str]:
    answers: Queue[bool] = Queue()
    with bind("127.0.0.1", 0) as bound:
        server = _Server(uvicorn.Config(create_app(store), log_level="error", access_log=False), answers)
        thread = Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        assert answers.get(timeout=30)
        yield url_of(bound)
        server.should_exit = True
        thread.join(timeout=30)
    store.drop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium. An absent one fails; it never skips."""
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    assert found, "no Chromium on PATH. Fix: make browser"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=_FLAGS)
        yield opened
        opened.close()
