"""Newcomers: series that begin with so much money that somebody should know.

Comes in: amounts a day, and when each series begins. Goes out: the day on which each large newcomer is told of, once.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from outlay.watch.anomalies.judging.medians import Counts, Figures, Flags, median
from outlay.watch.anomalies.settings import Strictness

#: A table is known for so many days before anything in it is new.
_KNOWN_DAYS = 14
#: How long a newcomer may take to become large.
_FIRST_DAYS = 7


def newcomers(
    amounts: Figures, born: Counts, currencies: Sequence[str | None], how: Strictness
) -> Iterator[tuple[int, int, np.float64]]:
    """Yield row, column and limit of each series that cost, in its first week, much of what all others did.

    A table with one series has nothing to hold it against, and no newcomer.

    Args:
        amounts: One row a series, one column a day.
        born: The column at which each series begins.
        currencies: Of each series; only those of one currency are held against each other.
        how: How much is much.
    """
    for currency in sorted({*currencies}, key=str):
        rows = np.flatnonzero(np.array([one == currency for one in currencies], dtype=np.bool_))
        whole = np.abs(amounts[rows]).sum(axis=0)
        for row in rows:
            start = int(born[row])
            if start < _KNOWN_DAYS or start >= amounts.shape[1]:
                continue
            usual = median(whole[max(0, start - 28) : start])
            limit = max(np.float64(how.new_percent / 100 * usual.item()), np.float64(how.money))
            days = np.abs(amounts[row, start : start + _FIRST_DAYS])
            # A day at its own weight; what is spread over the week, at the week's.
            large: Flags = (days >= limit) | (days.cumsum() >= limit * _FIRST_DAYS)
            if usual > 0 and large.any():
                yield int(row), start + int(large.argmax()), limit
