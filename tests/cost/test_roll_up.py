from decimal import Decimal

from outlay.store import Row, Store
from tests.laws.world import MONTH, charge, emptied, event, laid, model_charge, price, priced, published, read


def rolled(store: Store, *usage: Row, prices: tuple[Row, ...] | None = None) -> list[Row]:
    """Price and roll up usage, and return the days."""
    emptied(store)
    laid(store, usage=usage, **({"prices": prices} if prices else {}))
    priced(store, roll_up=True)
    return read(store, 'SELECT * FROM rollup_day ORDER BY "day", model, feature, state')


def test_a_day_has_calls_attempts_failures_and_tokens_by_unit(shared: Store) -> None:
    """A call that failed, was tried again and worked is one call, two attempts, one failure."""
    rows = rolled(
        shared,
        event(1, call="c", state="unknown", error="timeout"),
        event(2, call="c", attempt=2, minute=1, cache_read=50),
    )
    told = [(r["state"], r["calls"], r["attempts"], r["failures"], r["tokens"], r["cache_read"]) for r in rows]
    assert told == [("complete", 0, 1, 0, 160, 50), ("unknown", 1, 1, 1, 110, 0)]
    assert [(r["failed_cost"], r["estimated_cost"]) for r in rows] == [
        (Decimal("0.00038"), Decimal("0.00038")),
        (Decimal("0.00028"), Decimal("0.00028")),
    ], "a retry is paid for because the first try failed"


def test_hours_and_days_sum_to_the_same(shared: Store) -> None:
    """Both rollups come from the same priced events."""
    rows = rolled(shared, event(1, hour=23, minute=59, second=59), event(2, day=6), event(3, day=6, hour=1))
    hours = read(shared, 'SELECT "hour", estimated_cost FROM rollup_hour ORDER BY "hour"')
    assert [(f"{r['hour']:%d %H}", r["estimated_cost"]) for r in hours] == [
        ("05 23", Decimal("0.00028")),
        ("06 01", Decimal("0.00028")),
        ("06 12", Decimal("0.00028")),
    ]
    assert [(f"{r['day']:%d}", r["calls"]) for r in rows] == [("05", 1), ("06", 2)]


def test_an_amount_is_rounded_once_at_the_end(shared: Store) -> None:
    """Two prices of 0.4e-12 a token make 0.8e-12 together, which is one unit of 1e-12; not twice nothing."""
    tiny = tuple(price("m-large", unit, "0.0000004") for unit in ("input", "output"))
    (row,) = rolled(shared, event(1, input=1, output=1), prices=tiny)
    assert row["estimated_cost"] == Decimal("1e-12")


def test_a_long_prompt_has_the_price_of_its_size_for_all_of_it(shared: Store) -> None:
    """From 1,000 tokens on every token costs the higher price, cached ones counted for the size."""
    sized = (
        price("m-large", "input", "1"),
        price("m-large", "input", "2", size_from=1000),
        price("m-large", "output", "0"),
    )
    rows = rolled(shared, event(1, input=999), event(2, day=6, input=600, cache_read=400), prices=sized)
    assert [r["estimated_cost"] for r in rows] == [Decimal("0.000999"), Decimal("0.002")]


def test_reconciliation_compares_ai_only(shared: Store) -> None:
    """Machines are no part of the gap; a model billed but never seen is, under its own name."""
    emptied(shared)
    laid(shared, charges=[charge(1, "50"), model_charge(2, "3", model="m-dark")], usage=[event(1)])
    published(shared)
    rows = read(
        shared,
        "SELECT model, SUM(billed) AS billed, SUM(estimated) AS estimated, SUM(unseen) AS unseen,"
        " SUM(not_billed) AS not_billed FROM reconciliation GROUP BY model ORDER BY model",
    )
    assert [tuple(r.values()) for r in rows] == [
        ("m-dark", 3, 0, 3, 0),
        ("m-large", 0, Decimal("0.00028"), 0, Decimal("-0.00028")),
    ]


def test_a_month_prices_only_its_own_usage(shared: Store) -> None:
    """An event in the last instant belongs to the month, the next one does not."""
    rows = rolled(shared, event(1, day=31, hour=23, minute=59, second=59), event(2, day=32, hour=0))
    assert [(f"{r['day']:%d}", r["attempts"]) for r in rows] == [("31", 1)]
    assert MONTH.days == 31
