"""Google Cloud's billing export, standard or detailed (`gcp_billing_export_v1_*`, `gcp_billing_export_resource_v1_*`).

The tables live in BigQuery; what is imported is a file of them: Parquet (nested columns as they are), newline-delimited
JSON, or CSV whose nested columns are JSON text (`TO_JSON_STRING(credits) AS credits`) or flat (`service.description` or
`service_description`).

Source: Google's schemas of both exports. `cost` and each of `credits` become charges of their own, the credits with the
category *Credit*: a line with two credits is three charges. Labels win over tags, and both over the project's labels.
"""

from outlay.bills.importer import Importer


def _flat(column: str, *fields: str) -> tuple[str, ...]:
    """Return the flat names of a nested field.

    >>> _flat("service", "id")
    ('service.id', 'service_id')
    """
    path = (column, *fields)
    return ".".join(path), "_".join(path)


IMPORTER = Importer(
    name="gcp_billing",
    title="Google Cloud billing export",
    columns={
        "account": ("billing_account_id",),
        "service": ("service",),
        "service_description": _flat("service", "description"),
        "sku": ("sku",),
        "sku_id": _flat("sku", "id"),
        "sku_description": _flat("sku", "description"),
        "used_from": ("usage_start_time",),
        "used_to": ("usage_end_time",),
        "project": ("project",),
        "project_id": _flat("project", "id"),
        "project_name": _flat("project", "name"),
        "project_labels": _flat("project", "labels"),
        "labels": ("labels",),
        "system_labels": ("system_labels",),
        "resource_tags": ("tags",),
        "location": ("location",),
        "location_region": _flat("location", "region"),
        "location_zone": _flat("location", "zone"),
        "resource": ("resource",),
        "resource_name": _flat("resource", "name"),
        "resource_global_name": _flat("resource", "global_name"),
        "price": ("price",),
        "list_price": _flat("price", "list_price"),
        "effective_price": _flat("price", "effective_price"),
        "cost": ("cost",),
        "cost_at_list": ("cost_at_list",),
        "currency": ("currency",),
        "usage": ("usage",),
        "usage_amount": _flat("usage", "amount"),
        "usage_unit": _flat("usage", "unit"),
        "pricing_amount": _flat("usage", "amount_in_pricing_units"),
        "pricing_unit": _flat("usage", "pricing_unit"),
        "credits": ("credits",),
        "invoice": ("invoice",),
        "invoice_month": _flat("invoice", "month"),
        "cost_type": ("cost_type",),
        "adjustment": ("adjustment_info",),
        "seller": ("seller_name",),
    },
    mandatory=("account", "used_from", "used_to", "cost", "currency"),
    stake=("cost", "currency"),
    costs=("list_cost",),
    shape="bills/gcp_billing",
    same_bill=("gcp_focus", "focus"),
    refusals={
        "bad-credits": "export credits as JSON (TO_JSON_STRING), or the table as Parquet or newline-delimited JSON",
        "unknown-cost-type": "check that this is a billing export; if Google has a new cost type, say so in an issue",
    },
)
