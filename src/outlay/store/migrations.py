"""Migrations: the store's version, and what brings an older one up to date.

Version 3 is the first that a release will have; earlier ones were never released and are refused. `CREATE ... IF NOT
EXISTS` makes new tables, columns that an existing table lacks are added with their default, and views are replaced
whole; so a step is needed only where a column changes or goes.

- 4: exchange rates, metrics, runs of scheduled sources, leases and findings; pots; author, reason and month of rules.
"""

from collections.abc import Callable

from outlay.errors import EngineFailed

NEWEST = 4
_OLDEST = 3


def done_by(read: Callable[[], int]) -> int:
    """Return the version a store is at.

    Raises:
        EngineFailed: The store was made by a newer Outlay, or before the first release.
    """
    version = read()
    if version > NEWEST:
        raise EngineFailed(
            f"the store is at version {version}, this Outlay knows up to {NEWEST}",
            fix="upgrade Outlay, or use the store that belongs to this version",
            code="store-newer",
        )
    if 0 < version < _OLDEST:
        raise EngineFailed(
            f"the store is at version {version}, from before the first release;"
            f" this Outlay reads versions {_OLDEST} to {NEWEST}",
            fix="take the files in again, into a new store",
            code="store-older",
        )
    return version
