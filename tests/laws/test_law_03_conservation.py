from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from hypothesis import given

from outlay.store import Row, Store
from outlay.terms.money import pico
from tests.laws.guesses import bills, events, few, rules
from tests.laws.oracle import DIMENSIONS, shares_of
from tests.laws.world import MONTH, ZERO, charge, emptied, laid, published, read, ruled, total


def by(rows: Sequence[Row], *names: str, amount: str = "amount") -> dict[tuple[object, ...], Decimal]:
    """Add up a column of money by others."""
    sums: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[tuple(row[name] for name in names)] += cast(Decimal, row[amount])
    return dict(sums)


@given(bill=bills(), used=events(), drawn=rules())
@few(12)
def test_every_cent_of_a_bill_is_shared_out(
    duck: Store, bill: list[Row], used: list[Row], drawn: list[dict[str, Any]]
) -> None:
    """Whatever is billed, used and ruled: shares sum to pools, pools to charges, and the rows are the oracle's."""
    hold_to_the_oracle(duck, bill, used, drawn)


@given(bill=bills(), used=events(), drawn=rules())
@few(3)
def test_every_cent_of_a_bill_is_shared_out_on_clickhouse(
    click: Store, bill: list[Row], used: list[Row], drawn: list[dict[str, Any]]
) -> None:
    """The same on the other engine, which takes a second for what DuckDB does in a tenth."""
    hold_to_the_oracle(click, bill, used, drawn)


def hold_to_the_oracle(shared: Store, bill: list[Row], used: list[Row], drawn: list[dict[str, Any]]) -> None:
    """Run a drawn world and add everything up anew in plain Python."""
    emptied(shared)
    laid(shared, charges=bill, usage=used, rules=drawn)
    run = published(shared)
    shares, pools = read(shared, "SELECT * FROM apportioned"), read(shared, "SELECT * FROM pool")
    assert by(shares, "pool") == by(pools, "pool")
    hold_cells(shared, shares)
    billed = by(bill, "provider", "billing_currency", amount="billed_cost")
    assert by(pools, "provider", "currency") == billed
    assert {(row["provider"], row["currency"]): row["billed"] for row in run.conserved} == billed
    for row in run.conserved:
        of_row = [s for s in shares if (s["provider"], s["currency"]) == (row["provider"], row["currency"])]
        for state in ("allocated", "idle", "unallocated"):
            assert row[state] == total(s for s in of_row if s["state"] == state), state
        assert row["billed"] == row["allocated"] + row["idle"] + row["unallocated"]  # type: ignore[operator]
    usage, whole = read(shared, "SELECT * FROM rollup_day"), read(shared, "SELECT * FROM share")
    for rule in ruled(drawn).rules:
        if rule.split == "driver" and not rule.passes_on:
            found = [
                (s["pool"], s["state"], *(s[name] for name in DIMENSIONS), s["weight"], s["amount"])
                for s in whole
                if s["rule"] == rule.name
            ]
            wanted = shares_of(rule, [p for p in pools if p["rule"] == rule.name], usage, MONTH.first)
            assert sorted(found, key=repr) == sorted(wanted, key=repr), rule.name


def hold_cells(store: Store, cells: Sequence[Row]) -> None:
    """Hold every cell of a pot against its pool and its share: they add up to both, and none is off by two units."""
    pots = {(row["rule"], row["pool"]): row for row in read(store, "SELECT * FROM pot")}
    whole = {
        (row["rule"], row["pool"], *(row[n] for n in ("state", *DIMENSIONS))): row
        for row in read(store, "SELECT * FROM share")
    }
    given: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    for cell in cells:
        pot = pots[cell["rule"], cell["pool"]]
        key = (cell["rule"], pot["pot"], *(cell[n] for n in ("state", *DIMENSIONS)))
        given[key] += cast(Decimal, cell["amount"])
        size, part, pool = (pico(abs(cast(Decimal, v))) for v in (pot["whole"], whole[key]["amount"], pot["amount"]))
        assert abs(abs(pico(cast(Decimal, cell["amount"]))) * size - pool * part) < 2 * max(size, 1)
    assert dict(given) == {key: row["amount"] for key, row in whole.items()}


def test_a_charge_of_several_days_is_cut_at_the_month_s_end_and_keeps_every_unit(shared: Store) -> None:
    """A charge from the 30th to the 3rd falls wholly on the days of the month it starts in, equally but for 1e-12."""
    emptied(shared)
    laid(
        shared,
        charges=[charge(1, "0.000000000005", day=30, days=4), charge(2, "-1", day=1, days=3, billing_currency="EUR")],
    )
    published(shared)
    pools = read(shared, 'SELECT "day", currency, amount FROM pool ORDER BY currency, "day"')
    assert [(f"{p['day']:%d}", p["currency"], format(p["amount"], "f")) for p in pools] == [
        ("01", "EUR", "-0.333333333333"),
        ("02", "EUR", "-0.333333333333"),
        ("03", "EUR", "-0.333333333334"),
        ("30", "USD", "0.000000000002"),
        ("31", "USD", "0.000000000003"),
    ]


def test_amounts_of_two_currencies_never_meet(shared: Store) -> None:
    """The same provider in two currencies is conserved in each, and a run tells them apart."""
    emptied(shared)
    laid(shared, charges=[charge(1, "3"), charge(2, "5", billing_currency="EUR")])
    run = published(shared)
    assert {row["currency"]: row["billed"] for row in run.conserved} == {"USD": Decimal(3), "EUR": Decimal(5)}


def test_a_charge_belongs_to_the_month_it_starts_in(shared: Store) -> None:
    """What starts an instant before the month's end is in it; what starts with the next month is not."""
    emptied(shared)
    last = MONTH.ends_at - timedelta(microseconds=1)
    ends = datetime(2026, 11, 2, tzinfo=MONTH.ends_at.tzinfo)
    laid(
        shared,
        charges=[
            charge(1, "2", charge_period_start=last, charge_period_end=ends),
            charge(2, "4", charge_period_start=MONTH.ends_at, charge_period_end=ends),
        ],
    )
    assert total(published(shared).conserved, "billed") == 2
    assert total(read(shared, "SELECT * FROM pool WHERE \"day\" = CAST('2026-10-31' AS DATE)")) == 2 + ZERO
