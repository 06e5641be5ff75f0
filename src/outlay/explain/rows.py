"""Rows: the ledger and usage of a period by any dimensions, from the smallest table that keeps them.

Comes in: a period, dimensions and filters. Goes out: rows; which table they come from changes nothing but the time.
"""

from collections.abc import Mapping, Sequence

from outlay.store import Row, Store
from outlay.store.statement import dimensions_of
from outlay.terms.period import Period

#: Tables that answer the same questions, smallest first; those of months only for whole months.
_LEDGER = ("rollup_ledger", "rollup_ledger_month", "share")
_USAGE = ("rollup_usage_month", "rollup_user_month", "rollup_day")
_OF_MONTHS = {"rollup_ledger_month", "rollup_usage_month", "rollup_user_month"}


def ledger(store: Store, period: Period, by: Sequence[str] = (), where: Mapping[str, str] | None = None) -> list[Row]:
    """Return what the ledger says a period cost: the dimensions, `currency` and `amount` in it, dearest first."""
    where = where or {}
    return store.rows("explain/cost_ledger", bounds(period), table=of_ledger(period, by, where), by=by, where=where)


def usage(store: Store, period: Period, by: Sequence[str] = (), where: Mapping[str, str] | None = None) -> list[Row]:
    """Return what was used in a period and what it is estimated to cost, dearest first.

    Returns:
        The dimensions; `currency`, `amount` in it, `calls`, `attempts`, `failures`, `tokens`, `units`, `failed_cost`,
        `unpriced_quantity`, `unpriced_bound`.
    """
    where = where or {}
    return store.rows("explain/usage", bounds(period), table=of_usage(period, by, where), by=by, where=where)


def calls(store: Store, period: Period, by: Sequence[str] = (), where: Mapping[str, str] | None = None) -> list[Row]:
    """Return how many `calls` there were, by the dimensions."""
    where = where or {}
    return store.rows("explain/calls", bounds(period), table=of_usage(period, by, where), by=by, where=where)


def distinct(store: Store, period: Period, by: Sequence[str] = (), where: Mapping[str, str] | None = None) -> list[Row]:
    """Return how many `customers` and `users` there were, by the dimensions. Never summed: ask anew for a total."""
    where = where or {}
    return store.rows(
        "explain/distinct", bounds(period), table=of_usage(period, (*by, "customer", "user"), where), by=by, where=where
    )


def of_ledger(period: Period, by: Sequence[str], where: Mapping[str, str]) -> str:
    """Return the smallest table that keeps what is asked of the ledger."""
    return _smallest(_LEDGER, period, (*by, *where))


def of_usage(period: Period, by: Sequence[str], where: Mapping[str, str]) -> str:
    """Return the smallest table that keeps what is asked of usage."""
    return _smallest(_USAGE, period, (*by, *where))


def bounds(period: Period) -> dict[str, object]:
    """Return a period as the parameters of queries."""
    return {"first": period.first, "end": period.end, "starts_at": period.starts_at, "ends_at": period.ends_at}


def _smallest(tables: Sequence[str], period: Period, dimensions: Sequence[str]) -> str:
    whole_months = period.first.day == period.end.day == 1
    for table in tables[:-1]:
        if (whole_months or table not in _OF_MONTHS) and {*dimensions} <= set(dimensions_of(table)):
            return table
    return tables[-1]
