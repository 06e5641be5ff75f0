from pathlib import Path
from typing import Any

from outlay.store import Store
from tests.allocate.test_methods import shares
from tests.laws.world import charge, laid, published
from tests.revenue.test_opencost import SETS, brought

NODES: dict[str, Any] = {
    "name": "nodes",
    "split": "driver",
    "driver": "metric:kubernetes_cost",
    "to": ["service", "team"],
}
#: What the three workloads and idle capacity measured: 500,400 each, and 1,500,000.
MEASURED = 3 * 500_400 + 1_500_000


def test_the_nodes_bill_is_split_by_what_workloads_took_and_idle_stays_idle(store: Store, tmp_path: Path) -> None:
    """A bill of as many dollars as was measured goes to each as measured; idle capacity is idle, and not hidden."""
    brought(store, tmp_path / "a.json", SETS)
    laid(store, charges=[charge(1, str(MEASURED), day=5)], usage=[], rules=[NODES])
    published(store)
    assert sorted(shares(store, "service"), key=lambda row: (row[0], row[1] or "~")) == [
        ("allocated", "checkout", 500_400),
        ("allocated", "web", 500_400),
        ("allocated", None, 500_400),
        ("idle", None, 1_500_000),
    ]
