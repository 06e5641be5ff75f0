from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from outlay.errors import BadInput, UnknownName
from outlay.store import Store
from outlay.watch.forecast.asked import of_ledger
from outlay.watch.ledger import series_of, settled
from tests.laws.world import charge, emptied, laid, model_charge, published

Rows = list[dict[str, Any]]
#: Bills that go on: of machines up to 22 October, of a model up to the 20th; one that ended on the 3rd is over with.
MACHINES, MODEL = 22, 20


def lay(store: Store) -> None:
    """A team's machines at ten dollars a day, more of nobody, and a model at four euros."""
    emptied(store)
    rows = [charge(day, "10", day=day, tags={"team": "growth"}) for day in range(1, MACHINES + 1)]
    rows += [charge(100 + day, "2.5", day=day) for day in range(3, MACHINES + 1, 2)]
    rows += [model_charge(200 + day, "4", day=day, billing_currency="EUR") for day in range(1, MODEL + 1)]
    laid(store, charges=rows, rules=[{"name": "teams", "match": {"tag:team": "*"}, "set": {"team": "tag:team"}}])
    published(store)


@pytest.fixture(scope="module", params=["duckdb", "clickhouse"])
def world(request: pytest.FixtureRequest, lend: Callable[[str, str], Store]) -> Store:
    """That world, laid and published once on each engine; the tests only read from it."""
    store = lend(request.param, "forecast")
    lay(store)
    return store


def forecasts(answer: dict[str, object]) -> Rows:
    """Return the forecasts of an answer."""
    return cast(Rows, answer["forecasts"])


def test_settled_days_end_where_the_first_bill_ends(world: Store) -> None:
    """The newest two days of a bill that goes on may still change."""
    period = settled(world)
    assert period
    assert (period.first, period.end) == (date(2026, 10, 1), date(2026, 10, MODEL - 1))


def test_a_slice_is_told_with_what_it_cost_so_far(world: Store) -> None:
    """Up to the settled day it is the ledger's own, to the cent; from there on it is told, by currency."""
    answer = of_ledger(world, ["team"])
    assert [answer[name] for name in ("known_to", "from", "to")] == [date(2026, 10, day) for day in (18, 19, 31)]
    growth, euros, rest = sorted(forecasts(answer), key=lambda row: (row["team"] or "~", row["currency"]))
    assert (growth["series"], growth["team"], growth["currency"], growth["actual"]) == ("growth", "growth", "USD", 180)
    assert (euros["series"], euros["team"], euros["actual"]) == ("(none)", None, 72)
    assert (rest["currency"], rest["actual"]) == ("USD", 20)
    assert (growth["total"], growth["with_actual"]) == (130, 310)
    assert (euros["total"], euros["with_actual"]) == (52, 124)
    for whole in cast(Rows, answer["whole"]):
        parts = [row for row in forecasts(answer) if row["currency"] == whole["currency"]]
        for name in ("actual", "total", "with_actual"):
            assert whole[name] == sum((row[name] for row in parts), Decimal(0))
        assert whole["low80"] <= whole["total"] <= whole["high80"]


def test_a_slice_can_be_narrowed(world: Store) -> None:
    """Without dimensions all of a slice is one series; several dimensions are named together."""
    (row,) = forecasts(of_ledger(world, [], date(2026, 10, 20), {"team": "growth"}, daily=True))
    assert (row["series"], row["total"], row["daily"]) == ("all", 20, [10, 10])
    names = {row["series"] for row in forecasts(of_ledger(world, ["team", "provider"]))}
    assert names == {"growth/AWS", "(none)/AWS", "(none)/acme-ai"}


def test_a_series_goes_on_to_the_last_settled_day(world: Store) -> None:
    """Days on which nothing was billed are zeros, also the last ones."""
    table, _ = series_of(world, ["team"], {"team": "", "provider": "AWS"})
    assert table.last == date(2026, 10, 18)
    assert table.first + timedelta(days=int(table.born[0])) == date(2026, 10, 3)
    assert table.amounts[0, -3:].tolist() == [0, 2.5, 0]


def test_what_is_not_there_is_refused(world: Store) -> None:
    """A dimension that is none, and a slice without a dollar."""
    with pytest.raises(UnknownName, match="no dimension of the ledger named 'taem'"):
        of_ledger(world, ["taem"])
    with pytest.raises(BadInput) as refused:
        of_ledger(world, ["team"], None, {"team": "nobody"})
    assert refused.value.code == "empty-slice"


def test_an_empty_ledger_has_no_forecast(store: Store) -> None:
    """It says what to do first."""
    with pytest.raises(BadInput) as refused:
        of_ledger(store)
    assert (refused.value.code, bool(refused.value.fix)) == ("empty-ledger", True)
