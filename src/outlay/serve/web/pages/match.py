"""Match: whether bills and usage agree, cause by cause; how final each figure is; and what came late."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

from outlay.explain import gap, restatements
from outlay.explain.states import STATES
from outlay.serve.web.conversion import told
from outlay.serve.web.figures import Figures, permille, ratio_of
from outlay.serve.web.pages.asked import Asked
from outlay.serve.web.words import CAUSES
from outlay.store import Row, Store

_ZERO = Decimal(0)
_CENT = Decimal("0.01")
#: How many movements and, of each, how many rows are shown.
USUAL = 20


def match(store: Store, asked: Asked, months: Sequence[Row]) -> dict[str, Any]:
    """Return what the page shows.

    Args:
        store: Holds the published ledger.
        asked: The period, and filters of what is compared.
        months: Every month with data (see `outlay.serve.ledger.months`).
    """
    found: dict[str, Any] = gap.reconcile(store, asked.period, where=asked.where, currency=asked.currency)
    rated = [row for row in found["rows"] if "reason" not in row]
    late: dict[str, Any] = restatements.restatements(store, asked.period)
    inside = [one for one in months if one["first"] < asked.period.end and asked.period.first < one["end"]]  # type: ignore[operator]
    return {
        "asked": asked,
        "period": asked.period,
        "gaps": [_gap(found, rated, currency) for currency in _currencies(rated)],
        "converted": told(found["conversion"]),
        "states": _states(found["states"]),
        "closed": [(one["period"], one["closed"]) for one in inside if one["closed"]],
        "open": [one["period"] for one in inside if not one["closed"]],
        "bills": [bill for bill in late["bills"] if bill["change"]],
        "movements": [_movement(one, asked.most) for one in late["movements"][: asked.most]],
        "more_movements": max(0, len(late["movements"]) - asked.most),
        "adjustments": late["adjustments"],
    }


def _currencies(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(cast(str, row["currency"]) for row in rows))


def _gap(found: dict[str, Any], rated: Sequence[dict[str, Any]], currency: str) -> dict[str, Any]:
    """Return the gap of one currency, cause by cause, with what each was concluded from."""
    rows = [row for row in rated if row["currency"] == currency]
    sums = {name: sum((row[name] for row in rows), _ZERO) for name in ("billed", "estimated", "gap", *CAUSES)}
    largest = max((abs(sums[name]) for name in CAUSES), default=_ZERO)
    own = {currency} if found["conversion"] is None else {one["currency"] for one in found["evidence"]}
    stated = [one for one in found["evidence"] if one["currency"] in own and abs(one["amount"]) >= _CENT]
    return {
        "currency": currency,
        "figures": Figures(currency, sums["billed"]),
        **{name: sums[name] for name in ("billed", "estimated", "gap")},
        "ratio": ratio_of(sums["gap"], sums["billed"]),
        "coverage": gap.coverage_of(rows),
        "causes": [
            {
                "label": label,
                "means": means,
                "amount": sums[name],
                "length": permille(sums[name], largest),
                "kind": "up" if sums[name] > 0 else "down",
                "evidence": [one for one in stated if one["cause"] == name],
            }
            for name, (label, means) in CAUSES.items()
            if sums[name] or any(one["cause"] == name for one in stated)
        ],
        "rows": rows,
        "calibrated": found["calibrated"]
        if found["conversion"]
        else [c for c in found["calibrated"] if c["currency"] == currency],
    }


def _states(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return how final figures are, the least final first within a month, alike providers together."""
    alike: dict[tuple[object, object, object], list[str]] = {}
    for row in sorted(rows, key=lambda one: (str(one["month"]), STATES.index(str(one["state"])))):
        alike.setdefault((row["month"], row["state"], row["why"]), []).append(str(row["provider"]))
    return [
        {"month": month, "state": state, "why": why, "providers": providers}
        for (month, state, why), providers in alike.items()
    ]


def _movement(movement: dict[str, Any], most: int) -> dict[str, Any]:
    rows = movement["rows"]
    return {**movement, "rows": rows[:most], "more": max(0, len(rows) - most)}
