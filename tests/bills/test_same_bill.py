"""Two sources that tell the same bill: one of them counts, whichever came last, or the second is refused."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from outlay.bills.importers import importers
from outlay.bills.take_in import Request, take_in
from outlay.bills.written import Value, write
from outlay.errors import BadInput
from outlay.store import Store
from outlay.terms.take_in import TakeIn
from tests.bills.aws_cur.making import as_csv, lines, of
from tests.bills.making import billed, text_of
from tests.bills.other_clouds import NOW, day, table
from tests.bills.test_azure_cost_details import EA
from tests.bills.test_azure_focus import LINE as AZURE

#: The account that pays, and one of its members, as the reports of `aws_cur.making` have them.
PAYER, MEMBER = "123456789012", "210987654321"


def of_focus(folder: Path, *differs: Mapping[str, str]) -> Path:
    """Write a FOCUS export of AWS, and return where it is."""
    path = folder / "focus.csv"
    path.write_text(text_of({"BillingAccountId": PAYER, "SubAccountId": MEMBER, **line} for line in differs), "utf-8")
    return path


def of_report(folder: Path, *differs: Mapping[str, str]) -> Path:
    """Write a Cost and Usage Report, and return where it is."""
    path = folder / "cur.csv"
    path.write_bytes(as_csv(lines(*differs)))
    return path


def of_explorer(folder: Path, account: str, *costs: str) -> Path:
    """Write what Cost Explorer says of the 5th of October, as its importer hands it on, and return where it is."""
    row: dict[str, Value] = {
        "provider": "AWS",
        "billing_account_id": account,
        "sub_account_id": MEMBER,
        "billing_currency": "USD",
        "billing_period_start": day(1),
        "billing_period_end": day(1, 11),
        "charge_period_start": day(5),
        "charge_period_end": day(6),
        "charge_category": "Usage",
    }
    return write([{**row, "billed_cost": Decimal(cost)} for cost in costs], folder / f"explorer-{account}.csv")


def of_azure_focus(folder: Path, account: str = AZURE["BillingAccountId"]) -> Path:
    """Write a FOCUS export of Azure that bills 7 EUR, and return where it is."""
    path = folder / "azure-focus.csv"
    path.write_text(table([{**AZURE, "BillingAccountId": account, "BilledCost": "7"}]), "utf-8")
    return path


def of_azure(folder: Path, name: str, **differs: str) -> Path:
    """Write cost details of Azure that bill 4.8 EUR, and return where they are."""
    path = folder / name
    path.write_text(table([{**EA, **differs}]), "utf-8")
    return path


def brought(store: Store, source: str, path: Path, *, append: bool = False) -> TakeIn:
    """Import one file."""
    return take_in(store, importers()[source], Request([path], append=append), now=NOW)


def test_a_focus_export_and_a_report_of_aws_count_once(store: Store, tmp_path: Path) -> None:
    """The later of both replaces the earlier, says so, and says by how much the bill moves."""
    brought(store, "aws_cur", of_report(tmp_path, of("Usage", "5"), of("Tax", "1")))
    result = brought(store, "focus", of_focus(tmp_path, {"BilledCost": "4"}, {"BilledCost": "3"}))
    assert [(r.partition, r.before, r.after) for r in result.restated] == [
        (f"AWS {PAYER} 2026-10", Decimal(6), Decimal(7))
    ]
    assert result.notes == (f"AWS {PAYER} 2026-10: what aws_cur said of it no longer counts, focus does",)
    assert billed(store) == 7
    again = brought(store, "aws_cur", tmp_path / "cur.csv")
    assert [(r.before, r.after) for r in again.restated] == [(Decimal(7), Decimal(6))]
    assert billed(store) == 6


def test_a_focus_export_that_names_sellers_counts_once_too(own: Store, tmp_path: Path) -> None:
    """A report replaces all that a FOCUS export says of an account, whoever it names as provider, and adds up."""
    export = of_focus(tmp_path, {"BilledCost": "4"}, {"BilledCost": "3", "ProviderName": "Contoso"})
    brought(own, "focus", export)
    result = brought(own, "aws_cur", of_report(tmp_path, of("Usage", "5")))
    assert sum(r.after - r.before for r in result.restated) == -2
    assert billed(own) == 5
    back = brought(own, "focus", export)
    assert sum(r.after - r.before for r in back.restated) == 2
    assert billed(own) == 7


@pytest.mark.parametrize("whole", ["aws_cur", "focus"])
def test_cost_explorer_and_an_export_of_the_account_count_once(own: Store, tmp_path: Path, whole: str) -> None:
    """Cost Explorer and an export of the account that pays replace each other."""
    export = of_report(tmp_path, of("Usage", "5")) if whole == "aws_cur" else of_focus(tmp_path, {"BilledCost": "5"})
    brought(own, whole, export)
    explorer = of_explorer(tmp_path, PAYER, "2", "2.5")
    assert len(take_explored(own, explorer).restated) == 1
    assert billed(own) == Decimal("4.5")
    brought(own, whole, export)
    assert billed(own) == 5


def take_explored(store: Store, path: Path) -> TakeIn:
    """Import what Cost Explorer said, without asking it again."""
    return take_in(store, importers()["aws_cost_explorer"], Request([path]), now=NOW)


@pytest.mark.parametrize("whole", ["aws_cur", "focus"])
def test_a_member_account_beside_the_bill_of_all_is_refused(store: Store, tmp_path: Path, whole: str) -> None:
    """What one account says of itself is within the bill of who pays: refused after it, replaced by it."""
    export = of_report(tmp_path, of("Usage", "5")) if whole == "aws_cur" else of_focus(tmp_path, {"BilledCost": "5"})
    alone = of_explorer(tmp_path, MEMBER, "5")
    take_explored(store, alone)
    assert [(r.partition, r.before) for r in brought(store, whole, export).restated] == [
        (f"AWS {MEMBER} 2026-10", Decimal(5))
    ]
    assert billed(store) == 5
    with pytest.raises(BadInput, match=rf"AWS {MEMBER} 2026-10 is already held by import .* of {whole}") as refused:
        take_explored(store, alone)
    assert refused.value.code == "same-bill"
    assert billed(store) == 5
    assert store.count("take_in") == 2


def test_other_accounts_and_other_days_stand_beside_each_other(own: Store, tmp_path: Path) -> None:
    """Exports of different accounts, or of different days, replace nothing of each other."""
    brought(own, "aws_cur", of_report(tmp_path, of("Usage", "5")))
    other = of_focus(tmp_path, {"BilledCost": "1", "BillingAccountId": "999", "SubAccountId": "998"})
    assert brought(own, "focus", other).restated == ()
    late = {"ChargePeriodStart": "2026-10-06T00:00:00Z", "ChargePeriodEnd": "2026-10-07T00:00:00Z"}
    result = brought(own, "focus", of_focus(tmp_path, {"BilledCost": "2", **late}))
    assert (result.restated, result.notes) == ((), ())
    assert billed(own) == 8


def test_both_can_be_kept_on_purpose(own: Store, tmp_path: Path) -> None:
    """Who adds a file on purpose gets it added."""
    brought(own, "aws_cur", of_report(tmp_path, of("Usage", "5")))
    assert brought(own, "focus", of_focus(tmp_path, {"BilledCost": "1"}), append=True).restated == ()
    assert billed(own) == 6


@pytest.mark.parametrize(
    "account",
    [
        AZURE["BillingAccountId"],
        "/providers/Microsoft.Billing/billingAccounts/7a3c:1_2019-05-31/billingProfiles/ABCD-EFGH-BG7-PGB",
    ],
)
def test_azures_two_exports_count_once(store: Store, tmp_path: Path, account: str) -> None:
    """Cost details name a billing account or profile by its last part, FOCUS by its path: they are the same."""
    profile = account.rsplit("/", 1)[1].lower()
    details = of_azure(tmp_path, "actual.csv", BillingProfileId=profile)
    brought(store, "azure_cost_details", details)
    result = brought(store, "focus", of_azure_focus(tmp_path, account))
    assert [(r.before, r.after) for r in result.restated] == [(Decimal("4.8"), Decimal(7))]
    assert billed(store) == 7
    brought(store, "azure_cost_details", details)
    assert billed(store) == Decimal("4.8")


def test_amortised_details_beside_focus_are_refused(own: Store, tmp_path: Path) -> None:
    """FOCUS holds the amortised cost; the other export that tells it alone can neither replace nor join it."""
    amortised = of_azure(tmp_path, "amortised.csv", PricingModel="Reservation", ReservationId="r-1")
    brought(own, "azure_cost_details", of_azure(tmp_path, "actual.csv"))
    brought(own, "azure_amortized", amortised)
    assert len(brought(own, "focus", of_azure_focus(tmp_path)).restated) == 2
    with pytest.raises(BadInput, match=r"azure_amortized: .* already held by import .* of focus") as refused:
        brought(own, "azure_amortized", amortised)
    assert refused.value.code == "same-bill"
    assert billed(own) == 7
