import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from outlay.store import Store
from tests.bills.making import LINE
from tests.bills.other_clouds import all_accounted_for, as_json_lines, as_parquet, brought, day, landed, money, table

RECORD: dict[str, Any] = {
    "billing_account_id": "01ABCD-234567-89EFGH",
    "service": {"id": "6F81-5844-456A", "description": "Compute Engine"},
    "sku": {"id": "2E27-4F75-95CD", "description": "N2 Instance Core running in Belgium"},
    "usage_start_time": "2026-10-05 07:00:00 UTC",
    "usage_end_time": "2026-10-05 08:00:00 UTC",
    "project": {
        "id": "search-prod",
        "number": "1",
        "name": "Search",
        "labels": [{"key": "team", "value": "platform"}, {"key": "env", "value": "prod"}],
    },
    "labels": [{"key": "team", "value": "search"}],
    "system_labels": [{"key": "compute.googleapis.com/cores", "value": "4"}],
    "tags": [{"key": "cost", "value": "cc-7", "inherited": False, "namespace": "example.com"}],
    "location": {"location": "europe-west1", "region": "europe-west1", "zone": "europe-west1-b"},
    "resource": {"name": "vm-1", "global_name": "//compute.googleapis.com/projects/p/zones/z/instances/1"},
    "price": {"list_price": "0.034", "effective_price": "0.030"},
    "cost": 1.25,
    "cost_at_list": 1.5,
    "currency": "USD",
    "usage": {"amount": 3600.0, "unit": "seconds", "amount_in_pricing_units": 1.0, "pricing_unit": "hour"},
    "credits": [],
    "invoice": {"month": "202610"},
    "cost_type": "regular",
    "adjustment_info": None,
    "seller_name": None,
}
DISCOUNT = {
    "name": "Sustained Usage Discount",
    "full_name": "Sustained usage",
    "amount": -0.25,
    "id": "sud",
    "type": "SUSTAINED_USAGE_DISCOUNT",
}
COMMITTED = {
    "name": "Committed",
    "full_name": "1 year",
    "amount": -0.1,
    "id": "cud-1",
    "type": "COMMITTED_USAGE_DISCOUNT",
}
FEE = {"id": "S-9", "description": "Commitment v1: N2 Cpu for 1 Year"}
KINDS: tuple[dict[str, Any], ...] = (
    {"credits": [DISCOUNT, COMMITTED]},
    {"sku": FEE, "cost": 20, "credits": [{**COMMITTED, "type": "FEE_UTILIZATION_OFFSET", "amount": "-3.5"}]},
    {"cost_type": "tax", "cost": 0.3, "service": {"id": "t", "description": "Invoice"}},
    {
        "cost_type": "adjustment",
        "cost": -2,
        "adjustment_info": {"id": "a-1", "mode": "PARTIAL_CORRECTION", "type": "GENERAL_ADJUSTMENT"},
    },
    {"cost_type": "rounding_error", "cost": 0.000001},
    {"usage_start_time": "2026-09-30 23:00:00 UTC", "usage_end_time": "2026-10-01 00:00:00 UTC"},
    {"cost": 0, "credits": [{"name": "Free Tier", "amount": 0, "type": "FREE_TIER"}]},
)
_PAIRS = "STRUCT(key VARCHAR, value VARCHAR)[]"
#: Types as BigQuery exports them to Parquet.
TYPES = {
    "billing_account_id": "VARCHAR",
    "service": "STRUCT(id VARCHAR, description VARCHAR)",
    "sku": "STRUCT(id VARCHAR, description VARCHAR)",
    "usage_start_time": "TIMESTAMPTZ",
    "usage_end_time": "TIMESTAMPTZ",
    "project": f"STRUCT(id VARCHAR, number VARCHAR, name VARCHAR, labels {_PAIRS})",
    "labels": _PAIRS,
    "system_labels": _PAIRS,
    "tags": "STRUCT(key VARCHAR, value VARCHAR, inherited BOOLEAN, namespace VARCHAR)[]",
    "location": "STRUCT(location VARCHAR, region VARCHAR, zone VARCHAR)",
    "resource": "STRUCT(name VARCHAR, global_name VARCHAR)",
    "price": "STRUCT(list_price DECIMAL(38,9), effective_price DECIMAL(38,9))",
    "cost": "DOUBLE",
    "cost_at_list": "DOUBLE",
    "currency": "VARCHAR",
    "usage": "STRUCT(amount DOUBLE, unit VARCHAR, amount_in_pricing_units DOUBLE, pricing_unit VARCHAR)",
    "credits": "STRUCT(name VARCHAR, full_name VARCHAR, amount DOUBLE, id VARCHAR, type VARCHAR)[]",
    "invoice": "STRUCT(month VARCHAR)",
    "cost_type": "VARCHAR",
    "adjustment_info": "STRUCT(id VARCHAR, description VARCHAR, mode VARCHAR, type VARCHAR)",
    "seller_name": "VARCHAR",
}
COSTS = money("1.25", "20", "0.3", "-2", "0.000001", "1.25", "0")
CREDITS = money("-0.25", "-0.1", "-3.5", "0")


def ndjson(path: Path, *records: Mapping[str, Any]) -> Path:
    """Write an export as newline-delimited JSON."""
    path.write_text(as_json_lines({**RECORD, **record} for record in records), encoding="utf-8")
    return path


def test_cost_and_every_credit_are_charges_of_their_own(store: Store, tmp_path: Path) -> None:
    """Nothing is netted before it is seen: seven lines with four credits are eleven charges, and meet the total."""
    result = brought(store, "gcp_billing", ndjson(tmp_path / "b.json", *KINDS))
    assert (result.landed, result.problems, all_accounted_for(result)) == (11, (), True)
    assert result.totals == {"USD": COSTS + CREDITS}
    rows = landed(store)
    assert sum(r["billed_cost"] for r in rows if r["charge_category"] == "Credit") == CREDITS
    assert sum(r["billed_cost"] for r in rows if r["charge_category"] != "Credit") == COSTS
    assert [r["charge_category"] for r in rows if r["charge_category"] != "Credit"] == [
        "Usage",
        "Purchase",
        "Tax",
        "Adjustment",
        "Adjustment",
        "Usage",
        "Usage",
    ]
    first = [r for r in rows if r["line"] == 1]
    assert {str(r["tags"]) for r in first} == {str({"team": "search", "env": "prod", "cost": "cc-7"})}
    assert [r["consumed_quantity"] for r in first if r["charge_category"] == "Credit"] == [None, None]
    corrected = next(r for r in rows if r["line"] == 4)
    assert (corrected["charge_class"], corrected["extra"]["adjustment_id"]) == ("Correction", "a-1")


def test_late_usage_is_billed_with_its_invoice(own: Store, tmp_path: Path) -> None:
    """Usage of September on October's invoice keeps its own hour, and the invoice's month."""
    brought(own, "gcp_billing", ndjson(tmp_path / "b.json", KINDS[5]))
    (row,) = landed(own)
    assert row["charge_period_start"] == day(30, 9).replace(hour=23)
    assert (row["billing_period_start"], row["billing_period_end"]) == (day(1), day(1, 11))


def test_parquet_json_and_csv_say_the_same(own: Store, tmp_path: Path) -> None:
    """The three ways a table leaves BigQuery give the same charges but for the place of each line."""
    source = ndjson(tmp_path / "b.json", *KINDS)
    said = []
    flat = [_as_csv({**RECORD, **record}) for record in KINDS]
    (tmp_path / "b.csv").write_text(table(flat), encoding="utf-8")
    for path in (source, as_parquet(tmp_path / "b.parquet", source, TYPES), tmp_path / "b.csv"):
        result = brought(own, "gcp_billing", path)
        assert (result.landed, all_accounted_for(result)) == (11, True)
        rows = sorted(landed(own), key=lambda r: (r["line"], r["charge_category"], r["billed_cost"]))
        said.append([{k: v for k, v in row.items() if k not in ("take_in", "line", "extra")} for row in rows])
    assert said[0] == said[1] == said[2]


def _as_csv(record: Mapping[str, Any]) -> dict[str, str]:
    """Return a record as a query with TO_JSON_STRING and flat names writes it."""
    cells: dict[str, str] = {}
    for name, value in record.items():
        if name in ("service", "sku", "invoice"):
            cells |= {f"{name}.{key}": str(each) for key, each in value.items()}
        else:
            cells[name] = json.dumps(value) if isinstance(value, (dict, list)) else "" if value is None else str(value)
    return cells


def test_digits_of_binary_floating_point_are_no_difference(own: Store, tmp_path: Path) -> None:
    """An amount such as 0.1 + 0.2 is written with digits that nobody charged; the total is met."""
    result = brought(own, "gcp_billing", ndjson(tmp_path / "b.json", {"cost": 0.1 + 0.2}))
    assert (result.totals, result.matches) == ({"USD": Decimal("0.3")}, True)


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"cost_type": "gift"}, "unknown-cost-type"),
        ({"credits": "[Record]"}, "bad-credits"),
        ({"cost": "much"}, "bad-amount"),
        ({"usage_start_time": "yesterday"}, "bad-date"),
        ({"credits": [{**DISCOUNT, "amount": None}]}, "missing-value"),
    ],
)
def test_a_line_that_cannot_be_read_is_a_problem(
    own: Store, tmp_path: Path, record: Mapping[str, Any], code: str
) -> None:
    """Unknown cost types, credits that are no list and amounts that are none are named with their line."""
    result = brought(own, "gcp_billing", ndjson(tmp_path / "b.json", {}, record))
    assert [(p.code, p.line) for p in result.problems] == [(code, 2)]
    assert result.lines == result.landed + result.problem_lines


def test_tags_of_the_focus_view_are_read(store: Store, tmp_path: Path) -> None:
    """A list of keys with where each comes from becomes tags; what is inherited gives way."""
    listed = [
        {"key": "team", "value": "search", "x_type": "label", "x_inherited": False, "x_namespace": "n/a"},
        {"key": "team", "value": "platform", "x_type": "project", "x_inherited": True, "x_namespace": "n/a"},
        {"key": "env", "value": None, "x_type": "tag", "x_inherited": False, "x_namespace": "org"},
    ]
    records = [
        {**LINE, "ProviderName": "Google Cloud", "Tags": listed, "x_Credits": [{"Name": "c", "Amount": -1}]},
        {**LINE, "ProviderName": "Google Cloud", "Tags": {"a": "b"}},
        {**LINE, "ProviderName": "Google Cloud", "Tags": "team=search"},
    ]
    path = tmp_path / "focus.json"
    path.write_text(as_json_lines(records), encoding="utf-8")
    result = brought(store, "gcp_focus", path)
    assert (result.landed, all_accounted_for(result)) == (3, True)
    rows = landed(store)
    assert [r["tags"] for r in rows] == [{"team": "search", "env": ""}, {"a": "b"}, {}]
    assert rows[2]["extra"]["Tags"] == "team=search"
    assert rows[0]["extra"]["x_Credits"] == '[{"Name": "c", "Amount": "-1"}]'


def test_the_same_bill_in_both_forms_counts_once(own: Store, tmp_path: Path) -> None:
    """The FOCUS view of an account and month replaces its standard export, and the other way round."""
    brought(own, "gcp_billing", ndjson(tmp_path / "b.json", {}))
    line = {**LINE, "ProviderName": "Google Cloud", "BillingAccountId": RECORD["billing_account_id"]}
    (tmp_path / "f.json").write_text(as_json_lines([line]), encoding="utf-8")
    result = brought(own, "gcp_focus", tmp_path / "f.json")
    assert [(r.before, r.after) for r in result.restated] == [(Decimal("1.25"), Decimal("1.5"))]
    assert len(landed(own)) == 1
