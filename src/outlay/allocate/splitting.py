"""Splitting: what a rule gathered goes to those its driver names, pot by pot.

Comes in: `pool` and what is measured. Goes out: `driver`, `pot`, `share`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import cast

from outlay.allocate.grammar.rule import METRIC, UNIT, WINDOWS, Rule
from outlay.allocate.grammar.words import BETWEEN, DIMENSIONS, NAMED, WITHIN, listed
from outlay.store import Store
from outlay.terms.money import pico, split

#: Which driver splits a pool, by window: the day's, the month's, everyone alike, the month's before. A day before is a
#: day, too.
_SPAN = {"day": 0, "previous": 0, "month": 1, "even": 2, "last_month": 3}
_LAST_MONTH = 3
#: What queries are asked for where a rule or a run does not say otherwise.
NOTHING_ELSE: Mapping[str, object] = {
    "key": 0,
    "closed": "",
    "followed": "",
    "rolled_run": "",
    "base": "",
    "kept": "",
}
#: The order of shares within a pot: customer and user last.
_IN_POT = ("feature", "team", "environment", "service", "release", "model", "customer", "user")


def share(store: Store, rule: Rule, values: Mapping[str, object]) -> None:
    """Split all pools of a rule.

    Args:
        store: Holds them.
        rule: The rule.
        values: The run's own, with `key` (which of the keys of a pool the rule looks at, from 1; 0 for none), `closed`
            (who has passed on what they had) and `followed`.
    """
    if rule.split in ("even", "fixed"):
        _gather(store, rule, values)
        store.insert("share", _among(store, rule, values))
        return
    measured: set[int] = set()
    for window in rule.windows if rule.split in ("driver", "proportional") else ():
        if not store.rows("allocate/open_pools", {**values, "rule": rule.name})[0]["pools"]:
            return
        span = _SPAN[window]
        flags = {**driver_flags(rule, values, span), **(_month_before(store, values) if span == _LAST_MONTH else {})}
        if span not in measured:
            _measure(store, rule, flags)
            measured.add(span)
        _gather(store, rule, flags, driven=1, previous=int(window == WINDOWS[0]))
        store.fill("share", "allocate/share_cut" if rule.cutoff else "allocate/share_driver", flags)
    give_whole(store, rule, values, give=rule.split == "direct" or rule.last == "direct")


def _month_before(store: Store, values: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters by which a driver is measured over the month before, as its ledger knows it."""
    end = cast(date, values["month"])
    first = (end - timedelta(days=1)).replace(day=1)
    found = store.rows("allocate/run_in_force", {"month": first})
    return {"rolled_run": found[0]["run"] if found else "none", "measured_from": first, "measured_to": end}


def give_whole(
    store: Store, rule: Rule | None, values: Mapping[str, object], *, give: bool, side: str = "", method: str = ""
) -> None:
    """Give what is left of a rule's pools to whom they name, or to nobody.

    Args:
        store: Holds them.
        rule: The rule; None for charges that no rule took.
        values: The run's own.
        give: Whether to give it to whom the pools name.
        side: `out` for pools that take shares away.
        method: What to call it, where it is not the rule's own way to split.
    """
    flags = driver_flags(rule or Rule("", {}, {}, "none"), values, 0)
    flags |= {"give": int(give), "method": method or (rule.split if rule else "none")}
    _fill_pots(store, {**flags, "method": "", "side": side, "driven": 0, "previous": 0})
    store.fill("share", "allocate/share_direct", flags)


def driver_flags(rule: Rule, values: Mapping[str, object], whole_month: int) -> dict[str, object]:
    """Return the parameters by which a rule's driver is measured and its pools are split.

    Args:
        rule: A rule that splits by a driver or in proportion.
        values: The run's own parameters, which go along.
        whole_month: 0 to measure the day, 1 the month, 2 to let everyone of the month count alike, 3 the month before.
    """
    cutoff, taken = rule.cutoff, rule.taken_from or {}
    into = (cutoff.into if cutoff else None) or {}
    return {
        **NOTHING_ELSE,
        **values,
        **{f"in_{name}": int(name in rule.within) for name in DIMENSIONS},
        **{f"to_{name}": int(name in rule.to) for name in NAMED},
        **{f"drop_{name}": int(name in taken) for name in NAMED},
        **{f"drops_{name}": int(name in rule.to) for name in NAMED},
        **{f"small_{name}": into.get(name, "") for name in NAMED},
        "small": int(bool(into)),
        "cut_millionths": cutoff.millionths if cutoff else 0,
        "cut_pico": pico(cutoff.amount) if cutoff else 0,
        "rule": rule.name,
        "measured": rule.name,
        "method": rule.split,
        "driver": rule.driver or "allocated cost",
        **_measure_of(rule.measures[0] if rule.measures else ""),
        "passing": int(rule.passes_on),
        "capacity": rule.capacity,
        "whole_month": whole_month,
        "measured_from": values.get("month"),
        "measured_to": values.get("ends_at"),
        "side": "",
    }


def closed_by(rules: Sequence[Rule]) -> str:
    """Return who has passed on what they had, as queries look into it."""
    return listed(
        [
            f"{name}{WITHIN}{value}"
            for rule in rules
            for name, values in (rule.taken_from or {}).items()
            if name != "rule"
            for value in values
        ]
    )


def _measure(store: Store, rule: Rule, flags: Mapping[str, object]) -> None:
    """Fill `driver` for one span of a rule."""
    if rule.split == "proportional":
        apart = flags["key"] or "provider" in rule.within
        store.fill("driver", "allocate/driver_cost_by_pool" if apart else "allocate/driver_cost", flags)
        return
    if len(rule.measures) > 1:
        names = [f"{rule.name}{BETWEEN}{one}" for one in rule.measures]
        for name, one in zip(names, rule.measures, strict=True):
            _measure_one(store, one, {**flags, "measured": name})
        store.fill("driver", "allocate/driver_larger", {**flags, "one": names[0], "other": names[1]})
    else:
        _measure_one(store, rule.driver, flags)
    if rule.capacity:
        store.fill("driver", "allocate/driver_idle", flags)


def _measure_one(store: Store, measure: str, flags: Mapping[str, object]) -> None:
    query = "allocate/driver_metric" if measure.startswith(METRIC) else "allocate/driver_usage"
    store.fill("driver", query, {**flags, **_measure_of(measure), "driver": measure})


def _measure_of(measure: str) -> dict[str, object]:
    return {
        "unit": measure.removeprefix(UNIT) if measure.startswith(UNIT) else "",
        "metric": measure.removeprefix(METRIC) if measure.startswith(METRIC) else "",
    }


def _gather(store: Store, rule: Rule, values: Mapping[str, object], *, driven: int = 0, previous: int = 0) -> None:
    """Put a rule's open pools into pots with those that split alike."""
    flags = values if driven else driver_flags(rule, values, 0)
    _fill_pots(store, {**flags, "driven": driven, "previous": previous})


def _fill_pots(store: Store, flags: Mapping[str, object]) -> None:
    store.fill("pot", "allocate/pot", flags)


def _among(store: Store, rule: Rule, values: Mapping[str, object]) -> Iterator[dict[str, object]]:
    """Split the pots of an `even` or `fixed` rule; they are few, so plain Python does it."""
    taken, closed = rule.taken_from or {}, str(values.get("closed", ""))
    open_ones = [(who, weight) for who, weight in rule.among if not _is_closed(who, closed)]
    # Ties go to the smaller attribution; absent ones first, as they do in the splits that the engine makes.
    among = sorted(open_ones, key=lambda one: [one[0].get(name, "") for name in _IN_POT])
    for pot in store.rows("allocate/pots_of", {**values, "rule": rule.name}):
        before = Decimal(0)
        whole = cast(Decimal, pot.pop("whole"))
        for (target, weight), amount in zip(among, split(whole, [weight for _, weight in among]), strict=True):
            yield {
                **pot,
                **{name: target.get(name, None if name in taken else pot[name]) for name in NAMED},
                "method": rule.split,
                "driver": "",
                "state": "allocated",
                "weight": weight,
                "amount": amount,
                "before": before,
            }
            before += abs(amount)


def _is_closed(who: Mapping[str, str], closed: str) -> bool:
    return any(f"{BETWEEN}{name}{WITHIN}{value}{BETWEEN}" in closed for name, value in who.items())
