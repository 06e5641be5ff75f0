"""What a calendar does to amounts: weekdays, days of the month on which jobs run, holidays.

Comes in: amounts of many series up to a day, and the calendar over them and some days more. Goes out: `Season`, what
of each amount is the calendar's, and the amounts without it.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from outlay.watch.series import Amounts, Counts, Flags

#: Days on which the weekdays are learnt, and around which the ordinary level of a day is found.
WEEKS_SEEN = 112
_AROUND = 10
#: Above this part of days without an amount, a series is sparse: its ordinary day is zero, which says nothing.
SPARSE = 0.35
#: Days of the month from its end that have classes of their own.
_FROM_END = 3
_WEEK = 7
_PAIR = 2


@dataclass(frozen=True)
class Calendar:
    """Weekday and place in the month of each day.

    Args:
        weekday: Monday is 0.
        place: 1 to 28 for the day of the month; -3 to -1 for the last three days of it, 29 to 31 where between.
    """

    weekday: Counts
    place: Counts

    @classmethod
    def of(cls, first: date, count: int) -> "Calendar":
        """Return the calendar of so many days."""
        days = [first + timedelta(days=number) for number in range(count)]
        places = []
        for day in days:
            left = ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - day).days
            places.append(-left if left <= _FROM_END else day.day)
        return cls(np.array([day.weekday() for day in days]), np.array(places))

    def until(self, count: int) -> "Calendar":
        """Return the first so many days of it."""
        return Calendar(self.weekday[:count], self.place[:count])


@dataclass(frozen=True)
class Season:
    """What the calendar does, for every day of the history and of the days to come.

    An amount is `factor` times what is left without the calendar, and `job` more.

    Args:
        factor: Of weekday and holiday, never negative.
        job: Amounts that come on a day of the month.
        rest: The history without the calendar; holidays hold the level around them.
        sparse: Series most of whose days are zero.
    """

    factor: Amounts
    job: Amounts
    rest: Amounts
    sparse: Flags


def season(amounts: Amounts, alive: Flags, holidays: Flags, calendar: Calendar) -> Season:
    """Learn what the calendar does.

    Args:
        amounts: One row a series, one column a day.
        alive: Whether the series was born by that day; same shape.
        holidays: Of the history and the days to come.
        calendar: Of the same days as `holidays`.
    """
    days = amounts.shape[1]
    usual = alive & ~holidays[:, :days]
    week = _week(amounts, usual, calendar.weekday[:days], _part_zero(amounts, alive) > SPARSE)
    weekly = week[:, calendar.weekday]
    told = weekly[:, :days] > _FAINT  # of a weekday that has none of it, an amount says nothing of the level
    floor = np.where(told, weekly[:, :days], 1.0)
    sparse = _part_zero(amounts, alive & told) > SPARSE
    level = around(np.where(alive & told, amounts / floor, np.nan))
    extra = np.where(usual, amounts - level * weekly[:, :days], np.nan)
    job = _jobs(extra, level, calendar, days)
    plain = np.where(alive, (amounts - job[:, :days]) / floor, 0.0)
    off = _holiday_factor(plain, level, alive & told & holidays[:, :days])
    mean = np.where(alive & told & usual, plain, 0).sum(axis=1) / np.maximum((alive & told & usual).sum(axis=1), 1)
    instead = np.where(sparse[:, None], mean[:, None], level)
    rest = np.where(alive & ~(told & usual), instead, plain)
    return Season(weekly * np.where(holidays, off[:, None], 1.0), job, rest, sparse)


_FAINT = 0.02


def _part_zero(amounts: Amounts, alive: Flags) -> Amounts:
    recent = slice(max(0, amounts.shape[1] - WEEKS_SEEN), None)
    count = alive[:, recent].sum(axis=1)
    found: Amounts = ((amounts[:, recent] == 0) & alive[:, recent]).sum(axis=1) / np.maximum(count, 1)
    return found


def around(values: Amounts, width: int = _AROUND) -> Amounts:
    """Return the median of the days around each day; of what there is at the edges; 0 where there is nothing."""
    padded = np.pad(values, ((0, 0), (width, width)), constant_values=np.nan)
    found = median(sliding_window_view(padded, 2 * width + 1, axis=1))
    return np.nan_to_num(found)


def median(values: NDArray[np.float64]) -> Amounts:
    """Return the median along the last axis of what is a number; NaN where nothing is."""
    ordered = np.sort(values, axis=-1)  # NaN goes last
    count = np.isfinite(ordered).sum(axis=-1)
    low = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0)[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[-1] - 1)[..., None], axis=-1)[..., 0]
    return np.where(count > 0, (low + high) / 2, np.nan)


def _week(amounts: Amounts, usual: Flags, weekday: Counts, sparse: Flags) -> Amounts:
    """Return the factor of each weekday, pulled towards 1 as far as chance explains it."""
    series, days = amounts.shape
    if days < 2 * _WEEK:
        return np.ones((series, _WEEK))
    since = max(0, days - WEEKS_SEEN)
    values = np.where(usual, amounts, np.nan)[:, since:]
    weekday = weekday[since:]
    windows = sliding_window_view(values, _WEEK, axis=1)
    middle = np.full(values.shape, np.nan)
    whole = np.isfinite(windows).sum(axis=2)
    sums = np.nansum(windows, axis=2)
    half = _WEEK // 2
    middle[:, half:-half] = np.where(whole >= _WEEK - 2, sums / np.maximum(whole, 1), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(middle > 0, values / middle, np.nan)
    ratio = np.where(np.isfinite(ratio), np.clip(ratio, -1, _WEEK), np.nan)
    centre, spread, count = (np.zeros((series, _WEEK)) for _ in range(3))
    for number in range(_WEEK):
        of_day = ratio[:, weekday == number]
        middle_of = np.nan_to_num(median(of_day), nan=1.0)
        count[:, number] = np.isfinite(of_day).sum(axis=1)
        mean = np.where(count[:, number] > 0, np.nansum(of_day, axis=1) / np.maximum(count[:, number], 1), 1.0)
        off = np.nan_to_num(median(np.abs(of_day - middle_of[:, None]))) * 1.4826
        square = np.nansum((of_day - mean[:, None]) ** 2, axis=1) / np.maximum(count[:, number] - 1, 1)
        centre[:, number] = np.where(sparse, mean, middle_of)
        spread[:, number] = np.where(sparse, square, off**2)
    within = np.nanmean(spread, axis=1, keepdims=True) * np.where(sparse[:, None], 1.0, 1.5)
    chance = within / np.maximum(count, 1)
    between = np.maximum(((centre - 1) ** 2).mean(axis=1, keepdims=True) - chance.mean(axis=1, keepdims=True), 0)
    keep = np.where(count > 0, between / np.maximum(between + chance, 1e-12), 0)
    week = np.maximum(1 + keep * (centre - 1), 0)
    total = week.mean(axis=1, keepdims=True)
    return np.where(total > _FAINT, week / np.maximum(total, _FAINT), 1.0)


def _jobs(extra: Amounts, level: Amounts, calendar: Calendar, days: int) -> Amounts:
    """Return what comes on days of the month, where several months, or one month's edge, show it."""
    job = np.zeros((len(extra), len(calendar.place)))
    noise = np.nan_to_num(median(np.abs(extra))) * 1.4826
    noise = np.maximum(noise, 0.02 * np.abs(level[:, -1]) + 1e-9)
    now = level[:, -1]
    for place in np.unique(calendar.place):
        at = np.flatnonzero(calendar.place[:days] == place)[-4:]
        if not len(at):
            continue
        with np.errstate(divide="ignore", invalid="ignore"):
            grown = np.where(level[:, at] > 0, np.clip(now[:, None] / level[:, at], 0.25, 4), 1.0)
        seen = extra[:, at] * grown
        count = np.isfinite(seen).sum(axis=1)
        largest = np.where(np.isfinite(seen), seen, -np.inf).max(axis=1)
        smallest = np.where(np.isfinite(seen), seen, np.inf).min(axis=1)
        largest, smallest = (np.where(count > 0, edge, 0) for edge in (largest, smallest))
        least = np.where(smallest > 0, smallest, np.where(largest < 0, largest, 0.0))
        typical = np.where(count > _PAIR, np.nan_to_num(median(seen)), least)
        is_edge = place <= _PAIR
        doubt = (4 if is_edge else 9) * noise**2 / np.maximum(count, 1)
        keep = np.maximum(0, 1 - doubt / np.maximum(typical**2, 1e-18))
        keep *= np.where(count > 1, 1.0, 0.75 if is_edge else 0.0)
        keep = np.where(np.isfinite(typical) & (count > 0), keep, 0)
        job[:, calendar.place == place] = (keep * np.nan_to_num(typical))[:, None]
        # What was seen is taken out as it was, so that the days before and after keep their level.
        out = np.where(np.isfinite(seen), np.nan_to_num(keep)[:, None] * np.nan_to_num(extra[:, at]), 0)
        job[:, at] = np.where((keep > 0)[:, None], out, 0)
    return job


def _holiday_factor(plain: Amounts, level: Amounts, flagged: Flags) -> Amounts:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(flagged & (level > 0), np.clip(plain / level, 0, 5), np.nan)
    count = np.isfinite(ratio).sum(axis=1)
    typical = np.nan_to_num(median(ratio), nan=1.0)
    found: Amounts = 1 + (typical - 1) * count / (count + 0.7)
    return found
