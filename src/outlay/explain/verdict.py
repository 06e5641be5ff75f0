"""Verdict: is a change growth, a bug, a price, or a matter of allocation? Proposed, with the numbers that argue.

A rule of thumb over ratios, never a sum of them: cost that follows customers and users is growth; cost that outruns
them, from one day on, is a bug (or a decision nobody priced) and is tied to the release of that day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import cast

from outlay.store import Row
from outlay.terms.money import EXACT

_FLAT = Decimal("0.10")
_OUTRUN = Decimal("0.25")
_WINDOW = 7
_PERCENT = Decimal("0.1")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verdict is argued with, about the feature that carries most of a change; pairs are (before, after).

    Args:
        feature: The feature; None when the change has no feature.
        release: The release that carries most of it, if usage says one.
        model: The model that carries most of it, if usage says one.
        days: Lengths of the periods.
        cost: Money in the ledger.
        calls: Calls.
        failures: Attempts that failed.
        quantity: Tokens and other units.
        customers: Distinct customers.
        users: Distinct users.
        daily: The feature's cost by day, over both periods.
        releases: `release`, `service`, `released_at` of deployments in both periods.
    """

    feature: str | None
    release: str | None
    model: str | None
    days: tuple[int, int]
    cost: tuple[Decimal, Decimal]
    calls: tuple[Decimal, Decimal]
    failures: tuple[Decimal, Decimal]
    quantity: tuple[Decimal, Decimal]
    customers: tuple[Decimal, Decimal]
    users: tuple[Decimal, Decimal]
    daily: Mapping[object, Decimal]
    releases: Sequence[Row]


def propose(evidence: Evidence) -> dict[str, object]:
    """Propose a verdict.

    Returns:
        `verdict` (growth, bug, price, allocation or none), `feature`, `since` (the day the cost stepped up) and
        `release` where they can be told, and `arguments_for` and `arguments_against`, sentences with their numbers.
    """
    cost = _growth(evidence.cost, evidence.days)
    if evidence.feature is None or cost is None or abs(cost) < _FLAT:
        return _answer("none", evidence, None, [], ["no feature's daily cost changed by more than a tenth"])
    grown = {
        "calls": _growth(evidence.calls, evidence.days),
        "customers": _growth(evidence.customers, (1, 1)),
        "users": _growth(evidence.users, (1, 1)),
    }
    per_call = _ratio_growth(evidence.cost, evidence.calls)
    size = _ratio_growth(evidence.quantity, evidence.calls)
    price = _ratio_growth(evidence.cost, evidence.quantity)
    failing = _ratio_growth(evidence.failures, evidence.calls)
    since = _step(evidence.daily) if cost > 0 else None
    arguments = [f"its daily cost changed by {_percent(cost)}"]
    crowds = [f"{name} changed by {_percent(value)}" for name, value in grown.items() if value is not None]
    for name, value in (("cost per call", per_call), ("quantity per call", size), ("cost per unit of quantity", price)):
        if value is not None:
            arguments.append(f"{name} changed by {_percent(value)}")
    if failing is not None and abs(failing) > _FLAT:
        arguments.append(f"failures per call changed by {_percent(failing)}")
    people = [value for value in (grown["customers"], grown["users"]) if value is not None]
    crowd = max(people) if people else None
    if crowd is None:
        verdict = "allocation"
    elif cost > _OUTRUN and cost > 2 * max(crowd, _ZERO) + _FLAT:
        verdict = "price" if price is not None and size is not None and abs(size) < _FLAT and not since else "bug"
    else:
        verdict = "growth"
    released = _release(evidence, since)
    if since:
        arguments.insert(
            0, f"its daily cost stepped up on {since}" + (f", the day of release {released}" if released else "")
        )
    against = [] if verdict != "bug" or released else ["no release is known on the day it began"]
    # Calls, customers and users argue for growth, and so against everything else.
    (arguments if verdict == "growth" else against).extend(crowds)
    if verdict == "growth" and crowd is not None and crowd < cost - _FLAT:
        against.append("cost grew faster than customers and users did")
    return _answer(verdict, evidence, (since, released), arguments, against)


def _answer(
    verdict: str,
    evidence: Evidence,
    when: tuple[date | None, str | None] | None,
    arguments_for: list[str],
    arguments_against: list[str],
) -> dict[str, object]:
    return {
        "verdict": verdict,
        "feature": evidence.feature,
        "model": evidence.model,
        "change": evidence.cost[1] - evidence.cost[0],
        "since": when[0] if when else None,
        "release": (when[1] if when else None) or evidence.release if verdict == "bug" else (when[1] if when else None),
        "arguments_for": arguments_for,
        "arguments_against": arguments_against,
    }


def _growth(pair: tuple[Decimal, Decimal], days: tuple[int, int]) -> Decimal | None:
    """Return the relative growth of the daily rate; None from nothing."""
    before, after = pair[0] * days[1], pair[1] * days[0]
    return EXACT.divide(after - before, before) if before > 0 else None


def _ratio_growth(upper: tuple[Decimal, Decimal], lower: tuple[Decimal, Decimal]) -> Decimal | None:
    """Return the relative growth of a ratio; None where it has no value."""
    if min(*upper, *lower) <= 0:
        return None
    before, after = EXACT.divide(upper[0], lower[0]), EXACT.divide(upper[1], lower[1])
    return EXACT.divide(after - before, before)


def _step(daily: Mapping[object, Decimal]) -> date | None:
    """Return the day from which a week costs most more than the week before, if that is half as much again."""
    days = cast("dict[date, Decimal]", daily)
    if len(days) < 2 * _WINDOW:
        return None

    def week(first: date) -> Decimal:
        return sum((days.get(first + timedelta(days=n), _ZERO) for n in range(_WINDOW)), _ZERO)

    inner = [
        d for d in sorted(days) if min(days) + timedelta(days=_WINDOW) <= d <= max(days) - timedelta(days=_WINDOW - 1)
    ]
    best = max(inner, key=lambda d: week(d) - week(d - timedelta(days=_WINDOW)), default=None)
    if best is None or week(best) * 2 < week(best - timedelta(days=_WINDOW)) * 3:
        return None
    return best


def _release(evidence: Evidence, since: date | None) -> str | None:
    """Return the release of that day, the one usage names when there are several."""
    if since is None:
        return None
    close = [
        cast(str, row["release"])
        for row in evidence.releases
        if abs(cast(datetime, row["released_at"]).date() - since) <= timedelta(days=1)
    ]
    return evidence.release if evidence.release in close else (close[0] if close else None)


def _percent(value: Decimal) -> str:
    return f"{(value * 100).quantize(_PERCENT):+} %"
