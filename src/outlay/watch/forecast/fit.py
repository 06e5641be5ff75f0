"""One fit: what the days after a day will be, and how far off such forecasts were before.

Comes in: amounts up to a day. Goes out: `Fit`, the forecast of every day to come, and of each total a scale of error
that knows no band yet.
"""

from dataclasses import dataclass

import numpy as np

from outlay.watch.forecast.level import MEANS, WAYS, ahead, clean
from outlay.watch.forecast.season import Calendar, median, season
from outlay.watch.series import Amounts, Flags

#: Youngest age in days at which a past forecast counts.
_READY = 3
#: How much better than the others a way must have been to be followed alone.
_SHARP = 12.0
#: So many past forecasts that do not overlap weigh as much as what holds of all series.
_PRIOR = 1.5
#: How past forecasts are discounted with age, in days.
_MEMORY = 120.0
#: What each way weighs where nothing is known of it yet.
_USUAL = np.array([0.5, 1.0, 1.2, 1.0, 0.6, 0.8, 0.5, 0.8, 1.0, 0.5, 0.5])
_WEEK = 7
#: A series is over with after so many days without an amount, and so many of its longest gap.
_SILENT, _GAPS = 10, 2.5
#: So many past forecasts of a series, that do not overlap, and of so many series, tell how others' are off.
_SEVERAL, _ENOUGH = 2, 10
_USUAL_RATIO = 1.3
_SCALE_PRIOR = 4.0
#: Beyond the days that past forecasts can be held against, errors of a mean grow with this power of the days.
_WIDENS, _WIDEST = 0.55, 3.5
_FITTED = 1.5
#: A series that has just begun may still become so many times what it is, more or less; that fades in so many days.
_YOUNG, _GROWN_UP = 0.8, 14.0


@dataclass(frozen=True)
class Fit:
    """A forecast without a band.

    Args:
        daily: The forecast of each day to come, one row a series.
        total: The sum of these.
        scale: How far totals like these are off; more than 0, except for a series that never had an amount.
        errors: Of each past day, what the mean of the days after it was more than forecast; NaN where not known.
        windows: How many past forecasts that do not overlap stand behind the scale.
        ratio: How much more such forecasts were off, over all series, than their steps from day to day let guess.
    """

    daily: Amounts
    total: Amounts
    scale: Amounts
    errors: Amounts
    windows: Amounts
    ratio: float

    def times(self, size: Amounts) -> "Fit":
        """Return the forecast of series so many times as large."""
        wide = size[:, None]
        return Fit(
            self.daily * wide, self.total * size, self.scale * size, self.errors * wide, self.windows, self.ratio
        )


def fit(
    amounts: Amounts, alive: Flags, holidays: Flags, calendar: Calendar, horizon: int, ratio: float | None = None
) -> Fit:
    """Forecast so many days.

    Args:
        amounts: One row a series, one column a day.
        alive: Whether the series was born by that day.
        holidays: Of those days and of the days to come.
        calendar: Of the same days as `holidays`.
        horizon: How many days are to come.
        ratio: As `Fit.ratio`, where it is known from later days.
    """
    days = amounts.shape[1]
    found = season(amounts, alive, holidays[:, : days + horizon], calendar.until(days + horizon))
    cleaned = clean(found.rest, alive, found.sparse)
    tried = max(1, min(horizon, days // 2))
    past = ahead(cleaned, alive, found.sparse, tried)
    future = past[:, :, -1] if tried == horizon else ahead(cleaned, alive, found.sparse, horizon)[:, :, -1]
    errors = _errors(found.rest, past, alive, tried)
    age = alive.sum(axis=1)
    weights = _weights(errors, age, tried)
    level = np.einsum("ws,ws->s", weights, future)
    level = np.where((amounts >= 0).all(axis=1), np.maximum(level, 0), level)
    daily = level[:, None] * found.factor[:, days:] + found.job[:, days:]
    daily[_over(amounts, alive)] = 0
    mixed = np.einsum("ws,wsd->sd", weights, errors)
    further = min((horizon / tried) ** _WIDENS, _WIDEST)
    scale, windows, ratio = _scale(mixed, found.rest, alive, level, tried, further, ratio)
    factor = found.factor[:, days:]
    stretch = np.maximum(factor.sum(axis=1), 0.1 * horizon)
    # Where few days of a week carry all, their chances do not even out over as many days.
    stretch = stretch * (horizon * (factor**2).sum(axis=1) / stretch**2).clip(1, _WEEK) ** 0.25
    jobs = np.abs(found.job[:, days:]).sum(axis=1)
    return Fit(daily, daily.sum(axis=1), np.hypot(scale * stretch, 0.15 * jobs), mixed, windows, ratio)


def _over(amounts: Amounts, alive: Flags) -> Flags:
    """Return the series that have been silent for far longer than they ever were before."""
    days = amounts.shape[1]
    on = amounts != 0
    last = np.where(on, np.arange(days), -1)
    newest = np.maximum.accumulate(last, axis=1)
    before = np.pad(newest[:, :-1], ((0, 0), (1, 0)), constant_values=-1)
    gaps = np.where(on & (before >= 0), np.arange(days) - before, 0).max(axis=1, initial=0)
    silent: Flags = days - 1 - newest[:, -1] > np.maximum(_SILENT, _GAPS * gaps)
    return silent & alive[:, -1]


def _errors(rest: Amounts, past: Amounts, alive: Flags, horizon: int) -> Amounts:
    """Return, of each way, series and day, what came more than it said; NaN where that is not known."""
    series, days = rest.shape
    sums = np.concatenate([np.zeros((series, 1)), np.cumsum(rest, axis=1)], axis=1)
    came = np.full((series, days), np.nan)
    if days > horizon:
        came[:, : days - horizon] = (sums[:, horizon + 1 :] - sums[:, 1 : days - horizon + 1]) / horizon
    ready = np.cumsum(alive, axis=1) >= _READY
    return np.where(ready, came, np.nan)[None] - past


def _weights(errors: Amounts, age: Amounts, horizon: int) -> Amounts:
    """Return how much each way counts for each series: as it did before, there and everywhere."""
    days = errors.shape[2]
    fresh = np.exp(-np.arange(days)[::-1] / _MEMORY)
    known = np.isfinite(errors[0])
    mass = (known * fresh).sum(axis=1)
    own = np.einsum("wsd,d->ws", np.abs(np.nan_to_num(errors)), fresh) / np.maximum(mass, 1e-12)
    usual = np.log(_USUAL / _USUAL.mean())[:, None] / _SHARP
    mean = own.mean(axis=0)
    shown = mean > 0
    relative = np.log(np.maximum(np.where(shown, own / np.where(shown, mean, 1), 1), 0.05))
    windows = known.sum(axis=1) / horizon
    trust = windows / (windows + _PRIOR)
    enough = shown & (windows >= 1)
    everywhere = relative[:, enough].mean(axis=1) if enough.sum() else np.zeros(WAYS)
    shared = enough.sum() / (enough.sum() + 20)
    pooled = shared * everywhere[:, None] - (1 - shared) * usual
    score = -_SHARP * (trust * relative + (1 - trust) * pooled)
    score[len(MEANS) + 1 :] -= np.maximum(0, 10 - age) / 2  # a line through a few days says nothing
    weights = np.exp(score - score.max(axis=0))
    found: Amounts = weights / weights.sum(axis=0)
    return found


def _scale(
    errors: Amounts, rest: Amounts, alive: Flags, level: Amounts, horizon: int, further: float, ratio: float | None
) -> tuple[Amounts, Amounts, float]:
    """Return how far the mean of the days to come is off, by past errors there, and by what holds of all series."""
    known = np.isfinite(errors)
    count = known.sum(axis=1)
    windows = count / horizon
    own = np.nansum(np.abs(errors), axis=1) / np.maximum(count, 1) * 1.25
    age = alive.sum(axis=1)
    size = np.abs(np.where(alive, rest, 0)).sum(axis=1) / np.maximum(age, 1)
    size = np.maximum(np.maximum(size, np.abs(level)), 1e-300)
    steps = np.where(alive[:, 1:] & alive[:, :-1], np.abs(np.diff(rest, axis=1)), np.nan)[:, -60:]
    pairs = np.isfinite(steps).sum(axis=1)
    step = np.nansum(steps, axis=1) / np.maximum(pairs, 1) / size
    many = pairs >= _WEEK
    typical = median(step[many][None])[0] if many.any() else 0.15
    step = (pairs * step + 5 * typical) / (pairs + 5)
    guess = np.hypot(step * np.sqrt(1 / horizon + 1 / np.minimum(age, 20).clip(1)), 0.03) * size
    if ratio is None:
        sure = windows >= _SEVERAL
        seen = np.log(np.maximum(own[sure], 1e-9 * size[sure]) / guess[sure])
        middle = median(seen[None])[0] if sure.any() else 0.0
        ratio = float(np.exp((sure.sum() * middle + _ENOUGH * np.log(_USUAL_RATIO)) / (sure.sum() + _ENOUGH)))
    own, guess = own * further, guess * further
    guess = np.hypot(guess * ratio, _YOUNG * np.exp(-age / _GROWN_UP) * size)
    own = own * np.sqrt(1 + _FITTED / np.maximum(windows, _FITTED))  # ways were chosen by the same errors
    mixed = np.sqrt((windows * own**2 + _SCALE_PRIOR * guess**2) / (windows + _SCALE_PRIOR))
    return np.where(np.abs(rest).max(axis=1) > 0, mixed, 0.0), windows, ratio
