"""What is remembered of each series while its days go by, and what was like a day before.

Comes in: amounts, and what was found of each day. Goes out: the weeks before a day, and whether a day that stands out
has its like a week or some months ago.
"""

from dataclasses import dataclass

import numpy as np

from outlay.watch.anomalies.judging.baseline import WINDOW, Baseline
from outlay.watch.anomalies.judging.medians import Counts, Figures, Flags, median
from outlay.watch.anomalies.judging.month_places import MonthPlaces

#: How much a job may cost more or less than a month ago and still be the same job.
_ALIKE = 0.4
_QUARTER = 2  # in the list of one, two and three months before
#: Two days in a row count where each is so many spreads off, and both together so many on average.
EACH_OFF, BOTH_OFF = 2.7, 3.2
NEVER = -10_000


@dataclass(frozen=True, slots=True)
class Today:
    """A day as it is met: what was expected, what came, and how far apart they are.

    Args:
        column: Which day it is.
        base: What the weeks before say.
        level: The level that was expected, without the weekday, in the scale of `base`.
        centre: What was expected, in that scale.
        miss: How far the day is from it; NaN where nothing was expected.
        spread: How far ordinary days are from what was expected.
        known: Of how many days the spread is known.
        age: Days since the series was born; negative before.
        amounts: What the day cost.
    """

    column: int
    base: Baseline
    level: Figures
    centre: Figures
    miss: Figures
    spread: Figures
    known: Counts
    age: Counts
    amounts: Figures


class Memory:
    """The days so far of many series.

    Args:
        amounts: One row a series, one column a day; only columns of days gone by are looked at.
        born: The column of the first day of each series.
        places: The days' places in their months.
    """

    def __init__(self, amounts: Figures, born: Counts, places: MonthPlaces) -> None:
        series = len(amounts)
        self.amounts, self.born, self.places = amounts, born, places
        self.clean = np.full(amounts.shape, np.nan)  # as the days would have been in the ordinary run
        self.ordinary = np.full(amounts.shape, np.nan)  # misses of ordinary days
        self.misses = np.full(amounts.shape, np.nan)  # misses of all days
        self.errors = np.full((series, 4), 0.1)  # how well each way to find the level did lately
        self.hits = np.zeros(amounts.shape, np.int8)  # 1 where a day was told of as too dear, -1 as too cheap
        self.empty = np.zeros(series, np.int64)  # days without cost in a row
        self.dormant = np.zeros(series, np.bool_)  # such a run has been told of
        self.before = np.full(series, np.nan)  # the level before what was told of last, in money
        self.told = np.full(series, NEVER, np.int64)  # when something was told of last
        self.began = np.full(series, NEVER, np.int64)  # when that began

    def window(self, column: int) -> Figures:
        """Return the 56 days before a day, gaps first where there were fewer."""
        found = self.clean[:, max(column - WINDOW, 0) : column]
        if found.shape[1] == WINDOW:
            return found
        return np.concatenate([np.full((len(found), WINDOW - found.shape[1]), np.nan), found], axis=1)

    def had_its_like(self, today: Today) -> tuple[Flags, Flags]:
        """Return which series stood out alike at the same place of an earlier month, and of which that can be said.

        It can be said of a series that has all days of the month before that are like this one: the job may have run
        on its last business day, or on its last.
        """
        seen = np.zeros(len(self.amounts), np.bool_)
        looked = np.zeros(len(self.amounts), np.int64)
        edge = bool(self.places.edge[today.column])
        for back, columns in enumerate(self.places.like[today.column]):
            if back == _QUARTER and not edge:  # once a quarter only where quarters end
                continue
            for column in columns:
                then = self._stood_out(today, column)
                if back == 0:
                    looked += np.isfinite(then)
                seen |= self._alike(then, column, today)
                if edge and back < _QUARTER:  # a job that was dearer last time
                    seen |= (then > 3 * today.spread) & (today.miss > 0) & (today.miss < then + 0.3)
        return seen, looked >= self.places.likes[today.column]

    def _stood_out(self, today: Today, column: int) -> Figures:
        """Return by how much a day gone by stood out of the days around it, NaN where that is not known."""
        place = column - today.column + WINDOW
        if place < 0:
            return self.misses[:, column]
        around = median(today.base.flat[:, max(place - 3, 0) : min(place + 4, WINDOW)])
        found = today.base.scaled(self.amounts[:, column]) - around - today.base.week[:, place % 7]
        return np.where(self.born <= column, found, np.nan)

    def _alike(self, then: Figures, column: int, today: Today) -> Flags:
        """Return which series stand out as they did then, as a part of what was expected or by an amount of money."""
        same = (np.sign(then) == np.sign(today.miss)) & (np.abs(then) > np.minimum(3 * today.spread, 0.3))
        near = np.abs(today.miss - then) < np.maximum(3 * today.spread, _ALIKE * np.abs(then) + 0.15)
        was = self.amounts[:, column]
        more_then = was - today.base.money(today.base.scaled(was) - then)
        more = today.amounts - today.base.money(today.centre)
        near |= np.abs(more - more_then) < _ALIKE * np.abs(more_then)
        found: Flags = same & near
        return found

    def like_a_week_ago(self, today: Today) -> Flags:
        """Return which series stood out alike a week ago: a new pattern of the week, which has been told of."""
        then = self.misses[:, today.column - 7]
        same = (np.sign(then) == np.sign(today.miss)) & (np.abs(then) > 3 * today.spread)
        # Up to as far as a week ago: a pattern that is half learnt is no news either.
        near = np.abs(today.miss) < np.abs(then) + np.maximum(3 * today.spread, _ALIKE * np.abs(then) + 0.1)
        found: Flags = same & near & ~self.dormant & (self.hits[:, today.column - 1] == 0)
        return found

    def goes_both_ways(self, today: Today, patience: int) -> Flags:
        """Return which series were told of as often in the last week, too dear on some days and too cheap on others."""
        hits = self.hits[:, max(0, today.column - 6) : today.column + 1]
        found: Flags = (hits.max(axis=1) > 0) & (hits.min(axis=1) < 0) & ((hits != 0).sum(axis=1) >= patience)
        return found

    def lasting(self, today: Today) -> Flags:
        """Return which series are off to one side for the second day, neither of them far enough by itself."""
        away = self.misses[:, today.column - 1 : today.column + 1] * np.sign(today.miss)[:, None]
        away = np.column_stack([away[:, 0], np.abs(today.miss)]) / today.spread[:, None]
        quiet = (self.hits[:, max(0, today.column - 6) : today.column] == 0).all(axis=1)
        found: Flags = quiet & (away.min(axis=1) > EACH_OFF) & (away.mean(axis=1) > BOTH_OFF)
        return found

    def stayed(self, today: Today, patience: int) -> tuple[Flags, Counts]:
        """Return which series have been at another level for some days of the last week, and for how many days."""
        start = max(0, today.column - 6)
        hits, misses = (one[:, start : today.column + 1] for one in (self.hits, self.misses))
        sign = hits[:, -1:]
        same = (hits == sign) & (sign != 0)
        days = hits.shape[1] - same.argmax(axis=1)
        since = np.arange(hits.shape[1]) >= (hits.shape[1] - days)[:, None]
        level = median(np.where(since, misses, np.nan)) * sign[:, 0]
        found: Flags = (same.sum(axis=1) >= patience) & (level > 0.5 * np.abs(today.miss))
        return found, days

    def take_in(self, which: Flags, column: int) -> None:
        """Take a day and the same weekday before it for ordinary, as a new pattern of the week starts."""
        for day in (column - 7, column):
            self.clean[:, day] = np.where(which, self.amounts[:, day], self.clean[:, day])

    def is_back(self, today: Today, within: float, days: int) -> Flags:
        """Return which series are where they were before what was told of last."""
        away = today.base.scaled(today.amounts) - today.base.week[:, 0] - today.base.scaled(self.before)
        near = np.abs(away) < np.maximum(3 * today.spread, within)
        found: Flags = near & (today.column - self.began <= days) & np.isfinite(away)
        return found

    def move(self, which: Flags, column: int, days: Counts) -> None:
        """Take so many last days for the ordinary level from now on, and move the days before to it."""
        rows = np.flatnonzero(which)
        if not len(rows):
            return
        start = max(0, column - WINDOW - 7)
        late = np.arange(start, column + 1) > column - days[rows][:, None]
        here = slice(start, column + 1)
        steps = median(np.where(late, self.misses[rows, here], np.nan))
        moved = self.clean[rows, here] * np.exp(np.clip(steps, -20, 20))[:, None]
        self.clean[rows, here] = np.where(late, self.amounts[rows, here], moved)
