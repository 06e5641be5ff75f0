"""Bands that hold as often as they say: quantiles of errors that forecasts of the same days ahead made before.

Comes in: amounts. Goes out: per series, by how many scales the total may be lower and higher.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace

import numpy as np

from outlay.watch.forecast.fit import fit
from outlay.watch.forecast.season import Calendar
from outlay.watch.series import Amounts, Flags

#: Series of which past forecasts are made anew, and how many days they are made on.
_SERIES = 800
_ORIGINS = 8
#: How many errors the usual edges count as.
_USUAL_COUNT = 40.0


@dataclass(frozen=True, slots=True)
class Quantiles:
    """The edges of a band, in scales of error: one total of ten is below `low`, one above `high`.

    Args:
        low: The lower edge.
        high: The upper one.
        mean: By how much totals are more than forecast on average.
        spread: The standard deviation of that.
    """

    low: float
    high: float
    mean: float
    spread: float


#: The edges where a table is too small to tell its own.
USUAL = Quantiles(-1.25, 2.0, 0.25, 1.6)
#: Days of history below which no past forecast is made.
_LEAST = 28
_MONTH = 30.44
#: Errors of more scales count as so many in their mean.
_NEAR = 6.0
#: What lies further ahead than past forecasts can be held against is off upwards more than downwards: growth compounds.
_UPWARDS, _MOST_UPWARDS = 0.15, 1.4


def quantiles(
    amounts: Amounts, alive: Flags, holidays: Flags, calendar: Calendar, horizon: int, ratio: float
) -> Quantiles:
    """Return the edges of bands by errors of past totals; the arguments are those of `fit`."""
    days = amounts.shape[1]
    asked, horizon = horizon, min(horizon, max(1, days // 3))
    further = min((asked / horizon) ** _UPWARDS, _MOST_UPWARDS)
    origins = _origins(days, horizon)
    errors = past_errors(amounts, alive, holidays, calendar, horizon, ratio, origins)
    if not len(errors):
        return replace(USUAL, high=USUAL.high * further)
    # Series of one table go together to some degree, and so do spans of days that overlap.
    apart = 1 + (origins[-1] - origins[0]) / horizon
    trust = len(errors) / (len(errors) + _USUAL_COUNT) * apart / (apart + 0.6)
    near = np.clip(errors, -_NEAR, _NEAR)
    own = np.array([*np.quantile(errors, [0.1, 0.9]), near.mean(), near.std()])
    low, high, mean, spread = (trust * own + (1 - trust) * np.array(astuple(USUAL))).tolist()
    return Quantiles(low, high * further, mean, spread)


def _origins(days: int, horizon: int) -> list[int]:
    """Return the past days on which forecasts are made anew: of the same part of a month where there are such."""
    first, last = max(_LEAST, days // 3), days - horizon
    if last < first:
        return []
    months = range(1, int(days / _MONTH) + 1)
    wanted = sorted({round(days - back * _MONTH) + shift for back in months for shift in (-7, 0, 7)})
    found = [origin for origin in wanted if first <= origin <= last]
    if len(found) < _FEW:
        found = sorted({first, (first + last) // 2, last})
    chosen = np.unique(np.linspace(0, len(found) - 1, min(len(found), _ORIGINS)).astype(np.int64))
    return [found[number] for number in chosen]


_FEW = 3


def past_errors(
    amounts: Amounts,
    alive: Flags,
    holidays: Flags,
    calendar: Calendar,
    horizon: int,
    ratio: float,
    origins: Sequence[int],
) -> Amounts:
    """Return errors of forecasts made on past days as they would have been made then, in scales."""
    series = len(amounts)
    chosen = np.linspace(0, series - 1, min(series, _SERIES)).astype(np.int64)
    found = [np.zeros(0)]
    for origin in origins:
        then = slice(0, origin)
        here = chosen[alive[chosen, origin - 1]]
        if not len(here):
            continue
        made = fit(amounts[here, then], alive[here, then], holidays[here], calendar, horizon, ratio)
        came = amounts[here, origin : origin + horizon].sum(axis=1)
        sure = made.scale > 0
        found.append((came[sure] - made.total[sure]) / made.scale[sure])
    return np.concatenate(found)
