"""FOCUS 1.0 to 1.3, the FinOps Open Cost and Usage Specification, as CSV, gzipped CSV or Parquet.

Source of the columns: the specification's cost and usage data set (https://focus.finops.org). Version 1.3
renames ProviderName to ServiceProviderName; both are read. Real files hold the text `NULL` for nothing, times
without a zone (taken as UTC), columns of the vendor's own (kept in `extra`) and padded tag keys (trimmed).
"""

from outlay.bills.importer import Importer
from outlay.bills.places.s3 import OPTIONS

_SAME = (  # noqa: SIM905 - forty names read better as text
    "PublisherName InvoiceId BillingAccountId BillingAccountName SubAccountId SubAccountName BillingCurrency"
    " BillingPeriodStart BillingPeriodEnd ChargePeriodStart ChargePeriodEnd ChargeCategory ChargeClass ChargeFrequency"
    " ChargeDescription BilledCost EffectiveCost ListCost ContractedCost ListUnitPrice ContractedUnitPrice"
    " PricingCategory PricingQuantity PricingUnit ConsumedQuantity ConsumedUnit ServiceCategory ServiceSubcategory"
    " ServiceName SkuId SkuMeter SkuPriceId ResourceId ResourceName ResourceType RegionId RegionName AvailabilityZone"
    " CommitmentDiscountId CommitmentDiscountName CommitmentDiscountCategory CommitmentDiscountType"
    " CommitmentDiscountStatus Tags"
).split()


def _snake(name: str) -> str:
    """Return a FOCUS name as a column name.

    >>> _snake("ListUnitPrice")
    'list_unit_price'
    """
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


IMPORTER = Importer(
    options=OPTIONS,
    name="focus",
    title="FOCUS",
    columns={
        "provider": ("ServiceProviderName", "ProviderName"),
        "invoice_issuer_name": ("InvoiceIssuerName", "InvoiceIssuer"),
        **{_snake(name): (name,) for name in _SAME},
    },
    mandatory=(
        "provider",
        "billing_account_id",
        "billing_currency",
        "billing_period_start",
        "billing_period_end",
        "charge_period_start",
        "charge_period_end",
        "charge_category",
        "billed_cost",
    ),
    same_bill=(
        *("aws_cur", "aws_cost_explorer", "azure_cost_details", "azure_amortized"),
        *("gcp_billing", "gcp_focus", "oracle_cost"),
    ),
)
