import gzip
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from outlay.store import Store
from tests.bills.other_clouds import all_accounted_for, brought, day, landed, money, table

LINE = {
    "lineItem/referenceNo": "V2.aaa==",
    "lineItem/tenantId": "ocid1.tenancy.oc1..t",
    "lineItem/intervalUsageStart": "2026-10-05T00:00Z",
    "lineItem/intervalUsageEnd": "2026-10-05T01:00Z",
    "product/service": "COMPUTE",
    "product/compartmentId": "ocid1.compartment.oc1..c",
    "product/compartmentName": "search",
    "product/region": "eu-frankfurt-1",
    "product/availabilityDomain": "Uocm:EU-FRANKFURT-1-AD-1",
    "product/resourceId": "ocid1.instance.oc1..i",
    "usage/billedQuantity": "2.0",
    "usage/billedQuantityOverage": "2.0",
    "cost/subscriptionId": "1234567",
    "cost/productSku": "B88317",
    "product/Description": "Compute - Standard",
    "cost/unitPrice": "0.0638",
    "cost/unitPriceOverage": "0.0638",
    "cost/myCost": "0.1276",
    "cost/myCostOverage": "0.1276",
    "cost/currencyCode": "USD",
    "cost/billingUnitReadable": "ONE HOURS",
    "cost/skuUnitDescription": "OCPU Per Hour",
    "cost/overageFlag": "N",
    "lineItem/isCorrection": "false",
    "lineItem/backreferenceNo": "",
    "tags/Oracle-Tags.CreatedBy": "default/ann",
    "tags/team": "search",
}
#: Every kind of line: usage, what is free, a correction with what it corrects, and a service of its own.
KINDS: tuple[Mapping[str, str], ...] = (
    {},
    {"cost/myCost": "", "cost/unitPrice": "", "cost/unitPriceOverage": "", "cost/myCostOverage": ""},
    {
        "lineItem/isCorrection": "true",
        "lineItem/backreferenceNo": "V2.aaa==",
        "cost/myCost": "-0.1276",
        "usage/billedQuantity": "-2.0",
    },
    {"product/service": "GENERATIVE_AI", "cost/myCost": "1.5E-7", "tags/team": ""},
)


def report(path: Path, *lines: Mapping[str, str]) -> Path:
    """Write a gzipped report, as Oracle does."""
    path.write_bytes(gzip.compress(table({**LINE, **line} for line in lines).encode()))
    return path


def test_every_kind_of_line_of_a_report_is_a_charge(store: Store, tmp_path: Path) -> None:
    """Usage, free usage and corrections land, and their sum is the report's."""
    result = brought(store, "oracle_cost", report(tmp_path / "0001.csv.gz", *KINDS))
    assert (result.landed, result.problems, all_accounted_for(result)) == (4, (), True)
    assert result.totals == {"USD": money("0.1276", "0", "-0.1276", "0.00000015")}
    rows = landed(store)
    assert [(r["charge_category"], r["charge_class"]) for r in rows] == [
        ("Usage", None),
        ("Usage", None),
        ("Usage", "Correction"),
        ("Usage", None),
    ]
    assert rows[2]["extra"]["lineItem/backreferenceNo"] == "V2.aaa=="
    assert [r["service_category"] for r in rows] == ["Compute"] * 3 + ["AI and Machine Learning"]


def test_a_line_says_who_what_and_where(own: Store, tmp_path: Path) -> None:
    """Subscription, compartment, hour without seconds, unit, resource and tags arrive under their names."""
    brought(own, "oracle_cost", report(tmp_path / "0001.csv.gz", {}))
    (row,) = landed(own)
    assert (row["provider"], row["billing_account_id"], row["sub_account_name"]) == ("Oracle", "1234567", "search")
    assert (row["billing_period_start"], row["billing_period_end"]) == (day(1), day(1, 11))
    assert (row["charge_period_start"], row["charge_period_end"]) == (day(5), day(5).replace(hour=1))
    assert (row["consumed_quantity"], row["contracted_unit_price"]) == (Decimal(2), Decimal("0.0638"))
    assert row["tags"] == {"Oracle-Tags.CreatedBy": "default/ann", "team": "search"}


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ({"cost/myCost": ""}, "missing-value", "billed_cost"),
        ({"cost/myCost": "n/a"}, "bad-amount", "billed_cost"),
        ({"lineItem/intervalUsageStart": "yesterday"}, "bad-date", "billing_period_start"),
        ({"cost/currencyCode": "OCI"}, "wrong-currency", "billing_currency"),
    ],
)
def test_a_line_that_cannot_be_read_is_a_problem(
    own: Store, tmp_path: Path, line: Mapping[str, str], code: str, column: str
) -> None:
    """A price without a cost is not free; amounts and times that are none are named; the rest lands."""
    result = brought(own, "oracle_cost", report(tmp_path / "0001.csv.gz", {}, line))
    assert [(p.code, p.line, p.column) for p in result.problems] == [(code, 3, column)]
    assert result.totals == {"USD": Decimal("0.1276")}


def test_a_usage_report_is_told_from_a_cost_report(own: Store, tmp_path: Path) -> None:
    """A report without money has no cost column; each line says so, and nothing lands."""
    usage = {key: value for key, value in LINE.items() if not key.startswith("cost/")}
    path = tmp_path / "usage.csv"
    path.write_text(table([usage, usage]), encoding="utf-8")
    result = brought(own, "oracle_cost", path)
    assert [(p.code, p.line) for p in result.problems] == [("missing-column", 2), ("missing-column", 3)]
    assert result.landed == 0
