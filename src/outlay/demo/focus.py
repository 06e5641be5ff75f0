"""Bill lines as providers write them: FOCUS 1.2 columns in CSV.

Comes in: charges. Goes out: text lines of a bill file. Amounts are exact decimals; times are UTC, half-open.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec

from outlay.demo.cast import PICO
from outlay.terms.money import EXACT, plain
from outlay.terms.period import Period

#: The columns of every bill file, in order.
COLUMNS = (
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingAccountType", "BillingCurrency",
    "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription",
    "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart", "ConsumedQuantity", "ConsumedUnit", "ContractedCost",
    "ContractedUnitPrice", "EffectiveCost", "InvoiceId", "InvoiceIssuerName", "ListCost", "ListUnitPrice",
    "PricingCategory", "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName", "RegionId", "RegionName",
    "ResourceId", "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "ServiceSubcategory", "SkuId",
    "SkuMeter", "SkuPriceId", "SubAccountId", "SubAccountName", "SubAccountType", "Tags",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who sends a bill.

    Args:
        name: The provider, as it writes itself.
        account: Id of our billing account there.
        account_type: What it calls such an account.
        sub_account_type: What it calls a part of it.
        sub_accounts: Id of each part, by its name.
        region: Region id and name, where the provider has regions.
    """

    name: str
    account: str
    account_type: str
    sub_account_type: str
    sub_accounts: dict[str, str]
    region: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of a bill, before it is written.

    Args:
        issuer: Who sends the bill.
        month: The billing period.
        starts: Start of the charge period: a day or a whole hour, in UTC.
        ends: Its end, not included.
        cost: Billed cost in USD.
        description: What the line says.
        service: Service category, name and subcategory.
        category: `Usage`, `Purchase`, `Credit` or `Tax`.
        consumed: Quantity and unit consumed.
        priced: Quantity and unit priced.
        price: List price of one priced unit in USD.
        resource: Id, name and type of the resource.
        sku: Sku id and meter.
        sub_account: Name of the sub account.
        tags: Vendor tags.
    """

    issuer: Issuer
    month: Period
    starts: date | datetime
    ends: date | datetime
    cost: Decimal
    description: str
    service: tuple[str, str, str]
    category: str = "Usage"
    consumed: tuple[Decimal, str] | None = None
    priced: tuple[Decimal, str] | None = None
    price: Decimal | None = None
    resource: tuple[str, str, str] | None = None
    sku: tuple[str, str] | None = None
    sub_account: str | None = None
    tags: dict[str, str] | None = None

    def row(self) -> dict[str, str]:
        """Return the line as column -> text; absent values are empty."""
        issuer, cost = self.issuer, plain(self.cost)
        price = "" if self.price is None else plain(self.price)
        consumed, priced, resource, sku = (
            ("", "") if self.consumed is None else (plain(self.consumed[0]), self.consumed[1]),
            ("", "") if self.priced is None else (plain(self.priced[0]), self.priced[1]),
            self.resource or ("", "", ""),
            self.sku or ("", ""),
        )
        return {
            "BilledCost": cost, "EffectiveCost": cost, "ListCost": cost, "ContractedCost": cost,
            "BillingAccountId": issuer.account, "BillingAccountName": "main", "BillingAccountType": issuer.account_type,
            "BillingCurrency": "USD",
            "BillingPeriodStart": instant(self.month.first), "BillingPeriodEnd": instant(self.month.end),
            "ChargeCategory": self.category, "ChargeClass": "", "ChargeDescription": self.description,
            "ChargeFrequency": {"Usage": "Usage-Based", "Purchase": "Recurring"}.get(self.category, "One-Time"),
            "ChargePeriodStart": instant(self.starts), "ChargePeriodEnd": instant(self.ends),
            "ConsumedQuantity": consumed[0], "ConsumedUnit": consumed[1],
            "PricingQuantity": priced[0], "PricingUnit": priced[1],
            "ListUnitPrice": price, "ContractedUnitPrice": price,
            "PricingCategory": "Standard" if self.category == "Usage" else "",
            "InvoiceId": f"{issuer.name.upper()}-{self.month.name}", "InvoiceIssuerName": issuer.name,
            "ProviderName": issuer.name, "PublisherName": issuer.name,
            "RegionId": issuer.region[0], "RegionName": issuer.region[1],
            "ResourceId": resource[0], "ResourceName": resource[1], "ResourceType": resource[2],
            "ServiceCategory": self.service[0], "ServiceName": self.service[1], "ServiceSubcategory": self.service[2],
            "SkuId": sku[0], "SkuMeter": sku[1], "SkuPriceId": f"{sku[0]}:{sku[1]}".strip(":"),
            "SubAccountId": issuer.sub_accounts[self.sub_account] if self.sub_account else "",
            "SubAccountName": self.sub_account or "",
            "SubAccountType": issuer.sub_account_type if self.sub_account else "",
            "Tags": msgspec.json.encode(self.tags).decode() if self.tags else "",
        }  # fmt: skip

    def line(self) -> str:
        """Return the line as CSV text."""
        row = self.row()
        return ",".join(_quoted(row[column]) for column in COLUMNS)


def hourly(charge: Charge, hours: Iterable[str]) -> Iterator[str]:
    """Return the same line for many hours (see `hour`), writing everything but the hours once."""
    row = charge.row()
    first = COLUMNS.index("ChargePeriodEnd")
    head = ",".join(_quoted(row[column]) for column in COLUMNS[:first])
    tail = ",".join(_quoted(row[column]) for column in COLUMNS[first + 2 :])
    return (f"{head},{text},{tail}" for text in hours)


def hour(starts: datetime) -> str:
    """Return the two neighbouring columns `ChargePeriodEnd,ChargePeriodStart` of the hour that starts then."""
    return f"{instant(starts + timedelta(hours=1))},{instant(starts)}"


def instant(when: date | datetime) -> str:
    """Return an instant as bills write it.

    >>> instant(date(2026, 9, 1))
    '2026-09-01T00:00:00Z'
    """
    hour = when.hour if isinstance(when, datetime) else 0
    return f"{when.year}-{when.month:02d}-{when.day:02d}T{hour:02d}:00:00Z"


def dollars(pico: int) -> Decimal:
    """Return pico-dollars as dollars, exactly.

    >>> plain(dollars(1_500_000_000))
    '0.0015'
    """
    return EXACT.divide(Decimal(pico), Decimal(PICO))


def cents(amount: Decimal) -> Decimal:
    """Return an amount rounded to whole cents, as on an invoice."""
    return amount.quantize(Decimal("0.01"), context=EXACT)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if "," in text or '"' in text else text


def write(path: Path, lines: Iterable[str]) -> None:
    """Write a bill file with its header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(COLUMNS) + "\n")
        file.writelines(line + "\n" for line in lines)
