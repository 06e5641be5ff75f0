"""The answer: the total of the days to come of each series, and of all of one currency, with its band.

Comes in: `DailySeries`. Goes out: `Forecast` values in decimals, of nine significant digits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from outlay.errors import BadInput
from outlay.watch.forecast.band import Quantiles, quantiles
from outlay.watch.forecast.fit import Fit, fit
from outlay.watch.forecast.season import Calendar
from outlay.watch.series import Amounts, Counts, DailySeries, Flags

#: Newest days that are looked at, and the most that are told of.
_HISTORY = 400
_MOST_DAYS = 750
#: Series that are reckoned with together: what they have in common is learnt from these.
_TOGETHER = 2500
_DIGITS = 9
#: Past days, at least, that say how far series were off together, and the edge of that in its standard deviations.
_SPAN, _SUM_EDGE = 90, 1.2
#: Less than this part of a series' largest amount is nothing.
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a series will come to.

    Args:
        series: Its name.
        currency: Its currency; None where none is named.
        total: Over the days to come.
        low80: With `high80` the band that such totals are within four times of five.
        high80: As `low80`; one time of ten it is more.
        daily: Each day to come, if asked for.
    """

    series: str
    currency: str | None
    total: Decimal
    low80: Decimal
    high80: Decimal
    daily: Sequence[Decimal] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Whole:
    """What all series of one currency will come to together.

    Args:
        currency: It; None where none is named.
        total: The sum of theirs, exactly.
        low80: As `Forecast`; narrower than the sum of theirs, as far as they go their own ways.
        high80: As `low80`.
    """

    currency: str | None
    total: Decimal
    low80: Decimal
    high80: Decimal


@dataclass(frozen=True, slots=True)
class Outlook:
    """Forecasts of the same days.

    Args:
        first: The first day to come.
        last: The last one.
        forecasts: In the order of the series.
        whole: One a currency.
    """

    first: date
    last: date
    forecasts: Sequence[Forecast]
    whole: Sequence[Whole]


def forecast(table: DailySeries, to: date, *, daily: bool = False) -> Outlook:
    """Forecast the total of the days after the last one, up to and including a day.

    Args:
        table: The series; its last day is the last one of all of them.
        to: The last day to come.
        daily: Whether each day to come is wanted too.

    Raises:
        BadInput: That day is not after the last one, or more than two years after it.

    >>> from outlay.watch.series import Line, gathered
    >>> days = [date(2026, 3, number) for number in range(1, 29)]
    >>> table = gathered(Line("chat", "EUR", day, Decimal(5)) for day in days)
    >>> found = forecast(table, date(2026, 3, 31)).forecasts[0]
    >>> found.total, found.low80 <= found.total <= found.high80
    (Decimal('15'), True)
    """
    horizon = (to - table.last).days
    if horizon < 1:
        raise BadInput(
            f"--to {to} is not after {table.last}, the last day that is known", fix="give a later day", code="bad-date"
        )
    if horizon > _MOST_DAYS:
        raise BadInput(
            f"--to {to} is {horizon:,} days after {table.last}, the last day that is known",
            fix=f"give a day at most {_MOST_DAYS} days after it",
            code="bad-date",
        )
    forecasts: list[Forecast] = []
    sums = {currency: _Sum() for currency in dict.fromkeys(table.currencies)}
    for names, made, edges in _parts(table, horizon):
        positive: Flags = table.amounts[names].min(axis=1, initial=0) >= 0
        low, high = _band(made, edges, positive)
        for row, number in enumerate(names):
            currency = table.currencies[number]
            forecasts.append(
                Forecast(
                    series=table.names[number],
                    currency=currency,
                    total=_decimal(made.total[row]),
                    low80=_decimal(low[row]),
                    high80=_decimal(high[row]),
                    daily=[_decimal(amount) for amount in made.daily[row]] if daily else (),
                )
            )
        for currency, held in sums.items():
            held.add(made, edges, np.array([table.currencies[number] == currency for number in names]))
    whole = [
        held.whole(currency, [one for one in forecasts if one.currency == currency], horizon)
        for currency, held in sums.items()
    ]
    return Outlook(table.last + timedelta(days=1), to, forecasts, whole)


def _parts(table: DailySeries, horizon: int) -> Iterator[tuple[Counts, Fit, Quantiles]]:
    """Yield some series at a time: which, their forecast, and the edges of their bands."""
    days = table.amounts.shape[1]
    since = max(0, days - _HISTORY)
    calendar = Calendar.of(table.first + timedelta(days=since), days - since + horizon)
    flags = np.zeros((len(table.names), days - since + horizon), dtype=np.bool_)
    known = table.holidays[:, since : days + horizon]
    flags[:, : known.shape[1]] = known
    series = len(table.names)
    parts = -(-series // _TOGETHER)
    for part in range(parts):
        names = np.arange(part, series, parts)  # every so many, so that each part is like the whole
        amounts = table.amounts[names, since:]
        size = np.abs(amounts).max(axis=1, initial=0, keepdims=True)
        scaled = amounts / np.where(size > 0, size, 1)
        scaled[np.abs(scaled) < _NOTHING] = 0
        alive: Flags = np.cumsum(scaled != 0, axis=1) > 0
        made = fit(scaled, alive, flags[names], calendar, horizon).times(size[:, 0])
        yield names, made, quantiles(scaled, alive, flags[names], calendar, horizon, made.ratio)


def _band(made: Fit, edges: Quantiles, positive: Flags) -> tuple[Amounts, Amounts]:
    low = made.total + np.minimum(edges.low, 0) * made.scale
    high = made.total + np.maximum(edges.high, 0) * made.scale
    low = np.where(positive, np.maximum(low, 0), low)
    return np.minimum(low, made.total), np.maximum(high, made.total)


class _Sum:
    """What forecasts of several series were off by together."""

    def __init__(self) -> None:
        self.off: Amounts = np.zeros(1)
        self.aside = np.zeros(1)
        self.square = np.zeros(1)

    def add(self, made: Fit, edges: Quantiles, chosen: Flags) -> None:
        """Add series."""
        self.off = self.off + np.nan_to_num(made.errors[chosen]).sum(axis=0)
        # Forecasts of series are nearer to what mostly comes than to the mean: together they are off to one side.
        self.aside = self.aside + edges.mean * made.scale[chosen].sum()
        self.square = self.square + edges.spread**2 * (made.scale[chosen] ** 2).sum()

    def whole(self, currency: str | None, parts: Sequence[Forecast], horizon: int) -> Whole:
        """Return the whole, whose band is as wide as the parts were off together, or would be each on its own."""
        total = sum((one.total for one in parts), Decimal(0))
        known = np.trim_zeros(self.off)[-max(_SPAN, 4 * horizon) :] * horizon
        windows = len(known) / horizon
        together = np.var(known) * windows / (windows + 2) if len(known) else np.zeros(1)[0]
        width = _decimal(np.sqrt(np.maximum(together, self.square[0])) * _SUM_EDGE)
        moved = _decimal(self.aside[0])
        # No wider than if all were off to one side together; for a single series that is its own band.
        low = max(total + moved - width, sum((one.low80 for one in parts), Decimal(0)))
        high = min(total + moved + width, sum((one.high80 for one in parts), Decimal(0)))
        if len(parts) == 1:
            low, high = parts[0].low80, parts[0].high80
        return Whole(currency, total, min(low, total), max(high, total))


def _decimal(amount: np.floating[Any]) -> Decimal:
    """Return an amount with the digits that a forecast can mean at most."""
    return Decimal(f"{amount:.{_DIGITS}g}")
