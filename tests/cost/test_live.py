"""The last hour, minute by minute, while its events arrive."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from outlay.cost.live import Live, used_lately
from outlay.explain.live import live
from outlay.prices.book import Book
from outlay.store import Row, Store
from tests.laws.world import NOW, at, emptied, event, laid


def test_a_minute_is_made_anew_when_an_event_of_it_arrives(shared: Store) -> None:
    """What arrives later is added once, a call that two sensors saw costs once, what has no price is told apart."""
    emptied(shared)
    twice: dict[str, Any] = {"response_id": "r1", "minute": 3}
    laid(shared, usage=(event(1, **twice), event(2, **twice, sensor="gateway"), event(3, minute=4, model="m-odd")))
    minute, now = at(5, 12, 3), at(5, 12, 30)
    minutes, book = [minute, minute + timedelta(minutes=1)], Book.load(shared, known_at=NOW)
    fresh = Live(shared)
    assert fresh.refresh(minutes, now=now, book=book) == 2
    assert _models(shared, now) == {"m-large": (Decimal("0.00028"), 1, 0), "m-odd": (0, 1, 110)}
    shared.insert("usage", [event(4, minute=3, take_in="events")])
    fresh.refresh(minutes, now=now, book=book)
    fresh.refresh(minutes, now=now, book=book)
    assert _models(shared, now)["m-large"] == (Decimal("0.00056"), 2, 0)


def test_ten_seconds_are_made_at_a_time_and_shown_as_one_minute(shared: Store) -> None:
    """What happened in other seconds of a minute stays as it is; the minute is the sum."""
    emptied(shared)
    laid(shared, usage=(event(1, second=9), event(2, second=10), event(3, second=59)))
    now = at(5, 12, 30)
    fresh, book = Live(shared), Book.load(shared, known_at=NOW)
    assert used_lately(shared, now) == [at(5, 12, 0, second) for second in (9, 10, 59)]
    assert fresh.refresh(used_lately(shared, now), now=now, book=book) == 3
    assert fresh.refresh([at(5, 12, 0, 11)], now=now, book=book) == 1
    minutes = cast("list[Row]", live(shared, now)["minutes"])
    assert [(row["minute"], row["calls"]) for row in minutes] == [(at(5, 12), 3)]


def test_what_is_over_an_hour_old_is_left_to_the_ledger(shared: Store) -> None:
    """Another process drops what an earlier one left, and makes none of it anew."""
    emptied(shared)
    laid(shared, usage=(event(1),))
    book, minute = Book.load(shared, known_at=NOW), at(5, 12)
    Live(shared).refresh([minute], now=minute, book=book)
    assert shared.count("rollup_minute") == 1
    assert Live(shared).refresh([minute], now=minute + timedelta(hours=2), book=book) == 0
    assert [shared.count(table) for table in ("rollup_minute", "price_vector", "observation")] == [0, 0, 0]


def _models(store: Store, now: datetime) -> dict[object, tuple[object, ...]]:
    """Return amount, calls and unpriced quantity by model."""
    rows = cast("list[Row]", live(store, now, by="model")["rows"])
    return {row["model"]: (row["amount"], row["calls"], row["unpriced_quantity"]) for row in rows}
