"""Activity: single traces, failures, and when in the week money is spent."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import cast

from outlay.capture.retention import removals
from outlay.errors import BadInput
from outlay.exchange.conversion import Conversion, InCurrency
from outlay.explain.converted import apportioned, usage_worth
from outlay.explain.rows import usage
from outlay.store import Row, Store
from outlay.terms.money import EXACT
from outlay.terms.period import Period

_ZERO = Decimal(0)
#: What an id may be of, the quickest to look up first: events come in order of their time, and so do most ids.
_KINDS = ("id", "session", "trace", "call", "response_id")


def trace(store: Store, ident: str) -> dict[str, object]:
    """Return every event of one trace, session, call, response or event id, with what each cost and by which price.

    An id of several kinds stands for the first of them, in the order of `_KINDS`.

    Raises:
        BadInput: No published run holds such an id.
    """
    rows: list[Row] = []
    for kind in _KINDS:
        (span,) = store.rows("explain/trace_span", table="usage", where={kind: ident})
        for run in _runs(store, span) if span["since"] else ():
            rows += store.rows("explain/trace", {**span, "run": run}, table="usage", where={kind: ident})
        if rows:
            break
    else:
        raise BadInput(
            f"no event has trace, session, call, response or id {ident!r}{_of_those_left(store)}",
            fix="check the id, import its events, then run `outlay run`",
            code="no-such-trace",
        )
    totals: dict[str, Decimal] = {}
    for row in rows:
        currency = cast(str, row["currency"])
        totals[currency] = totals.get(currency, _ZERO) + cast(Decimal, row["amount"])
    return {"id": ident, "totals": totals, "rows": rows}


def _of_those_left(store: Store) -> str:
    """Say which events were removed, if any were: what is asked for may have been among them."""
    if found := removals(store):
        said = ", ".join(f"{one.month.name} (on {one.removed_at:%Y-%m-%d})" for one in found)
        return f"; the events of {said} were removed"
    return ""


def _runs(store: Store, span: Row) -> Iterator[object]:
    """Yield the runs in force of the months in which a span of time lies."""
    since, until = cast(datetime, span["since"]).date(), cast(datetime, span["until"]).date()
    for row in store.rows("explain/published"):
        if since.replace(day=1) <= cast(date, row["month"]) <= until:
            yield row["run"]


def failures(
    store: Store, period: Period, *, where: Mapping[str, str] | None = None, currency: InCurrency | None = None
) -> dict[str, object]:
    """Return what failed, cut-off, lost and refused attempts cost, by feature, outcome and error.

    With a `currency` all money is in that one, each day at its own rate; what has no rate is a row of its own with a
    `reason`, and `conversion` is as in `Conversion.stated`.
    """
    by = ["feature", "state", "error"]
    found, said = usage(store, period, by, where), None
    if currency:
        conversion = Conversion(store, period, currency)
        made = usage_worth(store, conversion, period, by, where or {})
        found, said = made.rows, conversion.stated(period, made.unrated, made.used)
    rows = [row for row in found if row["state"] != "complete" or row["attempts"] != row["calls"]]
    for row in rows:
        if row["state"] == "complete":
            # Of the attempts that came through, the ones that were not the first.
            row["state"] = "complete after retry"
            row["attempts"] = cast(int, row["attempts"]) - cast(int, row["calls"])
    rows.sort(key=lambda row: (-cast(Decimal, row["failed_cost"]), str(row["feature"]), str(row["state"])))
    return {"period": str(period), "rows": rows, "conversion": said}


def heatmap(
    store: Store, period: Period, *, where: Mapping[str, str] | None = None, currency: InCurrency | None = None
) -> dict[str, object]:
    """Return usage by weekday (1 is Monday) and hour of the day in UTC; with a `currency` as in `failures`."""
    if currency:
        return _heatmap_worth(store, period, where or {}, currency)
    values = {"starts_at": period.starts_at, "ends_at": period.ends_at}
    return {
        "period": str(period),
        "rows": store.rows("explain/heatmap", values, table="rollup_hour", where=where or {}),
        "conversion": None,
    }


def _heatmap_worth(store: Store, period: Period, where: Mapping[str, str], currency: InCurrency) -> dict[str, object]:
    conversion = Conversion(store, period, currency)
    values = {"starts_at": period.starts_at, "ends_at": period.ends_at}
    cells: dict[tuple[int, int, bool, str], Row] = {}
    exact: dict[tuple[int, int, bool, str], Decimal] = {}
    left: dict[str, Decimal] = {}
    used: set[str] = set()
    for row in store.rows("explain/heatmap_days", values, table="rollup_hour", where=where):
        day, own, amount = cast(date, row["day"]), cast(str, row["currency"]), cast(Decimal, row["amount"])
        rate = conversion.on(day, own)
        shown = currency.currency if rate else own
        key = (day.isoweekday(), cast(int, row["hour_of_day"]), rate is None, shown)
        cell = cells.setdefault(
            key,
            {"weekday": key[0], "hour_of_day": key[1], "currency": shown, "original": {}, "calls": 0, "tokens": 0},
        )
        original = cast("dict[str, Decimal]", cell["original"])
        original[own] = original.get(own, _ZERO) + amount
        for name in ("calls", "tokens"):
            cell[name] = cast(int, cell[name]) + cast(int, row[name])
        if rate:
            used.add(own)
            exact[key] = EXACT.add(exact.get(key, _ZERO), EXACT.multiply(amount, rate.rate))
        else:
            left[own] = left.get(own, _ZERO) + amount
            cell["reason"] = conversion.reason(own)
            cell["amount"] = original[own]
    for key, amount in zip(exact, apportioned(list(exact.values())), strict=True):
        cells[key]["amount"] = amount
    rows = [cells[key] for key in sorted(cells)]
    return {"period": str(period), "rows": rows, "conversion": conversion.stated(period, left, used)}
