"""The allocation stage: a month's charges become shares that sum to them exactly."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import cast

from outlay.allocate.rules import DEFAULT, DIMENSIONS, UNIT, Rule, Rules, from_definitions, read
from outlay.errors import Broken
from outlay.store import Row, Store
from outlay.terms.attribution import ATTRIBUTION
from outlay.terms.money import plain, split

_DIMENSIONS = (*ATTRIBUTION, "model")


def rules_in_force(store: Store) -> Rules:
    """Return the rules that were applied last, or the default ones."""
    found = store.rows("allocate/rules_in_force")
    return from_definitions([cast(str, row["definition"]) for row in found]) if found else read(DEFAULT)


def apply_rules(store: Store, rules: Rules, *, now: datetime) -> None:
    """Put a version of the rules into force; runs from now on use it."""
    store.insert(
        "rule",
        [
            {"rule_version": rules.version, "place": place, "rule": rule.name, "definition": text, "applied_at": now}
            for place, (rule, text) in enumerate(zip(rules.rules, rules.definitions, strict=True), start=1)
        ],
    )


def allocate(store: Store, rules: Rules, values: Mapping[str, object]) -> None:
    """Gather a month's charges into pools and split them.

    Args:
        store: Holds the charges and the rolled-up usage of this run.
        rules: The rules.
        values: `run`, `month`, `starts_at` and `ends_at`.
    """
    _assign(store, rules, values)
    store.fill("pool", "allocate/pool", values, over="charge", by=rules.columns)
    _direct(store, values, rule="", method="none", give=False)
    for rule in sorted(rules.rules, key=lambda rule: rule.split == "proportional"):
        _share(store, rule, values)


def check(store: Store, values: Mapping[str, object]) -> list[Row]:
    """Compare the month's charges with its shares.

    Returns:
        One row per provider and currency: billed, allocated, idle, unallocated.

    Raises:
        Broken: They differ (law 3); the message names the pools and by how much.
    """
    store.fill("conservation", "allocate/conservation", values)
    found = store.rows("allocate/conserved", values)
    pools = store.rows("allocate/pools_off", values)
    off = [row for row in found if row["off_by"]]
    if off or pools:
        parts = [
            f"pool {row['pool']} ({row['rule'] or 'no rule'}, {row['provider']}, {row['day']})"
            f" by {plain(cast(Decimal, row['off_by']))} {row['currency']}"
            for row in pools
        ]
        parts += [f"{r['provider']} by {plain(cast(Decimal, r['off_by']))} {r['currency']}" for r in off]
        raise Broken(
            f"the shares of {values['month']} do not sum to what was billed: {'; '.join(parts)}. Nothing was published",
            fix="keep the store and report this; the ledger published before is still in force",
            code="law-3",
        )
    return found


def _assign(store: Store, rules: Rules, values: Mapping[str, object]) -> None:
    """Decide for every combination of the bill columns which rule it falls to."""

    def rows() -> Iterator[dict[str, object]]:
        for row in store.rows("allocate/signature", values, table="charge", by=rules.columns):
            said = {column: None if row[column] is None else str(row[column]) for column in rules.columns}
            rule = rules.first(said)
            known = rule.known(said) if rule else {}
            yield {
                "run": values["run"],
                "month": values["month"],
                "signature": row["signature"],
                "rule": rule.name if rule else "",
                **{name: known.get(name) or None for name in ATTRIBUTION},
                "known_provider": known.get("provider") or None,
                "model": known.get("model") or None,
            }

    store.insert("assignment", rows())


def _share(store: Store, rule: Rule, values: Mapping[str, object]) -> None:
    if rule.split == "direct":
        _direct(store, values, rule=rule.name, method="direct", give=True)
    elif rule.split in ("even", "fixed"):
        _among(store, rule, values)
    else:
        measure = "allocate/driver_cost" if rule.split == "proportional" else "allocate/driver_usage"
        for whole_month in (0, 1) if rule.fallback == "month" else (0,):
            if not store.rows("allocate/open_pools", {**values, "rule": rule.name})[0]["pools"]:
                break
            flags = driver_flags(rule, values, whole_month)
            store.fill("driver", measure, flags)
            store.fill("share", "allocate/share_driver", flags)
        _direct(store, values, rule=rule.name, method=rule.split, give=rule.fallback == "direct")


def _direct(store: Store, values: Mapping[str, object], *, rule: str, method: str, give: bool) -> None:
    store.fill("share", "allocate/share_direct", {**values, "rule": rule, "method": method, "give": int(give)})


def driver_flags(rule: Rule, values: Mapping[str, object], whole_month: int) -> dict[str, object]:
    """Return the parameters by which a rule's driver is measured.

    Args:
        rule: A rule that splits by a driver or in proportion.
        values: The run's own parameters, which go along.
        whole_month: 1 to measure the month instead of the day.
    """
    return {
        **values,
        **{f"in_{name}": int(name in rule.within) for name in DIMENSIONS},
        **{f"to_{name}": int(name in rule.to) for name in _DIMENSIONS},
        "rule": rule.name,
        "method": rule.split,
        "driver": rule.driver or "allocated cost",
        "unit": rule.driver.removeprefix(UNIT) if rule.driver.startswith(UNIT) else "",
        "capacity": rule.capacity,
        "whole_month": whole_month,
    }


def _among(store: Store, rule: Rule, values: Mapping[str, object]) -> None:
    """Split the pools of an `even` or `fixed` rule; they are few, so plain Python does it."""
    # Ties go to the smaller attribution, absent ones last, as they do in the splits that the engine makes.
    among = sorted(rule.among, key=lambda one: [(name not in one[0], one[0].get(name, "")) for name in _DIMENSIONS])

    def rows() -> Iterator[dict[str, object]]:
        for pool in store.rows("allocate/pools_of", {**values, "rule": rule.name}):
            parts = split(cast(Decimal, pool["amount"]), [weight for _, weight in among])
            for (target, weight), amount in zip(among, parts, strict=True):
                kept = {k: v for k, v in pool.items() if k not in ("charges", "consumed_quantity", "known_provider")}
                yield {
                    **kept,
                    **{name: target.get(name, pool[name]) for name in _DIMENSIONS},
                    "method": rule.split,
                    "driver": "",
                    "state": "allocated",
                    "weight": weight,
                    "amount": amount,
                }

    store.insert("share", rows())
