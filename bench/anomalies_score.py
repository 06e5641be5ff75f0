"""How good what was found is, held against what is known to be wrong in a made table."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bench.anomalies_made import Floats, Made
from outlay.watch.anomalies import Anomaly
from outlay.watch.series import DailySeries

_MONTH = 30.4


@dataclass(frozen=True, slots=True)
class Score:
    """What was found of what is wrong.

    Args:
        found: Labels with an alert within their days, by kind.
        labels: Labels, by kind.
        false: Alerts outside all labels.
        months: Series times months.
        delays: Days from a label's first to its first alert, of those found.
    """

    found: Counter[str]
    labels: Counter[str]
    false: int
    months: np.float64
    delays: list[int]

    @property
    def recall(self) -> float:
        """The part of the labels that were found."""
        return self.found.total() / max(self.labels.total(), 1)

    @property
    def precision(self) -> float:
        """Labels found, of those and the false alerts."""
        return self.found.total() / max(self.found.total() + self.false, 1)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)

    @property
    def false_alarms(self) -> float:
        """False alerts per series and month."""
        return float(self.false / self.months)

    def __add__(self, other: "Score") -> "Score":
        """Return both together."""
        return Score(
            self.found + other.found,
            self.labels + other.labels,
            self.false + other.false,
            self.months + other.months,
            self.delays + other.delays,
        )


def as_series(made: Made, times: float = 1.0) -> DailySeries:
    """Return a made table as the product reads tables; amounts may be given in another unit."""
    names = [f"{at:04}" for at in range(len(made.amounts))]
    spent = made.amounts != 0
    return DailySeries(
        names=names,
        currencies=[None] * len(names),
        first=made.days[0],
        amounts=made.amounts * times,
        born=spent.argmax(axis=1),
        seen=spent,
        holidays=np.broadcast_to(made.holidays, made.amounts.shape),
    )


def score(made: Made, alerts: Iterable[Anomaly]) -> Score:
    """Hold alerts against the labels of their table."""
    flags = np.zeros(made.amounts.shape)
    for one in alerts:
        flags[int(one.series), (one.day - made.days[0]).days] = 1
    return scored(made, flags)


def scored(made: Made, flags: Floats) -> Score:
    """Hold alerts, as an array that is not zero where there is one, against the labels."""
    found: Counter[str] = Counter()
    labels: Counter[str] = Counter()
    delays, false = [], 0
    for row, known in enumerate(made.labels):
        alerts = np.flatnonzero(flags[row])
        inside = np.zeros(len(alerts), bool)
        for label in known:
            labels[label.kind] += 1
            hits = (alerts >= label.first) & (alerts <= label.last)
            inside |= hits
            if hits.any():
                found[label.kind] += 1
                delays.append(int(alerts[hits][0]) - label.first)
        false += int((~inside).sum())
    return Score(found, labels, false, np.float64(made.amounts.size / _MONTH), delays)
