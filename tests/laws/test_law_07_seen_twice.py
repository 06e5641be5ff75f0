from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations, permutations
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from outlay.store import Row, Store
from tests.laws.guesses import few
from tests.laws.world import emptied, event, laid, priced, read, total

#: One event of `world.event`: 100 tokens in at 2 and 10 out at 8 dollars a million.
ONCE = Decimal("0.00028")

#: The same call as three sensors see it. Each knows something the others do not; the ladder has a rung for every two.
SDK: dict[str, Any] = {"sensor": "sdk", "response_id": "r-1", "trace": "t-1", "span": "s-1", "feature": "search"}
GATEWAY: dict[str, Any] = {
    "sensor": "gateway",
    "response_id": "r-1",
    "customer": "acme",
    "second": 1,
    "duration_ms": 300,
}
SPAN: dict[str, Any] = {"sensor": "otel", "trace": "t-1", "span": "s-1", "team": "growth", "user": "u-1", "minute": 9}


def seen(store: Store, *rows: Row) -> list[Row]:
    """Price a month's usage and return what each call costs and to whom it is attributed."""
    emptied(store)
    laid(store, usage=rows)
    priced(store, roll_up=True)
    return read(store, 'SELECT id, sensor, amount, feature, customer, team, "user" FROM estimate ORDER BY id')


def as_events(*sights: dict[str, Any]) -> list[Row]:
    """Return events, numbered in the order in which they arrive."""
    return [event(number, **{"id": f"{own['sensor']}-{number}", **own}) for number, own in enumerate(sights, start=1)]


def test_one_call_costs_once_in_whatever_order_and_combination_it_is_seen(duck: Store) -> None:
    """SDK, gateway and span, any of them in any order: one cost, and what each knew about who caused it."""
    for number in (1, 2, 3):
        for sights in combinations((SDK, GATEWAY, SPAN), number):
            # Without the SDK nothing ties a gateway to a span nine minutes away.
            tied = SDK in sights or number == 1
            for order in permutations(sights):
                rows = seen(duck, *as_events(*order))
                assert total(rows) == ONCE * (1 if tied else number), order
                if tied:
                    told = {
                        k: v for own in sights for k, v in own.items() if k in ("feature", "customer", "team", "user")
                    }
                    assert {k: rows[0][k] for k in told} == told


def test_one_call_costs_once_on_clickhouse_too(click: Store) -> None:
    """All three sensors, forwards and backwards."""
    for order in ((SDK, GATEWAY, SPAN), (SPAN, GATEWAY, SDK)):
        rows = seen(click, *as_events(*order))
        assert [(r["sensor"], r["amount"], r["feature"], r["customer"], r["team"]) for r in rows] == [
            ("sdk", ONCE, "search", "acme", "growth")
        ]


def test_what_two_sensors_agree_on_before_a_third_takes_over_is_not_lost(shared: Store) -> None:
    """A gateway tied to a span by its answer, and the span to the SDK by its usage: all attribution ends at the SDK."""
    rows = seen(
        shared,
        *as_events(
            {"sensor": "gateway", "response_id": "r-1", "customer": "acme"},
            {"sensor": "otel", "response_id": "r-1", "team": "growth"},
            {"sensor": "sdk", "feature": "search"},
        ),
    )
    assert [(r["sensor"], r["feature"], r["customer"], r["team"]) for r in rows] == [
        ("sdk", "search", "acme", "growth")
    ]
    assert total(rows) == ONCE


def test_equal_usage_at_overlapping_times_is_one_call_and_hours_apart_it_is_two(shared: Store) -> None:
    """Without any id, time decides; the same trace stands in for time."""
    near = as_events({"sensor": "sdk"}, {"sensor": "gateway", "second": 1})
    assert total(seen(shared, *near)) == ONCE
    far = as_events({"sensor": "sdk"}, {"sensor": "gateway", "hour": 15})
    assert total(seen(shared, *far)) == 2 * ONCE
    traced = as_events({"sensor": "sdk", "trace": "t"}, {"sensor": "gateway", "hour": 15, "trace": "t"})
    assert total(seen(shared, *traced)) == ONCE


def test_equal_calls_of_one_sensor_are_different_calls(shared: Store) -> None:
    """Two equal calls seen by the SDK alone cost twice, also within one span; with a gateway they still cost twice."""
    twice: list[dict[str, Any]] = [{"sensor": "sdk", "trace": "t", "span": "s"}] * 2
    assert total(seen(shared, *as_events(*twice))) == 2 * ONCE
    assert total(seen(shared, *as_events(*twice, {"sensor": "gateway"}, {"sensor": "gateway"}))) == 2 * ONCE
    assert total(seen(shared, *as_events(*twice, {"sensor": "gateway"}))) == 2 * ONCE


def test_a_call_that_one_sensor_missed_does_not_shift_the_others(shared: Store) -> None:
    """The SDK saw two equal calls, the gateway only the later one: it is paired with that one, not with the first."""
    rows = seen(
        shared,
        *as_events({"sensor": "sdk"}, {"sensor": "sdk", "hour": 15}, {"sensor": "gateway", "hour": 15, "team": "a"}),
    )
    assert total(rows) == 2 * ONCE
    assert [(r["id"], r["team"]) for r in rows] == [("sdk-1", None), ("sdk-2", "a")]


def test_a_sensor_is_never_merged_twice_into_one_call(shared: Store) -> None:
    """A gateway saw an answered call and one more without an answer: the SDK's one call carries the first only."""
    rows = seen(
        shared,
        *as_events(
            {"sensor": "sdk", "response_id": "r"}, {"sensor": "gateway", "response_id": "r"}, {"sensor": "gateway"}
        ),
    )
    assert total(rows) == 2 * ONCE


def test_retries_cost_each(shared: Store) -> None:
    """Attempts of one call in one span are paired one by one with what the gateway saw of them, and cost each."""
    tries = [
        {"sensor": "sdk", "call": "c", "attempt": n, "trace": "t", "span": "s", "second": n, "input": 100 * n}
        for n in (1, 2, 3)
    ]
    gateway = [{"sensor": "gateway", "trace": "t", "span": "s", "second": n, "input": 100 * n} for n in (1, 2, 3)]
    rows = seen(shared, *as_events(*tries, *gateway))
    assert [(r["sensor"], r["amount"]) for r in rows] == [
        ("sdk", ONCE),
        ("sdk", ONCE + Decimal("0.0002")),
        ("sdk", ONCE + Decimal("0.0004")),
    ]
    read_back = read(shared, "SELECT SUM(calls) AS calls, SUM(attempts) AS attempts FROM rollup_day")
    assert [(int(str(r["calls"])), int(str(r["attempts"]))) for r in read_back] == [(1, 3)]


def test_different_answers_are_different_calls(shared: Store) -> None:
    """Two answer ids are two calls, however alike everything else is."""
    rows = seen(shared, *as_events({"sensor": "sdk", "response_id": "a"}, {"sensor": "gateway", "response_id": "b"}))
    assert total(rows) == 2 * ONCE


#: A burst of calls: for each its second, which sensors saw it, and whether they know the answer's id.
BURSTS = st.lists(
    st.tuples(st.integers(0, 50), st.sampled_from(["sdk", "gateway", "both"]), st.booleans()), min_size=1, max_size=12
)


def burst(calls: Sequence[tuple[int, str, bool]]) -> list[Row]:
    """Return the events of calls ten minutes apart, each seen by one or both sensors."""
    rows: list[dict[str, Any]] = []
    for number, (second, who, answered) in enumerate(calls):
        when = {"hour": number, "minute": 10, "second": second}
        answer = {"response_id": f"r-{number}" if answered else None, **when}
        rows += [{"sensor": sensor, **answer} for sensor in ("sdk", "gateway") if who in (sensor, "both")]
    return as_events(*rows)


@given(calls=BURSTS, order=st.randoms(use_true_random=False))
@few(12)
def test_as_many_calls_as_there_were_are_paid_for(
    duck: Store, calls: list[tuple[int, str, bool]], order: Random
) -> None:
    """Equal calls at different times, each seen by one or both sensors, arriving in any order, cost once each."""
    rows = burst(calls)
    order.shuffle(rows)
    assert total(seen(duck, *rows)) == ONCE * len(calls)
