import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from outlay.allocate.stage import apply_rules
from outlay.store import Row, Store
from outlay.store.tables import RUN_TABLES
from tests.laws.guesses import bills, events, few, rules
from tests.laws.world import PRICES, TAKEN, at, committed, emptied, event, ledger_of, published, read, ruled

#: What a run leaves, told by what it means; the run's name, the numbers of pools and vectors name rows only.
_TOLD = (
    "ledger",
    "rollup_ledger",
    "rollup_ledger_month",
    "rollup_coverage",
    "rollup_day",
    "rollup_hour",
    "rollup_user_month",
    "rollup_usage_month",
    "reconciliation",
    "conservation",
)


def in_batches(store: Store, rows: list[Row], table: str, *, seed: int, batches: int) -> None:
    """Insert rows in another order and several batches, each row keeping the import, file and line it came from."""
    rows = list(rows)
    random.Random(seed).shuffle(rows)
    for place in range(batches):
        store.insert(table, rows[place::batches])


def told(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Return everything a run left, sorted, without names of the run."""
    return {name: ledger_of(store, name) for name in _TOLD}


def order_changes_nothing(
    store: Store, bill: list[Row], used: list[Row], drawn: list[dict[str, Any]], seed: int
) -> None:
    """Lay one world in two orders and batchings and compare all that the runs left."""
    results = []
    for order, batches in ((seed, 1), (seed + 1, 3)):
        emptied(store)
        in_batches(store, bill, "charge", seed=order, batches=batches)
        in_batches(store, used, "usage", seed=order, batches=batches)
        in_batches(store, list(PRICES), "price", seed=order, batches=batches)
        committed(store, *(("bill", "events") if batches == 1 else ("events", "bill")))
        apply_rules(store, ruled(drawn), now=TAKEN)
        published(store)
        results.append(told(store))
    assert results[0] == results[1]


@given(bill=bills(), used=events(), drawn=rules(), seed=st.integers(0, 99))
@few(8)
def test_order_and_batching_change_nothing(
    duck: Store, bill: list[Row], used: list[Row], drawn: list[dict[str, Any]], seed: int
) -> None:
    """Whatever order and batches rows arrive in, the ledger is the same to the last digit."""
    order_changes_nothing(duck, bill, used, drawn, seed)


@given(bill=bills(), used=events(), drawn=rules(), seed=st.integers(0, 99))
@few(2)
def test_order_and_batching_change_nothing_on_clickhouse(
    click: Store, bill: list[Row], used: list[Row], drawn: list[dict[str, Any]], seed: int
) -> None:
    """The same on the other engine."""
    order_changes_nothing(click, bill, used, drawn, seed)


def test_the_order_of_sensors_changes_nothing(duck: Store) -> None:
    """Who carries a call seen thrice does not depend on which import came first."""
    sights = [
        event(1, id="a", sensor="gateway", response_id="r", customer="acme"),
        event(1, id="b", sensor="sdk", response_id="r", feature="chat", take_in="later"),
        event(2, id="c", sensor="otel", take_in="later", team="growth"),
    ]
    found = []
    for rows in (sights, sights[::-1]):
        emptied(duck)
        duck.insert("price", PRICES)
        for row in rows:
            duck.insert("usage", [row])
        committed(duck, "events", "later")
        published(duck)
        found.append(told(duck))
    assert found[0] == found[1]


def test_running_again_changes_nothing(shared: Store) -> None:
    """Further runs leave the same rows, once, also when the clock stands still; those of earlier runs are gone."""
    emptied(shared)
    shared.insert("usage", [event(number, minute=number, feature="chat") for number in range(1, 5)])
    shared.insert("price", PRICES)
    committed(shared, "events")
    published(shared)
    first, counted = told(shared), {table: shared.count(table) for table in RUN_TABLES}
    for instant in (at(40), at(40)):
        published(shared, now=instant)
        assert told(shared) == first
        assert {table: shared.count(table) for table in RUN_TABLES} == counted
        assert len(read(shared, "SELECT * FROM current_run")) == 1
