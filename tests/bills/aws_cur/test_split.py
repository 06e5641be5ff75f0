from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

from outlay.bills.take_in import Request, take_in
from outlay.store import Store
from tests.bills.aws_cur.making import as_csv, as_parquet, cur, lines, of
from tests.bills.making import billed, charges

NODE = "i-0node"
PODS = {"pod/a/default/web": ("0.0412345678", "0.01"), "pod/a/default/batch": ("0.0301234567", "0.0146419755")}


def node_and_pods() -> list[dict[str, str]]:
    """Return an hour of an instance, and the split of its cost over two pods as AWS writes it."""
    node = of("Usage", "0.0960000000", line_item_resource_id=NODE, pricing_public_on_demand_cost="0.096")
    pods = [
        of(
            "Usage",
            "0",
            line_item_resource_id=pod,
            line_item_usage_type="EKS-EC2-vCPU-Hours",
            line_item_operation="EKSPod-EC2",
            line_item_product_code="AmazonEKS",
            split_line_item_parent_resource_id=NODE,
            split_line_item_split_cost=split,
            split_line_item_unused_cost=unused,
        )
        for pod, (split, unused) in PODS.items()
    ]
    return lines(node, *pods)


def test_a_split_is_not_counted_beside_its_parent(both: tuple[Store, Store], tmp_path: Path, now: datetime) -> None:
    """The instance keeps its cost; its pods are charges of nothing, so every cost is what it is without them."""
    path = tmp_path / "cur.csv"
    path.write_bytes(as_csv(node_and_pods()))
    for store in both:
        result = take_in(store, cur(), Request([path]), now=now)
        assert (result.landed, result.matches, result.problems) == (3, True, ())
        assert billed(store) == Decimal("0.096")
        assert {cost: totals["USD"] for cost, totals in result.costs.items()} == {
            "effective_cost": Decimal("0.096"),
            "list_cost": Decimal("0.096"),
            "net_cost": Decimal(0),
            "net_effective_cost": Decimal(0),
        }


def test_a_split_keeps_its_parts_to_the_last_digit(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """Each pod holds its parent, its split and its unused cost as AWS wrote them; together they are the instance's."""
    path = tmp_path / "cur.csv"
    path.write_bytes(as_csv(node_and_pods()))
    take_in(duck_store, cur(), Request([path]), now=now)
    pods = [cast("dict[str, str]", row["extra"]) for row in charges(duck_store)[1:]]
    assert {pod["split_line_item_parent_resource_id"] for pod in pods} == {NODE}
    found = [(pod["split_line_item_split_cost"], pod["split_line_item_unused_cost"]) for pod in pods]
    assert found == list(PODS.values())
    assert sum(Decimal(split) + Decimal(unused) for split, unused in found) == Decimal("0.096")


def test_a_split_without_a_cost_of_its_own_is_no_problem(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """A pod's line whose unblended cost is empty costs nothing; any other line without one is a problem."""
    rows = node_and_pods()
    for row in rows[1:]:
        row["line_item_unblended_cost"] = ""
    rows += lines(of("Usage", ""))
    path = tmp_path / "cur.csv"
    path.write_bytes(as_csv(rows))
    result = take_in(duck_store, cur(), Request([path]), now=now)
    assert [(p.code, p.column, p.line) for p in result.problems] == [("missing-value", "billed_cost", 5)]
    assert result.totals == {"USD": Decimal("0.096")}


def test_amounts_in_binary_floating_point_are_read_as_their_shortest_decimal(
    duck_store: Store, tmp_path: Path, now: datetime
) -> None:
    """A cost in Parquet is the decimal that its binary number was written for, small or large."""
    said = ["0.1", "0.0000004236", "999.9999999999", "1000.1", "36000.123456789", "123456789.1", "-0.3", "1e-10"]
    path = as_parquet(tmp_path / "cur.parquet", lines(*(of("Usage", cost) for cost in said)))
    result = take_in(duck_store, cur(), Request([path]), now=now)
    assert [row["billed_cost"] for row in charges(duck_store)] == [Decimal(cost) for cost in said]
    assert result.matches
