"""AWS Cost and Usage Reports: CUR 2.0 (Data Exports) and legacy reports, as CSV (gzip, ZIP) or Parquet.

Source of the columns and line types: AWS's table dictionary of CUR 2.0 and data dictionary of the legacy report,
as read on 2026-11-21. Legacy CSV calls a column `lineItem/UnblendedCost`, legacy Parquet and CUR 2.0
`line_item_unblended_cost`; tags are a column each (`resourceTags/user:team`, `resource_tags_user_team`) or one map.

How a line becomes a charge, cost by cost, is told in `docs/aws.md` and stands in `bills/sql/aws_cur.sql`. What is odd
about real files: the types of a line differ in letter case between reports, amounts are binary floating point in
Parquet (their shortest decimal is taken), a refund or credit is dated when it was given, and the export holds one
hourly line per resource, so a month has millions.
"""

from collections.abc import Mapping
from dataclasses import replace

from outlay.bills.formats import containers
from outlay.bills.formats.options import known_only
from outlay.bills.importer import Importer
from outlay.bills.places.s3 import OPTIONS

_SECTIONS = {
    "bill_": "bill/",
    "line_item_": "lineItem/",
    "product_": "product/",
    "pricing_": "pricing/",
    "reservation_": "reservation/",
    "savings_plan_": "savingsPlan/",
    "split_line_item_": "splitLineItem/",
}
_READ = (  # noqa: SIM905 - sixty names read better as text
    "bill_payer_account_id bill_payer_account_name bill_billing_period_start_date bill_billing_period_end_date"
    " bill_invoice_id bill_invoicing_entity bill_billing_entity"
    " line_item_usage_account_id line_item_usage_account_name line_item_line_item_type line_item_usage_start_date"
    " line_item_usage_end_date line_item_product_code line_item_usage_type line_item_operation"
    " line_item_availability_zone line_item_resource_id line_item_usage_amount line_item_unblended_cost"
    " line_item_unblended_rate line_item_net_unblended_cost line_item_currency_code"
    " line_item_line_item_description line_item_legal_entity line_item_iam_principal line_item_user_identifier"
    " pricing_unit pricing_public_on_demand_cost pricing_public_on_demand_rate pricing_term pricing_rate_code"
    " product_product_name product_servicecode product_product_family product_sku product_region_code product_region"
    " product_location reservation_reservation_a_r_n reservation_effective_cost reservation_net_effective_cost"
    " reservation_unused_amortized_upfront_fee_for_billing_period reservation_unused_recurring_fee"
    " reservation_net_unused_amortized_upfront_fee_for_billing_period reservation_net_unused_recurring_fee"
    " savings_plan_savings_plan_a_r_n savings_plan_savings_plan_effective_cost"
    " savings_plan_net_savings_plan_effective_cost savings_plan_total_commitment_to_date savings_plan_used_commitment"
    " savings_plan_offering_type split_line_item_parent_resource_id split_line_item_split_cost"
    " split_line_item_unused_cost split_line_item_split_usage split_line_item_actual_usage"
    " split_line_item_reserved_usage split_line_item_split_usage_ratio split_line_item_net_split_cost"
    " split_line_item_net_unused_cost split_line_item_public_on_demand_split_cost"
    " split_line_item_public_on_demand_unused_cost"
).split()
#: How the names of columns end that hold money or a quantity.
_AMOUNTS = ("_amount", "_cost", "_fee", "_commitment", "_to_date", "_for_billing_period")


def _names(column: str) -> tuple[str, ...]:
    """Return what a column is called in the two kinds of report; letter case does not matter.

    >>> _names("savings_plan_savings_plan_a_r_n")
    ('savings_plan_savings_plan_a_r_n', 'savingsPlan/savingsplanarn')
    """
    section = max((each for each in _SECTIONS if column.startswith(each)), key=len)
    return column, _SECTIONS[section] + column.removeprefix(section).replace("_", "")


_COLUMNS: Mapping[str, tuple[str, ...]] = {column: _names(column) for column in _READ}


def _tailored(options: Mapping[str, str]) -> Importer:
    """Return the importer for `containers=...`, which says whose the containers are."""
    known = known_only("aws_cur", options, IMPORTER.options)
    if containers.OPTION not in known:
        return replace(IMPORTER, tailored=None)  # a report is known again by what it says alone
    return replace(IMPORTER, settings=containers.settings(known))


IMPORTER = Importer(
    options=(*OPTIONS, containers.OPTION),
    name="aws_cur",
    title="AWS Cost and Usage Report",
    columns=_COLUMNS,
    mandatory=(
        "bill_payer_account_id",
        "bill_billing_period_start_date",
        "line_item_line_item_type",
        "line_item_usage_start_date",
        "line_item_unblended_cost",
        "line_item_currency_code",
    ),
    stake=("line_item_unblended_cost", "line_item_currency_code"),
    constants={"provider": "AWS", "publisher_name": "AWS"},
    shape="bills/aws_cur",
    same_bill=("aws_cost_explorer", "focus"),
    keys="bills/container_keys",
    keys_of="split_line_item_parent_resource_id",
    settings=containers.settings({}),
    tailored=_tailored,
    exact=[column for column in _READ if column.endswith(_AMOUNTS) and not column.startswith("split_")],
    instants=[column for column in _READ if column.endswith(("_start_date", "_end_date"))],
    maps={
        "tag_map": (
            *("resource_tags", "resourceTags/user:", "resourceTags/", "resource_tags_user_", "resource_tags_"),
        ),
        "category_map": ("cost_category", "costCategory/", "cost_category_"),
        "product_map": ("product",),
    },
    costs=("effective_cost", "list_cost", "net_cost", "net_effective_cost"),
    refusals={
        "bad-amount": "write a plain decimal number with a point, such as 1234.56",
        "unknown-line-type": "say so in an issue with the type's name; until Outlay knows it, its money is missing",
    },
)
