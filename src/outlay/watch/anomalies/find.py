"""Find: the anomalies of a table of series, day by day, each day judged by the days before it only.

Comes in: `DailySeries`. Goes out: a list of `Anomaly`.
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import numpy as np

from outlay.watch.anomalies.anomaly import Anomaly
from outlay.watch.anomalies.judging.medians import Counts, Figures
from outlay.watch.anomalies.judging.month_places import month_places
from outlay.watch.anomalies.judging.newcomers import newcomers
from outlay.watch.anomalies.judging.walk import Found, Walk
from outlay.watch.anomalies.settings import Strictness
from outlay.watch.series import DailySeries

#: A difference of so many ordinary days is high, or medium.
_HIGH, _MEDIUM = 0.8, 0.35
_CENT = Decimal("0.01")
#: Beside cents, an expected amount is given to so many digits.
_DIGITS = 6


def anomalies(series: DailySeries, how: Strictness | None = None) -> list[Anomaly]:
    """Return what stands out of the days of many series.

    Args:
        series: Amounts a day. A day without a row, once a series has begun, cost nothing.
        how: What counts; None for the defaults.

    Returns:
        By day, then by series; at most one for a series and day. What is said of a day does not depend on later days.

    >>> from datetime import date
    >>> from outlay.watch.series import Line, gathered
    >>> days = [date(2026, 1, 1) + timedelta(days=number) for number in range(60)]
    >>> table = gathered([Line("search", "USD", day, Decimal(100 if day != days[45] else 450)) for day in days])
    >>> [(found.day.isoformat(), found.kind, found.actual, found.severity) for found in anomalies(table)]
    [('2026-02-15', 'spike', Decimal('450.0'), 'high')]
    """
    how = how or Strictness()
    amounts = series.amounts
    spent = amounts != 0
    # A series is as old as its first cost: zeros before it are how some tables write "not yet".
    born = np.where(spent.any(axis=1), spent.argmax(axis=1), amounts.shape[1]).astype(np.int64)
    places = month_places(series.days)
    holidays = series.holidays[:, : amounts.shape[1]]
    found = [
        _anomaly(series, one, place)
        for one in Walk(amounts, born, holidays, places, how).found()
        for place in range(len(one.rows))
    ]
    found += list(_new(series, born, how))
    return sorted(found, key=lambda one: (one.day, one.series, one.currency or ""))


def _anomaly(series: DailySeries, one: Found, place: int) -> Anomaly:
    row, column = int(one.rows[place]), one.column
    actual = series.amounts[row, column]
    expected, low, high = one.expected[place], one.low[place], one.high[place]
    return Anomaly(
        series=series.names[row],
        currency=series.currencies[row],
        day=series.first + timedelta(days=column),
        actual=exactly(actual),
        expected=about(expected),
        low=about(low),
        high=about(high),
        kind=one.kinds[place],
        severity=_severity(actual - expected, one.typical[place]),
        release=_release(series, row, column),
    )


def _new(series: DailySeries, born: Counts, how: Strictness) -> Iterator[Anomaly]:
    """Yield the series that begin with much money, once each."""
    nothing = Decimal(0)
    for row, column, limit in newcomers(series.amounts, born, series.currencies, how):
        actual = series.amounts[row, column]
        yield Anomaly(
            series=series.names[row],
            currency=series.currencies[row],
            day=series.first + timedelta(days=column),
            actual=exactly(actual),
            expected=nothing,
            low=min(nothing, -about(limit) if actual < 0 else nothing),
            high=max(nothing, about(limit) if actual > 0 else nothing),
            kind="new",
            severity="high",
            release=_release(series, row, column),
        )


def _severity(difference: np.float64, typical: np.float64) -> str:
    days = abs(difference) / typical if typical > 0 else np.inf
    return "high" if days >= _HIGH else "medium" if days >= _MEDIUM else "low"


def _release(series: DailySeries, row: int, column: int) -> str | None:
    return series.releases.get((row, column)) or series.releases.get((row, column - 1))


def exactly(amount: np.float64) -> Decimal:
    """Return an amount as it was written: the shortest decimal that is this number.

    >>> exactly(np.float64(0.1))
    Decimal('0.1')
    """
    return Decimal(repr(amount.item()))


def about(amount: np.float64 | Figures) -> Decimal:
    """Return an amount that was reckoned, in cents, or to six digits where it is small.

    >>> about(np.float64(123.4567)), about(np.float64(0.0000123456789)), about(np.float64(-0.0))
    (Decimal('123.46'), Decimal('0.0000123457'), Decimal('0.00'))
    """
    found = Decimal(repr(np.float64(amount).item()))
    if abs(found) >= 1 or not found:
        return abs(found.quantize(_CENT)) if not found else found.quantize(_CENT)
    return found.quantize(Decimal(1).scaleb(found.adjusted() - _DIGITS + 1))
