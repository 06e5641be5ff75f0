"""Ledger: which months there are, whether each adds up, and who owns how many dollars.

Comes in: the published ledger. Goes out: rows that the API returns and the page draws.
"""

from collections.abc import Mapping
from datetime import date
from typing import cast

from outlay import flow
from outlay.exchange.conversion import Conversion
from outlay.explain.cost import with_owner
from outlay.store import Row, Store
from outlay.terms.attribution import ATTRIBUTION
from outlay.terms.period import Period

_CLOSING = ("decided_at", "actor", "reason")


def months(store: Store) -> list[Row]:
    """Return every month with data or a ledger, in order.

    Returns:
        `period` (`YYYY-MM`), `first`, `end`, and `published`: None, or the ledger in force with its `run`,
        `published_at`, `rule_version`, `prices_known_at` and `conserved`, one row per provider and currency with
        `billed`, `allocated`, `idle`, `unallocated` and what they differ by, `off_by` (zero, or a law is broken).
        `closed`: None, or `decided_at`, `actor` and `reason` of the decision that its figures are final.
    """
    runs = {cast(date, row.pop("month")): row for row in store.rows("explain/published")}
    closed = {cast(date, row.pop("month")): row for row in store.rows("explain/closed_months")}
    known = {*(period.first for period in flow.months_with_data(store)), *runs}
    found: list[Row] = []
    for first in sorted(known):
        period, run = Period.month(f"{first:%Y-%m}"), runs.get(first)
        if run is not None:
            run["conserved"] = store.rows("allocate/conserved", {"run": run["run"]})
        closing = closed.get(first)
        found.append(
            {
                "period": period.name,
                "first": period.first,
                "end": period.end,
                "published": run,
                "closed": {name: closing[name] for name in _CLOSING} if closing else None,
            }
        )
    return found


def ownership(
    store: Store, period: Period, where: Mapping[str, str], *, conversion: Conversion | None = None
) -> list[Row]:
    """Return how many dollars of a period have an owner.

    Returns:
        One row per currency: `currency`, `total`, `idle`, `unallocated`, and by dimension the amount that names one.
        With a `conversion` what has a rate is one row.
    """
    rows = with_owner(store, period, where, conversion=conversion)
    return [
        {
            **{name: row[name] for name in ("currency", "total", "idle", "unallocated")},
            "named": {name: row[f"{name}_amount"] for name in ATTRIBUTION},
        }
        for row in rows
    ]
