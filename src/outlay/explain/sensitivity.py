"""Sensitivity: how far somebody's cost depends on the drivers that were chosen.

Comes in: a published month, and whose cost is asked for. Goes out: what each rule that splits by a driver would give
them by every other driver that the month's usage knows. What is close whatever the driver is known well; what is not,
is a choice, and should be shown as one.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import cast

from outlay.allocate.grammar.rule import DRIVERS, METRIC, UNIT, Rule
from outlay.allocate.splitting import driver_flags
from outlay.allocate.versions import made_with
from outlay.errors import BadInput
from outlay.store import Row, Store
from outlay.terms.money import EXACT, split
from outlay.terms.period import Period

#: Whose cost can be asked for.
ASKED = ("feature", "customer", "team")
_ZERO = Decimal(0)
_RATIO = Decimal("0.0001")
#: By part and day: what a driver measures in all, for those asked for, and for nobody in particular.
_Measured = Mapping[str, Mapping[date, tuple[int, int, int]]]


def sensitivity(store: Store, month: Period, where: Mapping[str, str]) -> dict[str, object]:
    """Say what somebody's cost would be by other drivers.

    Args:
        store: Holds the month's ledger.
        month: The month.
        where: Whose cost: value by `feature`, `customer` or `team`.

    Returns:
        - `period`, `where`.
        - `rows`, by rule and currency, the widest spread first: `rule`, `driver` in force, `amount` it gives now,
          `drivers`: the amount by each driver, itself included; `low`, `low_driver`, `high`, `high_driver`.
        - `totals`, by currency: `amount` now, of all rules; `low` and `high`, if each rule took the driver that gives
          the least or the most; `spread_ratio`: high less low over the amount; `fixed`: what no driver decides.
        - `assumptions`: what was held fixed.

    Raises:
        BadInput: The month has no ledger, or a dimension cannot be asked about.
    """
    if unknown := sorted(set(where) - {*ASKED}):
        raise BadInput(f"sensitivity cannot be asked by {unknown[0]!r}", fix=f"use {', '.join(ASKED)}")
    run, rules = made_with(store, month)
    values = {"run": run, "month": month.first, "starts_at": month.starts_at, "ends_at": month.ends_at}
    given = store.rows("explain/sensitivity_now", values, table="share", where=where)
    units = [f"{UNIT}{row['unit']}" for row in store.rows("explain/units_used", values)]
    rows = [
        row
        for rule in rules.rules
        if rule.split == "driver" and not rule.passes_on
        for row in _of_rule(store, rule, values, where, [*DRIVERS, *units], given)
    ]
    rows.sort(key=lambda row: (cast(Decimal, row["low"]) - cast(Decimal, row["high"]), str(row["rule"])))
    return {
        "period": month.name,
        "where": dict(where),
        "rows": rows,
        "totals": _totals(given, rows),
        "assumptions": [
            "Rules that follow other costs, and those that pass shares on, keep what they give now.",
            "Idle capacity stays as it is; so do rules that split by a metric, for drivers that are metrics.",
        ],
    }


def _of_rule(
    store: Store,
    rule: Rule,
    values: Mapping[str, object],
    where: Mapping[str, str],
    drivers: Sequence[str],
    given: Sequence[Row],
) -> list[Row]:
    """Return one row per currency of a rule that gives something, or would by another driver."""
    filled = {name: where.get(name, "") if name in rule.to else "" for name in ASKED}
    flags = {**driver_flags(rule, values, 0), **filled}
    pots = [
        pot
        for pot in store.rows("explain/sensitivity_pots", flags)
        if all(name in rule.to or pot[name] == value for name, value in where.items())
    ]
    by_driver: dict[str, dict[str, Decimal]] = {}
    for driver in dict.fromkeys([rule.driver, *drivers]):
        if not driver.startswith(METRIC) and driver in drivers:
            measured = _measured(store, {**flags, "driver": driver, "unit": driver.removeprefix(UNIT)})
            if measured:
                by_driver[driver] = _given(rule, pots, measured, where)
    now = {cast(str, row["currency"]): cast(Decimal, row["amount"]) for row in given if row["rule"] == rule.name}
    rows: list[Row] = []
    for currency in sorted({*now, *(c for of in by_driver.values() for c in of)}):
        by = {driver: of.get(currency, _ZERO) for driver, of in by_driver.items()}
        by[rule.driver] = now.get(currency, _ZERO)
        low, high = (pick(by, key=lambda name: (by[name], name)) for pick in (min, max))
        if by[high] or by[low]:
            rows.append(
                {
                    "rule": rule.name,
                    "driver": rule.driver,
                    "currency": currency,
                    "amount": by[rule.driver],
                    "drivers": by,
                    "low": by[low],
                    "low_driver": low,
                    "high": by[high],
                    "high_driver": high,
                }
            )
    return rows


def _measured(store: Store, flags: Mapping[str, object]) -> _Measured:
    found: dict[str, dict[date, tuple[int, int, int]]] = defaultdict(dict)
    for row in store.rows("explain/sensitivity_measured", flags):
        whole, named, absent = (int(cast(int, row[name])) for name in ("whole", "named", "absent"))
        found[cast(str, row["part"])][cast(date, row["day"])] = (whole, named, absent)
    return found


def _given(rule: Rule, pots: Sequence[Row], measured: _Measured, where: Mapping[str, str]) -> dict[str, Decimal]:
    """Return by currency what a driver would give to those asked for."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    asked = [name for name in where if name in rule.to]
    for pot in pots:
        own = all(pot[name] == where[name] for name in asked)
        weights = _weights(rule, measured.get(cast(str, pot["part"]), {}), cast(date, pot["day"]))
        if weights is None:
            part = cast(Decimal, pot["amount"]) if rule.last == "direct" and own else _ZERO
        else:
            whole, named, absent = weights
            mine = whole if not asked else named + (absent if own else 0)
            part = split(cast(Decimal, pot["amount"]), [mine, whole - mine])[0]
        sums[cast(str, pot["currency"])] += part
    return sums


def _weights(rule: Rule, days: Mapping[date, tuple[int, int, int]], on: date) -> tuple[int, int, int] | None:
    """Return what was measured in the first window of a rule that has something; None when none has."""
    for window in rule.windows:
        before = [day for day in days if day < on]
        if window == "day" and on in days:
            return days[on]
        if window == "previous" and before:
            return days[max(before)]
        if window == "month" and days:
            whole, named, absent = (sum(of) for of in zip(*days.values(), strict=True))
            return whole, named, absent
    return None


def _totals(given: Sequence[Row], rows: Sequence[Row]) -> list[Row]:
    found: list[Row] = []
    for currency in sorted({cast(str, row["currency"]) for row in (*given, *rows)}):
        amount = sum((cast(Decimal, row["amount"]) for row in given if row["currency"] == currency), _ZERO)
        own = [row for row in rows if row["currency"] == currency]
        now, low, high = (sum((cast(Decimal, row[n]) for row in own), _ZERO) for n in ("amount", "low", "high"))
        found.append(
            {
                "currency": currency,
                "amount": amount,
                "low": amount - now + low,
                "high": amount - now + high,
                "fixed": amount - now,
                "spread_ratio": EXACT.divide(high - low, amount).quantize(_RATIO, context=EXACT) if amount else None,
            }
        )
    return found
