"""Small reports in the manner of AWS, made for tests: one month of every line type, in every layout AWS delivers."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from outlay.bills.importer import Importer
from outlay.bills.importers import importers

#: What every line says unless a test says otherwise, by the names of CUR 2.0.
LINE: dict[str, str] = {
    "identity_line_item_id": "id",
    "bill_payer_account_id": "123456789012",
    "bill_billing_period_start_date": "2026-10-01T00:00:00Z",
    "bill_billing_period_end_date": "2026-11-01T00:00:00Z",
    "bill_bill_type": "Anniversary",
    "bill_billing_entity": "AWS",
    "bill_invoicing_entity": "Amazon Web Services, Inc.",
    "line_item_usage_account_id": "210987654321",
    "line_item_line_item_type": "Usage",
    "line_item_usage_start_date": "2026-10-05T10:00:00Z",
    "line_item_usage_end_date": "2026-10-05T11:00:00Z",
    "line_item_product_code": "AmazonEC2",
    "line_item_usage_type": "BoxUsage:m5.large",
    "line_item_operation": "RunInstances",
    "line_item_resource_id": "",
    "line_item_usage_amount": "1",
    "line_item_unblended_cost": "0",
    "line_item_net_unblended_cost": "",
    "line_item_currency_code": "USD",
    "line_item_line_item_description": "",
    "line_item_legal_entity": "Amazon Web Services, Inc.",
    "pricing_unit": "Hrs",
    "pricing_public_on_demand_cost": "",
    "product_product_family": "Compute Instance",
    "product_region_code": "us-east-1",
    "reservation_reservation_a_r_n": "",
    "reservation_effective_cost": "",
    "reservation_net_effective_cost": "",
    "reservation_unused_amortized_upfront_fee_for_billing_period": "",
    "reservation_unused_recurring_fee": "",
    "savings_plan_savings_plan_a_r_n": "",
    "savings_plan_savings_plan_effective_cost": "",
    "savings_plan_net_savings_plan_effective_cost": "",
    "savings_plan_total_commitment_to_date": "",
    "savings_plan_used_commitment": "",
    "split_line_item_parent_resource_id": "",
    "split_line_item_split_cost": "",
    "split_line_item_unused_cost": "",
}
_PLAN = {"savings_plan_savings_plan_a_r_n": "arn:aws:savingsplans::1:savingsplan/p"}
_RESERVED = {"reservation_reservation_a_r_n": "arn:aws:ec2:us-east-1:1:reserved-instances/r"}


def of(kind: str, cost: str, **differs: str) -> dict[str, str]:
    """Return what differs in a line of a type with an unblended cost."""
    return {"line_item_line_item_type": kind, "line_item_unblended_cost": cost, **differs}


#: One line of every type, as AWS writes it.
EVERY_TYPE: Sequence[Mapping[str, str]] = (
    of("Usage", "0.0960000000", pricing_public_on_demand_cost="0.0960000000", line_item_net_unblended_cost="0.09"),
    of(
        "SavingsPlanCoveredUsage",
        "0.096",
        savings_plan_savings_plan_effective_cost="0.07",
        savings_plan_net_savings_plan_effective_cost="0.065",
        pricing_public_on_demand_cost="0.096",
        line_item_net_unblended_cost="0.096",
        **_PLAN,
    ),
    of("SavingsPlanNegation", "-0.096", line_item_net_unblended_cost="-0.096", **_PLAN),
    of(
        "SavingsPlanRecurringFee",
        "0.10",
        savings_plan_total_commitment_to_date="0.10",
        savings_plan_used_commitment="0.07",
        line_item_net_unblended_cost="0.05",
        **_PLAN,
    ),
    of("SavingsPlanUpfrontFee", "120", line_item_net_unblended_cost="120", **_PLAN),
    of(
        "DiscountedUsage",
        "0",
        reservation_effective_cost="0.05",
        reservation_net_effective_cost="0.045",
        pricing_public_on_demand_cost="0.096",
        line_item_net_unblended_cost="0",
        **_RESERVED,
    ),
    of(
        "RIFee",
        "36",
        reservation_unused_amortized_upfront_fee_for_billing_period="1.5",
        reservation_unused_recurring_fee="2.25",
        line_item_net_unblended_cost="36",
        **_RESERVED,
    ),
    of("Fee", "250", line_item_net_unblended_cost="250", **_RESERVED),
    of("Fee", "100", line_item_product_code="AWSSupportBusiness", line_item_net_unblended_cost="100"),
    of("Tax", "7.77", line_item_net_unblended_cost="7.77"),
    of("Credit", "-5", line_item_net_unblended_cost="-5"),
    of("Refund", "-3.5", line_item_net_unblended_cost="-3.5"),
    of("EdpDiscount", "-0.5", line_item_net_unblended_cost="0"),
    of("PrivateRateDiscount", "-0.25", line_item_net_unblended_cost="0"),
    of("BundledDiscount", "-0.125", line_item_net_unblended_cost="0"),
    of("Discount", "-0.0625", line_item_net_unblended_cost="0"),
    of("SppDiscount", "-0.03", line_item_net_unblended_cost="0"),
    of(
        "Usage",
        "9.99",
        bill_billing_entity="AWS Marketplace",
        line_item_legal_entity="Example Seller",
        line_item_product_code="8abc",
        line_item_net_unblended_cost="9.99",
    ),
)


def cur() -> Importer:
    """Return the importer under test."""
    return importers()["aws_cur"]


def lines(*differs: Mapping[str, str]) -> list[dict[str, str]]:
    """Return whole lines, each given as what differs from `LINE`."""
    return [{**LINE, "identity_line_item_id": f"id-{n}", **each} for n, each in enumerate(differs)]


def legacy_name(column: str) -> str:
    """Return a column's name in a legacy report as CSV."""
    sections = {"line_item_": "lineItem/", "savings_plan_": "savingsPlan/", "split_line_item_": "splitLineItem/"}
    section = next((each for each in sections if column.startswith(each)), column.partition("_")[0] + "_")
    words = column.removeprefix(section).split("_")
    return sections.get(section, section.rstrip("_") + "/") + "".join(word.capitalize() for word in words)


def as_csv(rows: Sequence[Mapping[str, str]], *, legacy: bool = False) -> bytes:
    """Return lines as CSV with the names of CUR 2.0 or of a legacy report; other keys stand as they are."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([legacy_name(c) if legacy and c in LINE else c for c in columns])
    writer.writerows([row.get(c, "") for c in columns] for row in rows)
    return out.getvalue().encode()


def gzipped(content: bytes) -> bytes:
    """Return content in gzip's format, the same every time."""
    return gzip.compress(content, mtime=0)


def zipped(content: bytes) -> bytes:
    """Return content as the one file of a ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("report-1.csv", content)
    return out.getvalue()


def as_parquet(
    path: Path, rows: Sequence[Mapping[str, str]], *, tags: Iterable[Mapping[str, str]] | None = None
) -> Path:
    """Write lines as CUR 2.0 does: timestamps, costs in binary floating point, tags as one map."""
    held = path.with_suffix(".held.csv")
    held.write_bytes(as_csv(rows))
    held_tags = path.with_suffix(".held.json")
    held_tags.write_text("\n".join(json.dumps({"t": dict(each)}) for each in (tags or ({} for _ in rows))), "utf-8")
    kinds = {name: _kind(name) for row in rows for name in row}
    columns = [f"CAST({name} AS {kind}) AS {name}" for name, kind in kinds.items()]
    with duckdb.connect() as engine:
        engine.execute(
            f"COPY (SELECT {', '.join(columns)}, t AS resource_tags FROM"
            f" (SELECT *, row_number() OVER () AS n FROM read_csv('{held}', all_varchar = true))"
            f" JOIN (SELECT t, row_number() OVER () AS n FROM read_json('{held_tags}',"
            " columns = {t: 'MAP(VARCHAR, VARCHAR)'}))"
            f" USING (n) ORDER BY n) TO '{path}' (FORMAT parquet)"
        )
    held.unlink()
    held_tags.unlink()
    return path


def _kind(column: str) -> str:
    """Return the type that AWS gives a column in Parquet."""
    if column.endswith(("_start_date", "_end_date")):
        return "TIMESTAMP"
    amounts = ("_cost", "_amount", "_commitment", "_to_date", "_fee", "_period")
    return "DOUBLE" if column.endswith(amounts) else "VARCHAR"
