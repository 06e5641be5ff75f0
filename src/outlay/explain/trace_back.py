"""Trace back: shares led back to the lines of the bill, and forward to the rule's version and its driver.

Comes in: a slice of the ledger. Goes out: what `evidence` shows, with who put the rule into force and why, the driver
rows of each share, and for what a rule took from others the shares it took, down to charges.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import cast

from outlay.allocate.grammar.words import NAMED
from outlay.allocate.passing import taking
from outlay.allocate.rules import Rules
from outlay.allocate.splitting import driver_flags
from outlay.allocate.versions import history, rules_of
from outlay.explain.evidence import asked_of, evidence, listed_numbers, pools_of
from outlay.store import Row, Store
from outlay.terms.period import Period

_DIMENSIONS = ("feature", "customer", "team")
_RUN = ("run", "month")


def trace_back(
    store: Store, period: Period, *, where: Mapping[str, str] | None = None, most: int = 20
) -> dict[str, object]:
    """Lead shares back to their charges, and forward to their rule and driver.

    Args:
        store: Holds the published ledger.
        period: Whole days.
        where: Value by dimension of a share.
        most: How many shares, and of each pool how many charges.

    Returns:
        What `evidence` returns, and besides:

        - each of `shares`: `driver_rows`, the rows of the driver that gave the attribution its weight: `driver_day`,
          `whole_month`, `part`, `weight` and whom they name.
        - each of `pools`: `taken`, the shares of other rules it was made of, dearest first, empty for charges. The
          pools of those are in `pools` too, so that every path ends at charges.
        - each of `rules`: `applied_at`, `author`, `reason` and `effective_from`, where the store knows them.
    """
    found = evidence(store, period, where=where, most=most)
    shares, pools = cast("list[Row]", found["shares"]), cast("list[Row]", found["pools"])
    for run in sorted({cast(str, share["run"]) for share in shares}):
        own = [share for share in shares if share["run"] == run]
        rules = rules_of(store, cast(str, own[0]["rule_version"]))
        _add_drivers(store, own, rules)
        _add_taken(store, run, own, pools, rules, most)
    applied = {one.rule_version: one for one in reversed(history(store))}
    for rule in cast("list[Row]", found["rules"]):
        one = applied.get(cast(str, rule["rule_version"]))
        for name in ("applied_at", "author", "reason", "effective_from"):
            rule[name] = getattr(one, name, None)
    return found


def _add_drivers(store: Store, shares: Sequence[Row], rules: Rules) -> None:
    """Give shares that a driver gave the rows of it."""
    for share in shares:
        share["driver_rows"] = []
    for rule in rules.rules:
        of_rule = [s for s in shares if s["rule"] == rule.name and s["driver"] and s["state"] != "unallocated"]
        if not of_rule:
            continue
        values = {name: of_rule[0][name] for name in _RUN}
        told = {name: {cast("str | None", s[name]) for s in of_rule} for name in _DIMENSIONS}
        only = {name: next(iter(names)) or "" if len(names) == 1 else "" for name, names in told.items()}
        only = {name: value if name in rule.to else "" for name, value in only.items()}
        slots = {keys: place for place, keys in enumerate(rules.keys, start=1)}
        flags = {**driver_flags(rule, values, 0), "pots": listed_numbers(of_rule, "pot"), **only}
        flags["key"] = slots.get(tuple(rule.keys), 0)
        rows = store.rows("explain/trace_driver", flags)
        for share in of_rule:
            own = [row for row in rows if row["pot"] == share["pot"] and _gives(row, share, rule.to)]
            share["driver_rows"] = [{k: v for k, v in row.items() if k != "pot"} for row in own]


def _gives(row: Row, share: Row, to: Sequence[str]) -> bool:
    """Say whether a row of a driver is behind a share."""
    if row["state"] != share["state"]:
        return False
    return share["state"] == "idle" or all(row[n] in (None, share[n]) for n in NAMED if n in to)


def _add_taken(store: Store, run: str, shares: Sequence[Row], pools: list[Row], rules: Rules, most: int) -> None:
    """Give pools the shares they were made of, and those shares' pools to the list, down to charges."""
    by_name = {rule.name: rule for rule in rules.rules}
    asked = asked_of(run, cast(date, shares[0]["month"]), most, shares)
    left = [pool for pool in pools if pool["run"] == run]
    while left:
        known = {pool["pool"] for pool in pools if pool["run"] == run}
        ahead: list[Row] = []
        for name in sorted({cast(str, pool["rule"]) for pool in left}):
            of_rule = [pool for pool in left if pool["rule"] == name]
            rule = by_name.get(name)
            taken: list[Row] = []
            if rule and rule.passes_on and any(pool["passing"] for pool in of_rule):
                flags = {**taking(rule, asked, 2), "pools": listed_numbers(of_rule, "pool")}
                taken = store.rows("explain/trace_taken", flags | {"same": int(not rule.reciprocal)})
            for pool in of_rule:
                into = [row for row in taken if row["into_pool"] == pool["pool"]]
                pool["taken"] = [{k: v for k, v in row.items() if k != "into_pool"} for row in into]
            ahead += [row for row in taken if row["pool"] not in known]
        left = list(pools_of(store, ahead, {**asked, "pools": listed_numbers(ahead, "pool")}, rules)) if ahead else []
        pools += left
