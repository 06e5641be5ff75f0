"""The billed side: lines of bills as what they count, by day, account and model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import cast

from outlay.cost.reconciling.cells import Line, Other, money_of, nano
from outlay.cost.reconciling.meters import Meter, meter_of, times
from outlay.store import Row
from outlay.terms.money import EXACT

_USAGE, _CORRECTION = "Usage", "Correction"


@dataclass(frozen=True, slots=True)
class Bill:
    """One gathered line of a bill, on one day.

    Args:
        provider: As usage names it.
        account: Id and name of the sub account, either may be empty.
        currency: Of its cost.
        day: Day of the month, from 0.
        meter: What it counts.
        line: Cost and quantity.
    """

    provider: str
    account: tuple[str, str]
    currency: str
    day: int
    meter: Meter
    line: Line


def read(
    rows: Iterable[Row], first: date, days: int, models: Mapping[str, Sequence[str]]
) -> tuple[list[Bill], list[Other]]:
    """Read gathered lines of bills.

    Args:
        rows: Of `billed_lines` or `billed_before`.
        first: First day of the month.
        days: How many it has.
        models: By provider, its models as usage names them.

    Returns:
        What pays for usage, by day (a line of several days is cut into equal parts), and all the rest.
    """
    bills: list[Bill] = []
    others: list[Other] = []
    known: dict[tuple[str, ...], Meter] = {}
    for row in rows:
        provider, currency = str(row["bill_provider"]), str(row["bill_currency"])
        account = (str(row["account_id"]), str(row["account_name"]))
        day = (cast(date, row["bill_day"]) - first).days
        correction = row["class"] == _CORRECTION
        if row["category"] != _USAGE or correction:
            label = account[1] or account[0]
            category = str(row["category"])
            others.append(Other(provider, label, currency, day, category, correction, money_of(row, "cost")))
            continue
        words = tuple(str(row[name]) for name in ("resource", "sku", "meter", "description"))
        key = (provider, *words)
        if key not in known:
            known[key] = meter_of(*words, models.get(provider, ()))  # type: ignore[call-arg]  # four texts
        meter = known[key]
        shown = words[2] or words[3] or words[1]
        cost, quantity = money_of(row, "cost"), _quantity(row)
        length = max(1, min(cast(int, row["days"]), days - day))
        for place in range(length):
            parts = (_part(cost, place, length), None if quantity is None else _part(quantity, place, length))
            line = Line(parts[0], parts[1], cast(int, row["lines"]), meter.context, shown)
            bills.append(Bill(provider, account, currency, day + place, meter, line))
    return bills, others


def _part(whole: int, place: int, of: int) -> int:
    """Return one of so many equal parts; all of them sum to the whole."""
    return whole * (place + 1) // of - whole * place // of


def _quantity(row: Row) -> int | None:
    """Return how much a line counts in single units: what was consumed, else what was priced."""
    for said, quantity, unit in (("is_consumed", "consumed", "unit_consumed"), ("is_priced", "priced", "unit_priced")):
        if row[said]:
            return nano(EXACT.multiply(cast(Decimal, row[quantity]), times(str(row[unit]))))
    return None
