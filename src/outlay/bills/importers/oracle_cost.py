"""Oracle Cloud cost reports: the gzipped CSV files that Oracle puts into the tenancy's bucket under `reports/cost-csv`.

Source: Oracle's description of cost and usage reports. Tag columns are headed `tags/NAMESPACE.KEY` or `tags/KEY`; what
follows `tags/` names the tag. A correction (`lineItem/isCorrection`) is a charge with the class *Correction*, and what
it corrects (`lineItem/backreferenceNo`) is kept in `extra`. `cost/myCost` is all of a line's cost; the part of
it above the commitment (`cost/myCostOverage`) is kept in `extra`. Free usage comes with neither price nor cost; it
costs nothing. A price without a cost is a problem. Usage reports (`usage/consumedQuantity`, no `cost/` columns) hold no
money and are refused for want of `cost/myCost`.
"""

from outlay.bills.importer import Importer

IMPORTER = Importer(
    name="oracle_cost",
    title="Oracle cost report",
    columns={
        "tenant": ("lineItem/tenantId",),
        "subscription": ("cost/subscriptionId",),
        "used_from": ("lineItem/intervalUsageStart",),
        "used_to": ("lineItem/intervalUsageEnd",),
        "service": ("product/service",),
        "compartment": ("product/compartmentId",),
        "compartment_name": ("product/compartmentName",),
        "region": ("product/region",),
        "domain": ("product/availabilityDomain",),
        "resource": ("product/resourceId",),
        "description": ("product/Description",),
        "quantity": ("usage/billedQuantity",),
        "sku": ("cost/productSku",),
        "unit_price": ("cost/unitPrice",),
        "cost": ("cost/myCost",),
        "currency": ("cost/currencyCode",),
        "unit": ("cost/billingUnitReadable",),
        "meter": ("cost/skuUnitDescription",),
        "correction": ("lineItem/isCorrection",),
    },
    mandatory=("tenant", "used_from", "used_to", "cost", "currency"),
    stake=("cost", "currency"),
    maps={"labels": ("tags/",)},
    shape="bills/oracle_cost",
)
