"""What calls of a feature use, held against its call budget: tokens per call, and the models that are asked.

A mean hides a few huge prompts and is moved by them, so half of the calls and the largest twentieth are looked at
apart. It is a breach when half of all calls use too much in the earlier and in the later half of the time alike: one
bad hour is none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

from outlay.store import Row, Store
from outlay.watch.budgets.budget import CallBudget
from outlay.watch.budgets.standing import OK, OVER, WARN

#: How far back calls are looked at.
SPAN = timedelta(days=7)
_BETWEEN = "␟"
_HALF, _LARGE = 50, 95
_SIDES = (("input", "tokens_in"), ("output", "tokens_out"))


@dataclass(frozen=True, slots=True)
class Use:
    """How many tokens calls use on one side.

    Args:
        side: `input` or `output`.
        budget: Tokens per call that are budgeted; None for any.
        limit: The budget times the alert multiplier.
        p50: Half of the calls use at most so many; None without calls.
        p95: 19 of 20 calls use at most so many.
        mean: Tokens per call.
    """

    side: str
    budget: Decimal | None
    limit: Decimal | None
    p50: int | None
    p95: int | None
    mean: Decimal | None


@dataclass(frozen=True, slots=True)
class CallStanding:
    """How the calls of a feature stand against its call budget.

    Args:
        feature: The feature.
        calls: Calls that were looked at.
        uses: What they use, input and output.
        models: Calls by model that the budget does not name; empty where it names none.
        escalated: The part of the calls that went to another model than the first, from 0 to 1; None without any.
        state: `ok`, `warn` or `over`.
        reason: Why, in words.
    """

    feature: str
    calls: int
    uses: Sequence[Use]
    models: Mapping[str, int]
    escalated: Decimal | None
    state: str
    reason: str


def call_standings(store: Store, budgets: Sequence[CallBudget], now: datetime) -> list[CallStanding]:
    """Return how the calls of the last seven days stand; the worst first.

    Args:
        store: Holds usage.
        budgets: The budgets of calls.
        now: The instant.
    """
    if not budgets:
        return []
    names = _BETWEEN.join(["", *(budget.feature for budget in budgets), ""])
    span = {"starts_at": now - SPAN, "middle": now - SPAN / 2, "ends_at": now, "features": names}
    of_feature: dict[str, list[Row]] = {}
    for row in store.rows("watch/call_sizes", span):
        of_feature.setdefault(str(row["feature"]), []).append(row)
    found = [_standing(budget, of_feature.get(budget.feature, [])) for budget in budgets]
    return sorted(found, key=lambda one: (-(OK, WARN, OVER).index(one.state), one.feature))


def _standing(budget: CallBudget, rows: Sequence[Row]) -> CallStanding:
    calls = sum(cast(int, row["calls"]) for row in rows)
    budgeted = {"input": budget.input_per_call, "output": budget.output_per_call}
    uses = [_use(side, budgeted[side], budget, _counted(rows, column)) for side, column in _SIDES]
    asked: dict[str, int] = {}
    for row in rows:
        name = str(row["model_name"])
        asked[name] = asked.get(name, 0) + cast(int, row["calls"])
    allowed = {budget.model, *budget.escalate}
    strange = {name: count for name, count in sorted(asked.items()) if budget.model and name not in allowed}
    escalated = sum(count for name, count in asked.items() if name != budget.model)
    part = (Decimal(escalated) / calls).quantize(Decimal("0.0001")) if budget.model and calls else None
    state, reason = _judged(budget, rows, uses, strange, calls)
    return CallStanding(budget.feature, calls, uses, strange, part, state, reason)


def _judged(
    budget: CallBudget, rows: Sequence[Row], uses: Sequence[Use], strange: Mapping[str, int], calls: int
) -> tuple[str, str]:
    if strange:
        listed = ", ".join(f"{name or 'no model'} ({count:,} calls)" for name, count in strange.items())
        return OVER, f"it asked what it may not: {listed}"
    if calls < budget.least_calls:
        return OK, f"{calls:,} calls in seven days; from {budget.least_calls:,} on they are judged"
    tail = ""
    for use, (_, column) in zip(uses, _SIDES, strict=True):
        if use.limit is None or use.budget is None:
            continue
        halves = [_counted([row for row in rows if row["half"] == half], column) for half in (0, 1)]
        enough = all(sum(half.values()) * 2 >= budget.least_calls for half in halves)
        if enough and all((at := _at(half, _HALF)) is not None and at > use.limit for half in halves):
            return OVER, f"half of its calls use {use.p50:,} tokens of {use.side} or more, {use.budget:,} are budgeted"
        if use.p95 is not None and use.p95 > use.limit and not tail:
            tail = f"one call in 20 uses {use.p95:,} tokens of {use.side} or more, {use.budget:,} are budgeted"
    return (WARN, tail) if tail else (OK, "within its budget")


def _use(side: str, tokens: Decimal | None, budget: CallBudget, counted: Mapping[int, int]) -> Use:
    calls = sum(counted.values())
    mean = Decimal(sum(size * count for size, count in counted.items())) / calls if calls else None
    return Use(
        side,
        tokens,
        None if tokens is None else tokens * budget.alert_multiplier,
        _at(counted, _HALF),
        _at(counted, _LARGE),
        None if mean is None else mean.quantize(Decimal("0.1")),
    )


def _counted(rows: Sequence[Row], column: str) -> dict[int, int]:
    """Return calls by tokens."""
    found: dict[int, int] = {}
    for row in rows:
        size = cast(int, row[column])
        found[size] = found.get(size, 0) + cast(int, row["calls"])
    return found


def _at(counted: Mapping[int, int], percent: int) -> int | None:
    """Return the smallest number that so many percent of the calls do not exceed; None without calls.

    >>> _at({10: 3, 20: 1}, 50), _at({10: 3, 20: 1}, 95), _at({}, 50)
    (10, 20, None)
    """
    calls, seen = sum(counted.values()), 0
    for size in sorted(counted):
        seen += counted[size]
        if seen * 100 >= calls * percent:
            return size
    return None
