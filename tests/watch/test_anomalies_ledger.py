from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, cast

import pytest

from outlay.errors import BadInput, UnknownName
from outlay.store import Store
from outlay.watch.anomalies import Strictness
from outlay.watch.anomalies.asked import of_ledger
from outlay.watch.anomalies.slices import slices
from tests.laws.world import charge, emptied, laid, published

Rows = list[dict[str, Any]]
#: The day on which the search service of the growth team costs 90 dollars instead of 20.
DEAR = 27


def lay(store: Store) -> None:
    """October of two teams: growth's search and mail, and ops with a dollar a day in euros."""
    emptied(store)
    rows = []
    for day in range(1, 32):
        noise = Decimal(day * 7 % 5) / 10
        search = 90 if day == DEAR else 20
        rows += [
            charge(day, search + noise, day=day, service_name="Search", tags={"team": "growth"}),
            charge(100 + day, 10 + noise, day=day, service_name="Mail", tags={"team": "growth"}),
            charge(200 + day, "1", day=day, service_name="Mail", billing_currency="EUR", tags={"team": "ops"}),
            charge(300 + day, "5", day=day, service_name="Mail"),
        ]
    laid(store, charges=rows, rules=[{"name": "teams", "match": {"tag:team": "*"}, "set": {"team": "tag:team"}}])
    published(store)


@pytest.fixture(scope="module", params=["duckdb", "clickhouse"])
def world(request: pytest.FixtureRequest, lend: Callable[[str, str], Store]) -> Store:
    """That world, laid and published once on each engine; the tests only read from it."""
    store = lend(request.param, "anomalies")
    lay(store)
    return store


def rows_of(answer: dict[str, object]) -> Rows:
    """Return the anomalies of an answer."""
    return cast(Rows, answer["anomalies"])


def test_a_dear_day_is_found_in_its_slice_with_what_moved_inside(world: Store) -> None:
    """The team stands out on the day; inside it the service did, by 70 dollars against the Tuesdays before."""
    answer = of_ledger(world)
    assert (answer["first"], answer["last"], answer["left_out"]) == (date(2026, 10, 1), date(2026, 10, 31), {})
    (row,) = rows_of(answer)
    assert (row["series"], row["slice"]) == ("team=growth", {"team": "growth"})
    assert (row["day"], row["kind"], row["currency"]) == (date(2026, 10, DEAR), "spike", "USD")
    assert row["actual"] == 100 + 2 * Decimal(DEAR * 7 % 5) / 10
    first = row["moved"][0]
    assert (first["dimension"], first["value"]) == ("service_name", "Search")
    assert first["change"] == first["actual"] - first["before"]
    assert first["change"] == pytest.approx(Decimal(70), abs=Decimal("0.5"))


def test_any_dimension_of_the_ledger_makes_slices(world: Store) -> None:
    """A kind of slice may have several dimensions; what has none of their values is in no slice."""
    found = rows_of(of_ledger(world, by=[["service_name"], ["team", "service_name"]]))
    assert [row["series"] for row in found] == ["service_name=Search", "team=growth, service_name=Search"]
    table, values, _ = slices(world, [["team"]])
    assert list(zip(table.names, table.currencies, strict=True)) == [("team=growth", "USD"), ("team=ops", "EUR")]
    assert values["team=ops"] == {"team": "ops"}
    assert table.amounts[1].tolist() == [1.0] * 31
    _, values, _ = slices(world, [["provider", "service_name"]])
    assert list(values) == ["provider=AWS, service_name=Mail", "provider=AWS, service_name=Search"]


def test_days_and_floors_can_be_asked_for(world: Store) -> None:
    """What lies before a day, or differs by less than a floor, is not told of."""
    assert rows_of(of_ledger(world, since=date(2026, 10, DEAR)))
    assert rows_of(of_ledger(world, since=date(2026, 10, DEAR + 1))) == []
    assert rows_of(of_ledger(world, Strictness(money=Decimal(200)))) == []
    (row,) = rows_of(of_ledger(world, explained=0))
    assert "moved" not in row


def test_the_dearest_slices_are_looked_at_and_the_others_are_counted(world: Store) -> None:
    """Of more slices than one can look at, the small ones are named as left out."""
    table, _, left_out = slices(world, [["service_name"]], most=1)
    assert table.names == ["service_name=Search"]
    assert left_out == {"service_name": 1}


def test_what_is_not_there_is_refused(world: Store) -> None:
    """A dimension that is none is refused with the nearest three."""
    with pytest.raises(UnknownName, match=r"no dimension of the ledger named 'taem'.*team"):
        of_ledger(world, by=[["taem"]])


def test_an_empty_ledger_is_refused(store: Store) -> None:
    """It says what to do first."""
    with pytest.raises(BadInput, match="outlay run") as refused:
        of_ledger(store)
    assert refused.value.code == "empty-ledger"
