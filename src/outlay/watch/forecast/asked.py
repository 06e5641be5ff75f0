"""What is asked for: a forecast of a table or of the ledger, with what the month has cost so far beside it.

Comes in: a file of series, or a store and dimensions. Goes out: the answer as the command and the API print it.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

from outlay.explain.rows import ledger
from outlay.store import Store
from outlay.terms.period import Period, next_month
from outlay.watch.forecast.answer import Forecast, Whole, forecast
from outlay.watch.ledger import named, series_of
from outlay.watch.series import DailySeries, read_table

_Key = tuple[str, str | None]


def of_table(path: Path, to: date | None = None, *, daily: bool = False) -> dict[str, object]:
    """Forecast the series of a CSV file of `series,day,amount`; see `watch.series.read_table`.

    Args:
        path: The file.
        to: The last day to come; None asks for the end of the month that the first one is in.
        daily: Whether the answer has each day to come.

    Returns:
        As `of_ledger`, without dimensions; `problems` are the lines that could not be read.

    Raises:
        Unreadable: It is no such file.
        BadInput: No line of it can be used, or the day is not after its last one.
    """
    table = read_table(path)
    first = (table.last + timedelta(days=1)).replace(day=1)
    since = max(0, (first - table.first).days)
    so_far = {
        (name, currency): sum((Decimal(str(one)) for one in row[since:].tolist()), Decimal(0))
        for name, currency, row in zip(table.names, table.currencies, table.amounts, strict=True)
    }
    return _answer(table, to, so_far, None, daily=daily)


def of_ledger(
    store: Store,
    by: Sequence[str] = ("feature",),
    to: date | None = None,
    where: Mapping[str, str] | None = None,
    *,
    daily: bool = False,
) -> dict[str, object]:
    """Forecast the settled days of the ledger, by slice.

    Args:
        store: Holds the published ledger.
        by: Dimensions whose values make a series; none makes one series of all.
        to: As `of_table`.
        where: Value by dimension; the empty text asks for what names none.
        daily: As `of_table`.

    Returns:
        `known_to`, the last day that is known; `from` and `to`, the days to come, both included; `forecasts`, dearest
        first: `series`, the dimensions, `currency`, `actual` (what the month of `from` cost up to `known_to`),
        `total` of the days to come with its band `low80` and `high80`, `with_actual` (both together), and `daily` if
        asked for; `whole`, the same by currency, of all series together; `problems`, none.

    Raises:
        UnknownName: A dimension is not one of the ledger.
        BadInput: There is no settled day, nothing of this slice, or the day is not after the last settled one.
    """
    table, keys = series_of(store, by, where)
    first = (table.last + timedelta(days=1)).replace(day=1)
    so_far: dict[_Key, Decimal] = {}
    if first <= table.last:
        for row in ledger(store, Period(first, table.last + timedelta(days=1)), by, where):
            name, _ = named(row, by)
            so_far[name, cast(str, row["currency"])] = cast(Decimal, row["amount"])
    return _answer(table, to, so_far, keys, daily=daily)


def _answer(
    table: DailySeries,
    to: date | None,
    so_far: Mapping[_Key, Decimal],
    keys: Sequence[Mapping[str, str | None]] | None,
    *,
    daily: bool,
) -> dict[str, object]:
    first = table.last + timedelta(days=1)
    found = forecast(table, to or next_month(first) - timedelta(days=1), daily=daily)
    of_all: dict[str | None, Decimal] = {}
    rows = []
    place = {
        (name, currency): number
        for number, (name, currency) in enumerate(zip(table.names, table.currencies, strict=True))
    }
    for one in found.forecasts:
        key = (one.series, one.currency)
        actual = so_far.get(key, Decimal(0))
        of_all[one.currency] = of_all.get(one.currency, Decimal(0)) + actual
        row: dict[str, object] = {"series": one.series, **(keys[place[key]] if keys else {})}
        rows.append({**row, **_told(one, actual), **({"daily": one.daily} if daily else {})})
    rows.sort(key=lambda row: (-cast(Decimal, row["with_actual"]), str(row["series"]), str(row["currency"])))
    whole = [_told(one, of_all.get(one.currency, Decimal(0))) for one in found.whole]
    return {
        "known_to": table.last,
        "from": found.first,
        "to": found.last,
        "forecasts": rows,
        "whole": whole,
        "problems": list(table.problems),
    }


def _told(one: Forecast | Whole, actual: Decimal) -> dict[str, object]:
    return {
        "currency": one.currency,
        "actual": actual,
        "total": one.total,
        "low80": one.low80,
        "high80": one.high80,
        "with_actual": actual + one.total,
    }
