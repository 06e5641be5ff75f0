"""FOCUS as Azure's Cost Management writes it, read by the same `focus` as everybody's."""

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from outlay.bills.importers import importers
from outlay.bills.take_in import Request, take_in
from outlay.store import Store
from tests.bills.other_clouds import NOW, all_accounted_for, brought, day, landed, table

#: Version 1.0 writes times without seconds and amounts with exponents; 1.2 adds columns.
LINE = {
    "BilledCost": "1.25E-05",
    "BillingAccountId": "/providers/Microsoft.Billing/billingAccounts/8611537",
    "BillingAccountName": "Example",
    "BillingAccountType": "Billing Profile",
    "BillingCurrency": "EUR",
    "BillingPeriodEnd": "2026-11-01T00:00Z",
    "BillingPeriodStart": "2026-10-01T00:00Z",
    "ChargeCategory": "Usage",
    "ChargeClass": "",
    "ChargeDescription": "D4 v5",
    "ChargeFrequency": "Usage-Based",
    "ChargePeriodEnd": "2026-10-06T00:00Z",
    "ChargePeriodStart": "2026-10-05T00:00Z",
    "CommitmentDiscountStatus": "Used",
    "ConsumedQuantity": "24.0",
    "ConsumedUnit": "Hours",
    "EffectiveCost": "0.5",
    "InvoiceIssuerName": "Microsoft",
    "ListCost": "1",
    "ProviderName": "Microsoft",
    "PublisherName": "Microsoft",
    "RegionId": "westeurope",
    "ResourceId": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-1",
    "ServiceCategory": "Compute",
    "ServiceName": "Virtual Machines",
    "SubAccountId": "/subscriptions/s",
    "Tags": '{"team":"search","env":"prod"}',
    "x_AccountOwnerId": "owner@example.com",
    "x_ResourceGroupName": "rg",
    "x_SkuDetails": '{"VCPUs":4}',
    "x_BilledCostInUsd": "1.3E-05",
}


@pytest.mark.parametrize("case", [str, str.lower, str.upper])
def test_azures_way_of_writing_focus_is_read(store: Store, tmp_path: Path, case: type[str]) -> None:
    """Times without seconds, exponents, Microsoft's own columns, and headers in any letters."""
    path = tmp_path / "part_0_0001.csv"
    path.write_text(table([{case(name): value for name, value in LINE.items()}]), encoding="utf-8-sig")
    result = brought(store, "focus", path)
    assert (result.landed, result.problems, all_accounted_for(result)) == (1, (), True)
    assert result.totals == {"EUR": Decimal("0.0000125")}
    (row,) = landed(store)
    assert (row["charge_period_start"], row["charge_period_end"]) == (day(5), day(6))
    assert (row["billing_period_start"], row["billing_period_end"]) == (day(1), day(1, 11))
    assert (row["effective_cost"], row["commitment_discount_status"]) == (Decimal("0.5"), "Used")
    assert row["tags"] == {"team": "search", "env": "prod"}
    assert row["extra"][case("x_ResourceGroupName")] == "rg"


def test_a_line_of_the_preview_without_its_category_is_a_problem(own: Store, tmp_path: Path) -> None:
    """The preview's own charge categories are none of FOCUS; the line is named, and its money."""
    path = tmp_path / "preview.csv"
    path.write_text(table([{**LINE, "ChargeCategory": "Refund", "BilledCost": "-3"}]), encoding="utf-8")
    result = brought(own, "focus", path)
    assert [(p.code, p.line, p.amount) for p in result.problems] == [("bad-category", 2, Decimal(-3))]


def test_an_export_folder_is_read_by_its_manifest(own: Store, tmp_path: Path) -> None:
    """Of two runs of a month only the newer counts, with all the parts that its manifest names."""
    for run, amounts in (("0a", ("1", "2")), ("0b", ("3", "4"))):
        folder = tmp_path / "exports" / "daily" / "20261001-20261031" / run
        folder.mkdir(parents=True)
        blobs = []
        for number, amount in enumerate(amounts):
            name = f"part_{number}_0001.csv"
            (folder / name).write_text(table([{**LINE, "BilledCost": amount}]), encoding="utf-8")
            blobs.append({"blobName": (folder / name).relative_to(tmp_path).as_posix()})
        said = {"exportConfig": {"exportName": "daily"}, "runInfo": {"startDate": "2026-10-01"}, "blobs": blobs}
        (folder / "manifest.json").write_text(json.dumps(said), encoding="utf-8")
        os.utime(folder / "manifest.json", (1_793_500_000, 1_793_500_000 + int(run, 16)))
    request = Request(places=[str(tmp_path)])
    result = take_in(own, importers()["focus"], request, now=NOW)
    assert (result.landed, result.totals) == (2, {"EUR": Decimal(7)})
