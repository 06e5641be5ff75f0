from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from outlay.errors import BadInput, UnknownName
from outlay.prices.book import Book
from outlay.prices.learn import learn
from outlay.prices.review.changes import by_knowledge, by_validity
from outlay.prices.review.findings import ends, gaps, overlaps, unpriced
from outlay.prices.review.listing import history, listed
from outlay.prices.review.used import used
from outlay.store import Store, open_store
from outlay.terms.period import Period
from outlay.terms.unit import PROMPT_UNITS, TOKEN_UNITS
from tests.prices.making_maps import small_book, use
from tests.prices.stating import day, stated

SECOND = timedelta(seconds=1)
OCTOBER = Period.month("2026-10")


@pytest.fixture
def small(now: datetime) -> Book:
    """A book of two models, one of which costs less from December on and was corrected for March."""
    store = open_store("duckdb:///:memory:")
    small_book(store, now)
    learn(store, [stated("2", first=day(12, 1), source="contract 7")], now=now + SECOND, correction=False, whole=False)
    march = stated("2.40", first=day(3, 1), end=day(4, 1), source="contract 7")
    learn(store, [march], now=now + 2 * SECOND, correction=True, whole=False)
    book = Book.load(store, now + 2 * SECOND)
    store.drop()
    return book


def test_a_model_is_listed_with_its_ordinary_prices(small: Book, now: datetime) -> None:
    """One row per model: prices of a small prompt on the day, other contexts and sizes by name."""
    first, second = listed(small, now, provider="ACME")
    assert (first["model"], first["contexts"], first["sizes"]) == ("m-1", ["processing=batch"], [200_001])
    prices = first["prices"]
    assert isinstance(prices, list)
    assert [(p["unit"], p["amount"]) for p in prices] == [
        ("cache_read", Decimal("1.25")),
        ("input", Decimal("2.5")),
        ("output", Decimal(10)),
    ]
    assert second["model"] == "m-2"
    assert [row["model"] for row in listed(small, now, model="M-2")] == ["m-2"]


def test_a_provider_that_nobody_knows_is_named(small: Book, now: datetime) -> None:
    """An unknown provider is an error with the nearest names, not an empty list."""
    with pytest.raises(UnknownName, match="acmee"):
        listed(small, now, provider="acmee")


def test_history_tells_which_record_holds(small: Book, now: datetime) -> None:
    """Each record of a model is in force, past or future on the day, with its source and the day it was learnt."""
    answer = history(small, "acme", "m-1", now)
    records = answer["records"]
    assert isinstance(records, list)
    inputs = [(r["amount"], r["state"], r["source"][:8]) for r in records if (r["unit"], r["context"]) == ("input", "")]
    assert inputs == [
        (Decimal("2.5"), "in force", "lister 1"),
        (Decimal("2.4"), "past", "contract"),
        (Decimal(2), "future", "contract"),
        (Decimal(5), "in force", "lister 1"),
    ]
    in_march = history(small, "acme", "m-1", day(3, 5))["records"]
    assert isinstance(in_march, list)
    assert [r["state"] for r in in_march if r["amount"] in (Decimal("2.5"), Decimal("2.4"))] == ["replaced", "in force"]


def test_history_of_a_model_that_nobody_knows_is_refused(small: Book, now: datetime) -> None:
    """The reason is the code, and the nearest names are given."""
    with pytest.raises(BadInput, match="unknown-model") as refused:
        history(small, "acme", "m-3", now)
    assert (refused.value.code, "m-1" in refused.value.fix) == ("unknown-model", True)


def test_days_of_validity_differ_by_price(small: Book) -> None:
    """Between two days of use only what costs something else then is named, with both prices."""
    rows = by_validity(small, day(3, 5), day(12, 5))
    assert [(r["kind"], r["unit"], r["before"], r["after"], r["ratio"]) for r in rows] == [
        ("changed", "input", Decimal("2.4"), Decimal(2), Decimal("-0.1667")),
    ]
    assert by_validity(small, day(10, 1), day(11, 1)) == []


def test_days_of_knowledge_differ_by_what_was_learnt(store: Store, now: datetime) -> None:
    """Between two days of knowledge every record learnt is named, with what was believed about its time before."""
    small_book(store, now)
    march = stated("2.40", first=day(3, 1), end=day(4, 1), source="contract 7")
    learn(store, [march, stated("7", unit="page")], now=now + SECOND, correction=True, whole=False)
    rows = by_knowledge(Book.load(store, now), Book.load(store, now + SECOND), now)
    assert [(r["kind"], r["unit"], r["before"], r["after"], r["valid_from"]) for r in rows] == [
        ("changed", "input", Decimal("2.5"), Decimal("2.4"), day(3, 1)),
        ("new", "page", None, Decimal(7), datetime(1970, 1, 1, tzinfo=UTC)),
    ]
    assert by_knowledge(Book.load(store, now + SECOND), Book.load(store, now + 2 * SECOND), now + SECOND) == []


def test_a_sound_book_has_no_findings(small: Book, now: datetime) -> None:
    """Records that replace one another over time are neither at odds nor leave a gap."""
    assert [*overlaps(small), *gaps(small), *ends(small, now, timedelta(days=30))] == []


def test_prices_at_odds_are_found(now: datetime) -> None:
    """A source that states two prices for the same thing at the same time is named; another source may replace it."""
    store = open_store("duckdb:///:memory:")
    stated_at_once = stated("1"), stated("2"), stated("3", source="other 1 (list price)")
    rows = [{**entry, "recorded_at": now} for entry in stated_at_once]
    store.insert("price", rows)
    (found,) = overlaps(Book.load(store, now))
    assert (found["finding"], found["model"], found["unit"]) == ("overlap", "m-1", "input")
    assert "1 USD per 1,000,000" in str(found["says"])
    store.drop()


def test_gaps_and_ends_are_found(store: Store, now: datetime) -> None:
    """A span without a price between two, and an end that nothing follows, are named with their instants."""
    spans = [(day(1, 1), day(2, 1)), (day(3, 1), day(11, 20))]
    learn(store, [stated("1", first=a, end=b) for a, b in spans], now=now, correction=False, whole=True)
    book = Book.load(store, now)
    assert [(f["valid_from"], f["valid_to"]) for f in gaps(book)] == [(day(2, 1), day(3, 1))]
    assert [f["valid_from"] for f in ends(book, now, timedelta(days=30))] == [day(11, 20)]
    assert list(ends(book, now, timedelta(days=10))) == []


def test_usage_without_a_price_is_found_with_its_bound(store: Store, tmp_path: Path, now: datetime) -> None:
    """Quantity, reason, nearest names and the most it may cost, the dearest first; what has a price is not named."""
    small_book(store, now)
    use(
        store,
        tmp_path,
        now,
        {"usage": {"input": 10}},
        {"model": "m-11", "usage": {"input": 1000, "output": 10}},
        {"usage": {"input": 5}, "context": {"tier": "flex"}},
        {"usage": {"page": 3}},
        {"model": "m-11", "usage": {"input": 7}, "state": "refused"},
    )
    found = unpriced(Book.load(store, now), used(store, OCTOBER))
    said = [(f["model"], f["unit"], f["context"], f["quantity"], f["bound"], f["reason"]) for f in found]
    assert said == [
        ("m-11", "input", "", 1000, Decimal("0.01"), "unknown-model"),
        ("m-11", "output", "", 10, Decimal("0.0001"), "unknown-model"),
        ("m-1", "input", "tier=flex", 5, Decimal("0.00005"), "unknown-context"),
        ("m-1", "page", "", 3, None, "unknown-unit"),
    ]
    nearest = found[0]["nearest"]
    assert isinstance(nearest, list)
    assert "m-1" in nearest


def test_what_was_used_is_counted_by_all_that_its_price_depends_on(store: Store, tmp_path: Path, now: datetime) -> None:
    """Every token unit and every other one is counted in its context, day and band of sizes, and nothing twice."""
    everything: dict[str, object] = {unit: number for number, unit in enumerate(TOKEN_UNITS, start=1)}
    use(store, tmp_path, now, {"usage": everything}, {"usage": everything}, {"usage": {"input": 200_001, "page": 2}})
    rows = list(used(store, OCTOBER))
    assert {r.unit: r.quantity for r in rows if r.size_from == 0} == {
        unit: 2 * number for number, unit in enumerate(TOKEN_UNITS, start=1)
    }
    assert {(r.unit, r.quantity) for r in rows if r.size_from == 200_001} == {
        ("input", Decimal(200_001)),
        ("page", Decimal(2)),
    }
    assert {r.used_on.isoformat() for r in rows} == {"2026-10-03"}
    assert set(PROMPT_UNITS) <= set(TOKEN_UNITS)
