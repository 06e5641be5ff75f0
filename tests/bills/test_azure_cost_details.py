import gzip
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from outlay.errors import BadInput, UnknownName
from outlay.store import Store
from tests.bills.other_clouds import all_accounted_for, brought, day, landed, money, table

#: A line of an enterprise agreement's file, as it is unless a test says otherwise.
EA = {
    "InvoiceSectionName": "Engineering",
    "SubscriptionId": "5a1c0000-0000-0000-0000-000000000001",
    "SubscriptionName": "production",
    "ResourceGroup": "rg-search",
    "ResourceLocation": "westeurope",
    "Date": "10/05/2026",
    "ProductName": "Virtual Machines Dv5 Series - D4 v5 - EU West",
    "MeterCategory": "Virtual Machines",
    "MeterId": "m-1",
    "MeterName": "D4 v5",
    "UnitOfMeasure": "100 Hours",
    "Quantity": "24",
    "EffectivePrice": "0.2",
    "CostInBillingCurrency": "4.8",
    "CostCenter": "CC-7",
    "ConsumedService": "Microsoft.Compute",
    "ResourceId": "/subscriptions/5a1c/resourceGroups/rg-search/providers/Microsoft.Compute/virtualMachines/vm-1",
    "Tags": '"team": "search","env": "prod"',
    "OfferId": "MS-AZR-0017P",
    "UnitPrice": "20",
    "PayGPrice": "24",
    "ChargeType": "Usage",
    "Frequency": "UsageBased",
    "PricingModel": "OnDemand",
    "PublisherType": "Azure",
    "PublisherName": "",
    "ReservationId": "",
    "ReservationName": "",
    "benefitId": "",
    "benefitName": "",
    "BillingAccountId": "8611537",
    "BillingAccountName": "Example",
    "BillingCurrencyCode": "EUR",
    "BillingPeriodStartDate": "10/01/2026",
    "BillingPeriodEndDate": "10/31/2026",
    "BillingProfileId": "8611537",
    "BillingProfileName": "Example",
    "PartNumber": "AAD-1",
    "ServiceFamily": "Compute",
}
RESERVED = {"PricingModel": "Reservation", "ReservationId": "r-1", "ReservationName": "D4 x 10"}
PLAN = {"PricingModel": "SavingsPlan", "benefitId": "/providers/sp-1", "benefitName": "compute plan"}
#: Every kind of line of an actual export.
ACTUAL: tuple[Mapping[str, str], ...] = (
    {},
    {**RESERVED, "CostInBillingCurrency": "0", "EffectivePrice": "0"},
    {**RESERVED, "ChargeType": "Purchase", "Frequency": "Recurring", "CostInBillingCurrency": "100", "ResourceId": ""},
    {**RESERVED, "ChargeType": "Refund", "Frequency": "OneTime", "CostInBillingCurrency": "-10", "ResourceId": ""},
    {**PLAN, "CostInBillingCurrency": "0"},
    {**PLAN, "ChargeType": "Purchase", "Frequency": "Recurring", "CostInBillingCurrency": "31.5"},
    {"PricingModel": "Spot", "CostInBillingCurrency": "1.25E-05"},
    {"ChargeType": "RoundingAdjustment", "CostInBillingCurrency": "0.004", "PricingModel": ""},
    {
        "ChargeType": "Purchase",
        "PublisherType": "Marketplace",
        "PublisherName": "Contoso",
        "CostInBillingCurrency": "9",
        "MeterCategory": "",
    },
    {"ChargeType": "Tax", "CostInBillingCurrency": "3.1", "PricingModel": ""},
)
#: The amortised export of the same days.
AMORTIZED: tuple[Mapping[str, str], ...] = (
    {},
    {**RESERVED, "CostInBillingCurrency": "60"},
    {**RESERVED, "ChargeType": "UnusedReservation", "CostInBillingCurrency": "30", "ResourceId": ""},
    {**PLAN, "CostInBillingCurrency": "20"},
    {**PLAN, "ChargeType": "UnusedSavingsPlan", "CostInBillingCurrency": "11.5"},
    {"ChargeType": "Purchase", "PublisherType": "Marketplace", "CostInBillingCurrency": "9"},
)


def ea(path: Path, *lines: Mapping[str, str]) -> Path:
    """Write an enterprise agreement's file."""
    path.write_text(table({**EA, **line} for line in lines), encoding="utf-8-sig")
    return path


def test_every_kind_of_line_of_an_actual_export_is_a_charge(store: Store, tmp_path: Path) -> None:
    """Usage, reservations, savings plans, refunds, rounding, marketplace and tax land under their category."""
    result = brought(store, "azure_cost_details", ea(tmp_path / "actual.csv", *ACTUAL))
    assert all_accounted_for(result)
    assert (result.landed, result.problems) == (len(ACTUAL), ())
    assert result.totals == {"EUR": money("4.8", "100", "-10", "31.5", "0.0000125", "0.004", "9", "3.1")}
    kinds = [(r["charge_category"], r["charge_class"], r["pricing_category"]) for r in landed(store)]
    assert kinds == [
        ("Usage", None, "Standard"),
        ("Usage", None, "Committed"),
        ("Purchase", None, "Committed"),
        ("Purchase", "Correction", "Committed"),
        ("Usage", None, "Committed"),
        ("Purchase", None, "Committed"),
        ("Usage", None, "Dynamic"),
        ("Adjustment", None, None),
        ("Purchase", None, "Standard"),
        ("Tax", None, None),
    ]
    statuses = [(r["commitment_discount_type"], r["commitment_discount_status"]) for r in landed(store)]
    assert statuses[1:6] == [
        ("Reservation", "Used"),
        ("Reservation", None),
        ("Reservation", None),
        ("Savings Plan", "Used"),
        ("Savings Plan", None),
    ]


def test_a_line_says_who_what_and_where(own: Store, tmp_path: Path) -> None:
    """Account, days, unit, resource, tags without braces and the price columns arrive under their names."""
    brought(own, "azure_cost_details", ea(tmp_path / "actual.csv", {}))
    (row,) = landed(own)
    assert (row["provider"], row["publisher_name"], row["billing_account_id"]) == ("Microsoft", "Microsoft", "8611537")
    assert (row["billing_period_start"], row["billing_period_end"]) == (day(1), day(1, 11))
    assert (row["charge_period_start"], row["charge_period_end"]) == (day(5), day(6))
    assert (row["consumed_quantity"], row["consumed_unit"], row["pricing_unit"]) == (Decimal(24), "Hours", "100 Hours")
    assert (row["list_unit_price"], row["contracted_unit_price"]) == (Decimal(24), Decimal(20))
    assert (row["service_category"], row["service_name"]) == ("Compute", "Virtual Machines")
    assert (row["resource_name"], row["resource_type"]) == ("vm-1", "microsoft.compute/virtualmachines")
    assert row["tags"] == {
        "team": "search",
        "env": "prod",
        "azure:resource_group": "rg-search",
        "azure:cost_center": "CC-7",
    }
    assert row["extra"]["OfferId"] == "MS-AZR-0017P"


def test_a_customer_agreements_file_is_read_alike(own: Store, tmp_path: Path) -> None:
    """Names in other letters, ISO dates, a price list cost, tags with braces, and a period that is not closed yet."""
    line = {
        "invoiceId": "",
        "billingAccountId": "e35a:5f0_2019-05-31",
        "billingAccountName": "Example",
        "billingProfileId": "DDDD-PGB",
        "billingProfileName": "Example EU",
        "billingPeriodEndDate": "",
        "billingPeriodStartDate": "",
        "date": "2026-10-05",
        "serviceFamily": "AI + Machine Learning",
        "meterCategory": "Foundry Models",
        "meterName": "gpt-5 Inp glbl Tokens",
        "ProductName": "Azure OpenAI",
        "SubscriptionId": "s-1",
        "quantity": "3.5",
        "unitOfMeasure": "1K",
        "chargeType": "Usage",
        "billingCurrency": "usd",
        "costInBillingCurrency": "0.35",
        "paygCostInBillingCurrency": "0.5",
        "tags": '{"team":"ai"}',
        "pricingModel": "OnDemand",
        "publisherType": "Microsoft",
    }
    path = tmp_path / "mca.csv.gz"
    path.write_bytes(gzip.compress(table([line]).encode()))
    result = brought(own, "azure_cost_details", path)
    assert (result.landed, all_accounted_for(result)) == (1, True)
    assert result.control_costs["list_cost"] == {"USD": Decimal("0.5")}
    (row,) = landed(own)
    assert (row["billing_account_id"], row["billing_account_name"]) == ("DDDD-PGB", "Example EU")
    assert (row["billing_period_start"], row["billing_period_end"]) == (day(1), day(1, 11))
    assert (row["service_category"], row["tags"]) == ("AI and Machine Learning", {"team": "ai"})


def test_actual_and_amortised_add_up_apart(own: Store, tmp_path: Path) -> None:
    """Imported beside each other, billed is the actual total, effective the amortised one, and neither twice."""
    brought(own, "azure_cost_details", ea(tmp_path / "a.csv", *ACTUAL[:6], ACTUAL[8]), {"amortized": "apart"})
    result = brought(own, "azure_amortized", ea(tmp_path / "b.csv", *AMORTIZED))
    assert all_accounted_for(result)
    assert (result.landed, dict(result.skipped)) == (4, {"in-actual-export": 2})
    assert result.skipped_totals == {"in-actual-export": {"EUR": Decimal("13.8")}}
    rows = landed(own)
    assert sum(r["billed_cost"] for r in rows) == money("4.8", "100", "-10", "31.5", "9")
    assert sum(r["effective_cost"] for r in rows) == money("4.8", "60", "30", "20", "11.5", "9")
    unused = [r["effective_cost"] for r in rows if r["commitment_discount_status"] == "Unused"]
    assert unused == [Decimal(30), Decimal("11.5")]
    assert sum(r["consumed_quantity"] or 0 for r in rows if r["charge_category"] == "Usage") == 24 * 3


def test_amortised_lines_are_refused_where_actual_ones_belong(own: Store, tmp_path: Path) -> None:
    """An amortised export that is imported as an actual one gives problems, and does not add to the bill."""
    result = brought(own, "azure_cost_details", ea(tmp_path / "b.csv", *AMORTIZED))
    assert all_accounted_for(result) is False
    assert [(p.code, p.line) for p in result.problems] == [("amortized-line", line) for line in (3, 4, 5, 6)]
    assert all("azure_amortized" in p.fix for p in result.problems)
    assert result.totals == {"EUR": Decimal("13.8")}


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ({"ChargeType": "Discount"}, "unknown-charge-type", None),
        ({"Date": "31/10/2026"}, "bad-date", "charge_period_start"),
        ({"CostInBillingCurrency": "1,5"}, "bad-amount", "billed_cost"),
        ({"BillingCurrencyCode": "EURO"}, "wrong-currency", "billing_currency"),
    ],
)
def test_a_line_that_cannot_be_read_is_a_problem(
    own: Store, tmp_path: Path, line: Mapping[str, str], code: str, column: str | None
) -> None:
    """An unknown charge type, a day that is none, an amount with a comma: named with its line, and the rest lands."""
    result = brought(own, "azure_cost_details", ea(tmp_path / "a.csv", {}, line))
    assert [(p.code, p.line, p.column) for p in result.problems] == [(code, 3, column)]
    assert result.totals == {"EUR": Decimal("4.8")}


def test_tags_that_are_no_json_stay_as_text(own: Store, tmp_path: Path) -> None:
    """Tags that were cut off in the export lose no money and are kept."""
    brought(own, "azure_cost_details", ea(tmp_path / "a.csv", {"Tags": '"team": "sea'}))
    (row,) = landed(own)
    assert (row["tags"].get("team"), row["extra"]["Tags"]) == (None, '"team": "sea')


def test_an_option_that_is_none_is_refused(own: Store, tmp_path: Path) -> None:
    """A wrong name or value of an option says which there are."""
    path = ea(tmp_path / "a.csv", {})
    with pytest.raises(UnknownName, match="amortized"):
        brought(own, "azure_cost_details", path, {"amortised": "apart"})
    with pytest.raises(BadInput, match="apart or together"):
        brought(own, "azure_cost_details", path, {"amortized": "yes"})
