"""Now: the last hour, as the page shows it while it happens."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

from outlay.explain.live import live
from outlay.serve.web.figures import Figures, permille
from outlay.store import Row, Store

_ZERO = Decimal(0)
_MINUTE = timedelta(minutes=1)
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One feature of the last hour: its name or None, amount, calls, and the length of its bar, from 0 to 1000."""

    name: str | None
    amount: Decimal
    calls: int
    length: int


@dataclass(frozen=True, slots=True)
class Now:
    """The last hour.

    Args:
        currency: The one in which most was used; amounts are in it.
        amount: Usage times price.
        calls: Calls.
        unpriced: Tokens and units that have no price.
        lines: The dearest features.
        more: How many features there are beyond those.
        bars: For each minute, the oldest first, the height of its bar, from 0 to 1000.
        figures: Writes the amounts.
    """

    currency: str
    amount: Decimal
    calls: int
    unpriced: Decimal
    lines: list[Line]
    more: int
    bars: list[int]
    figures: Figures


def last_hour(store: Store, now: datetime) -> Now | None:
    """Return the last hour; None when nothing of it is known."""
    found = live(store, now)
    totals = cast("list[Row]", found["totals"])
    if not totals:
        return None
    total = max(totals, key=lambda row: (cast(Decimal, row["amount"]), cast(str, row["currency"])))
    currency, amount = cast(str, total["currency"]), cast(Decimal, total["amount"])
    rows = [row for row in cast("list[Row]", found["rows"]) if row["currency"] == currency and row["calls"]]
    by_minute = {
        row["minute"]: cast(Decimal, row["amount"])
        for row in cast("list[Row]", found["minutes"])
        if row["currency"] == currency
    }
    highest = max(by_minute.values(), default=_ZERO)
    first = cast(datetime, found["since"])
    return Now(
        currency=currency,
        amount=amount,
        calls=sum(cast(int, row["calls"]) for row in totals),
        unpriced=sum((cast(Decimal, row["unpriced_quantity"]) for row in totals), _ZERO),
        lines=[
            Line(
                cast("str | None", row["feature"]),
                cast(Decimal, row["amount"]),
                cast(int, row["calls"]),
                permille(cast(Decimal, row["amount"]), cast(Decimal, rows[0]["amount"])),
            )
            for row in rows[:_SHOWN]
        ],
        more=max(0, len(rows) - _SHOWN),
        bars=[permille(by_minute.get(first + place * _MINUTE, _ZERO), highest) for place in range(60)],
        figures=Figures(currency, amount),
    )
