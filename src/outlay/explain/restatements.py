"""Restatements: which bills were changed, and what moved in months that were over, for whom and by which import."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import cast

from outlay.explain.rows import bounds
from outlay.store import Row, Store
from outlay.terms.period import Period

_ZERO = Decimal(0)
_WHO = ("feature", "customer", "team")


def restatements(store: Store, period: Period) -> dict[str, object]:
    """Return what was changed afterwards in the months of a period.

    Args:
        store: Holds bills and movements.
        period: Months that moved, or in which the movement is shown.

    Returns:
        `bills`: the bills that a later import replaced, with `before`, `after` and `change`; `movements`: by run, what
        moved in a month that was over, with its `change`, the imports `take_ins` that came before it, whether the month
        was `closed` (then it is an adjustment, shown in `booked_in`), and `rows` by feature, customer and team, the
        largest first; `adjustments`: by currency, what closed months have in later ones now.
    """
    bills = [_bill(row) for row in store.rows("explain/bills_restated", bounds(period))]
    found: dict[tuple[object, ...], dict[str, object]] = {}
    totals: dict[str, Decimal] = {}
    for row in store.rows("explain/movements", bounds(period)):
        change = cast(Decimal, row["after"]) - cast(Decimal, row["before"])
        key = (row["month"], row["moved_at"])
        one = found.setdefault(key, _head(row))
        cast("list[Row]", one["rows"]).append(
            {
                **{name: row[name] for name in (*_WHO, "currency", "before", "after")},
                "change": change,
            }
        )
        sums, currency = cast("dict[str, Decimal]", one["change"]), cast(str, row["currency"])
        sums[currency] = sums.get(currency, _ZERO) + change
        if row["in_force"]:
            totals[currency] = totals.get(currency, _ZERO) + change
    return {"period": str(period), "bills": bills, "movements": list(found.values()), "adjustments": totals}


def _head(row: Row) -> dict[str, object]:
    return {
        "month": f"{cast(date, row['month']):%Y-%m}",
        "moved_at": row["moved_at"],
        "closed": bool(row["closed"]),
        "in_force": bool(row["in_force"]),
        "booked_in": f"{cast(date, row['booked_in']):%Y-%m}",
        "take_ins": [name for name in cast(str, row["take_ins"]).split(",") if name],
        "change": {},
        "rows": [],
    }


def _bill(row: Mapping[str, object]) -> Row:
    before, after = cast(Decimal, row["before"]), cast("Decimal | None", row["after"])
    change = (after or _ZERO) - before
    return {**row, "month": f"{cast(date, row['month']):%Y-%m}", "after": after or _ZERO, "change": change}
