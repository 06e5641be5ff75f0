from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from outlay.store import Store
from tests.bills.other_clouds import all_accounted_for, brought, day, landed, money, table

LINE = {
    "Date": "2026-10-05",
    "Organization": "Example",
    "Organization ID": "org-1",
    "Project": "search",
    "Index": "documents",
    "SKU": "Serverless Read Units",
    "Cloud": "aws",
    "Region": "us-east-1",
    "Usage": "125000",
    "Cost": "$2.00",
    "Tags": '{"team": "search"}',
}
KINDS: tuple[Mapping[str, str], ...] = (
    {},
    {"SKU": "Serverless Write Units", "Usage": "1000", "Cost": "0.004"},
    {"SKU": "Serverless Storage", "Usage": "10.5", "Cost": "0.1155"},
    {"SKU": "Embedding tokens multilingual-e5-large", "Usage": "100000", "Cost": "0.008", "Index": ""},
    {"SKU": "Monthly minimum", "Usage": "", "Cost": "40", "Index": "", "Project": ""},
    {"SKU": "Promotional credit", "Usage": "", "Cost": "-$5", "Index": "", "Project": ""},
)


def report(path: Path, *lines: Mapping[str, str]) -> Path:
    """Write a report."""
    path.write_text(table({**LINE, **line} for line in lines), encoding="utf-8")
    return path


def test_every_kind_of_line_of_a_report_is_a_charge(store: Store, tmp_path: Path) -> None:
    """Read and write units, storage, tokens, the minimum and credits land with their unit and category."""
    result = brought(store, "pinecone_csv", report(tmp_path / "usage.csv", *KINDS))
    assert (result.landed, result.problems, all_accounted_for(result)) == (6, (), True)
    assert result.totals == {"USD": money("2", "0.004", "0.1155", "0.008", "40", "-5")}
    rows = landed(store)
    assert [(r["charge_category"], r["consumed_unit"], r["service_category"]) for r in rows] == [
        ("Usage", "read_unit", "Databases"),
        ("Usage", "write_unit", "Databases"),
        ("Usage", "gb_month", "Databases"),
        ("Usage", "token", "AI and Machine Learning"),
        ("Purchase", None, "Databases"),
        ("Credit", None, "Databases"),
    ]


def test_a_line_says_who_what_and_where(own: Store, tmp_path: Path) -> None:
    """Organization, project, index, day, quantity and tags arrive under their names."""
    brought(own, "pinecone_csv", report(tmp_path / "usage.csv", {}))
    (row,) = landed(own)
    assert (row["billing_account_id"], row["sub_account_name"], row["resource_id"]) == ("org-1", "search", "documents")
    assert (row["charge_period_start"], row["charge_period_end"]) == (day(5), day(6))
    assert (row["consumed_quantity"], row["tags"]) == (Decimal(125000), {"team": "search"})


def test_other_names_and_what_the_file_does_not_say(own: Store, tmp_path: Path) -> None:
    """A file without organization and currency takes both from the options; days may be written the American way."""
    line = {"usage_date": "10/05/2026", "project_name": "search", "sku_name": "Read Units", "amount": "2"}
    path = tmp_path / "usage.csv"
    path.write_text(table([line]), encoding="utf-8")
    brought(own, "pinecone_csv", path, {"account": "org-9", "currency": "EUR"})
    (row,) = landed(own)
    assert (row["billing_account_id"], row["billing_currency"], row["charge_period_start"]) == ("org-9", "EUR", day(5))


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ({"Cost": ""}, "missing-value", "billed_cost"),
        ({"Cost": "2,00"}, "bad-amount", "billed_cost"),
        ({"Date": "5 October"}, "bad-date", "billing_period_start"),
        ({"Usage": "many"}, "bad-quantity", "consumed_quantity"),
    ],
)
def test_a_line_that_cannot_be_read_is_a_problem(
    own: Store, tmp_path: Path, line: Mapping[str, str], code: str, column: str
) -> None:
    """A line without a cost is not free; amounts, days and quantities that are none are named."""
    result = brought(own, "pinecone_csv", report(tmp_path / "usage.csv", {}, line))
    assert [(p.code, p.line, p.column) for p in result.problems] == [(code, 3, column)]
