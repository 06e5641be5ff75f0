"""Closing: a month's figures become final; what comes later is an adjustment, shown in the month in which it comes.

Comes in: a published month. Goes out: rows of `closing`, `movement` and `audit`. Nothing of a closed month's ledger is
ever written again, so a failure leaves it as it was.
"""

from outlay.closing.act import DEFAULT_OPEN, close, reopen
from outlay.closing.decisions import Closing, closing_of, closings, unchanged
from outlay.closing.movements import Moved, came_since, move

__all__ = [
    "DEFAULT_OPEN",
    "Closing",
    "Moved",
    "came_since",
    "close",
    "closing_of",
    "closings",
    "move",
    "reopen",
    "unchanged",
]
