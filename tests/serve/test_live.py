"""The last hour, while it happens: a real server, a real browser, events that arrive."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.serve.running import running

#: Longer than it ever takes; how long it takes is measured in bench/collector.py.
_PATIENCE = 60_000


def event(ident: str) -> dict[str, object]:
    """Return a call of this moment: 1,000 tokens in, at 2.50 a million."""
    usage = {"input": 1000}
    said = {"provider": "openai", "model": "gpt-4o", "feature": "search.answers", "usage": usage}
    return {"id": ident, "time": datetime.now(UTC).isoformat(), **said}


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a real collector, on a store of its own."""
    folder: Path = tmp_path_factory.mktemp("live")
    with running(f"duckdb:///{folder}/s.duckdb", folder / "journal", "--run-every", "0") as (_, client):
        yield client


def test_the_page_moves_without_a_reload(collector: httpx.Client, browser: Browser) -> None:
    """An empty hour says where to send; then calls appear with feature and cost, and count up, and the API agrees."""
    page = browser.new_page()
    page.goto(str(collector.base_url))
    hour = page.locator("#now")
    expect(hour).to_contain_text("/v1/events", timeout=_PATIENCE)
    for number in (1, 2, 3):
        answer = collector.post("/v1/events", json=[event(f"e{number}")])
        assert answer.json()["accepted"] == 1
        expect(hour.locator("tbody td:last-child")).to_have_text(str(number), timeout=_PATIENCE)
    expect(hour.locator("tbody th")).to_have_text("search.answers")
    expect(hour.locator("tbody td.strong data")).to_have_attribute("value", "0.0075")
    page.close()
    found = collector.get("/v1/live", params={"by": "model"}).json()
    assert [(row["model"], row["amount"], row["calls"]) for row in found["rows"]] == [("gpt-4o", "0.0075", 3)]
    assert found["collector"] == {"waiting_bytes": 0, "failing": None}


def test_what_the_last_hour_cannot_be_asked_is_refused(collector: httpx.Client) -> None:
    """Another dimension, too many minutes, a parameter that is not there."""
    for asked in ({"by": "customer"}, {"minutes": 61}, {"month": "2026-10"}):
        assert collector.get("/v1/live", params=asked).status_code == 400
