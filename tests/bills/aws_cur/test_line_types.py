from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from outlay.bills.take_in import Request, take_in
from outlay.store import Store
from tests.bills.aws_cur.making import EVERY_TYPE, as_csv, as_parquet, cur, gzipped, lines, of, zipped
from tests.bills.making import charges

#: By line of `EVERY_TYPE`: category, billed, effective, list, net, net effective.
EXPECTED = [
    ("Usage", "0.096", "0.096", "0.096", "0.09", "0.09"),
    ("Usage", "0.096", "0.07", "0.096", "0.096", "0.065"),
    ("Usage", "-0.096", "0", None, "-0.096", "0"),
    ("Purchase", "0.10", "0.03", None, "0.05", "0.015"),
    ("Purchase", "120", "0", None, "120", "0"),
    ("Usage", "0", "0.05", "0.096", "0", "0.045"),
    ("Purchase", "36", "3.75", None, "36", "0"),
    ("Purchase", "250", "0", None, "250", "0"),
    ("Purchase", "100", "100", None, "100", "100"),
    ("Tax", "7.77", "7.77", None, "7.77", "7.77"),
    ("Credit", "-5", "-5", None, "-5", "-5"),
    ("Adjustment", "-3.5", "-3.5", None, "-3.5", "-3.5"),
    ("Adjustment", "-0.5", "-0.5", None, "0", "0"),
    ("Adjustment", "-0.25", "-0.25", None, "0", "0"),
    ("Adjustment", "-0.125", "-0.125", None, "0", "0"),
    ("Adjustment", "-0.0625", "-0.0625", None, "0", "0"),
    ("Adjustment", "-0.03", "-0.03", None, "0", "0"),
    ("Usage", "9.99", "9.99", None, "9.99", "9.99"),
]


def _found(store: Store) -> list[tuple[object, ...]]:
    costs = ("billed_cost", "effective_cost", "list_cost", "net_cost", "net_effective_cost")
    return [(row["charge_category"], *(row[cost] for cost in costs)) for row in charges(store)]


def _expected() -> list[tuple[object, ...]]:
    return [(category, *(cost and Decimal(cost) for cost in costs)) for category, *costs in EXPECTED]


@pytest.mark.parametrize("layout", ["legacy.csv", "legacy.csv.gz", "legacy.csv.zip", "cur2.csv", "cur2.parquet"])
def test_every_line_type_gives_its_charge_in_every_layout(
    duck_store: Store, tmp_path: Path, now: datetime, layout: str
) -> None:
    """Each type of line becomes one charge with the five costs that belong to it, in whatever layout it came."""
    rows, path = lines(*EVERY_TYPE), tmp_path / layout
    if layout.endswith("parquet"):
        as_parquet(path, rows)
    else:
        content = as_csv(rows, legacy=layout.startswith("legacy"))
        path.write_bytes(
            gzipped(content) if layout.endswith("gz") else zipped(content) if layout.endswith("zip") else content
        )
    result = take_in(duck_store, cur(), Request([path]), now=now)
    assert result.problems == ()
    assert (result.lines, result.landed, result.matches) == (len(rows), len(rows), True)
    assert _found(duck_store) == _expected()


def test_both_engines_hold_the_same_charges(both: tuple[Store, Store], tmp_path: Path, now: datetime) -> None:
    """A report gives the same rows on DuckDB and ClickHouse."""
    path = as_parquet(tmp_path / "cur.parquet", lines(*EVERY_TYPE))
    for store in both:
        take_in(store, cur(), Request([path]), now=now)
    duck, click = (charges(store) for store in both)
    assert duck == click


def test_each_cost_meets_what_the_file_holds_of_it(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """Billed, effective, list, net and net effective cost are added up from the file apart from what lands."""
    path = tmp_path / "cur.csv"
    path.write_bytes(as_csv(lines(*EVERY_TYPE)))
    result = take_in(duck_store, cur(), Request([path]), now=now)
    assert result.totals == result.control_totals == {"USD": sum(Decimal(each[1] or 0) for each in EXPECTED)}
    assert result.costs == result.control_costs
    assert {cost: totals["USD"] for cost, totals in result.costs.items()} == {
        name: sum(Decimal(each[place] or 0) for each in EXPECTED)
        for place, name in enumerate(("effective_cost", "list_cost", "net_cost", "net_effective_cost"), start=2)
    }


def test_a_line_type_that_is_not_known_is_a_problem_with_its_name_and_money(
    duck_store: Store, tmp_path: Path, now: datetime
) -> None:
    """A new type is refused by name and its money shown; the other lines land."""
    path = tmp_path / "cur.csv"
    path.write_bytes(as_csv(lines(of("Usage", "1"), of("QuantumFee", "12.5"))))
    result = take_in(duck_store, cur(), Request([path]), now=now)
    (problem,) = result.problems
    assert (problem.code, problem.line, problem.value) == ("unknown-line-type", 3, "QuantumFee")
    assert (problem.amount, problem.currency) == (Decimal("12.5"), "USD")
    assert (result.landed, result.differences) == (1, {"USD": Decimal("12.5")})


def test_negative_usage_lands_as_it_stands(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """A line with a negative quantity and cost is a charge like any other."""
    path = tmp_path / "cur.csv"
    path.write_bytes(as_csv(lines(of("Usage", "2"), of("Usage", "-0.5", line_item_usage_amount="-3"))))
    result = take_in(duck_store, cur(), Request([path]), now=now)
    assert result.totals == {"USD": Decimal("1.5")}
    assert [row["consumed_quantity"] for row in charges(duck_store)] == [Decimal(1), Decimal(-3)]


def test_unused_commitment_stands_on_the_fee(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """What a commitment paid for and nobody used is the effective cost of its fee, with the status Unused."""
    path = tmp_path / "cur.csv"
    path.write_bytes(as_csv(lines(*EVERY_TYPE)))
    take_in(duck_store, cur(), Request([path]), now=now)
    unused = [row for row in charges(duck_store) if row["commitment_discount_status"] == "Unused"]
    assert [(row["charge_frequency"], row["effective_cost"]) for row in unused] == [
        ("Recurring", Decimal("0.03")),
        ("Recurring", Decimal("3.75")),
    ]


def test_a_cost_that_cannot_be_read_makes_the_line_a_problem(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """An amount from which the effective cost is computed is never taken for nothing."""
    fee = cast("dict[str, str]", dict(EVERY_TYPE[3])) | {"savings_plan_used_commitment": "0,07"}
    path = tmp_path / "cur.csv"
    path.write_bytes(as_csv(lines(fee)))
    result = take_in(duck_store, cur(), Request([path]), now=now)
    assert [(p.code, p.column, p.value) for p in result.problems] == [
        ("bad-amount", None, "savings_plan_used_commitment: 0,07")
    ]


def test_marketplace_lines_name_their_seller(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """AWS bills for a Marketplace seller; the seller is the publisher."""
    path = tmp_path / "cur.csv"
    path.write_bytes(as_csv(lines(EVERY_TYPE[-1])))
    take_in(duck_store, cur(), Request([path]), now=now)
    (row,) = charges(duck_store)
    assert (row["provider"], row["publisher_name"], row["service_name"]) == ("AWS", "Example Seller", "8abc")
