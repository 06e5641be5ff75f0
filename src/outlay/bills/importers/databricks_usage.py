"""Databricks' billable usage (`system.billing.usage`) at its list prices (`system.billing.list_prices`), as files.

The usage as Parquet, JSON or CSV (`custom_tags`, `usage_metadata`, `identity_metadata` as they are, or as JSON text);
the prices beside it: `--option prices=list_prices.csv`. Options: `currency` (USD unless said), and `discount`, the
percent that the contract takes off the list.

Source: Databricks' descriptions of both system tables. Records are ORIGINAL, RETRACTION (a negative quantity) or
RESTATEMENT; they are added up, and the last two are charges of the class *Correction*. The tables hold no invoice: what
is billed here is quantity times price, rounded once to 12 places. Usage that no price is in force for is a problem
(`unpriced`) and never free.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

from outlay.bills.formats.list_prices import as_setting, read_list_prices
from outlay.bills.formats.options import known_only
from outlay.bills.importer import Importer
from outlay.errors import BadInput
from outlay.terms.currency import CURRENCIES

_NAME = "databricks_usage"
_WHOLE = 100


def _tailored(options: Mapping[str, str]) -> Importer:
    """Return the importer for these prices; without any, all usage is unpriced."""
    told = known_only(_NAME, options, IMPORTER.options)
    currency = told.get("currency", "USD")
    if currency not in CURRENCIES:
        raise BadInput(f"option currency is {currency!r}", fix="write an ISO 4217 code in capitals, such as USD")
    discount = _percent(told.get("discount", "0"))
    prices = read_list_prices(Path(told["prices"]), currency) if "prices" in told else []
    return replace(IMPORTER, settings={"currency": currency, "prices": as_setting(prices, discount)})


def _percent(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal(-1)
    if not (found.is_finite() and 0 <= found <= _WHOLE):
        raise BadInput(f"option discount is {text!r}", fix="write a percentage, such as --option discount=12.5")
    return found


IMPORTER = Importer(
    name=_NAME,
    title="Databricks usage",
    columns={
        "account": ("account_id",),
        "workspace": ("workspace_id",),
        "sku": ("sku_name",),
        "cloud": ("cloud",),
        "used_from": ("usage_start_time",),
        "used_to": ("usage_end_time",),
        "unit": ("usage_unit",),
        "used": ("usage_quantity",),
        "metadata": ("usage_metadata",),
        "identity": ("identity_metadata",),
        "record_type": ("record_type",),
        "product": ("billing_origin_product",),
        "features": ("product_features",),
        "usage_type": ("usage_type",),
    },
    mandatory=("account", "sku", "used_from", "used_to", "unit", "used", "record_type"),
    stake=("", ""),
    maps={"labels": ("custom_tags", "custom_tags.", "custom_tags/")},
    shape="bills/databricks_usage",
    costs=("list_cost",),
    options=("currency", "discount", "prices"),
    settings={"currency": "USD", "prices": "[]"},
    refusals={
        "unknown-record-type": "check that this is system.billing.usage; if the kind is new, say so in an issue",
        "unpriced": "export system.billing.list_prices up to this day, and give it with --option prices=FILE",
        "bad-quantity": "write usage_quantity as a plain decimal number with a point",
    },
    tailored=_tailored,
)
