"""How monthly budgets stand: what was spent, how fast, and on which day a budget will be gone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from outlay.store import Store
from outlay.terms.money import EXACT
from outlay.terms.period import Period, next_month
from outlay.watch.budgets.budget import Budget
from outlay.watch.budgets.spent import Billed, Spent, spent
from outlay.watch.forecast.answer import forecast
from outlay.watch.series import Line, gathered

#: From the best to the worst.
OK, WARN, OVER = "ok", "warn", "over"
#: Days in which it is looked how fast a budget burns: both must be fast, so that one dear day is no alarm.
SHORT, LONG = 2, 7
#: A month's money is gone before its end at this rate or above.
_FAST = Decimal(1)
_HISTORY = timedelta(days=400)
_DIGITS = Decimal("0.0001")
_ZERO, _DAY = Decimal(0), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one budget stands, or one value of a budget that is for each.

    Args:
        budget: The budget's name.
        scope: Value by dimension, with the value that it is for.
        currency: Of all amounts.
        amount: The budget.
        spent: What was spent this month.
        estimated: The part of it that no bill reaches yet.
        left: What is left; below 0 when it is over.
        part: Spent over the budget.
        burn_short: How many times as fast as the budget allows the last `SHORT` days were.
        burn_long: The same of the last `LONG` days.
        forecast: What the whole month will come to; None when too little is known.
        low80: With `high80` the band in which it will be, four times of five.
        high80: As `low80`.
        breach: The day on which the budget was, or will be, exceeded; None for not this month.
        state: `ok`, `warn` or `over`.
        reason: Why, in words.
        deny: Whether the budget asks for denials.
        elsewhere: Amounts in other currencies, which are not counted, by currency.
    """

    budget: str
    scope: Mapping[str, str | None]
    currency: str
    amount: Decimal
    spent: Decimal
    estimated: Decimal
    left: Decimal
    part: Decimal
    burn_short: Decimal
    burn_long: Decimal
    forecast: Decimal | None
    low80: Decimal | None
    high80: Decimal | None
    breach: date | None
    state: str
    reason: str
    deny: bool
    elsewhere: Mapping[str, Decimal]


def standings(store: Store, budgets: Sequence[Budget], today: date) -> list[Standing]:
    """Return how budgets stand in the month of a day; the worst first, then those of which most is spent.

    Args:
        store: Holds the published ledger.
        budgets: The budgets.
        today: The day; what is known of it counts, and it is not over.
    """
    first = today.replace(day=1)
    history = Period(first - _HISTORY, today + _DAY)
    billed = Billed.of(store, history)
    found = [
        standing for budget in budgets for standing in _of(budget, spent(store, budget, history, billed, first), today)
    ]
    return sorted(found, key=lambda one: (-(OK, WARN, OVER).index(one.state), -one.part, one.budget, str(one.scope)))


def _of(budget: Budget, costs: Spent, today: date) -> Iterator[Standing]:
    first = today.replace(day=1)
    values = [value for value in costs.days if not budget.each or value is not None] or ([] if budget.each else [None])
    outlooks = _outlooks(budget, costs, values, today)
    for value in values:
        so_far = costs.between(value, first, today + _DAY)
        if not so_far and budget.each:
            continue
        ahead = outlooks.get(value)
        breach = _breach(budget, costs, value, ahead, today)
        part = EXACT.divide(so_far, budget.amount).quantize(_DIGITS, context=EXACT)
        burns = [_burn(budget, costs, value, days) for days in (SHORT, LONG)]
        state, reason = _state(budget, so_far, burns, breach)
        yield Standing(
            budget=budget.name,
            scope={**budget.scope, **({budget.each: value} if budget.each else {})},
            currency=budget.currency,
            amount=budget.amount,
            spent=so_far,
            estimated=costs.estimated.get(value, _ZERO),
            left=budget.amount - so_far,
            part=part,
            burn_short=burns[0],
            burn_long=burns[1],
            forecast=max(so_far, ahead.total) if ahead else None,
            low80=max(so_far, ahead.low80) if ahead else None,
            high80=max(so_far, ahead.high80) if ahead else None,
            breach=breach,
            state=state,
            reason=reason,
            deny=budget.deny,
            elsewhere=costs.elsewhere,
        )


@dataclass(frozen=True, slots=True)
class _Outlook:
    """What a month will come to: what is known of it and what is to come."""

    total: Decimal
    low80: Decimal
    high80: Decimal
    daily: Mapping[date, Decimal]


def _outlooks(budget: Budget, costs: Spent, values: Sequence[str | None], today: date) -> dict[str | None, _Outlook]:
    """Return what the month will come to, by value. Nothing is learnt from days of which not everything is known."""
    first, last = today.replace(day=1), next_month(today) - _DAY
    end = min(costs.known_until, today)
    if end > last:
        return {}
    names = {str(number): value for number, value in enumerate(values)}
    lines = [
        Line(name, budget.currency, day, amount)
        for name, value in names.items()
        for day, amount in costs.days.get(value, {}).items()
        if day < end
    ]
    lines += [Line(name, budget.currency, end - _DAY, _ZERO) for name in {line.series for line in lines}]
    table = gathered(lines)
    if table is None:
        return {}
    found = {}
    for one in forecast(table, last, daily=True).forecasts:
        value = names[one.series]
        daily = {end + number * _DAY: amount for number, amount in enumerate(one.daily)}
        # Of a forecast that begins in an earlier month, this month's days count.
        known = costs.between(value, first, end) - sum((each for day, each in daily.items() if day < first), _ZERO)
        found[value] = _Outlook(known + one.total, known + one.low80, known + one.high80, daily)
    return found


def _breach(budget: Budget, costs: Spent, value: str | None, ahead: _Outlook | None, today: date) -> date | None:
    """Return the day on which a budget was exceeded or will be."""
    first, days = today.replace(day=1), costs.days.get(value, {})
    known = {day: amount for day, amount in days.items() if first <= day <= today}
    to_come = {**known, **{day: each for day, each in (ahead.daily if ahead else {}).items() if day >= first}}
    for path in (known, to_come):
        sum_ = _ZERO
        for day in sorted(path):
            sum_ += path[day]
            if sum_ > budget.amount:
                return day
    return None


def _burn(budget: Budget, costs: Spent, value: str | None, days: int) -> Decimal:
    """Return how many times as fast as a month's budget allows the last days were of which everything is known."""
    end = costs.known_until
    first = (end - _DAY).replace(day=1)
    allowed = EXACT.divide(budget.amount * days, Decimal((next_month(first) - first).days))
    return EXACT.divide(costs.between(value, end - days * _DAY, end), allowed).quantize(_DIGITS, context=EXACT)


def _state(budget: Budget, so_far: Decimal, burns: Sequence[Decimal], breach: date | None) -> tuple[str, str]:
    if so_far > budget.amount:
        return OVER, f"over its budget since {breach}"
    if so_far >= budget.amount * budget.warn_at:
        percent = EXACT.divide(so_far * 100, budget.amount).quantize(Decimal(1), context=EXACT)
        return WARN, f"{percent} % of it is spent"
    if breach and min(burns) > _FAST:
        return WARN, f"as it goes it is gone on {breach}: it burns {burns[0]:.1f} times as fast as it may"
    return OK, "within its budget"
