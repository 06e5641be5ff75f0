"""Retention: usage events are kept for a set time, and people are forgotten on request; no total changes by either.

Comes in: a store, and how long events are kept, or who is to be erased. Goes out: what was done, also in `audit`.
"""

from outlay.capture.retention.erasure import Erased, erase, file_journal
from outlay.capture.retention.keeping import DAYS, Kept, Removed, Retained, retain
from outlay.capture.retention.removal import Removal, refuse_removed, removals, waiting

__all__ = [
    "DAYS",
    "Erased",
    "Kept",
    "Removal",
    "Removed",
    "Retained",
    "erase",
    "file_journal",
    "refuse_removed",
    "removals",
    "retain",
    "waiting",
]
