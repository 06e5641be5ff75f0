"""Rows: the ledger and usage of a period by any dimensions, from the smallest table that keeps them.

Comes in: a period, dimensions and filters. Goes out: rows; which table they come from changes nothing but the time.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from outlay.errors import BadInput
from outlay.store import Row, Store
from outlay.store.statement import dimensions_of
from outlay.terms.period import Period

#: Tables that answer the same questions, smallest first; those of months only for whole months.
_LEDGER = ("rollup_ledger", "rollup_ledger_month", "share", "apportioned")
#: What pools know and pots do not: shares are told apart by pool for it.
_OF_POOLS = {"pool", "provider", "sub_account_name", "service_name", "charge_category"}
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
    where, found = where or {}, dict[tuple[object, ...], Row]()
    for counted in ("customer", "user"):
        table = of_usage(period, (*by, counted), where)
        for row in store.rows(f"explain/distinct_{counted}s", bounds(period), table=table, by=by, where=where):
            found.setdefault(tuple(row[name] for name in by), {}).update(row)
    return list(found.values())


def in_both(
    asked: Callable[[Store, Period, Sequence[str], Mapping[str, str] | None], list[Row]],
    store: Store,
    periods: tuple[Period, Period],
    by: Sequence[str] = (),
    where: Mapping[str, str] | None = None,
) -> tuple[list[Row], list[Row]]:
    """Ask the same of two periods; two months that follow each other are one question, which takes half as long.

    Args:
        asked: A question of this module.
        store: Holds the published ledger.
        periods: The earlier one and the later one.
        by: Dimensions of the answer.
        where: Value by dimension.

    Returns:
        The rows of each period. Without dimensions a period of which nothing is known may have no row at all.
    """
    before, after = periods
    if "month" in by or before.end != after.first or not (_is_month(before) and _is_month(after)):
        return asked(store, before, by, where), asked(store, after, by, where)
    found: tuple[list[Row], list[Row]] = ([], [])
    for row in asked(store, Period(before.first, after.end), (*by, "month"), where):
        found[row.pop("month") == after.first].append(row)
    return found


def only_currency(periods: Iterable[Iterable[Row]]) -> str | None:
    """Return the one currency of rows of several periods; None when there are no rows.

    Raises:
        BadInput: There are several.
    """
    found = sorted({str(row["currency"]) for rows in periods for row in rows})
    if len(found) > 1:
        raise BadInput(
            f"the ledger holds {', '.join(found)}, and amounts of several currencies cannot be compared",
            fix=f"add --where currency={found[0]}",
            code="two-currencies",
        )
    return found[0] if found else None


def _is_month(period: Period) -> bool:
    return period == Period.month(f"{period.first:%Y-%m}")


def of_ledger(period: Period, by: Sequence[str], where: Mapping[str, str]) -> str:
    """Return the smallest table that keeps what is asked of the ledger."""
    return _smallest(_LEDGER, period, (*by, *where))


def of_shares(dimensions: Iterable[str]) -> str:
    """Return `share`, or the view that tells shares apart by pool, where only pools know one of some dimensions."""
    return "apportioned" if _OF_POOLS & {*dimensions} else "share"


def of_usage(period: Period, by: Sequence[str], where: Mapping[str, str]) -> str:
    """Return the smallest table that keeps what is asked of usage."""
    return _smallest(_USAGE, period, (*by, *where))


def bounds(period: Period) -> dict[str, object]:
    """Return a period as the parameters of queries."""
    return {"first": period.first, "end": period.end, "starts_at": period.starts_at, "ends_at": period.ends_at}


def _smallest(tables: Sequence[str], period: Period, dimensions: Sequence[str]) -> str:
    whole_months = period.first.day == period.end.day == 1
    for table in tables[:-1]:
        kept = set(dimensions_of(table)) - (_OF_POOLS if table == "share" else set())
        if (whole_months or table not in _OF_MONTHS) and {*dimensions} <= kept:
            return table
    return tables[-1]
