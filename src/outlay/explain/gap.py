"""Gap: what providers billed against what usage and prices say, and the causes of the difference."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast

from outlay.store import Store
from outlay.terms.period import Period

#: The parts of a gap, in the order in which they are shown, with what each means.
CAUSES = {
    "unseen": "billed, with no telemetry of that model and day",
    "quantity_gap": "more (or less) was billed than was seen, at our price",
    "price_gap": "the same quantity at another average price",
    "not_billed": "seen, but not on the bill",
    "credits_and_tax": "credits, tax and fees, which no usage explains",
    "rest": "what the bill's own units cannot explain",
}
_ZERO = Decimal(0)


def reconcile(
    store: Store, period: Period, by: Sequence[str] = ("provider", "model"), *, where: Mapping[str, str] | None = None
) -> dict[str, object]:
    """Hold bills against estimates.

    Args:
        store: Holds the published ledger.
        period: Whole days.
        by: Dimensions of the rows: provider, model, day.
        where: Value by dimension.

    Returns:
        `billed`, `estimated`, `gap` (their difference) and `causes`, which sum to the gap exactly; `rows` with the
        same by dimension. Sums are over one currency; `currency` is None when there are several.
    """
    values = {"first": period.first, "end": period.end}
    rows = store.rows("explain/reconciliation", values, table="reconciliation", by=by, where=where or {})
    currencies = {cast(str, row["currency"]) for row in rows}
    for row in rows:
        row["gap"] = cast(Decimal, row["billed"]) - cast(Decimal, row["estimated"])

    def total(name: str) -> Decimal:
        return sum((cast(Decimal, row[name]) for row in rows), _ZERO)

    return {
        "period": str(period),
        "currency": next(iter(currencies)) if len(currencies) == 1 else None,
        "billed": total("billed"),
        "estimated": total("estimated"),
        "gap": total("gap"),
        "causes": [{"cause": name, "amount": total(name), "means": means} for name, means in CAUSES.items()],
        "rows": rows,
    }
