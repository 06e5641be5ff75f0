"""What a driver should make of pools and usage, in plain Python: the oracle that the SQL is held against."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import cast

from outlay.allocate.rules import UNIT, Rule
from outlay.store import Row
from outlay.store.statement import SEPARATOR
from outlay.terms.attribution import ATTRIBUTION
from outlay.terms.money import EXACT, split

DIMENSIONS = (*ATTRIBUTION, "model")
#: Pool, state, attribution and model, weight, amount.
Share = tuple[object, ...]
_Who = tuple[object, ...]


def shares_of(rule: Rule, pools: Sequence[Row], usage: Sequence[Row], month: date) -> list[Share]:
    """Return the shares of a driver rule's pools.

    Args:
        rule: The rule, with its driver.
        pools: Its pools.
        usage: The rows of `rollup_day`.
        month: First day of the month.
    """
    found: list[Share] = []
    left = list(pools)
    for whole_month in (False, True) if rule.fallback == "month" else (False,):
        measured: dict[tuple[object, ...], dict[_Who, int]] = defaultdict(lambda: defaultdict(int))
        for row in usage:
            where = (month if whole_month else row["day"], _part(rule, row, "provider"))
            measured[where][tuple(row[n] if n in rule.to else None for n in DIMENSIONS)] += _weight(rule.driver, row)
        held: dict[tuple[object, ...], int] = defaultdict(int)
        for pool in left:
            where = (month if whole_month else pool["day"], _part(rule, pool, "known_provider"))
            held[where] += int(cast(Decimal, pool["consumed_quantity"]).scaleb(3)) * rule.capacity
        still = []
        for pool in left:
            where = (month if whole_month else pool["day"], _part(rule, pool, "known_provider"))
            shares = _split(pool, measured.get(where, {}), held[where])
            found += shares
            still += [] if shares else [pool]
        left = still
    for pool in left:
        own = tuple(pool[name] for name in DIMENSIONS)
        given = rule.fallback == "direct" and any(value is not None for value in own)
        found.append((pool["pool"], "allocated" if given else "unallocated", *own, 1, pool["amount"]))
    return found


def _split(pool: Row, used: dict[_Who, int], held: int) -> list[Share]:
    weights: dict[tuple[object, ...], int] = defaultdict(int)
    own = tuple(pool[name] for name in DIMENSIONS)
    for who, weight in used.items():
        if weight > 0:
            weights["allocated", *(a if a is not None else b for a, b in zip(who, own, strict=True))] += weight
    if held > sum(used.values()):
        weights["idle", *own] += held - sum(used.values())
    if not weights:
        return []
    # Ties go to the smaller attribution, written as one text.
    keys = sorted(weights, key=lambda key: SEPARATOR.join(str(value or "") for value in key))
    amounts = split(cast(Decimal, pool["amount"]), [weights[key] for key in keys])
    return [(pool["pool"], *key, weights[key], amount) for key, amount in zip(keys, amounts, strict=True)]


def _part(rule: Rule, row: Row, provider: str) -> tuple[str, ...]:
    names = [provider if name == "provider" else name for name in rule.within]
    return tuple(str(row[name] or "").lower() for name in names)


def _weight(driver: str, row: Row) -> int:
    if driver.startswith(UNIT):
        return int(cast(Decimal, row["quantity"]).scaleb(3)) if row["unit"] == driver.removeprefix(UNIT) else 0
    if driver == "estimated_cost":
        return int(cast(Decimal, row["estimated_cost"]).scaleb(9, context=EXACT))
    return cast(int, row[driver]) * (1 if driver == "duration_ms" else 1000)
