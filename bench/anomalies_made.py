"""Daily costs with anomalies whose days are known, in many hands: what `bench/anomalies.py` measures on.

A *hand* is one way of making tables: how noisy, how weekly, how often a month-end job, how large an anomaly, how
its label is drawn. Detectors are tuned on some hands and measured on others, because whoever has another table has
another hand. Everything follows from a seed.
"""

# ruff: noqa: PLR2004 - the numbers say how things are made, where they are made
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
KINDS = ("spike", "dip", "shift", "leak", "zero", "season")
#: What series are like: growing by a part or by an amount a day, with a job of the month's end or an invoice of some
#: day of the month, at rest at weekends, of few things a day, seldom, born within the table, never changing.
SORTS = ("plain", "growth", "linear", "monthend", "invoice", "rests", "counts", "sparse", "new", "flat")
_USUAL = (0.46, 0.11, 0.03, 0.13, 0.02, 0.03, 0.02, 0.1, 0.08, 0.02)


@dataclass(frozen=True, slots=True)
class Label:
    """One anomaly: its kind and the days it covers, both included."""

    kind: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Made:
    """A table of series by days, its holidays, and what is wrong with it."""

    days: list[date]
    amounts: Floats
    holidays: npt.NDArray[np.bool_]
    labels: list[list[Label]]
    born: list[int]
    sorts: list[str]


@dataclass(frozen=True, slots=True)
class Hand:
    """How one author makes tables; every pair is a range that a series draws from."""

    days: int = 120
    noise: tuple[float, float] = (0.03, 0.12)
    correlation: tuple[float, float] = (0.0, 0.5)
    tail: str = "normal"  # or heavy, laplace, poisson, mixed
    weekly: tuple[float, float] = (0.15, 0.6)  # what a weekend day costs of a weekday
    office: float = 0.65  # how many series are weekly; the others are flat or busier at weekends
    sorts: dict[str, float] = field(default_factory=lambda: dict(zip(SORTS, _USUAL, strict=True)))
    growth: tuple[float, float] = (0.002, 0.01)
    job: tuple[float, float] = (1.5, 4.0)  # times an ordinary day
    job_days: str = "last"  # or first, last2, business
    holidays: int = 3
    level: tuple[float, float] = (0.7, 4.0)  # powers of ten
    ill: float = 1.1  # anomalies a series, as far as there is room
    start: int = 35
    spike: tuple[float, float] = (2.0, 6.0)
    dip: tuple[float, float] = (0.05, 0.5)
    up: tuple[float, float] = (1.5, 3.0)
    down: tuple[float, float] = (0.3, 0.6)
    leak: tuple[float, float] = (0.02, 0.05)
    leak_days: tuple[int, int] = (14, 30)
    leak_ends: bool = False
    shift_label: int = 7
    season_label: int = 14
    sick_sparse: bool = False


def hand(seed: int) -> Hand:
    """Return a hand drawn at random, as another author might have: what a detector is held against."""
    rng = np.random.default_rng([77, seed])
    quiet = float(rng.uniform(0.01, 0.06))
    shares = rng.dirichlet(15 * np.array(_USUAL))
    return Hand(
        days=int(rng.choice([90, 120, 120, 150, 180, 240])),
        noise=(quiet, quiet + float(rng.uniform(0.02, 0.15))),
        correlation=(0.0, float(rng.choice([0.0, 0.3, 0.6]))),
        tail=str(rng.choice(["normal", "heavy", "laplace", "poisson", "mixed"])),
        weekly=(float(rng.uniform(0.1, 0.4)), float(rng.uniform(0.5, 0.9))),
        office=float(rng.uniform(0.4, 0.95)),
        sorts=dict(zip(SORTS, shares.tolist(), strict=True)),
        growth=(0.001, float(rng.uniform(0.004, 0.02))),
        job=(float(rng.uniform(1.3, 2.5)), float(rng.uniform(3.0, 8.0))),
        job_days=str(rng.choice(["last", "last", "first", "last2", "business"])),
        holidays=int(rng.integers(0, 6)),
        level=(float(rng.uniform(0.3, 1.5)), float(rng.uniform(2.5, 4.5))),
        ill=float(rng.uniform(0.6, 1.6)),
        start=int(rng.choice([28, 35, 42, 56])),
        spike=(float(rng.uniform(1.6, 3.0)), float(rng.uniform(4.0, 10.0))),
        dip=(0.05, float(rng.uniform(0.3, 0.6))),
        up=(float(rng.uniform(1.3, 1.8)), float(rng.uniform(2.0, 4.0))),
        down=(0.25, float(rng.uniform(0.45, 0.7))),
        leak=(float(rng.uniform(0.01, 0.03)), float(rng.uniform(0.035, 0.08))),
        leak_days=(int(rng.integers(10, 20)), int(rng.integers(20, 45))),
        leak_ends=bool(rng.uniform() < 0.4),
        shift_label=int(rng.choice([3, 7, 7, 14, 999])),
        season_label=int(rng.choice([7, 14, 14, 28, 999])),
        sick_sparse=bool(rng.uniform() < 0.3),
    )


def table(how: Hand, count: int, seed: int) -> Made:
    """Return `count` series of one hand."""
    rng = np.random.default_rng([5, seed])
    first = date(2025, 1, 1) + timedelta(days=int(rng.integers(0, 365)))
    days = [first + timedelta(days=step) for step in range(how.days)]
    holidays = np.zeros(how.days, bool)
    weekdays = [at for at, day in enumerate(days) if day.weekday() < 5]
    holidays[rng.choice(weekdays, how.holidays, replace=False)] = True
    rows = [_series(rng, how, days, holidays) for _ in range(count)]
    amounts = np.array([row[0] for row in rows])
    return Made(days, amounts, holidays, [row[1] for row in rows], [row[2] for row in rows], [row[3] for row in rows])


def _series(
    rng: np.random.Generator, how: Hand, days: list[date], holidays: npt.NDArray[np.bool_]
) -> tuple[Floats, list[Label], int, str]:
    sort = str(rng.choice(list(how.sorts), p=np.array(list(how.sorts.values())) / sum(how.sorts.values())))
    size = len(days)
    weekday = np.array([day.weekday() for day in days])
    level = 10 ** rng.uniform(*how.level)
    week, office = _week(rng, how)
    steps = np.arange(size)
    drift = rng.uniform(*how.growth) if sort == "growth" else rng.normal(0, 0.0005)
    clean = level * week[weekday] * np.exp(drift * steps)
    if office:
        clean = np.where(holidays, clean * rng.uniform(0.2, 0.6), clean)
    clean = _shaped(rng, how, sort, days, clean)
    born = 0
    if sort == "new":
        born = int(rng.integers(20, size - 20))
    labels: list[Label] = []
    wanted = int(how.ill) + int(rng.uniform() < how.ill % 1)
    for _ in range(3 * wanted):
        if len(labels) < wanted:
            _wrong(rng, how, clean, week, weekday, labels, born, sort)
    noise = _noise(rng, how, clean, flat=sort == "flat")
    if sort == "counts":
        each = level / rng.uniform(2, 30)
        noise = rng.poisson(clean / each) * each / np.maximum(clean, 1e-9)
    amounts = np.round(clean * noise, 2)
    if sort == "sparse":
        amounts = amounts * (rng.uniform(size=size) < rng.uniform(0.1, 0.5))
    amounts[:born] = 0
    return amounts, labels, born, sort


def _shaped(rng: np.random.Generator, how: Hand, sort: str, days: list[date], clean: Floats) -> Floats:
    """Return what a series is like that is of a sort of its own."""
    if sort == "monthend":
        return np.where(_job(days, how.job_days), clean * rng.uniform(*how.job), clean)
    if sort == "invoice":
        of_month = int(rng.integers(2, 28))
        return np.where([day.day == of_month for day in days], clean * rng.uniform(*how.job), clean)
    if sort == "linear":
        return np.asarray(clean * (1 + np.arange(len(days)) / rng.uniform(20, 100)))
    if sort == "rests":
        return np.where([day.weekday() < 5 for day in days], clean, 0.0)
    return np.full(len(days), clean.mean()) if sort == "flat" else clean


def _week(rng: np.random.Generator, how: Hand) -> tuple[Floats, bool]:
    week = np.ones(7)
    office = rng.uniform() < how.office
    if office:
        week[5:] = rng.uniform(*how.weekly, 2)
    elif rng.uniform() < 0.4:
        week[5:] = rng.uniform(1.2, 2.0, 2)
    return week * np.exp(rng.normal(0, 0.04, 7)), office


def _job(days: list[date], which: str) -> npt.NDArray[np.bool_]:
    """Return on which days the job of a month runs."""
    found = np.zeros(len(days), bool)
    for at, day in enumerate(days):
        tomorrow, later = day + timedelta(days=1), day + timedelta(days=2)
        last = tomorrow.day == 1
        if which == "first":
            found[at] = day.day == 1
        elif which == "last2":
            found[at] = last or later.day == 1
        elif which == "business":
            ahead = [day + timedelta(days=step) for step in range(1, 4)]
            found[at] = day.weekday() < 5 and (
                last or all(one.month != day.month or one.weekday() >= 5 for one in ahead)
            )
        else:
            found[at] = last
    return found


def _wrong(
    rng: np.random.Generator,
    how: Hand,
    clean: Floats,
    week: Floats,
    weekday: npt.NDArray[np.int64],
    labels: list[Label],
    born: int,
    sort: str,
) -> None:
    """Put one anomaly into a series, away from the others and from its birth."""
    size = len(clean)
    low = max(how.start, born + 21)
    if low >= size - 8 or (sort == "sparse" and not how.sick_sparse):
        return
    kind = "spike" if sort == "sparse" else str(rng.choice(KINDS, p=[0.3, 0.1, 0.2, 0.15, 0.15, 0.1]))
    at = int(rng.integers(low, size - 6))
    if any(at < label.last + 15 and label.first < at + 25 for label in labels):
        return
    last = size - 1
    if kind in {"spike", "dip"}:
        last = at + int(rng.integers(0, 3))
        clean[at : last + 1] *= rng.uniform(*(how.spike if kind == "spike" else how.dip))
    elif kind == "shift":
        clean[at:] *= rng.uniform(*(how.up if rng.uniform() < 0.65 else how.down))
        last = at + how.shift_label - 1
    elif kind == "leak":
        length = int(rng.integers(*how.leak_days))
        ramp = np.minimum(np.arange(size - at) + 1, length) * rng.uniform(*how.leak)
        if how.leak_ends:
            ramp[length:] = 0
        clean[at:] *= np.exp(ramp)
        last = at + length - 1
    elif kind == "zero":
        last = at + int(rng.integers(1, 10))
        clean[at : last + 1] = 0
    else:
        other = np.roll(week, int(rng.integers(2, 5))) if np.ptp(week) > 0.35 else np.where(np.arange(7) >= 5, 0.3, 1.1)
        clean[at:] *= (other / week)[weekday[at:]]
        last = at + how.season_label - 1
    labels.append(Label(kind, at, min(last, size - 1)))


def _noise(rng: np.random.Generator, how: Hand, clean: Floats, *, flat: bool) -> Floats:
    size = len(clean)
    if flat:
        return np.exp(rng.normal(0, 0.002, size))
    spread = rng.uniform(*how.noise)
    tail = str(rng.choice(["normal", "heavy", "laplace", "poisson"])) if how.tail == "mixed" else how.tail
    if tail == "poisson":
        mean = 1 / spread**2  # so many calls a day that their count varies by the spread
        return rng.poisson(np.full(size, mean)) / mean
    if tail == "heavy":
        shock = rng.standard_t(3.5, size) / 1.5
    elif tail == "laplace":
        shock = rng.laplace(0, 0.7, size)
    else:
        shock = rng.normal(0, 1, size)
    rho = rng.uniform(*how.correlation)
    along = np.empty(size)
    before = 0.0
    for at in range(size):
        before = rho * before + shock[at] * np.sqrt(1 - rho**2)
        along[at] = before
    return np.exp(np.clip(along, -6, 6) * spread)
