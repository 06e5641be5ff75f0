"""The usage report that Pinecone's console gives as CSV (Settings, Usage, Download).

Source: Pinecone's page on monitoring usage and cost. Its report has a line for each day, SKU (read units, write units,
storage, tokens), project and index, days in UTC, and the tags of projects and indexes. Pinecone publishes no list of
the columns, so each is found under several names; a file with others is for `generic_csv`. Cost comes up to three days
late: import the month again then. Options: `account` for files without an organization, `currency` (USD unless said).
"""

from collections.abc import Mapping
from dataclasses import replace

from outlay.bills.formats.options import known_only
from outlay.bills.importer import Importer

_NAME = "pinecone_csv"


def _tailored(options: Mapping[str, str]) -> Importer:
    """Return the importer for this account and currency."""
    return replace(IMPORTER, settings={**IMPORTER.settings, **known_only(_NAME, options, IMPORTER.options)})


IMPORTER = Importer(
    name=_NAME,
    title="Pinecone usage report",
    columns={
        "used_on": ("date", "usage_date", "usage date", "day", "start_date", "start date", "period_start"),
        "used_until": ("end_date", "end date", "period_end"),
        "organization": ("organization_id", "organization id", "org_id", "org id"),
        "organization_name": ("organization", "organization_name", "organization name", "org", "org_name"),
        "project": ("project_id", "project id"),
        "project_name": ("project", "project_name", "project name"),
        "index": ("index", "index_name", "index name", "resource", "resource_name"),
        "sku": ("sku", "sku_name", "sku name", "billing_sku", "usage_type", "usage type"),
        "product": ("service", "product", "service_name"),
        "cloud": ("cloud", "cloud_provider"),
        "region": ("region", "cloud_region"),
        "quantity": ("usage", "quantity", "usage_quantity", "usage quantity", "amount_used"),
        "unit": ("unit", "usage_unit", "units"),
        "unit_price": ("unit_price", "unit price", "price"),
        "cost": ("cost", "amount", "total_cost", "total cost", "total", "cost_usd", "cost (usd)"),
        "currency": ("currency", "currency_code"),
    },
    mandatory=("used_on", "cost"),
    stake=("cost", "currency"),
    maps={"labels": ("tags", "project_tags", "index_tags", "tags/", "tag_", "tag:")},
    shape="bills/pinecone_csv",
    options=("account", "currency"),
    settings={"account": "Pinecone", "currency": "USD"},
    tailored=_tailored,
)
