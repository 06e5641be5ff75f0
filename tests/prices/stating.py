"""Ways to state prices in tests."""

from datetime import UTC, datetime
from decimal import Decimal

from outlay.prices.source import Source, Stated
from outlay.terms.price import ALWAYS, FOREVER


def day(month: int, number: int, year: int = 2026) -> datetime:
    """Return midnight UTC of a day."""
    return datetime(year, month, number, tzinfo=UTC)


def stated(
    amount: str,
    *,
    unit: str = "input",
    first: datetime = ALWAYS,
    end: datetime = FOREVER,
    context: str = "",
    size_from: int = 0,
    source: str = "lister 1 (list price)",
    model: str = "m-1",
) -> Stated:
    """State a price of a made-up provider, per million."""
    return Stated(
        provider="acme",
        model=model,
        pattern=model,
        unit=unit,
        context=context,
        size_from=size_from,
        amount=Decimal(amount),
        per=1_000_000,
        currency="USD",
        valid_from=first,
        valid_to=end,
        source=source,
        correction=False,
        marginal=False,
    )


def lister(version: str, *prices: Stated) -> Source:
    """Return a price list in one of its versions."""
    text = f"lister {version} (list price)"
    return Source("lister", version, lambda: [price | {"source": text} for price in prices])
