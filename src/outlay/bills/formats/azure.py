"""Headers of Azure's cost and usage details, as enterprise agreements and customer agreements write them.

Source: Microsoft's data set schemas "cost and usage details" (EA 2024-08-01, MCA 2025-03-01 and the versions before).
EA writes `CostInBillingCurrency`, MCA `costInBillingCurrency`, pay-as-you-go and older exports `Cost` or `PreTaxCost`;
upper and lower case are the same to the reader.
"""

from collections.abc import Mapping, Sequence

#: Name in the shapes `bills/azure_*` -> names in the file, preferred first.
COST_DETAILS: Mapping[str, Sequence[str]] = {
    "invoice": ("InvoiceId",),
    "profile": ("BillingProfileId",),
    "profile_name": ("BillingProfileName",),
    "account": ("BillingAccountId",),
    "account_name": ("BillingAccountName",),
    "subscription": ("SubscriptionId", "SubscriptionGuid"),
    "subscription_name": ("SubscriptionName",),
    "used_on": ("Date", "UsageDateTime", "UsageDate"),
    "period_start": ("BillingPeriodStartDate",),
    "period_end": ("BillingPeriodEndDate",),
    "cost": ("CostInBillingCurrency", "Cost", "PreTaxCost", "ExtendedCost"),
    "currency": ("BillingCurrencyCode", "BillingCurrency", "Currency"),
    "payg_cost": ("PaygCostInBillingCurrency",),
    "payg_price": ("PayGPrice",),
    "unit_price": ("UnitPrice",),
    "quantity": ("Quantity", "UsageQuantity", "ConsumedQuantity"),
    "unit": ("UnitOfMeasure",),
    "charge_type": ("ChargeType",),
    "frequency": ("Frequency",),
    "pricing_model": ("PricingModel",),
    "term": ("Term",),
    "reservation": ("ReservationId",),
    "reservation_name": ("ReservationName",),
    "benefit": ("BenefitId",),
    "benefit_name": ("BenefitName",),
    "family": ("ServiceFamily",),
    "meter_category": ("MeterCategory",),
    "consumed_service": ("ConsumedService",),
    "product": ("ProductName", "Product"),
    "meter": ("MeterName",),
    "meter_id": ("MeterId",),
    "part": ("PartNumber",),
    "publisher": ("PublisherName",),
    "publisher_type": ("PublisherType",),
    "resource": ("ResourceId", "InstanceId", "InstanceName"),
    "resource_name": ("ResourceName",),
    "resource_group": ("ResourceGroup", "ResourceGroupName"),
    "cost_center": ("CostCenter",),
    "region": ("ResourceLocation",),
    "region_name": ("Location", "ResourceLocationNormalized"),
    "zone": ("AvailabilityZone",),
    "labels": ("Tags",),
}
#: Names without which a line means nothing.
MANDATORY: Sequence[str] = ("account", "used_on", "cost", "currency", "charge_type")
