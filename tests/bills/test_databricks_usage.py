import json
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from outlay.errors import BadInput, Unreadable
from outlay.store import Store
from tests.bills.other_clouds import all_accounted_for, as_json_lines, as_parquet, brought, day, landed, table

RECORD: dict[str, Any] = {
    "record_id": "r-1",
    "account_id": "acc-1",
    "workspace_id": "w-1",
    "sku_name": "PREMIUM_JOBS_COMPUTE",
    "cloud": "AWS",
    "usage_start_time": "2026-10-05T07:00:00.000+00:00",
    "usage_end_time": "2026-10-05T08:00:00.000+00:00",
    "usage_date": "2026-10-05",
    "custom_tags": {"team": "search"},
    "usage_unit": "DBU",
    "usage_quantity": "259.295800000000000000",
    "usage_metadata": {"job_id": "j-7", "job_name": "nightly", "cluster_id": "c-1", "warehouse_id": None},
    "identity_metadata": {"run_as": "ann@example.com"},
    "record_type": "ORIGINAL",
    "ingestion_date": "2026-10-05",
    "billing_origin_product": "JOBS",
    "usage_type": "COMPUTE_TIME",
}
PRICES = (
    {"from": "2026-01-01", "to": "2026-10-06", "default": "0.20", "effective": "0.15"},
    {"from": "2026-10-06", "to": None, "default": "0.22", "effective": None},
)
TYPES = {
    "account_id": "VARCHAR",
    "workspace_id": "VARCHAR",
    "sku_name": "VARCHAR",
    "cloud": "VARCHAR",
    "usage_start_time": "TIMESTAMPTZ",
    "usage_end_time": "TIMESTAMPTZ",
    "custom_tags": "MAP(VARCHAR, VARCHAR)",
    "usage_unit": "VARCHAR",
    "usage_quantity": "DECIMAL(38,18)",
    "usage_metadata": "STRUCT(job_id VARCHAR, job_name VARCHAR, cluster_id VARCHAR, warehouse_id VARCHAR)",
    "identity_metadata": "STRUCT(run_as VARCHAR)",
    "record_type": "VARCHAR",
    "billing_origin_product": "VARCHAR",
    "usage_type": "VARCHAR",
}


def usage(path: Path, *records: Mapping[str, Any]) -> Path:
    """Write usage as newline-delimited JSON."""
    path.write_text(as_json_lines({**RECORD, **record} for record in records), encoding="utf-8")
    return path


def price_list(path: Path, *, currency: str = "USD") -> Path:
    """Write the prices as a CSV whose structure is JSON text."""
    rows = [
        {
            "sku_name": RECORD["sku_name"],
            "cloud": "AWS",
            "currency_code": currency,
            "usage_unit": "DBU",
            "price_start_time": f"{price['from']}T00:00:00.000Z",
            "price_end_time": f"{price['to']}T00:00:00.000Z" if price["to"] else "",
            "pricing": json.dumps(
                {"default": price["default"], "effective_list": {"default": price["effective"] or price["default"]}}
            ),
        }
        for price in PRICES
    ]
    path.write_text(table(rows), encoding="utf-8")
    return path


def test_usage_costs_what_the_list_said_at_the_time(store: Store, tmp_path: Path) -> None:
    """Each record meets the price of its own hour, promotions included, rounded once to twelve places."""
    later = {"usage_start_time": "2026-10-06T00:00:00Z", "usage_end_time": "2026-10-06T01:00:00Z"}
    path = usage(tmp_path / "u.json", {}, {**later, "usage_quantity": "0.000000000033333333"})
    prices = price_list(tmp_path / "p.csv")
    result = brought(store, "databricks_usage", path, {"prices": str(prices)})
    assert (result.landed, result.problems, all_accounted_for(result)) == (2, (), True)
    first, second = landed(store)
    assert first["billed_cost"] == Decimal("259.2958") * Decimal("0.15")
    exact = Decimal("0.000000000033333333") * Decimal("0.22")
    assert second["billed_cost"] == exact.quantize(Decimal("1E-12"), ROUND_HALF_UP)
    assert (first["resource_type"], first["resource_id"], first["resource_name"]) == ("job", "j-7", "nightly")
    assert first["tags"]["team"] == "search"
    assert first["tags"]["databricks:run_as"] == "ann@example.com"
    assert (first["charge_period_start"], first["billing_period_start"]) == (day(5).replace(hour=7), day(1))


def test_retractions_and_restatements_add_up(own: Store, tmp_path: Path) -> None:
    """What was recorded, taken back and recorded again is worth the last of the three, and all three are seen."""
    path = usage(
        tmp_path / "u.json",
        {},
        {"record_type": "RETRACTION", "usage_quantity": "-259.2958"},
        {"record_type": "RESTATEMENT", "usage_quantity": "100"},
    )
    result = brought(own, "databricks_usage", path, {"prices": str(price_list(tmp_path / "p.csv"))})
    assert result.totals == {"USD": Decimal(15)}
    assert [row["charge_class"] for row in landed(own)] == [None, "Correction", "Correction"]


def test_usage_without_a_price_is_a_problem_and_never_free(own: Store, tmp_path: Path) -> None:
    """No price list, another unit, another SKU, a day before the list begins: unpriced, with what it is of."""
    path = usage(
        tmp_path / "u.json",
        {},
        {"usage_unit": "TOKEN"},
        {"sku_name": "OTHER"},
        {"usage_start_time": "2025-12-31T23:00:00Z"},
        {"usage_quantity": "0", "sku_name": "OTHER"},
    )
    result = brought(own, "databricks_usage", path)
    assert [p.code for p in result.problems] == ["unpriced"] * 5
    result = brought(own, "databricks_usage", path, {"prices": str(price_list(tmp_path / "p.csv"))})
    assert (result.repeated, result.landed) == (None, 1)
    assert [(p.code, p.line) for p in result.problems] == [("unpriced", line) for line in (2, 3, 4, 5)]
    assert result.problems[0].value == "259.295800000000000000 TOKEN of PREMIUM_JOBS_COMPUTE on AWS"


def test_parquet_and_csv_say_the_same(own: Store, tmp_path: Path) -> None:
    """Structures and maps of Parquet, and their JSON text in CSV, give the same charges."""
    options = {"prices": str(price_list(tmp_path / "p.csv"))}
    source = usage(tmp_path / "u.json", {}, {"custom_tags": {}, "usage_quantity": "3"})
    rows: list[dict[str, Any]] = [
        {k: v if isinstance(v, str) else json.dumps(v) for k, v in RECORD.items()} for _ in range(2)
    ]
    rows[1] |= {"custom_tags": "{}", "usage_quantity": "3"}
    (tmp_path / "u.csv").write_text(table(rows), encoding="utf-8")
    said = []
    for path in (source, as_parquet(tmp_path / "u.parquet", source, TYPES), tmp_path / "u.csv"):
        assert all_accounted_for(brought(own, "databricks_usage", path, options))
        said.append([{k: v for k, v in row.items() if k not in ("take_in", "line", "extra")} for row in landed(own)])
    assert said[0] == said[1] == said[2]


def test_a_discount_is_taken_off_the_list(own: Store, tmp_path: Path) -> None:
    """What the contract takes off is not billed; the list cost stays."""
    options = {"prices": str(price_list(tmp_path / "p.csv", currency="EUR")), "currency": "EUR", "discount": "12.5"}
    result = brought(own, "databricks_usage", usage(tmp_path / "u.json", {"usage_quantity": "8"}), options)
    assert result.totals == {"EUR": Decimal("1.05")}
    assert result.costs["list_cost"] == {"EUR": Decimal("1.2")}


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"record_type": "GUESS"}, "unknown-record-type"),
        ({"usage_quantity": "some"}, "bad-quantity"),
        ({"usage_quantity": "9" * 19}, "bad-quantity"),
        ({"usage_start_time": "yesterday"}, "missing-value"),
    ],
)
def test_a_record_that_cannot_be_read_is_a_problem(
    own: Store, tmp_path: Path, record: Mapping[str, Any], code: str
) -> None:
    """Unknown kinds of records, quantities that are none or too large, and times that are none are named."""
    options = {"prices": str(price_list(tmp_path / "p.csv"))}
    result = brought(own, "databricks_usage", usage(tmp_path / "u.json", {}, record), options)
    assert [(p.code, p.line) for p in result.problems] == [(code, 2)]


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("sku_name,pricing\n", BadInput, "no price in USD"),
        ("[1", Unreadable, "JSON array"),
        ("sku_name,currency_code,pricing\nA,USD,0.123456789012\n", Unreadable, "p.csv:2: pricing"),
        ("sku_name,usage_unit,currency_code,pricing,price_start_time\nA,DBU,USD,0.1,soon\n", Unreadable, "p.csv:2"),
    ],
)
def test_prices_that_cannot_be_read_stop_the_import(
    own: Store, tmp_path: Path, text: str, error: type[Exception], says: str
) -> None:
    """A price list that is none says where, before anything lands."""
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")
    with pytest.raises(error, match=says):
        brought(own, "databricks_usage", usage(tmp_path / "u.json", {}), {"prices": str(tmp_path / "p.csv")})
    assert own.count("charge") == 0
