"""What a day will be without the calendar: several ways to tell, and how each would have done on every past day.

Comes in: amounts without the calendar. Goes out: for every past day the mean of the days to come, each way.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from outlay.watch.forecast.season import median
from outlay.watch.series import Amounts, Flags

#: Ways: a mean whose memory is so many days, one that forgets when it errs, and a line over so many days, of whose
#: slope so much is left each day.
MEANS = (3.0, 7.0, 14.0, 30.0, 90.0)
LINES = ((10.0, 0.96), (20.0, 0.97), (45.0, 0.97), (30.0, 1.0), (60.0, 1.0))
WAYS = len(MEANS) + 1 + len(LINES)
#: A day counts as at most so many of its series' usual steps away from what was expected.
_FAR = 5.0

Paths = NDArray[np.float64]


def clean(rest: Amounts, alive: Flags, sparse: Flags) -> Amounts:
    """Return the amounts with those of one or two days that stand out pulled in."""
    days = rest.shape[1]
    values = np.where(alive, rest, np.nan)
    padded = np.pad(values, ((0, 0), (4, 4)), constant_values=np.nan)
    near = median(sliding_window_view(padded, 9, axis=1))
    off = np.abs(values - near)
    recent = off[:, max(0, days - 120) :]
    usual = np.nan_to_num(median(recent)) * 1.4826
    far = np.maximum(_FAR * usual, 0.1 * np.abs(np.nan_to_num(near).mean(axis=1)))[:, None]
    held = np.clip(values, near - far, near + far)
    most = np.nanmax(np.where(rest != 0, np.abs(values), np.nan), axis=1, initial=0)[:, None]
    held = np.where(sparse[:, None], np.clip(values, -most, most), held)
    return np.nan_to_num(np.where(alive, held, 0.0))


def ahead(cleaned: Amounts, alive: Flags, sparse: Flags, horizon: int) -> Paths:
    """Return the mean of the next days as each way tells it on each day.

    Args:
        cleaned: One row a series, one column a day; 0 before a series is born.
        alive: Whether it was born.
        sparse: Series most of whose days are zero.
        horizon: So many days ahead.

    Returns:
        Of shape (ways, series, days); 0 before a series is born.
    """
    on = alive.astype(np.float64)
    moved = _moved(cleaned, alive) & ~sparse[:, None]
    grows = ((cleaned > 0) | ~alive).all(axis=1) & ~sparse  # such a line is one of logarithms: so many percent a day
    values = np.where(grows[:, None], np.log(np.where(cleaned > 0, cleaned, 1)), cleaned)
    lines = _lines(values * on, on, moved, horizon)
    lines[:, grows] = np.exp(np.clip(lines[:, grows], -_LARGEST, _LARGEST))
    return np.concatenate([_means(cleaned, on, moved), _adapting(cleaned, on)[None], lines])


#: Logarithms beyond this are of no amount of money, with series scaled to 1.
_LARGEST = 40.0


def _means(cleaned: Amounts, on: Amounts, moved: Flags) -> Paths:
    """Return the mean of the past, newer days counting more, with each memory."""
    series, days = cleaned.shape
    found = np.zeros((len(MEANS), series, days))
    keep = 1 - 1 / np.array(MEANS)[:, None]
    weight, total = np.zeros((len(MEANS), series)), np.zeros((len(MEANS), series))
    for day in range(days):
        weight = keep * weight + on[:, day]
        total = keep * total + cleaned[:, day]
        if (now := moved[:, day]).any():
            since = slice(day - _DAYS + 1, day + 1)
            new, came = on[:, since].sum(axis=1), cleaned[:, since].sum(axis=1)
            weight = np.where(now, new + _LEFT * (weight - new), weight)
            total = np.where(now, came + _LEFT * (total - came), total)
        found[:, :, day] = total / np.maximum(weight, 1e-12)
    return found


#: A level has moved when so many days in a row are all so many usual steps off to one side, and by such a part of it.
_DAYS, _STEPS, _PART = 4, 3.0, 0.12
#: What then still counts of what was before.
_LEFT = 0.08


def _moved(cleaned: Amounts, alive: Flags) -> Flags:
    """Return the days on which it shows that a level has moved."""
    series, days = cleaned.shape
    found = np.zeros((series, days), dtype=np.bool_)
    before, long = 14, 28
    if days < before + _DAYS:
        return found
    values = np.where(alive, cleaned, np.nan)
    padded = np.pad(values, ((0, 0), (before - 1, 0)), constant_values=np.nan)
    usual = median(sliding_window_view(padded, before, axis=1))
    off = np.abs(values - usual)
    padded = np.pad(off, ((0, 0), (long - 1, 0)), constant_values=np.nan)
    step = 1.4826 * median(sliding_window_view(padded, long, axis=1))
    first = before + _DAYS - 1
    level, far = usual[:, before - 1 : -_DAYS], step[:, before - 1 : -_DAYS]
    far = np.maximum(_STEPS * far, _PART * np.abs(level))
    above = np.ones(level.shape, dtype=np.bool_)
    below = above.copy()
    for back in range(_DAYS):
        newer = values[:, first - back : days - back] - level
        above &= newer > far
        below &= newer < -far
    found[:, first:] = above | below
    found[:, 1:] &= ~found[:, :-1]  # it is forgotten once
    return found


#: A slope is followed for so many days at most, on the mean of the days ahead.
_LONGEST = 45.0


def _adapting(cleaned: Amounts, on: Amounts) -> Amounts:
    """Return a mean that moves the faster the more its last errors were all to one side."""
    series, days = cleaned.shape
    found = np.zeros((series, days))
    level, drift, size = cleaned[:, 0] * on[:, 0], np.zeros(series), np.zeros(series)
    for day in range(1, days):
        born = on[:, day] > on[:, day - 1]
        level = np.where(born, cleaned[:, day], level)
        error = (cleaned[:, day] - level) * on[:, day]
        drift = 0.8 * drift + 0.2 * error
        size = 0.8 * size + 0.2 * np.abs(error)
        pace = np.clip(np.abs(drift) / np.maximum(size, 1e-300), 0.05, 0.8)
        level = level + pace * error
        found[:, day] = level
    found[:, 0] = cleaned[:, 0]
    return found


def _lines(values: Amounts, on: Amounts, moved: Flags, horizon: int) -> Paths:
    """Return the mean ahead by lines through the past, newer days counting more; a slope is pulled to none."""
    series, days = values.shape
    memory = np.array([memory for memory, _ in LINES])[:, None]
    steps = np.array([np.cumsum(left ** np.arange(1, horizon + 1)).mean() for _, left in LINES])[:, None]
    steps = np.minimum(steps, _LONGEST)
    keep = 1 - 1 / memory
    ages = np.arange(_DAYS - 1, -1, -1.0)
    found = np.zeros((len(LINES), series, days))
    held = np.zeros((5, len(LINES), series))  # of weights: their sum, times age, times its square; of values: two such
    for day in range(days):
        w0, w1, w2, y0, y1 = keep * held
        # One day older: ages grow by one, weights fade.
        held = np.stack([w0 + on[:, day], w1 + w0, w2 + 2 * w1 + w0, y0 + values[:, day], y1 + y0])
        if (now := moved[:, day]).any():
            since = slice(day - _DAYS + 1, day + 1)
            new, came = on[:, since], values[:, since]
            newer = np.stack([new.sum(1), new @ ages, new @ ages**2, came.sum(1), came @ ages])[:, None]
            held = np.where(now, newer + _LEFT * (held - newer), held)
        w0, w1, w2, y0, y1 = held
        mass = np.maximum(w0, 1e-12)
        age, mean = w1 / mass, y0 / mass
        spread = np.maximum(w2 / mass - age**2, 0)
        slope = -(y1 / mass - age * mean) / np.maximum(spread + memory**2 / 12, 1e-12)
        found[:, :, day] = mean + slope * (age + steps)
    return found
