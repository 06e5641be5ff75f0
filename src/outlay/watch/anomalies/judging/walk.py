"""The walk: each day of each series is judged by the days before it, and by nothing else.

Comes in: amounts a day of many series. Goes out: the days that stand out, with what was expected of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from outlay.watch.anomalies.judging import leaks
from outlay.watch.anomalies.judging.baseline import baseline, spread
from outlay.watch.anomalies.judging.chance import chances, discoveries
from outlay.watch.anomalies.judging.medians import Counts, Figures, Flags, median
from outlay.watch.anomalies.judging.memory import EACH_OFF, NEVER, Memory, Today
from outlay.watch.anomalies.judging.month_places import MonthPlaces
from outlay.watch.anomalies.settings import Strictness

#: Days after which a level before an anomaly is forgotten.
_REMEMBERED = 60
#: How near to the level before is back at it.
_BACK = 0.25
#: The days whose spread must be known before a series is judged.
_KNOWN = 10
#: How many times its largest day a sparse series must reach; with how many days of costs, and how old, it is judged.
_SPARSE_TIMES, _SPARSE_DAYS, _SPARSE_AGE = 2.5, 5, 28
_LEAK_AGE, _LEAK_SPREADS, _LEAK_LEAST = 49, 2.7, 0.15
#: No leak is told of so soon after anything else, or after another.
_LEAK_QUIET, _LEAK_REST = 21, 28
_SPREAD_BACK = 49
_WEEK = 7
#: A day this many spreads away is not taken in as ordinary where that cannot be told.
_ODD = 3
#: From this age on, what was expected of a day is good enough to stand for it.
_TRUSTED_AGE = 14
#: What follows within so many days belongs to what was told of before.
_EPISODE = 14
_CREEP_BACK, _CREEP_LATE = 63, 10


@dataclass(frozen=True, slots=True)
class Found:
    """What stands out on one day: rows of series, all arrays of one length.

    Args:
        column: The day.
        rows: Which series.
        kinds: What each is.
        expected: What was expected, in money.
        low: The least that would have been ordinary.
        high: The most that would have been.
        typical: What an ordinary day of the series costs.
    """

    column: int
    rows: Counts
    kinds: list[str]
    expected: Figures
    low: Figures
    high: Figures
    typical: Figures


class Walk:
    """One walk over the days of a table.

    Args:
        amounts: One row a series, one column a day; finite.
        born: The column at which each series starts.
        holidays: Whether a day is a holiday of a series, of the same shape.
        places: The places of the days in their months.
        how: What counts as an anomaly.
    """

    def __init__(self, amounts: Figures, born: Counts, holidays: Flags, places: MonthPlaces, how: Strictness) -> None:
        self.memory = Memory(amounts, born, places)
        self.holidays, self.how = holidays, how
        self.creeps = np.full(amounts.shape, np.nan)
        self.leaked = np.full(len(amounts), NEVER, np.int64)

    def found(self) -> Iterator[Found]:
        """Yield what stands out, day by day, the first first."""
        memory = self.memory
        for column in range(memory.amounts.shape[1]):
            today = self._meet(column)
            if today is None:
                continue
            with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
                yield from self._day(today)

    def _meet(self, column: int) -> Today | None:
        """Return the day with what was expected of it; None in the first week, when nothing is."""
        memory = self.memory
        age = column - memory.born
        amounts = memory.amounts[:, column]
        memory.clean[:, column] = np.where(age >= 0, amounts, np.nan)
        if column < _WEEK:
            return None
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            base = baseline(memory.window(column), age)
            weight = memory.errors**-4
            level = (base.levels * weight).sum(axis=1) / weight.sum(axis=1)
            centre = level + base.week[:, 0]
            wide, known = spread(memory.ordinary[:, max(0, column - _SPREAD_BACK) : column])
            miss = base.scaled(amounts) - centre
        return Today(column, base, level, centre, miss, wide, known, age, amounts)

    def _day(self, today: Today) -> Iterator[Found]:
        memory, how, column = self.memory, self.how, today.column
        away = np.abs(today.miss) / today.spread
        seen, looked = memory.had_its_like(today)
        weekly = memory.like_a_week_ago(today)
        first_edge = memory.places.edge[column] & ~looked
        steady = self._steady(today, away, seen | (first_edge & (today.miss > 0)))
        steady &= ~weekly
        back = steady & memory.is_back(today, _BACK, _REMEMBERED)
        nothing = today.base.nothing(today.amounts) & (today.age >= 0)
        memory.empty = np.where(nothing, memory.empty + 1, 0)
        hit = (steady & ~back) | self._sparse(today, first_edge)
        hit &= ~(memory.dormant & nothing)
        memory.dormant &= nothing & ~today.base.sparse
        fresh = hit & ~(memory.hits[:, max(0, column - 6) : column] != 0).any(axis=1)
        memory.hits[:, column] = np.where(hit, np.sign(np.nan_to_num(today.miss)), 0)
        memory.misses[:, column] = today.miss
        stayed, days = memory.stayed(today, how.patience_days)
        pattern = memory.goes_both_ways(today, how.patience_days)
        leak, led_to = self._leaks(today)
        leak &= ~hit
        if (hit | leak).any():
            yield self._told(today, hit, leak, led_to, {"shift": stayed, "pattern": pattern})
        self._remember(today, hit, leak, led_to, fresh)
        odd = hit | seen | self.holidays[:, column] | weekly | (away > how.deviations)
        self._learn(today, odd | (first_edge & (away > _ODD)))
        regular = ~today.base.sparse
        memory.take_in(weekly & regular & (today.age >= _TRUSTED_AGE), column)
        asleep = stayed & (memory.empty >= how.patience_days)
        memory.dormant |= asleep
        memory.move(stayed & ~asleep & regular, column, days)
        memory.move(back & regular, column, np.ones_like(days))

    def _steady(self, today: Today, away: Figures, excused: Flags) -> Flags:
        """Return which of the series that cost something most days stand out."""
        how, base = self.how, today.base
        holiday = self.holidays[:, today.column]
        ready = (today.age >= how.warm_up_days) & np.isfinite(today.miss) & (today.known >= _KNOWN) & ~base.sparse
        expected = base.money(today.centre)
        differs = np.abs(today.amounts - expected)
        enough = differs >= how.percent / 100 * np.maximum(np.abs(expected), 0.1 * base.typical)
        enough &= differs >= np.float64(how.money)
        likely = np.where(ready & ~excused, chances(away), np.nan)
        limit = np.where(holiday, 2 * how.deviations, how.deviations)
        usual = holiday & (np.abs(today.amounts) < np.abs(expected))
        far = ((away > limit) & discoveries(likely, how.false_share)) | (self.memory.lasting(today) & ~holiday)
        found: Flags = ready & ~excused & ~usual & enough & far
        return found

    def _sparse(self, today: Today, excused: Flags) -> Flags:
        """Return which of the series with days without cost have one larger than any before."""
        how, base = self.how, today.base
        size = np.abs(today.amounts)
        spent = np.abs(self.memory.window(today.column))
        steps = np.log(np.where(spent > 0, spent, np.nan) / base.middle[:, None])
        wide = np.maximum(1.4826 * median(np.abs(steps)), 0.15)
        found = base.sparse & (today.age >= _SPARSE_AGE) & (base.spent >= _SPARSE_DAYS) & ~excused
        found &= (size > _SPARSE_TIMES * base.biggest) & (np.log(size / base.middle) > how.deviations * wide)
        found &= size - base.middle >= np.float64(how.money)
        return found

    def _leaks(self, today: Today) -> tuple[Flags, Figures]:
        """Return which series creep up faster than they did, and where they were led to."""
        memory, column = self.memory, today.column
        crept, led_to, rising = leaks.creep(today.base.flat)
        usual = leaks.usual_creep(
            self.creeps[:, max(0, column - _CREEP_BACK) : max(0, column - _CREEP_LATE)], today.spread
        )
        self.creeps[:, column] = crept
        found = (today.age >= _LEAK_AGE) & ~today.base.sparse & rising & np.isfinite(crept)
        found &= (crept > _LEAK_SPREADS * usual) & (np.expm1(crept) > _LEAK_LEAST)
        found &= (column - memory.told > _LEAK_QUIET) & (column - self.leaked > _LEAK_REST)
        self.leaked = np.where(found, column, self.leaked)
        return found, led_to

    def _told(self, today: Today, hit: Flags, leak: Flags, led_to: Figures, kinds: dict[str, Flags]) -> Found:
        base = today.base
        rows = np.flatnonzero(hit | leak)
        centre = np.where(leak, led_to + base.week[:, 0], today.centre)
        # Of two days in a row, less than that was enough.
        wide = np.where(self.memory.lasting(today) & ~leak, EACH_OFF, self.how.deviations) * today.spread
        low, middle, high = (base.money(figure)[rows] for figure in (centre - wide, centre, centre + wide))
        sparse = base.sparse[rows]
        zero = np.zeros(len(rows))
        kinds = {"leak": leak, "vanished": self.memory.empty >= self.how.patience_days, **kinds}
        return Found(
            column=today.column,
            rows=rows,
            kinds=[
                next((kind for kind, is_it in kinds.items() if is_it[row]), _plain(today, row)) for row in rows.tolist()
            ],
            expected=np.where(sparse, zero, middle),
            low=np.where(sparse, np.minimum(zero, -base.biggest[rows] * (today.amounts[rows] < 0)), low),
            high=np.where(sparse, base.biggest[rows] * (today.amounts[rows] > 0), high),
            typical=np.where(sparse, base.middle[rows], base.typical[rows]),
        )

    def _remember(self, today: Today, hit: Flags, leak: Flags, led_to: Figures, fresh: Flags) -> None:
        """Keep the level before what is told of, so that going back to it is not told of again."""
        memory, column = self.memory, today.column
        fresh = fresh & (column - memory.told > _EPISODE)
        level = np.where(leak, led_to, today.level)
        memory.before = np.where(fresh | leak, today.base.money(level), memory.before)
        memory.began = np.where(fresh | leak, column, memory.began)
        memory.told = np.where(hit, column, memory.told)

    def _learn(self, today: Today, odd: Flags) -> None:
        """Take an ordinary day in, and what was expected in place of one that was not."""
        memory, base, column = self.memory, today.base, today.column
        usable = ~odd & np.isfinite(today.miss)
        memory.ordinary[:, column] = np.where(usable & (today.age >= _KNOWN), today.miss, np.nan)
        missed = np.abs(base.scaled(today.amounts)[:, None] - base.week[:, :1] - base.levels)
        missed = np.minimum(missed, 3 * today.spread[:, None])
        better = 0.93 * memory.errors + 0.07 * np.maximum(missed, 1e-6)
        memory.errors = np.where(usable[:, None] & np.isfinite(better), better, memory.errors)
        expected = base.money(today.centre)
        instead = odd & np.isfinite(expected) & (today.age >= _TRUSTED_AGE) & ~base.sparse
        memory.clean[:, column] = np.where(instead, expected, memory.clean[:, column])


def _plain(today: Today, row: int) -> str:
    """Return what a day is when it is nothing in particular; more of a credit is more."""
    expected = today.base.money(today.centre)[row]
    return "spike" if (today.amounts[row] - expected) * (-1 if expected < 0 else 1) > 0 else "drop"
