"""The page as it comes from the server: what it says, without any script."""

import json
import re
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from outlay.serve import web
from outlay.store import Store, open_store
from tests.serve.conftest import client_of
from tests.serve.making import MONTHS, make_ledger

CULPRIT = "ai_tagging.document_auto_tag"


def text_of(page: str) -> str:
    """Return a page's text with single spaces, tags and line-break hints left out."""
    bare = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", page, flags=re.DOTALL)
    bare = re.sub(r"<wbr>", "", bare)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", bare)))


class _Tags(HTMLParser):
    """Collects tags with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.found.append((tag, dict(attrs)))


def tags_of(page: str) -> list[tuple[str, dict[str, str | None]]]:
    """Return a page's tags."""
    parser = _Tags()
    parser.feed(page)
    return parser.found


def amounts_of(page: str) -> list[str]:
    """Return the exact values of every amount on a page."""
    return [attrs["value"] or "" for tag, attrs in tags_of(page) if tag == "data"]


def test_the_headline_says_what_changed_and_who_caused_it(api: TestClient) -> None:
    """The newest month, its total, the change against the month before, and the verdict with its evidence."""
    text = text_of(api.get("/").text)
    assert "October 2026 Billed $52,500 USD Against September 2026 +$23,935 +83.8" in text
    assert f"{CULPRIT} caused +$22,564 of +$23,935 ." in text
    assert "It began on 8 October 2026, with release 2026.10.2 , on model gpt-5 ." in text
    assert "stepped up on 2026-10-08" in text


def test_numbers_on_the_page_are_those_of_the_api(api: TestClient) -> None:
    """Every amount of the answers stands on the page with all its digits."""
    shown = set(amounts_of(api.get("/").text))
    costs = api.get("/v1/costs?period=2026-10&by=feature").json()
    change = api.get("/v1/explain?before=2026-09&after=2026-10").json()
    gap = api.get("/v1/reconcile?period=2026-10").json()
    (covered,) = api.get("/v1/coverage?period=2026-10").json()["amounts"]
    expected = {costs["total"], change["change"], gap["gap"], gap["billed"], gap["estimated"]}
    expected |= {row["amount"] for row in costs["rows"]} | {row["change"] for row in change["segments"]}
    expected |= {cause["amount"] for cause in gap["causes"]} | set(covered["named"].values())
    expected |= {covered["idle"], covered["unallocated"]}
    expected |= {amount for amount in change["effects"].values() if amount != "0"}
    assert expected <= shown


def test_the_waterfall_sums_to_the_change(api: TestClient) -> None:
    """The first line plus the effects is the last line, to the last digit, as they stand on the page."""
    page = api.get("/").text
    table = re.search(r'<table class="waterfall">(.*?)</table>', page, flags=re.DOTALL)
    assert table
    first, *effects, last = [Decimal(value) for value in amounts_of(table[1])]
    assert first + sum(effects) == last


def test_the_ledger_is_shown_to_add_up(api: TestClient) -> None:
    """Billed = allocated + idle + unallocated stands there with every digit."""
    page = api.get("/").text
    sums = re.findall(r"<b>([\d,.]+) USD</b>", page)
    billed, *parts = [Decimal(text.replace(",", "")) for text in sums]
    assert len(parts) == 3
    assert billed == sum(parts)


def test_every_link_leads_somewhere() -> None:
    """No dead ends: each link of the page answers with 200."""
    store = open_store("duckdb:///:memory:")
    make_ledger(store)
    api = client_of(store)
    links = {attrs["href"] or "" for tag, attrs in tags_of(api.get("/").text) if tag == "a"}
    paths = sorted({link.partition("#")[0] for link in links if link.startswith("/")})
    traces = [path for path in paths if path.startswith("/trace-back?")]
    paths = [path for path in paths if path not in traces[2:]]  # of each kind enough
    assert len(paths) > 20
    for path in paths:
        assert api.get(path).status_code == 200, path


@pytest.mark.parametrize(
    "query",
    [
        "?period=2026-10-05..2026-10-12",
        "?period=2026-10&before=none",
        "?period=2026-10&before=2026-09-01..2026-09-15",
        "?period=2026-09",
        "?by=customer&show=all",
        "?by=service_name&where=provider%3DAWS",
        "?by=model&where=customer%3Dacme&where=team%3Dsearch",
        "?by=provider&where=state%3Dunallocated",
        "?where=feature%3D",
        "?where=feature%3Dnobody",
        "?period=2025-01",
        "?currency=USD",
        *(f"?by={name}" for name in ("feature", "team", "customer", "provider", "service_name", "service", "model")),
    ],
)
def test_every_view_can_be_asked_for_by_its_address(api: TestClient, query: str) -> None:
    """Any state of the page is a query string that answers."""
    response = api.get(f"/{query}")
    assert response.status_code == 200, text_of(response.text)


def test_a_filter_narrows_every_sum(api: TestClient) -> None:
    """With a filter, the headline is the sum of what it leaves."""
    page = api.get(f"/?by=model&where={quote(f'feature={CULPRIT}')}").text
    answer = api.get(f"/v1/costs?period=2026-10&where={quote(f'feature={CULPRIT}')}").json()
    assert amounts_of(page)[0] == answer["total"]
    assert f"Only Feature {CULPRIT}" in text_of(page)


def test_a_name_that_looks_like_markup_is_text() -> None:
    """Names come from other people's files; none of them becomes markup, in the page or in the chart's data."""
    store = open_store("duckdb:///:memory:")
    make_ledger(store)
    evil = "</script><img src=x onerror=alert(1)>"
    row = {"run": "2026-10-run", "month": MONTHS[1].first, "day": MONTHS[1].first, "rule": "", "state": "allocated"}
    row |= {"provider": evil, "charge_category": "Usage", "feature": evil, "currency": "USD", "amount": Decimal(9999)}
    store.insert("rollup_ledger", [row])
    client = client_of(store)
    for query in ("", "?by=provider", f"?where={quote(f'feature={evil}')}"):
        page = client.get(f"/{query}").text
        assert "img src=x" in text_of(page)
        assert evil not in page
        assert [attrs["src"] for tag, attrs in tags_of(page) if tag == "img"] == ["/static/mark.svg"]


def test_nothing_inline_and_nothing_from_elsewhere(api: TestClient) -> None:
    """No inline script, style or handler, and no address outside this server, so the strict policy holds."""
    for path in ("/", "/nowhere", "/?by=nothing", "/trace-back", "/reconcile", "/sources"):
        for tag, attrs in tags_of(api.get(path).text):
            assert tag != "style"
            assert not [name for name in attrs if name == "style" or name.startswith("on")], (tag, attrs)
            if tag == "script":
                assert attrs.get("src") or attrs["type"] == "application/json"
            for name in ("src", "href", "action"):
                address = attrs.get(name)
                assert not address or (address.startswith(("/", "#")) and not address.startswith("//")), (tag, attrs)


def test_tables_hold_everything_without_the_chart(ledger: Store, api: TestClient, tmp_path: Path) -> None:
    """Before the assets are built there is no chart and no script, and the daily table says the same."""
    app = FastAPI()
    web.attach(app, ledger, charts=tmp_path / "absent.js")
    page = TestClient(app).get("/").text
    assert "<script" not in page
    assert 'id="chart"' not in page
    costs = api.get("/v1/costs?from=2026-09-01&to=2026-11-01&by=day,feature").json()["rows"]
    assert {row["amount"] for row in costs if row["feature"] == CULPRIT} <= set(amounts_of(page))


def test_the_chart_is_given_what_the_table_shows(api: TestClient) -> None:
    """The chart's data are the daily costs of both months, with releases and the culprit marked."""
    page = api.get("/").text
    found = re.search(r'<script type="application/json" id="daily-data">(.*?)</script>', page, flags=re.DOTALL)
    assert found
    data = json.loads(found[1])
    assert (data["days"][0], data["days"][-1], len(data["days"])) == ("2026-09-01", "2026-10-31", 61)
    assert (data["series"][0]["name"], data["series"][0]["tone"]) == (CULPRIT, "culprit")
    assert {"day": "2026-10-08", "release": "2026.10.2"} in data["releases"]
    sums = sum(Decimal(amount) for layer in data["series"] for amount in layer["amounts"])
    assert sums == Decimal(api.get("/v1/costs?from=2026-09-01&to=2026-11-01").json()["total"])


def test_an_empty_store_says_what_to_do() -> None:
    """Without any data the page names the commands that make it."""
    text = text_of(client_of(open_store("duckdb:///:memory:")).get("/").text)
    for command in ("outlay import focus PATH", "outlay run", "outlay demo"):
        assert command in text


def test_data_without_a_ledger_says_what_to_do() -> None:
    """With data but no run yet, the page names the month and the command."""
    store = open_store("duckdb:///:memory:")
    make_ledger(store)
    store.delete("publication", month="2026-10-01")
    client = client_of(store)
    assert "data for 2026-10, but no ledger yet. Next: outlay run" in text_of(client.get("/").text)
    assert "outlay run --period 2026-10" in text_of(client.get("/?period=2026-10").text)
    store.delete("publication", month="2026-09-01")
    assert "One step left There is data for 2026-09, 2026-10" in text_of(client.get("/").text)


def test_what_cannot_be_shown_is_said_with_a_way_back(api: TestClient) -> None:
    """A wrong address gives a page with what is wrong, how to mend it, and a link home."""
    for path, status, part in (
        ("/?by=colour", 400, "No dimension of the page named 'colour'"),
        ("/?perod=2026-10", 400, "did you mean period"),
        ("/?currency=euro", 400, "'euro' is not a currency"),
        ("/nowhere", 404, "There is nothing at /nowhere"),
    ):
        response = api.get(path)
        assert response.status_code == status
        assert part in text_of(response.text)
        assert ("a", "/") in [(tag, attrs.get("href")) for tag, attrs in tags_of(response.text)]


def test_two_currencies_are_never_added(store: Store) -> None:
    """With two currencies the page shows one, offers the other, and every sum is of one."""
    make_ledger(store)
    make_ledger(store, "EUR", scale=2)
    client = client_of(store)
    totals = client.get("/v1/costs?period=2026-10").json()
    assert totals["total"] is None
    for currency in ("USD", "EUR"):
        page = client.get(f"/?currency={currency}").text
        assert amounts_of(page)[0] == totals["totals"][currency]
        assert f"<option selected>{currency}</option>" in page
        (billed, *_) = re.findall(rf"<b>([\d,.]+) {currency}</b>", page)
        assert billed.replace(",", "") == totals["totals"][currency]
