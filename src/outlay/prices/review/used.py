"""Used: what the store's own usage amounts to, by all that its price depends on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import cast

from outlay.store import Store
from outlay.terms.period import Period
from outlay.terms.unit import TOKEN_UNITS

#: The prompt sizes (tokens, more than) at which bands of usage begin: those at which price lists change their price.
SIZES = (32_000, 128_000, 200_000, 256_000, 272_000, 512_000)


@dataclass(frozen=True, slots=True)
class Used:
    """How much of one unit was used in one context, on one day, in prompts of one band of sizes.

    Args:
        provider: As usage names it.
        model: As usage names it; empty when it does not.
        context: As usage has it.
        unit: The unit.
        size_from: Prompt size at which the band begins.
        used_on: The day, UTC.
        quantity: How many of the unit.
        attempts: In how many attempts.
    """

    provider: str
    model: str
    context: str
    unit: str
    size_from: int
    used_on: date
    quantity: Decimal
    attempts: int


def used(store: Store, period: Period) -> Iterator[Used]:
    """Yield what was used in a period and has to be paid for, unit by unit.

    Args:
        store: Holds the usage.
        period: The period.
    """
    for row in store.rows("prices/used", {"starts_at": period.starts_at, "ends_at": period.ends_at}):
        provider, model, context = (cast(str, row[name]) for name in ("provider", "model", "context"))
        size, day, attempts = cast(int, row["size_from"]), cast(date, row["used_on"]), cast(int, row["attempts"])
        amounts = [(unit, row[f"used_{unit}"]) for unit in TOKEN_UNITS]
        amounts += [(cast(str, row["unit"]), row["used_quantity"])] if row["unit"] else []
        for unit, amount in amounts:
            if amount:
                yield Used(provider, model, context, unit, size, day, Decimal(cast(int, amount)), attempts)
