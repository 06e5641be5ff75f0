"""Made-up daily costs with what real ones have in them: to measure forecasts on, of styles that can be held out.

Every case is a series of days that ends with whole months: what stands before an origin is the history, what
comes after it is what a forecast is held against.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: How often each style occurs; `held_out` are those that nothing was tuned on.
STYLES = {
    "plain": 0.26,
    "growing": 0.12,
    "month_end": 0.12,
    "month_start": 0.04,
    "wandering": 0.10,
    "shifting": 0.08,
    "spiky": 0.06,
    "sparse": 0.07,
    "counts": 0.05,
    "new": 0.08,
    "flat": 0.02,
}
HELD_OUT = {"saturating": 0.2, "heavy": 0.2, "batch": 0.15, "mid_month": 0.15, "credits": 0.1, "regimes": 0.2}


@dataclass(frozen=True)
class Case:
    """A series, its style, and the day of its first amount."""

    style: str
    amounts: Array
    born: int


@dataclass(frozen=True)
class Calendar:
    """The days of a set of cases."""

    days: list[date]

    @property
    def weekday(self) -> NDArray[np.int64]:
        """Monday is 0."""
        return np.array([day.weekday() for day in self.days])

    @property
    def of_month(self) -> NDArray[np.int64]:
        """The first is 1."""
        return np.array([day.day for day in self.days])

    @property
    def to_end(self) -> NDArray[np.int64]:
        """The last day of a month is 0."""
        return np.array(
            [((day.replace(day=28) + timedelta(days=4)).replace(day=1) - day).days - 1 for day in self.days]
        )


def cases(seed: int, number: int, days: list[date], styles: dict[str, float]) -> tuple[list[Case], NDArray[np.bool_]]:
    """Return so many cases over these days, and which days are holidays (of all of them)."""
    rng = np.random.default_rng(seed)
    calendar = Calendar(days)
    holidays = rng.uniform(size=len(days)) < 1 / 45
    names, weights = list(styles), np.array(list(styles.values()))
    chosen = rng.choice(len(names), size=number, p=weights / weights.sum())
    return [_case(rng, names[style], calendar, holidays) for style in chosen], holidays


def _case(rng: np.random.Generator, style: str, calendar: Calendar, holidays: NDArray[np.bool_]) -> Case:
    count = len(calendar.days)
    level = 10 ** rng.uniform(0.3, 4)
    shape = _week(rng)[calendar.weekday] * np.exp(rng.normal(0, 0.0007) * np.arange(count))
    if _often(rng, 0.6):
        shape = np.where(holidays, shape * rng.uniform(0.2, 0.9), shape)
    noise = _noise(rng, count, rng.uniform(0.02, 0.25), rng.choice([0, rng.uniform(0, 0.8)]))
    born = 0
    if style in _SHAPES:
        shape = shape * _SHAPES[style](rng, calendar)
    amounts = level * shape * np.exp(noise)
    if style in {"new", "saturating"} and rng.uniform() < (1 if style == "new" else 0.5):
        born = int(rng.integers(count // 4, count - 12))
        amounts = _launched(rng, amounts, born)
    if style == "sparse":
        amounts = amounts * (rng.uniform(size=count) < rng.uniform(0.05, 0.5)) * rng.lognormal(0, 0.5, count)
    if style == "batch":
        amounts = np.where(calendar.weekday == rng.integers(7), amounts, 0)
    if style == "counts":
        amounts = rng.poisson(shape * rng.uniform(0.3, 20)) * 10 ** rng.uniform(-2, 1)
    if style == "heavy":
        amounts = level * shape * rng.pareto(rng.uniform(2.2, 4), count)
    if style == "flat":
        amounts = np.full(count, level)
    if style == "credits":
        amounts = amounts - level * rng.uniform(2, 12) * (calendar.of_month == rng.integers(1, 28))
    return Case(style, np.round(amounts, 4), born)


def _often(rng: np.random.Generator, part: float) -> bool:
    return bool(rng.uniform() < part)


def _week(rng: np.random.Generator) -> Array:
    week = np.exp(rng.normal(0, 0.04, 7))
    style = rng.choice(3, p=[0.55, 0.3, 0.15])
    if style == 0:
        week[5:] *= rng.uniform(0.1, 0.85, 2)
    if style == 2:  # noqa: PLR2004 - the third of three
        week[5:] *= rng.uniform(1.1, 2, 2)
    return week


def _noise(rng: np.random.Generator, count: int, size: float, memory: float) -> Array:
    found = np.zeros(count)
    steps = rng.normal(0, size * np.sqrt(1 - memory**2), count)
    if _often(rng, 0.25):
        steps = rng.standard_t(4, count) * size * 0.7 * np.sqrt(1 - memory**2)
    for day in range(1, count):
        found[day] = memory * found[day - 1] + steps[day]
    return found


def _launched(rng: np.random.Generator, amounts: Array, born: int) -> Array:
    """Return amounts that begin on a day: at once, or over some weeks."""
    age = np.arange(len(amounts)) - born
    ramp = 1 - np.exp(-(age + 1) / rng.uniform(3, 30)) if _often(rng, 0.5) else np.ones(len(amounts))
    found: Array = np.where(age >= 0, amounts * ramp, 0)
    return found


def _growing(rng: np.random.Generator, calendar: Calendar) -> Array:
    found: Array = np.exp(rng.choice([-1, 1], p=[0.2, 0.8]) * rng.uniform(0.002, 0.012) * np.arange(len(calendar.days)))
    return found


def _saturating(rng: np.random.Generator, calendar: Calendar) -> Array:
    count = len(calendar.days)
    middle, width = rng.uniform(0.2, 1) * count, rng.uniform(8, 40)
    found: Array = 1 + rng.uniform(1, 6) / (1 + np.exp(-(np.arange(count) - middle) / width))
    return found


def _month_end(rng: np.random.Generator, calendar: Calendar) -> Array:
    return np.where(calendar.to_end < rng.integers(1, 4), rng.uniform(1.5, 6), 1.0)


def _month_start(rng: np.random.Generator, calendar: Calendar) -> Array:
    return np.where(calendar.of_month <= rng.integers(1, 3), rng.uniform(1.5, 8), 1.0)


def _mid_month(rng: np.random.Generator, calendar: Calendar) -> Array:
    return np.where(calendar.of_month == rng.integers(4, 27), rng.uniform(2, 10), 1.0)


def _wandering(rng: np.random.Generator, calendar: Calendar) -> Array:
    return np.exp(np.cumsum(rng.normal(0, rng.uniform(0.01, 0.05), len(calendar.days))))


def _shifting(rng: np.random.Generator, calendar: Calendar) -> Array:
    count = len(calendar.days)
    jumps = (rng.uniform(size=count) < 1 / 60) * rng.choice([-1, 1], count) * rng.uniform(0.25, 1, count)
    found: Array = np.exp(np.cumsum(jumps))
    return found


def _regimes(rng: np.random.Generator, calendar: Calendar) -> Array:
    """Return two levels that a series changes between every few weeks."""
    turns = np.cumsum(rng.uniform(size=len(calendar.days)) < 1 / rng.uniform(10, 40)) % 2
    return np.where(turns == 1, rng.uniform(1.3, 3), 1.0)


def _spiky(rng: np.random.Generator, calendar: Calendar) -> Array:
    count = len(calendar.days)
    return np.where(rng.uniform(size=count) < rng.uniform(0.005, 0.03), rng.uniform(2, 10, count), 1.0)


_SHAPES: dict[str, Callable[[np.random.Generator, Calendar], Array]] = {
    "growing": _growing,
    "saturating": _saturating,
    "month_end": _month_end,
    "month_start": _month_start,
    "mid_month": _mid_month,
    "wandering": _wandering,
    "shifting": _shifting,
    "regimes": _regimes,
    "spiky": _spiky,
}
