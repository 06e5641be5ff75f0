"""Customers: `customer`, and optionally `name`, `segment`, `plan`, `status`. The newest import describes each."""

from outlay.revenue.contract import Importer, text

IMPORTER = Importer(
    name="customers_csv",
    table="customer",
    columns={"customer": text, "name": text, "segment": text, "plan": text, "status": text},
    mandatory=("customer",),
    defaults={},
)
