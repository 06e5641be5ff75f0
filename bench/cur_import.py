"""Import a month of CUR 2.0 Parquet, and let DuckDB read the same file into the same table by itself.

The file is made in the manner of AWS's export: the 120 columns of the table dictionary, hourly lines of on-demand,
Savings Plans and reserved usage with their fees and negations, credits and tax, tags as a map on 80 % of the lines,
amounts as binary floating point, as AWS writes them. Both ways end in a fresh DuckDB file; only ours numbers the lines,
tells the line types apart, keeps five costs apart, checks every value and meets the control totals. They run in turn,
so that whatever else the machine does falls on both. Prints seconds and the ratio.

    python bench/cur_import.py [lines] [rounds]
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from outlay.bills.importers import importers
from outlay.bills.take_in import Request, take_in
from outlay.store import open_store

_NOW = datetime(2026, 11, 2, tzinfo=UTC)
_KIND = (
    "CASE WHEN i % 1000 = 0 THEN 'Tax' WHEN i % 1000 = 1 THEN 'Credit' WHEN i % 1000 = 2 THEN 'SavingsPlanRecurringFee'"
    " WHEN i % 10 < 2 THEN 'SavingsPlanCoveredUsage' WHEN i % 10 = 2 THEN 'SavingsPlanNegation'"
    " WHEN i % 10 = 3 THEN 'DiscountedUsage' ELSE 'Usage' END"
)
_COST = "((i * 7919) % 1000003) * 0.0000010001"
#: How the columns that say something are made; `i` is the number of the line, `k` its type.
_MADE = {
    "bill_bill_type": "'Anniversary'",
    "bill_billing_entity": "'AWS'",
    "bill_billing_period_end_date": "TIMESTAMP '2026-11-01'",
    "bill_billing_period_start_date": "TIMESTAMP '2026-10-01'",
    "bill_invoice_id": "CASE WHEN i % 1000 = 0 THEN '1234567890' END",
    "bill_invoicing_entity": "'Amazon Web Services, Inc.'",
    "bill_payer_account_id": "'123456789012'",
    "bill_payer_account_name": "'Example Company'",
    "cost_category": "MAP {'Team': 'team-' || (i % 40)}",
    "identity_line_item_id": "md5(i::VARCHAR)",
    "identity_time_interval": "strftime(h, '%Y-%m-%dT%H:00:00Z') || '/' || strftime(h + INTERVAL 1 HOUR,"
    " '%Y-%m-%dT%H:00:00Z')",
    "line_item_availability_zone": "CASE WHEN i % 3 = 0 THEN 'us-east-1' || chr(97 + (i % 4)::INT) END",
    "line_item_blended_cost": _COST,
    "line_item_blended_rate": "'0.0416000000'",
    "line_item_currency_code": "'USD'",
    "line_item_legal_entity": "'Amazon Web Services, Inc.'",
    "line_item_line_item_description": "'$0.0' || (i % 97) || ' per On Demand Linux m5.large Instance Hour, tier ' ||"
    " (i % 5)",
    "line_item_line_item_type": "k",
    "line_item_net_unblended_cost": f"{_COST} * 0.93",
    "line_item_operation": "'RunInstances:' || (i % 20)",
    "line_item_product_code": "CASE WHEN i % 3 = 0 THEN 'AmazonEC2' ELSE 'AmazonService' || (i % 60) END",
    "line_item_resource_id": "'arn:aws:ec2:us-east-1:123456789012:instance/i-' || md5((i % 20000)::VARCHAR)",
    "line_item_unblended_cost": f"CASE WHEN k = 'SavingsPlanNegation' THEN -1 ELSE 1 END * {_COST}",
    "line_item_unblended_rate": "'0.0416000000'",
    "line_item_usage_account_id": "(100000000000 + i % 40)::VARCHAR",
    "line_item_usage_account_name": "'account-' || (i % 40)",
    "line_item_usage_amount": "((i * 31) % 10007) * 0.0103",
    "line_item_usage_end_date": "h + INTERVAL 1 HOUR",
    "line_item_usage_start_date": "h",
    "line_item_usage_type": "'USE1-BoxUsage:' || (i % 200)",
    "pricing_public_on_demand_cost": f"{_COST} * 1.2",
    "pricing_public_on_demand_rate": "'0.0499'",
    "pricing_rate_code": "'SKU' || (i % 3000) || '.JRTCKXETXF.6YS6EN2CT7'",
    "pricing_term": "CASE WHEN k = 'Usage' THEN 'OnDemand' END",
    "pricing_unit": "'Hrs'",
    "product": "MAP {'product_name': 'Amazon Service ' || (i % 60), 'region': 'us-east-1', 'location':"
    " 'US East (N. Virginia)', 'vcpu': '2', 'memory': '8 GiB', 'operating_system': 'Linux'}",
    "product_product_family": "'Compute Instance'",
    "product_region_code": "'us-east-1'",
    "product_sku": "'SKU' || (i % 3000)",
    "reservation_effective_cost": f"CASE WHEN k = 'DiscountedUsage' THEN {_COST} * 0.7 ELSE 0 END",
    "reservation_net_effective_cost": f"CASE WHEN k = 'DiscountedUsage' THEN {_COST} * 0.65 ELSE 0 END",
    "reservation_reservation_a_r_n": "CASE WHEN k = 'DiscountedUsage' THEN 'arn:aws:ec2:reserved-instances/' || (i %"
    " 30) ELSE '' END",
    "resource_tags": "CASE WHEN i % 10 < 8 THEN MAP {'user_team': 'team-' || (i % 40), 'user_env': 'production',"
    " 'user_feature': 'feature.' || (i % 120), 'aws_created_by': 'Root:1'} ELSE MAP {} END",
    "savings_plan_savings_plan_a_r_n": "CASE WHEN k LIKE 'SavingsPlan%' THEN 'arn:aws:savingsplans::1234:savingsplan/'"
    " || (i % 40) ELSE '' END",
    "savings_plan_savings_plan_effective_cost": f"CASE WHEN k = 'SavingsPlanCoveredUsage' THEN {_COST} * 0.66"
    " ELSE 0 END",
    "savings_plan_net_savings_plan_effective_cost": f"CASE WHEN k = 'SavingsPlanCoveredUsage' THEN {_COST} * 0.61"
    " ELSE 0 END",
    "savings_plan_total_commitment_to_date": "CASE WHEN k = 'SavingsPlanRecurringFee' THEN 10.5 ELSE 0 END",
    "savings_plan_used_commitment": "CASE WHEN k = 'SavingsPlanRecurringFee' THEN 9.25 ELSE 0 END",
}
#: The other columns of the table: empty on most lines, as in life.
_EMPTY = [f"product_attribute_{n}" for n in range(30)] + [f"pricing_detail_{n}" for n in range(10)]
_EMPTY += [f"reservation_detail_{n}" for n in range(18)] + [f"savings_plan_detail_{n}" for n in range(10)]
_EMPTY += [f"capacity_reservation_{n}" for n in range(4)]
#: What DuckDB by itself puts where, by the same people who trust the file: one column into one column.
_NATIVE = {
    "provider": "'AWS'",
    "publisher_name": "'AWS'",
    "invoice_issuer_name": "bill_invoicing_entity",
    "invoice_id": "bill_invoice_id",
    "billing_account_id": "bill_payer_account_id",
    "billing_account_name": "bill_payer_account_name",
    "sub_account_id": "line_item_usage_account_id",
    "sub_account_name": "line_item_usage_account_name",
    "billing_currency": "line_item_currency_code",
    "billing_period_start": "bill_billing_period_start_date",
    "billing_period_end": "bill_billing_period_end_date",
    "charge_period_start": "line_item_usage_start_date",
    "charge_period_end": "line_item_usage_end_date",
    "charge_category": "line_item_line_item_type",
    "charge_description": "line_item_line_item_description",
    "billed_cost": "line_item_unblended_cost",
    "effective_cost": "savings_plan_savings_plan_effective_cost",
    "list_cost": "pricing_public_on_demand_cost",
    "contracted_cost": "line_item_unblended_cost",
    "net_cost": "line_item_net_unblended_cost",
    "net_effective_cost": "reservation_net_effective_cost",
    "list_unit_price": "pricing_public_on_demand_rate",
    "pricing_quantity": "line_item_usage_amount",
    "pricing_unit": "pricing_unit",
    "consumed_quantity": "line_item_usage_amount",
    "consumed_unit": "pricing_unit",
    "service_name": "product['product_name']",
    "sku_id": "product_sku",
    "sku_meter": "line_item_usage_type",
    "sku_price_id": "pricing_rate_code",
    "resource_id": "line_item_resource_id",
    "resource_type": "product_product_family",
    "region_id": "product_region_code",
    "region_name": "product['location']",
    "availability_zone": "line_item_availability_zone",
    "commitment_discount_id": "savings_plan_savings_plan_a_r_n",
    "tags": "resource_tags",
    "extra": "MAP {'line_item_operation': line_item_operation, 'line_item_product_code': line_item_product_code}",
}


def main(lines: int = 1_000_000, rounds: int = 3) -> None:
    """Make the file, run both ways in turn, print the medians."""
    with tempfile.TemporaryDirectory(prefix="outlay-bench-") as name:
        folder = Path(name)
        file = folder / "cur.snappy.parquet"
        make(file, lines)
        print(f"{lines:,} lines, {len(_MADE) + len(_EMPTY)} columns, {file.stat().st_size / 1e6:,.0f} MB")
        ours, native = [], []
        for turn in range(rounds):
            ours.append(_timed(lambda path: _ours(path, file, lines), folder / f"ours{turn}.duckdb"))
            native.append(_timed(lambda path: _native(path, file, lines), folder / f"native{turn}.duckdb"))
            print(f"  take_in {ours[-1]:.2f} s, DuckDB by itself {native[-1]:.2f} s")
        mine, its = statistics.median(ours), statistics.median(native)
        print(f"median: take_in {mine:.2f} s ({lines / mine:,.0f} lines/s), DuckDB {its:.2f} s, ratio {its / mine:.2f}")


def make(file: Path, lines: int) -> None:
    """Write a CUR 2.0 file of so many lines."""
    binary = ("_cost", "_amount", "_commitment", "_to_date")  # as AWS types them
    how = {name: f"CAST({made} AS DOUBLE)" if name.endswith(binary) else made for name, made in _MADE.items()}
    made = ", ".join(f'{each} AS "{name}"' for name, each in how.items())
    empty = ", ".join(
        f"CASE WHEN i % 50 = {n % 50} THEN 'x' || (i % 7) ELSE '' END AS \"{name}\"" for n, name in enumerate(_EMPTY)
    )
    source = (
        f"SELECT i, {_KIND} AS k, TIMESTAMP '2026-10-01' + to_hours((i % 744)::INT) AS h FROM range({lines}) AS t(i)"  # noqa: S608 - a bench writes its own
    )
    with duckdb.connect() as engine:
        engine.execute(
            f"COPY (SELECT {made}, {empty} FROM ({source})) TO '{file}' (FORMAT parquet, COMPRESSION snappy)"  # noqa: S608
        )


def _timed(way: Callable[[Path], None], path: Path) -> float:
    start = time.perf_counter()
    way(path)
    taken = time.perf_counter() - start
    path.unlink()
    return taken


def _ours(path: Path, file: Path, lines: int) -> None:
    store = open_store(f"duckdb://{path}")
    result = take_in(store, importers()["aws_cur"], Request([file]), now=_NOW)
    store.close()
    if result.landed != lines:
        raise SystemExit(f"not all landed: {result}")


def _native(path: Path, file: Path, lines: int) -> None:
    """What a person would write who trusts the file: the engine's reader, its casts, its insert."""
    open_store(f"duckdb://{path}").close()
    with duckdb.connect(str(path), config={"memory_limit": "4GB"}) as engine:
        engine.execute("SET preserve_insertion_order = false")
        engine.execute(
            f"INSERT INTO charge (take_in, file, line, {', '.join(_NATIVE)})"  # noqa: S608
            f" SELECT 'native', 1, 0, {', '.join(_NATIVE.values())} FROM read_parquet('{file}')"
        )
        found = engine.execute("SELECT count(*) FROM charge").fetchone()
    if found != (lines,):
        raise SystemExit(f"not all landed: {found}")


if __name__ == "__main__":
    main(*(int(given) for given in sys.argv[1:3]))
