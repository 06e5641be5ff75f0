"""Split cost allocation data: what containers took of their machines is the key by which rules share those out."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from outlay.bills.take_in import Request, take_in
from outlay.errors import BadInput
from outlay.store import Store
from tests.allocate.test_methods import shares
from tests.bills.aws_cur.making import as_csv, as_parquet, cur, lines, of
from tests.bills.making import ask, billed
from tests.laws.world import laid, published

CLUSTER = {"resourceTags/aws:eks:cluster-name": "c-1"}
WEB = {"resourceTags/aws:eks:namespace": "shop", "resourceTags/user:app": "web", "resourceTags/user:team": "storefront"}
BATCH = {"resourceTags/aws:eks:namespace": "batch", "resourceTags/aws:eks:workload-name": "nightly"}
NODES: dict[str, Any] = {
    "name": "nodes of the cluster",
    "match": {"tag:aws:eks:cluster-name": "c-1", "service_name": "AmazonEC2"},
    "split": "driver",
    "driver": "metric:aws_split_cost_c-1",
    "to": ["service", "team"],
}


def node(ident: str, cost: str, **more: str) -> dict[str, str]:
    """Return an hour of an instance of the cluster."""
    return of("Usage", cost, line_item_resource_id=ident, **CLUSTER, **more)


def pod(parent: str, used: str, unused: str, labels: Mapping[str, str], **more: str) -> dict[str, str]:
    """Return what a pod took of an instance in an hour, as AWS writes it."""
    return of(
        "Usage",
        "0",
        line_item_product_code="AmazonEKS",
        line_item_operation="EKSPod-EC2",
        split_line_item_parent_resource_id=parent,
        split_line_item_split_cost=used,
        split_line_item_unused_cost=unused,
        **CLUSTER,
        **labels,
        **more,
    )


def report() -> list[dict[str, str]]:
    """Return two instances, what two workloads took of them, and an instance that has nothing to do with them."""
    return lines(
        node("i-1", "6"),
        node("i-2", "4"),
        pod("i-1", "3", "1", WEB),
        pod("i-1", "1.5", "0.5", BATCH),
        pod("i-2", "1", "1", WEB),
        pod("i-2", "1", "1", BATCH),
        of("Usage", "7", line_item_resource_id="i-3"),
    )


def measured(store: Store) -> dict[tuple[object, object, object], object]:
    """Return the metrics in force: quantity by name, service and team."""
    rows = ask(store, "SELECT metric, service, team, SUM(quantity) AS quantity FROM current_metric GROUP BY ALL")
    return {(row["metric"], row["service"], row["team"]): row["quantity"] for row in rows}


@pytest.mark.parametrize("form", ["legacy", "parquet"])
def test_a_machine_goes_to_the_workloads_that_ran_on_it(store: Store, tmp_path: Path, now: datetime, form: str) -> None:
    """What workloads used is theirs and what nobody used is idle: the machines' cost to the last digit."""
    path = tmp_path / f"cur.{form}"
    if form == "legacy":
        path.write_bytes(as_csv(report(), legacy=True))
    else:
        names = {key: key.removeprefix("resourceTags/").removeprefix("user:") for each in report() for key in each}
        tags = [{names[k]: v for k, v in each.items() if k.startswith("resourceTags/")} for each in report()]
        plain = [{k: v for k, v in each.items() if not k.startswith("resourceTags/")} for each in report()]
        as_parquet(path, plain, tags=tags)
    result = take_in(store, cur(), Request([path]), now=now)
    assert (result.landed, result.matches, result.problems) == (7, True, ())
    laid(store, charges=[], usage=[], rules=[NODES])
    published(store)
    assert {tuple(share[:3]): share[3] for share in shares(store, "service", "team") if share[3]} == {
        ("allocated", "web", "storefront"): Decimal(4),
        ("allocated", "nightly", None): Decimal("2.5"),
        ("idle", None, None): Decimal("3.5"),
        ("unallocated", None, None): Decimal(7),
    }
    assert billed(store) == 17


def test_keys_of_a_restated_report_replace_those_before(store: Store, tmp_path: Path, now: datetime) -> None:
    """The newest report of a day says what containers took of it; nothing is added up twice."""
    path = tmp_path / "cur.csv"
    for used in ("3", "5"):
        path.write_bytes(as_csv(lines(node("i-1", "6"), pod("i-1", used, "1", WEB)), legacy=True))
        take_in(store, cur(), Request([path]), now=now)
    assert measured(store) == {
        ("aws_split_cost_c-1", "web", "storefront"): Decimal(5_000_000),
        ("aws_split_cost_c-1", "__idle__", None): Decimal(1_000_000),
    }


def test_a_tag_of_your_own_says_whose_a_container_is(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """With an option a dimension comes from the tag that is named, whichever way the report spells it."""
    path = tmp_path / "cur.csv"
    path.write_bytes(as_csv(lines(pod("i-1", "3", "0", {**WEB, "resourceTags/user:cost-center": "cc-7"})), legacy=True))
    told = {"containers": "team:Cost Center, service:aws:eks:namespace"}
    take_in(duck_store, cur(), Request([path], options=told), now=now)
    assert measured(duck_store) == {("aws_split_cost_c-1", "shop", "cc-7"): Decimal(3_000_000)}
    for wrong in ("squad:x", "team"):
        with pytest.raises(BadInput, match="is no dimension and tag"):
            take_in(duck_store, cur(), Request([path], options={"containers": wrong}), now=now)


def test_a_dry_run_and_a_report_without_containers_leave_no_keys(
    duck_store: Store, tmp_path: Path, now: datetime
) -> None:
    """What is only tried leaves nothing; a report without the columns is read as ever."""
    path = tmp_path / "cur.csv"
    path.write_bytes(as_csv(report(), legacy=True))
    take_in(duck_store, cur(), Request([path], dry_run=True), now=now)
    assert duck_store.count("metric") == 0
    bare = [{k: v for k, v in each.items() if "split" not in k and "/" not in k} for each in report()]
    path.write_bytes(as_csv(bare))
    assert take_in(duck_store, cur(), Request([path]), now=now).landed == 7
    assert duck_store.count("metric") == 0
