"""Everything in one currency: every answer of the API and every page, with what could not be converted."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from outlay.cli import main
from outlay.explain.gap import CAUSES
from outlay.serve.app import create_app
from outlay.store import Store, open_store
from tests.explain.test_converted import rated
from tests.laws.world import charge, event, laid, model_charge, published
from tests.serve.making import make_ledger
from tests.serve.test_page import amounts_of, text_of

#: Euro are half as many as dollars, on every day of October.
TWO = [(day, "USD", "2") for day in range(1, 32)]
RULES: list[dict[str, Any]] = [
    {"name": "model", "match": {"service_name": "Model*"}, "split": "driver", "driver": "calls", "to": ["feature"]},
    {"name": "tags", "set": {"feature": "tag:feature", "customer": "tag:customer"}},
]
#: Routes, and the list of theirs whose rows have money.
ANSWERS = {
    "/v1/costs?by=feature": "rows",
    "/v1/features?": "rows",
    "/v1/models?": "rows",
    "/v1/users?": "rows",
    "/v1/failures?": "rows",
    "/v1/heatmap?": "rows",
    "/v1/reconcile?": "rows",
    "/v1/explain?before=2026-10-01..2026-10-06&after=2026-10-06..2026-10-11": "segments",
}
NAMES = ("feature", "provider", "model", "user", "customer", "state", "error", "weekday", "hour_of_day")
MONEY = {"amount", "failed_cost", "billed", "estimated", "gap", "before", "after", "change", *CAUSES}


def world(store: Store) -> Store:
    """A month in dollars: machines, a model and its usage, some of which failed; rates from the day on."""
    bill = [charge(1, "9.123456789012", tags={"feature": "search", "customer": "acme"}, day=4)]
    bill += [charge(2, "31", tags={"feature": "chat"}, days=3, day=6), model_charge(3, "0.75", service_name="Model")]
    used = [
        event(1, feature="chat", user="u1", input=100_003, output=7),
        event(2, feature="chat", user="u2", input=20_001, output=0, minute=1, state="partial", error="timeout"),
        event(3, feature="search", user="u1", input=1_000_001, output=0, minute=2, hour=3, day=9),
    ]
    laid(store, charges=bill, usage=used, rules=RULES)
    published(store)
    return store


@pytest.fixture(scope="module")
def halved() -> TestClient:
    """That month, with a euro for two dollars on every day."""
    store = world(open_store("duckdb:///:memory:"))
    rated(store, *TWO)
    return TestClient(create_app(store), base_url="http://localhost")


@pytest.fixture(scope="module")
def page_in_euro(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Two months in dollars, the second with pounds beside them that have no rate; euro are wanted."""
    store = open_store("duckdb:///:memory:")
    make_ledger(store)
    make_ledger(store, "GBP", scale=2)
    rated(store, *TWO)
    config = tmp_path_factory.mktemp("euro") / "outlay.toml"
    config.write_text('reporting_currency = "EUR"\n', encoding="utf-8")
    yield TestClient(create_app(store, config=config), base_url="http://localhost")
    store.drop()


def named(row: dict[str, Any]) -> tuple[object, ...]:
    """Return what a row is about: its dimensions."""
    return tuple(str(row.get(name)) for name in NAMES)


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_is_half_as_many_euro(halved: TestClient, path: str) -> None:
    """At one rate for all days, every row is its dollars times that rate; counts stay, and the dollars stand beside."""
    joined = path if path.startswith("/v1/explain") else f"{path}&period=2026-10"
    plain, euro = halved.get(joined).json(), halved.get(f"{joined}&currency=EUR").json()
    rows = {named(row): row for row in plain[ANSWERS[path]]}
    found = euro[ANSWERS[path]]
    assert rows
    assert len(found) == len(rows)
    for row in found:
        own = rows[named(row)]
        for name in MONEY & set(own):
            assert abs(Decimal(row[name]) * 2 - Decimal(own[name])) <= Decimal("2e-12"), (path, name)
        assert {row.get(name) for name in ("calls", "tokens")} == {own.get(name) for name in ("calls", "tokens")}
    assert euro["conversion"]["currency"] == "EUR"
    assert {leg["source"] for rate in euro["conversion"]["rates"] for leg in rate["legs"]} == {"bank"}
    assert euro["conversion"]["not_converted"] == []


def test_the_parts_of_a_converted_gap_sum_to_it(halved: TestClient) -> None:
    """Exactly, in every row and in all, however the rows are cut; and the totals do not depend on the cut."""
    totals = set()
    for by in ("provider", "model", "day", "provider,sub_account,model,token_class,day"):
        answer = halved.get(f"/v1/reconcile?period=2026-10&currency=EUR&by={by}").json()
        for row in answer["rows"]:
            assert sum(Decimal(row[name]) for name in CAUSES) == Decimal(row["gap"])
        assert sum(Decimal(one["amount"]) for one in answer["causes"]) == Decimal(answer["gap"])
        totals.add((answer["billed"], answer["estimated"], answer["currency"]))
    ((billed, _, currency),) = totals
    assert (Decimal(billed), currency) == (Decimal("0.375"), "EUR")


def test_effects_of_a_converted_change_sum_to_it(halved: TestClient) -> None:
    """The change in euro is cut into effects like one in dollars, to the last digit."""
    asked = "before=2026-10-01..2026-10-06&after=2026-10-06..2026-10-11&currency=EUR"
    answer = halved.get(f"/v1/explain?{asked}").json()
    assert answer["currency"] == "EUR"
    assert sum(map(Decimal, answer["effects"].values())) == Decimal(answer["change"])
    assert Decimal(answer["after"]["amount"]) - Decimal(answer["before"]["amount"]) == Decimal(answer["change"])


def test_coverage_is_of_the_converted_amounts(halved: TestClient) -> None:
    """One row in euro, and the same ratio as in dollars."""
    plain = halved.get("/v1/coverage?period=2026-10").json()
    euro = halved.get("/v1/coverage?period=2026-10&currency=EUR").json()
    assert euro["coverage"] == plain["coverage"]
    (row,), (own,) = euro["amounts"], plain["amounts"]
    assert (row["currency"], Decimal(row["total"]) * 2) == ("EUR", Decimal(own["total"]))


def test_without_a_rate_nothing_is_converted_and_it_is_shown(page_in_euro: TestClient) -> None:
    """Pounds have no rate: they are in no sum, a row of their own with the reason, and named with their amount."""
    for path in (
        "costs?by=team",
        "features?",
        "models?",
        "users?",
        "reconcile?",
        "explain?before=2026-09&after=2026-10",
    ):
        span = "" if path.startswith("explain") else "&period=2026-10"
        answer = page_in_euro.get(f"/v1/{path}{span}&currency=EUR").json()
        left = [one for one in answer["conversion"]["not_converted"] if one["currency"] == "GBP"]
        assert len(left) == 1, path
        assert "no rate from GBP to EUR" in left[0]["reason"]
        rows = [row for row in answer.get("rows", []) if row["currency"] == "GBP"]
        assert all("reason" in row for row in rows)
        if path.startswith(("costs", "models", "reconcile")):
            own = "billed" if path.startswith("reconcile") else "amount"
            assert sum(Decimal(row[own]) for row in rows) == Decimal(left[0]["amount"])
    assert page_in_euro.get("/v1/reconcile?period=2026-10&currency=EUR").json()["currency"] == "EUR"


def test_the_page_is_in_the_reporting_currency(page_in_euro: TestClient) -> None:
    """Its headline is what the API says in euro, with the rates that were used and what was not converted."""
    page = page_in_euro.get("/?period=2026-10&before=none").text
    answer = page_in_euro.get("/v1/costs?period=2026-10&by=feature&currency=EUR").json()
    text = text_of(page)
    assert amounts_of(page)[0] == answer["totals"]["EUR"]
    assert {row["amount"] for row in answer["rows"] if row["currency"] == "EUR"} <= set(amounts_of(page))
    assert "USD is shown in EUR, each day at its own rate (bank; 1 October 2026 to 31 October 2026)." in text
    pounds = f"{Decimal(answer['totals']['GBP']):,f}".rstrip("0").rstrip(".")
    assert f"Not converted, and in no sum here: {pounds} GBP." in text
    assert "no rate from GBP to EUR" in text
    for currency in ("USD", "GBP"):
        assert f"{currency} billed" in text


def test_another_currency_can_be_picked(page_in_euro: TestClient) -> None:
    """The picker offers the reporting currency and those of bills, and what is picked stays in the address."""
    page = page_in_euro.get("/?period=2026-10&before=none&currency=USD").text
    assert "<option selected>USD</option>" in page
    assert "<option>EUR</option>" in page
    assert "<option>GBP</option>" in page
    assert amounts_of(page)[0] == page_in_euro.get("/v1/costs?period=2026-10&where=currency%3DUSD").json()["total"]


def test_pages_beside_it_are_too(page_in_euro: TestClient) -> None:
    """The gap is in euro; a trace keeps the amounts of the bill, and says what they are worth."""
    gap = page_in_euro.get("/v1/reconcile?period=2026-10&currency=EUR").json()
    page = page_in_euro.get("/reconcile?period=2026-10").text
    assert {gap["billed"], gap["estimated"], gap["gap"]} <= set(amounts_of(page))
    assert "Not converted, and in no sum here" in text_of(page)
    worth = page_in_euro.get("/v1/costs?period=2026-10&where=team%3Dsearch&currency=EUR").json()["totals"]
    traced = amounts_of(page_in_euro.get("/trace-back?period=2026-10&where=team%3Dsearch").text)
    assert traced[:3] == [worth["GBP"], str(Decimal(worth["EUR"]) * 2).rstrip("0").rstrip("."), worth["EUR"]]


def test_what_cannot_be_shown_at_all_says_so(page_in_euro: TestClient) -> None:
    """In a currency that nothing has a rate to there is no sum, but the amounts and the reason."""
    text = text_of(page_in_euro.get("/?period=2026-10&before=none&currency=JPY").text)
    assert "Nothing of this can be shown in JPY." in text
    assert "no rate from GBP to JPY" in text


def test_the_command_line_reconciles_in_a_currency(tmp_path: Path) -> None:
    """`outlay reconcile --currency` gives what the API does, and prints the rates."""
    url = f"duckdb:///{tmp_path}/ledger.duckdb"
    store = world(open_store(url))
    rated(store, *TWO)
    store.close()
    asked = ["--store", url, "reconcile", "--period", "2026-10", "--currency", "EUR"]
    answer = json.loads(CliRunner().invoke(main, [*asked, "--json"]).output)
    assert (answer["billed"], answer["currency"]) == ("0.375", "EUR")
    assert "USD at each day's rate (USD to EUR; bank)" in CliRunner().invoke(main, asked).output
