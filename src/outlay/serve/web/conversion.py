"""Conversion: which rates a page used, and what it could not convert, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Rated:
    """The rates by which amounts of one currency were converted.

    Args:
        currency: What was converted.
        sources: Who stated the rates.
        first: The first day that one was stated for.
        last: The last one.
    """

    currency: str
    sources: Sequence[str]
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Told:
    """How amounts were converted.

    Args:
        currency: What they are shown in.
        rated: The rates that were used, by currency.
        left: What has no rate, and is in no amount: currency, amount and reason.
    """

    currency: str
    rated: Sequence[Rated]
    left: Sequence[tuple[str, Decimal, str]]


def told(stated: Mapping[str, Any] | None) -> Told | None:
    """Return how an answer was converted (see `Conversion.stated`); None where nothing had to be."""
    if stated is None:
        return None
    rated = []
    for currency in sorted({rate["from"] for rate in stated["rates"]}):
        legs = [leg for rate in stated["rates"] if rate["from"] == currency for leg in rate["legs"]]
        days = [leg["day"] for leg in legs]
        rated.append(Rated(currency, sorted({leg["source"] for leg in legs}), min(days), max(days)))
    left = [(one["currency"], one["amount"], one["reason"]) for one in stated["not_converted"] if one["amount"]]
    return Told(stated["currency"], rated, left) if rated or left else None
