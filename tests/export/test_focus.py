"""FOCUS files: every charge is in them whole, every share is, and others can read them."""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outlay.bills.importers.focus import IMPORTER
from outlay.bills.take_in import Request, take_in
from outlay.errors import BadInput, Refused, UnknownName
from outlay.exchange.conversion import InCurrency
from outlay.explain.cost import costs
from outlay.export.focus import DIMENSIONS, focus
from outlay.store import Row, Store
from outlay.terms.attribution import ATTRIBUTION
from outlay.terms.money import EXACT
from outlay.terms.period import Period
from tests.bills.other_clouds import brought
from tests.bills.test_gcp import ndjson
from tests.conftest import fresh
from tests.engines.world import lay
from tests.export.official import failing, quirks
from tests.laws.world import MONTH, NOW, ZERO, at, charge, committed, emptied, laid, published, read

_X = {"feature": "x_Feature", "customer": "x_Customer", "team": "x_Team", "user": "x_User"}
_X |= {"environment": "x_Environment", "service": "x_Service", "release": "x_Release", "model": "x_Model"}
_ALL = (*ATTRIBUTION, "model")
Line = dict[str, str]


def lines(path: Path) -> list[Line]:
    """Return the lines of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def summed(rows: list[Line], column: str, *by: str) -> dict[tuple[str, ...], Decimal]:
    """Add up a column by others; what is absent counts for nothing."""
    found: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for row in rows:
        key = tuple(row[name] for name in by)
        found[key] = EXACT.add(found[key], Decimal(row[column] or 0))
    return dict(found)


@pytest.fixture(scope="module", params=["duckdb", "clickhouse"])
def world(request: pytest.FixtureRequest, clickhouse_folder: Path) -> Iterator[Store]:
    """Everything an import or a run can leave: credits, charges of a month, two currencies, five rules."""
    with fresh(request.param, clickhouse_folder) as store:
        lay(store)
        yield store


@pytest.fixture(scope="module")
def told(world: Store, tmp_path_factory: pytest.TempPathFactory) -> list[Line]:
    """The whole month as CSV, told apart by everything there is, with euros beside."""
    path = tmp_path_factory.mktemp("focus") / "all.csv"
    focus(world, MONTH, path, by=_ALL, currency=InCurrency("EUR", 31))
    return lines(path)


def _asked(question: str) -> list[tuple[Any, ...]]:
    """Ask an engine of the test's own about a file."""
    return duckdb.connect().execute(question).fetchall()


def billed(store: Store) -> dict[tuple[str, ...], Row]:
    """Return the charges in force by the id they have in the file."""
    rows = read(store, "SELECT * FROM current_charge")
    return {(f"{row['take_in']}:{row['file']}:{row['line']}",): row for row in rows}


def test_parts_of_a_charge_add_up_to_it(world: Store, told: list[Line]) -> None:
    """Cost and quantity of every charge are in the file to the last digit, and of nothing else."""
    charges = billed(world)
    assert summed(told, "BilledCost", "x_ChargeId") == {key: row["billed_cost"] for key, row in charges.items()}
    consumed = {key: row["consumed_quantity"] or ZERO for key, row in charges.items()}
    assert summed(told, "ConsumedQuantity", "x_ChargeId") == consumed
    for row in told:
        assert Decimal(row["x_ChargeBilledCost"]) == charges[row["x_ChargeId"],]["billed_cost"]


@pytest.mark.parametrize("dimensions", [("feature",), ("customer", "team"), _ALL])
def test_the_file_says_what_the_ledger_says(world: Store, told: list[Line], dimensions: tuple[str, ...]) -> None:
    """By any dimensions, and state, method and rule, the file adds up to the ledger exactly."""
    by = ["state", *dimensions]
    ledger = read(world, f"SELECT currency, {', '.join(_quoted(by))}, SUM(amount) AS amount FROM ledger GROUP BY ALL")
    wanted = {tuple(str(row[name] or "") for name in ("currency", *by)): row["amount"] for row in ledger}
    found = summed(told, "BilledCost", "BillingCurrency", "x_State", *(_X[name] for name in dimensions))
    assert {key: amount for key, amount in found.items() if amount} == {k: a for k, a in wanted.items() if a}


def _quoted(names: list[str]) -> list[str]:
    return [f'"{name}"' for name in names]


def test_the_file_says_who_owns_what_and_how(told: list[Line]) -> None:
    """A share that was split names its rule and ratio; one the bill names is sure; nobody's has no confidence."""
    for row in told:
        if row["x_State"] == "unallocated":
            assert row["x_Confidence"] == "none"
        elif row["x_AttributionMethod"] == "direct":
            assert (row["x_Confidence"], row["AllocatedMethodId"]) == ("high", "")
        else:
            assert row["x_Confidence"] in ("medium", "low")
            assert row["AllocatedMethodId"].startswith(f"{row['x_Rule']}@")
            (element,) = json.loads(row["AllocatedMethodDetails"], parse_float=Decimal)["Elements"]
            assert ZERO <= element["AllocatedRatio"] <= 1
            tags = json.loads(row["AllocatedTags"]) if row["AllocatedTags"] else {}
            assert tags == {name: row[x] for name, x in _X.items() if row[x]}
            assert row["AllocatedResourceId"]
    assert {row["x_Confidence"] for row in told} == {"none", "high", "medium", "low"}


def test_what_is_not_told_apart_is_taken_together(world: Store, told: list[Line], tmp_path: Path) -> None:
    """Asked for teams only, the file has fewer lines, names nobody else, and has the same sums."""
    focus(world, MONTH, tmp_path / "few.csv", by=["team"])
    few = lines(tmp_path / "few.csv")
    assert len(few) < len(told)
    assert {row[column] for row in few for column in _X.values() if column != "x_Team"} == {""}
    for by in (["x_ChargeId"], ["BillingCurrency", "x_State", "x_Rule", "x_Team"]):
        assert summed(few, "BilledCost", *by) == summed(told, "BilledCost", *by)


def test_users_are_left_out_unless_they_are_asked_for(world: Store, tmp_path: Path) -> None:
    """Users are people; a file that leaves the house names them only when somebody wants it to."""
    focus(world, MONTH, tmp_path / "few.csv")
    assert {row["x_User"] for row in lines(tmp_path / "few.csv")} == {""}
    assert "user" not in DIMENSIONS


def test_charges_are_written_as_they_were_billed(world: Store, tmp_path: Path) -> None:
    """At the grain of charges there is a line for each, and no attribution."""
    result = focus(world, MONTH, tmp_path / "charges.csv", grain="charge")
    rows = lines(tmp_path / "charges.csv")
    assert result.rows == result.charges == len(rows) == len(billed(world))
    assert (
        result.totals
        == result.control_totals
        == {currency: amount for (currency,), amount in summed(rows, "BilledCost", "BillingCurrency").items()}
    )
    assert {row["x_State"] for row in rows} == {""}


def test_a_part_of_a_month_holds_the_charges_that_start_in_it(world: Store, tmp_path: Path) -> None:
    """Charges are whole in the file of the days they start in, also those that go on after it."""
    days = Period(at(3).date(), at(17).date())
    focus(world, days, tmp_path / "days.csv", by=["team"])
    wanted = {
        key: row["billed_cost"]
        for key, row in billed(world).items()
        if days.starts_at <= cast("Any", row["charge_period_start"]) < days.ends_at
    }
    assert summed(lines(tmp_path / "days.csv"), "BilledCost", "x_ChargeId") == wanted


def test_times_are_utc_and_nothing_is_empty(told: list[Line]) -> None:
    """Every time ends in Z, absent values are empty, and no column is left out."""
    assert len(told[0]) == 57 + 5 + 20
    for row in told:
        for column in ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row[column])
        assert "NULL" not in row.values()
        if row["Tags"]:
            assert all(isinstance(value, str) for value in json.loads(row["Tags"]).values())


def test_parquet_has_exact_types_and_says_the_same(world: Store, told: list[Line], tmp_path: Path) -> None:
    """Costs are decimals and times instants; the rows are those of the CSV file, in its order."""
    path = tmp_path / "all.parquet"
    focus(world, MONTH, path, file_format="parquet", by=_ALL, currency=InCurrency("EUR", 31))
    kinds = {row[0]: row[1] for row in _asked(f"DESCRIBE SELECT * FROM '{path}'")}
    assert kinds["BilledCost"] == kinds["EffectiveCost"] == kinds["x_ReportingCost"] == "DECIMAL(38,12)"
    assert kinds["PricingQuantity"] == kinds["ListUnitPrice"] == "DECIMAL(38,15)"
    assert kinds["ChargePeriodStart"] == "TIMESTAMP WITH TIME ZONE"
    assert list(kinds) == list(told[0])
    held = _asked(f'SELECT "BilledCost", "x_ChargeId", "x_State", "x_User" FROM \'{path}\'')
    wanted = [(Decimal(r["BilledCost"]), r["x_ChargeId"], r["x_State"], r["x_User"] or None) for r in told]
    assert held == wanted


def test_reporting_costs_are_those_that_the_ledger_is_worth(world: Store, told: list[Line]) -> None:
    """Each line is converted at its days' rates and rounded once, so all of them are worth what `costs` says."""
    worth = cast("dict[str, Decimal]", costs(world, MONTH, ["user"], currency=InCurrency("EUR", 31))["totals"])
    (found,) = summed(told, "x_ReportingCost", "x_ReportingCurrency").items()
    assert found[0] == ("EUR",)
    assert abs(found[1] - worth["EUR"]) <= len(told) * Decimal("1e-12")


def test_both_engines_write_the_same_file(clickhouse_folder: Path, tmp_path: Path) -> None:
    """The same world gives the same bytes, whichever engine holds it."""
    for engine in ("duckdb", "clickhouse"):
        with fresh(engine, clickhouse_folder) as store:
            lay(store)
            focus(store, MONTH, tmp_path / f"{engine}.csv")
    assert (tmp_path / "duckdb.csv").read_bytes() == (tmp_path / "clickhouse.csv").read_bytes()


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_what_was_exported_can_be_imported(world: Store, duck: Store, tmp_path: Path, file_format: str) -> None:
    """Taken in again, the file has the same cost by tag and currency, and nothing of it is a problem."""
    emptied(duck)
    path = tmp_path / f"again.{file_format}"
    focus(world, MONTH, path, file_format=file_format)
    result = take_in(duck, IMPORTER, Request([path]), now=NOW)
    assert (result.problem_lines, result.matches) == (0, True)
    before, after = (_by_tag(store) for store in (world, duck))
    assert before == after


def _by_tag(store: Store) -> dict[tuple[object, ...], object]:
    found = costs(store, MONTH, ["tag:team", "tag:service", "provider", "charge_category"], origin="billed")
    rows = cast("list[Row]", found["rows"])
    return {tuple(v for k, v in row.items() if k not in ("amount", "charges")): row["amount"] for row in rows}


def test_a_ledger_that_is_behind_its_bill_is_not_exported(store: Store, tmp_path: Path) -> None:
    """When a bill came since the run, parts would belong to other charges; the file that was there stays."""
    laid(store, charges=[charge(1, "10"), charge(2, "5", days=3)])
    published(store)
    path = tmp_path / "focus.csv"
    assert focus(store, MONTH, path).rows == 2
    kept = path.read_bytes()
    store.insert("charge", [charge(3, "2", take_in="bill-2")])
    committed(store, "bill-2")
    with pytest.raises(Refused) as error:
        focus(store, MONTH, path)
    assert error.value.code == "ledger-behind-bill"
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (kept, [path])
    assert focus(store, MONTH, path, grain="charge").rows == 3
    published(store)
    assert focus(store, MONTH, path).totals == {"USD": Decimal(17)}


def test_net_costs_are_cut_like_the_others(store: Store, tmp_path: Path) -> None:
    """What a charge costs after discounts on other lines is in the file to the last digit, or empty."""
    net: dict[str, Any] = {"net_cost": Decimal("9.000000000001"), "net_effective_cost": Decimal(-7)}
    among = [{"team": name, "weight": weight} for name, weight in (("a", 1), ("b", 2))]
    charges = [
        charge(1, "10", **net),
        charge(2, "0", net_cost=Decimal(3)),
        charge(3, "4", days=3, **net),
        charge(4, "1"),
    ]
    laid(store, charges=charges, rules=[{"name": "all", "split": "fixed", "among": among}])
    published(store)
    for grain in ("share", "charge"):
        focus(store, MONTH, tmp_path / "net.csv", grain=grain)
        rows = lines(tmp_path / "net.csv")
        for column, name in (("x_NetCost", "net_cost"), ("x_NetEffectiveCost", "net_effective_cost")):
            wanted = {key: row[name] or ZERO for key, row in billed(store).items()}
            assert summed(rows, column, "x_ChargeId") == wanted
        assert {row["x_NetCost"] for row in rows if row["x_ChargeBilledCost"] == "1.000000000000"} == {""}


def test_charges_that_one_line_says_are_told_apart(duck: Store, tmp_path: Path) -> None:
    """A cost and two credits on one line of Google's are three charges with names of their own."""
    emptied(duck)
    given = [{"name": name, "amount": "-0.5", "type": "PROMOTION"} for name in ("c", "d")]
    brought(duck, "gcp_billing", ndjson(tmp_path / "bill.json", {"cost": "3", "credits": given}))
    published(duck)
    for grain in ("share", "charge"):
        focus(duck, MONTH, tmp_path / "google.csv", grain=grain)
        costs = summed(lines(tmp_path / "google.csv"), "BilledCost", "x_ChargeId")
        assert sorted(costs.values()) == [Decimal("-0.5"), Decimal("-0.5"), Decimal(3)]


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_a_large_month_is_written_day_by_day_and_says_the_same(
    duck: Store, tmp_path: Path, file_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pieces of a month that does not fit at once are one file, with the same rows, the same every time."""
    emptied(duck)
    among = [{"team": name, "weight": weight} for name, weight in (("a", 1), ("b", 2))]
    charges = [charge(n, f"{n}.7", day=n % 9 + 1, days=1 + n // 12) for n in range(1, 15)]
    laid(duck, charges=charges, rules=[{"name": "all", "split": "fixed", "among": among}])
    published(duck)
    path, pieces, again = (tmp_path / f"{name}.{file_format}" for name in ("whole", "pieces", "again"))
    focus(duck, MONTH, path, file_format=file_format)
    monkeypatch.setattr("outlay.export.focus._AT_ONCE", 5)
    for each in (pieces, again):
        focus(duck, MONTH, each, file_format=file_format)
    assert pieces.read_bytes() == again.read_bytes()
    held = [_asked(f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM '{each}' ORDER BY ALL") for each in (path, pieces)]
    assert held[0] == held[1]
    assert len(held[0]) == 28
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(each.name for each in (path, pieces, again))


def test_what_cannot_be_exported_is_refused(duck: Store, tmp_path: Path) -> None:
    """No charges, no ledger, an unknown grain or dimension, and no folder to write to are each said."""
    emptied(duck)
    with pytest.raises(BadInput):
        focus(duck, MONTH, tmp_path / "a.csv")
    laid(duck, charges=[charge(1, "10")])
    with pytest.raises(Refused) as error:
        focus(duck, MONTH, tmp_path / "a.csv")
    assert error.value.code == "no-ledger"
    with pytest.raises(BadInput):
        focus(duck, MONTH, tmp_path / "a.csv", grain="cell")
    with pytest.raises(UnknownName):
        focus(duck, MONTH, tmp_path / "a.csv", by=["colour"])
    for path in (tmp_path, tmp_path / "none" / "a.csv"):
        with pytest.raises(BadInput):
            focus(duck, MONTH, path, grain="charge")
    assert list(tmp_path.iterdir()) == []


def test_costs_that_are_passed_on_end_where_the_ledger_has_them(store: Store, tmp_path: Path) -> None:
    """Where a rule takes what one team was given and passes it on, the file says who has it in the end, exactly."""
    rules: list[dict[str, Any]] = [
        {"name": "tags", "match": {"provider": "AWS"}, "set": {"team": "tag:team"}},
        {"name": "on", "from": {"team": "platform"}, "split": "fixed", "among": _AMONG},
    ]
    charges = [charge(n, f"{n}.1", tags={"team": team}) for n, team in enumerate(["platform", "own", "platform"], 2)]
    laid(store, charges=charges, rules=rules)
    published(store)
    path = tmp_path / "passed.csv"
    focus(store, MONTH, path)
    rows = lines(path)
    ledger = read(store, "SELECT team, SUM(amount) AS amount FROM ledger GROUP BY ALL")
    assert {row["team"]: row["amount"] for row in ledger if row["amount"]} == {
        "own": Decimal("3.1"),
        "search": Decimal("4.133333333333"),
        "chat": Decimal("2.066666666667"),
    }
    wanted = {(str(row["team"] or ""),): row["amount"] for row in ledger if row["amount"]}
    assert {key: amount for key, amount in summed(rows, "BilledCost", "x_Team").items() if amount} == wanted
    assert summed(rows, "BilledCost", "x_ChargeId") == {key: row["billed_cost"] for key, row in billed(store).items()}


_AMONG = [{"team": "search", "weight": 2}, {"team": "chat", "weight": 1}]
_amounts = st.one_of(
    st.decimals(min_value=-(10**10), max_value=10**10, places=12),
    st.decimals(min_value=Decimal("-0.00001"), max_value=Decimal("0.00001"), places=12),
    st.just(ZERO),
)
_charges = st.lists(
    st.fixed_dictionaries(
        {
            "billed_cost": _amounts,
            "effective_cost": st.one_of(st.none(), _amounts),
            "list_cost": st.one_of(st.none(), _amounts),
            "consumed_quantity": st.one_of(st.none(), st.decimals(min_value=0, max_value=10**16, places=15)),
            "pricing_quantity": st.one_of(st.none(), st.decimals(min_value=0, max_value=10**3, places=15)),
            "day": st.integers(1, 31),
            "days": st.sampled_from([1, 1, 2, 31]),
            "service_name": st.sampled_from(["Shared", "Compute"]),
        }
    ),
    min_size=1,
    max_size=9,
)
_weights = st.lists(st.integers(1, 10**6), min_size=1, max_size=4)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(_charges, _weights)
def test_no_bill_is_cut_so_that_something_is_lost(
    duck: Store, tmp_path: Path, charges: list[dict[str, Any]], weights: list[int]
) -> None:
    """Drawn bills, with amounts of any sign and size, are whole in every column, and so is every team's part."""
    emptied(duck)
    among = [{"team": f"t{place}", "weight": weight} for place, weight in enumerate(weights)]
    made = [charge(line, own.pop("billed_cost"), **own) for line, own in enumerate(map(dict, charges), start=2)]
    laid(
        duck,
        charges=made,
        rules=[{"name": "even", "match": {"service_name": "Shared"}, "split": "fixed", "among": among}],
    )
    published(duck)
    path = tmp_path / "drawn.csv"
    focus(duck, MONTH, path)
    rows = lines(path)
    for column, name in (
        ("BilledCost", "billed_cost"),
        ("ConsumedQuantity", "consumed_quantity"),
        ("PricingQuantity", "pricing_quantity"),
    ):
        wanted = {key: row[name] or ZERO for key, row in billed(duck).items()}
        assert summed(rows, column, "x_ChargeId") == wanted
    effective = {key: _first(row, "effective_cost", "billed_cost") for key, row in billed(duck).items()}
    assert summed(rows, "EffectiveCost", "x_ChargeId") == effective
    ledger = read(duck, "SELECT team, SUM(amount) AS amount FROM ledger GROUP BY ALL")
    found = {key: amount for key, amount in summed(rows, "BilledCost", "x_Team").items() if amount}
    assert found == {(str(row["team"] or ""),): row["amount"] for row in ledger if row["amount"]}


def _first(row: Row, *names: str) -> object:
    return next(row[name] for name in names if row[name] is not None)


@pytest.fixture(scope="module")
def complete(clickhouse_folder: Path) -> Iterator[Callable[[], Store]]:
    """A store whose bill says everything that FOCUS wants of one, with a rule that splits a part of it."""
    with fresh("duckdb", clickhouse_folder) as store:
        whole = {
            "publisher_name": "AWS",
            "invoice_issuer_name": "AWS",
            "invoice_id": "INV-1",
            "billing_account_name": "main",
        }
        whole |= {
            "billing_account_id": "acc-1",
            "sub_account_id": "sub-1",
            "sub_account_name": "prod",
            "charge_frequency": "Usage-Based",
        }
        whole |= {"charge_description": "An hour of a machine", "pricing_category": "Standard", "pricing_unit": "Hours"}
        whole |= {"consumed_unit": "Hours", "service_category": "Compute", "service_subcategory": "Virtual Machines"}
        whole |= {"sku_id": "sku", "sku_meter": "hours", "sku_price_id": "sku:hours", "resource_id": "i-1"}
        whole |= {"resource_name": "one", "resource_type": "Instance", "region_id": "eu-1", "region_name": "Europe"}
        numbers = {"list_unit_price": Decimal("0.5"), "contracted_unit_price": Decimal("0.5")}
        added = {"BillingAccountType": "Payer", "SubAccountType": "Linked"}
        rows = []
        for line in range(2, 40):
            cost = Decimal(line) / 2
            costs_ = dict.fromkeys(("effective_cost", "list_cost", "contracted_cost"), cost)
            kind = "Shared" if line % 2 else "Compute"
            hours = dict.fromkeys(("pricing_quantity", "consumed_quantity"), Decimal(line))
            own: dict[str, Any] = {
                **whole,
                **numbers,
                **costs_,
                **hours,
                "extra": added,
                "tags": {"team": "a"},
                "service_name": kind,
            }
            rows.append(charge(line, cost, day=line % 28 + 1, **own))
        among = [{"team": "a", "feature": "f", "weight": 2}, {"team": "b", "weight": 1}]
        laid(
            store,
            charges=rows,
            rules=[{"name": "shared", "match": {"service_name": "Shared"}, "split": "fixed", "among": among}],
        )
        published(store)
        yield lambda: store


@pytest.mark.parametrize(("file_format", "grain"), [("csv", "share"), ("parquet", "charge")])
def test_the_official_validator_finds_nothing(
    complete: Callable[[], Store], tmp_path: Path, file_format: str, grain: str
) -> None:
    """No rule of FOCUS 1.2 fails that is not listed as the validator's own fault, and every one listed does."""
    path = tmp_path / f"focus.{file_format}"
    focus(complete(), MONTH, path, file_format=file_format, grain=grain)
    assert failing(path, tmp_path) == quirks()
