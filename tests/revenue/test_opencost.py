import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from outlay.errors import BadInput, UnknownName, Unreadable
from outlay.revenue.importer import importers
from outlay.revenue.take_in import take_in
from outlay.store import Store
from outlay.terms.take_in import TakeIn
from tests.bills.making import ask
from tests.conftest import fresh

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
WINDOW = {"start": "2026-10-05T00:00:00Z", "end": "2026-10-06T00:00:00Z"}
AMOUNTS = {
    "minutes": 1440,
    "cpuCoreRequestAverage": 0.5,
    "cpuCoreUsageAverage": 0.25,
    "ramByteRequestAverage": 1048576,
    "ramByteUsageAverage": 2097152,
    "cpuCost": 0.4,
    "cpuCostAdjustment": -0.1,
    "ramCost": 0.2004,
    "gpuCost": 0,
    "pvCost": 0.05,
    "networkCost": 0,
    "totalCost": 0.5504,
}


def allocation(labels: Mapping[str, str], **properties: str) -> dict[str, Any]:
    """Return one allocation of a day."""
    about = {"cluster": "c-1", "namespace": "shop", "controller": "api", "controllerKind": "deployment"}
    return {"properties": {**about, **properties, "labels": dict(labels)}, "window": WINDOW, **AMOUNTS}


IDLE = {"properties": {"cluster": "c-1"}, "window": WINDOW, "cpuCost": 1, "ramCost": 0.5}
SETS = [
    {
        "api": allocation({"app_kubernetes_io_name": "checkout", "team": "shop", "tenant": "acme"}),
        "web": allocation({}, controller="web"),
        "__unallocated__": allocation({}, controller="__unallocated__", namespace="__unallocated__"),
        "__idle__": IDLE,
        "empty": {"properties": {}, "window": WINDOW, "cpuCost": 0},
    },
    None,
]


@pytest.fixture
def own() -> Iterator[Store]:
    """An empty DuckDB store."""
    with fresh("duckdb", Path()) as made:
        yield made


def brought(store: Store, path: Path, sets: object, options: Mapping[str, str] | None = None) -> TakeIn:
    """Import an answer of the API."""
    path.write_text(json.dumps({"code": 200, "status": "success", "data": sets}), encoding="utf-8")
    return take_in(store, importers()["opencost"], [path], now=NOW, options=options)


def measured(store: Store, metric: str) -> dict[str | None, Decimal]:
    """Return what a metric measured, by service."""
    rows: list[dict[str, Any]] = ask(store, f"SELECT * FROM current_metric WHERE metric = '{metric}'")
    return {row["service"]: row["quantity"] for row in rows}


def test_workloads_become_keys_and_idle_is_its_own(store: Store, tmp_path: Path) -> None:
    """Costs in millionths, requests and usage by service; what nobody used stands under its own name."""
    result = brought(store, tmp_path / "a.json", SETS)
    assert (result.lines, result.landed, dict(result.skipped)) == (5, 4, {"nothing-measured": 1})
    assert measured(store, "kubernetes_cost") == {
        "checkout": Decimal(500400),
        "web": Decimal(500400),
        None: Decimal(500400),
        "__idle__": Decimal(1500000),
    }
    assert measured(store, "kubernetes_cpu_request")["checkout"] == Decimal(43200)
    assert measured(store, "kubernetes_cpu_usage")["checkout"] == Decimal(21600)
    assert measured(store, "kubernetes_ram_request")["checkout"] == Decimal(24)
    assert measured(store, "kubernetes_ram_usage")["checkout"] == Decimal(48)
    assert measured(store, "kubernetes_storage_cost")["web"] == Decimal(50000)
    (row,) = ask(store, "SELECT * FROM current_metric WHERE metric = 'kubernetes_cost' AND service = 'checkout'")
    assert (row["team"], row["customer"], row["feature"]) == ("shop", "acme", None)
    assert (row["starts_at"], row["ends_at"]) == (datetime(2026, 10, 5, tzinfo=UTC), datetime(2026, 10, 6, tzinfo=UTC))


def test_options_say_where_dimensions_stand_and_what_idle_is(own: Store, tmp_path: Path) -> None:
    """Another label, what the cluster says, another name, idle in metrics of its own."""
    options = {"labels": "service:@namespace,team:tenant", "idle": "apart", "metric": "eu"}
    brought(own, tmp_path / "a.json", SETS, options)
    assert measured(own, "eu_idle_cost") == {"__idle__": Decimal(1500000)}
    assert set(measured(own, "eu_cost")) == {"shop", None}
    assert {row["team"] for row in ask(own, "SELECT team FROM current_metric")} == {"acme", None}


def test_a_later_answer_for_the_same_day_replaces(own: Store, tmp_path: Path) -> None:
    """A day is measured again; what was measured before no longer counts, and the same file changes nothing."""
    first = brought(own, tmp_path / "a.json", SETS)
    assert brought(own, tmp_path / "a.json", SETS).repeated == first.take_in
    brought(own, tmp_path / "b.json", [{"web": {**allocation({}, controller="web"), "cpuCost": 9}}])
    assert measured(own, "kubernetes_cost") == {"web": Decimal(9100400)}


def test_the_summary_and_the_table_are_read_as_well(own: Store, tmp_path: Path) -> None:
    """`/allocation/summary` nests its sets, and the CSV export has a pod of a day on each line."""
    summary = {"sets": [{"allocations": {"api": {"name": "api", "cpuCost": 1, "ramCost": 2}}, "window": WINDOW}]}
    brought(own, tmp_path / "s.json", summary, {"labels": "service:@name"})
    assert measured(own, "kubernetes_cost") == {"api": Decimal(3000000)}
    path = tmp_path / "export.csv"
    path.write_text(
        "Date,Namespace,ControllerKind,ControllerName,Pod,Container,CPUCost,RAMCost,TotalCost,Labels,Label_team\n"
        '2026-10-07,shop,deployment,api,api-1,main,0.5,0.25,0.75,"{""app"":""checkout""}",shop\n'
        "2026-10-07,shop,deployment,web,web-1,main,much,0.25,0.75,,\n"
        "2026-10-07,shop\n",
        encoding="utf-8",
    )
    result = take_in(own, importers()["opencost"], [path], now=NOW)
    assert (result.lines, result.landed) == (3, 1)
    assert [(p.code, p.line, p.value) for p in result.problems] == [
        ("bad-value", 2, "much + 0.25"),
        ("bad-record", 3, "2 fields"),
    ]
    assert measured(own, "kubernetes_cost")["checkout"] == Decimal(750000)


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"window": {"start": "2026-10-05", "end": "2026-10-05"}}, "bad-period"),
        ({"window": {"start": "soon"}}, "bad-value"),
        ({"cpuCost": -5}, "negative-quantity"),
        ({"cpuCost": "NaN"}, "not-a-number"),
        (7, "bad-record"),
    ],
)
def test_an_allocation_that_cannot_be_read_is_a_problem(own: Store, tmp_path: Path, record: Any, code: str) -> None:  # noqa: ANN401 - what JSON may hold
    """Periods and amounts that are none are named by their place; the rest lands."""
    wrong = {**allocation({}), **record} if isinstance(record, dict) else record
    result = brought(own, tmp_path / "a.json", [{"api": allocation({}), "wrong": wrong}])
    assert (result.landed, [(p.code, p.line) for p in result.problems]) == (1, [(code, 2)])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"code": 500, "message": "no data"}', "code 500"),
        ('{"code": 200, "data": {}}', "no list"),
        ("{", "no JSON"),
        ("a,b\n1,2\n", "neither"),
    ],
)
def test_a_file_that_is_no_answer_is_refused(own: Store, tmp_path: Path, text: str, says: str) -> None:
    """An error of the API, or another file, lands nothing."""
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(Unreadable, match=says):
        take_in(own, importers()["opencost"], [tmp_path / "a.json"], now=NOW)


def test_an_option_that_is_none_is_refused(own: Store, tmp_path: Path) -> None:
    """Wrong names and values of options say which there are."""
    with pytest.raises(BadInput, match="service or apart"):
        brought(own, tmp_path / "a.json", SETS, {"idle": "gone"})
    with pytest.raises(BadInput, match="DIMENSION:NAME"):
        brought(own, tmp_path / "a.json", SETS, {"labels": "squad"})
    with pytest.raises(UnknownName, match="metric"):
        brought(own, tmp_path / "a.json", SETS, {"metrics": "x"})
