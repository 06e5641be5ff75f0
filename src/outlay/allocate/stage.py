"""The allocation stage: a month's charges become shares that sum to them exactly."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import cast

from outlay.allocate.grammar.words import BETWEEN, WITHIN, listed
from outlay.allocate.passing import pass_on
from outlay.allocate.rules import Rules
from outlay.allocate.splitting import driver_flags, give_whole, share
from outlay.allocate.versions import apply_rules, rules_in_force
from outlay.errors import Broken
from outlay.store import Row, Store
from outlay.terms.attribution import ATTRIBUTION
from outlay.terms.money import plain

__all__ = ["allocate", "apply_rules", "check", "driver_flags", "gather", "rules_in_force", "split_all"]


def allocate(store: Store, rules: Rules, values: Mapping[str, object]) -> None:
    """Gather a month's charges into pools and split them.

    Args:
        store: Holds the charges and the rolled-up usage of this run.
        rules: The rules.
        values: `run`, `month`, `starts_at` and `ends_at`.
    """
    gather(store, rules, values)
    split_all(store, rules, values)


def gather(store: Store, rules: Rules, values: Mapping[str, object]) -> None:
    """Decide which rule each charge falls to, and gather those of a day that say the same into pools."""
    columns = rules.columns_of(cast(date, values["month"]), cast(datetime, values["ends_at"]).date())
    _assign(store, rules, values, columns)
    store.fill("pool", "allocate/pool", values, over="charge", by=columns)


def split_all(store: Store, rules: Rules, values: Mapping[str, object], only: frozenset[str] | None = None) -> None:
    """Split the pools of a run, rule by rule.

    Args:
        store: Holds them.
        rules: The rules.
        values: As for `allocate`.
        only: Names of the rules to split, the empty name for what no rule took; None for all.
    """
    if only is None or "" in only:
        give_whole(store, None, values, give=False)
    slots = {keys: place for place, keys in enumerate(rules.keys, start=1)}
    done: list[str] = []
    for rule in rules.in_order():
        if rule.name in done or (only is not None and rule.name not in only):
            continue
        flags = {**values, "key": slots.get(tuple(rule.keys), 0), "followed": listed(list(rule.follow))}
        done += pass_on(store, rules, rule, flags, done) if rule.passes_on else [rule.name]
        if not rule.passes_on:
            share(store, rule, flags)


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


def _assign(store: Store, rules: Rules, values: Mapping[str, object], columns: list[str]) -> None:
    """Decide for every combination of the bill columns which rule it falls to."""

    def rows() -> Iterator[dict[str, object]]:
        for row in store.rows("allocate/signature", values, table="charge", by=columns):
            on = cast(date, row["day"] if "day" in columns else values["month"])
            told = rules.dimensions.told({name: None if row[name] is None else str(row[name]) for name in columns}, on)
            rule = next((one for one in rules.rules if not one.passes_on and one.matches(told)), None)
            known = rule.known(told) if rule else {}
            yield {
                "run": values["run"],
                "month": values["month"],
                "signature": row["signature"],
                "rule": rule.name if rule else "",
                **{name: known.get(name) or None for name in ATTRIBUTION},
                "known_provider": known.get("provider") or None,
                "model": known.get("model") or None,
                "keys": BETWEEN.join(WITHIN.join(told.get(name) or "" for name in keys) for keys in rules.keys),
            }

    store.insert("assignment", rows())
