"""Law 5: March is priced at March's price, for ever, unless a recorded correction says otherwise."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outlay.errors import Refused
from outlay.prices.book import Book
from outlay.prices.learn import learn
from outlay.prices.quote import quote
from outlay.store import Store, open_store
from tests.prices.stating import day, stated

IN_MARCH = day(3, 15)
USAGE = {"input": 1_234_567, "output": 89}


def march(store: Store, known_at: datetime) -> Decimal:
    """Return what one call in March costs, as it is known at an instant."""
    found = quote(Book.load(store, known_at), "acme", "m-1", USAGE, IN_MARCH)
    assert found.unpriced == ()
    return found.amount


def test_march_costs_the_same_whatever_is_learnt_later(store: Store) -> None:
    """A price of April, learnt in April, changes April and not March, whenever one asks."""
    learn(store, [stated("2"), stated("8", unit="output")], now=day(2, 1), correction=False, whole=True)
    before = march(store, day(3, 20))
    april = [stated("2", end=day(4, 20)), stated("1", first=day(4, 20)), stated("8", unit="output")]
    learn(store, april, now=day(4, 10), correction=False, whole=True)
    assert {march(store, day(3, 20)), march(store, day(4, 30)), march(store, day(12, 31))} == {before}
    later = quote(Book.load(store, day(5, 1)), "acme", "m-1", USAGE, day(4, 25)).amount
    assert later < before


def test_a_correction_holds_only_for_who_knows_it(store: Store) -> None:
    """A correction learnt in May changes March for those who ask after it, and for nobody who asks as of before."""
    learn(store, [stated("2"), stated("8", unit="output")], now=day(2, 1), correction=False, whole=True)
    before = march(store, day(4, 1))
    wrong = [stated("1.5"), stated("8", unit="output")]
    with pytest.raises(Refused):
        learn(store, wrong, now=day(5, 1), correction=False, whole=True)
    assert march(store, day(12, 31)) == before
    learn(store, wrong, now=day(5, 1), correction=True, whole=True)
    assert march(store, day(5, 1) - timedelta(microseconds=1)) == before
    assert march(store, day(5, 1)) == Decimal("1.851850500000") + Decimal("0.000712")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(-200, 200), st.integers(1, 9)), max_size=6))
def test_no_sequence_of_news_moves_march(news: list[tuple[int, int, int]]) -> None:
    """Whatever prices are learnt after March without a correction, from whichever day they hold, March stays."""
    store = open_store("duckdb:///:memory:")
    learn(store, [stated("2"), stated("8", unit="output")], now=day(2, 1), correction=False, whole=True)
    before = march(store, day(4, 1))
    for place, (learnt, holds, amount) in enumerate(sorted(news)):
        learnt_at = day(4, 1) + timedelta(days=learnt, minutes=place)
        price = stated(str(amount), first=learnt_at + timedelta(days=holds))
        try:
            learn(store, [price], now=learnt_at, correction=False, whole=False)
        except Refused:
            assert holds < 0
        assert march(store, day(12, 31)) == before
    store.drop()
