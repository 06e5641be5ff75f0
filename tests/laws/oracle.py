"""What a driver should make of pools and usage, in plain Python: the oracle that the SQL is held against."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import cast

from outlay.allocate.grammar.rule import UNIT, Rule
from outlay.store import Row
from outlay.terms.attribution import ATTRIBUTION
from outlay.terms.money import EXACT, pico, split

DIMENSIONS = (*ATTRIBUTION, "model")
#: Pool, state, attribution and model, weight, amount.
Share = tuple[object, ...]
_Who = tuple[object, ...]


#: The order of shares within a pot: customer and user last.
_IN_POT = ("feature", "team", "environment", "service", "release", "model", "customer", "user")


def shares_of(rule: Rule, pools: Sequence[Row], usage: Sequence[Row], month: date) -> list[Share]:
    """Return the shares of a driver rule's pots, each under the number of its first pool.

    Args:
        rule: The rule, with its driver.
        pools: Its pools.
        usage: The rows of `rollup_day`.
        month: First day of the month.
    """
    found: list[Share] = []
    left = list(pools)
    measured: dict[str, _Measured] = {}
    for window in rule.windows:
        span = "day" if window == "previous" else window
        if span not in measured:
            measured[span] = _measured(rule, left, usage, month, span)
        still = []
        for pot in _pots(rule, left):
            weights = _weights_for(rule, pot[0], measured[span], month, window)
            found += _split(rule, pot, weights) if weights else []
            still += [] if weights else pot
        left = still
    for pot in _pots(rule, left):
        own = tuple(pot[0][name] for name in DIMENSIONS)
        given = rule.last == "direct" and any(value is not None for value in own)
        amount = sum((cast(Decimal, pool["amount"]) for pool in pot), Decimal(0))
        found.append((pot[0]["pool"], "allocated" if given else "unallocated", *own, 1, amount))
    return found


#: By day and part: the weight of each whom usage names, and of idle capacity under None.
_Measured = dict[tuple[date, tuple[str, ...]], dict[_Who | None, int]]


def _measured(rule: Rule, pools: Sequence[Row], usage: Sequence[Row], month: date, span: str) -> _Measured:
    sums: _Measured = defaultdict(lambda: defaultdict(int))
    for row in usage:
        where = (cast(date, row["day"]) if span == "day" else month, _part(rule, row, "provider"))
        who = tuple(row[n] if n in rule.to else None for n in DIMENSIONS)
        sums[where][who] = 1 if span == "even" else sums[where][who] + _weight(rule.driver, row)
    held: dict[tuple[date, tuple[str, ...]], int] = defaultdict(int)
    for pool in pools:
        where = (cast(date, pool["day"]) if span == "day" else month, _part(rule, pool, "known_provider"))
        held[where] += int(cast(Decimal, pool["consumed_quantity"]).scaleb(3)) * rule.capacity
    found: _Measured = {where: {who: w for who, w in sums[where].items() if w > 0} for where in sums}
    for where, capacity in held.items():
        idle = capacity - sum(found.get(where, {}).values())
        if idle > 0:
            found.setdefault(where, {})[None] = idle
    return {where: weights for where, weights in found.items() if weights}


def _weights_for(rule: Rule, pool: Row, measured: _Measured, month: date, window: str) -> dict[_Who | None, int] | None:
    part, own_day = _part(rule, pool, "known_provider"), cast(date, pool["day"])
    if window == "previous":
        days = [day for day, of in measured if of == part and day < own_day]
        return measured[max(days), part] if days else None
    return measured.get((own_day if window == "day" else month, part))


def _pots(rule: Rule, pools: Iterable[Row]) -> list[list[Row]]:
    """Return pools that split alike together: of one day, currency, sign, part, and known attribution."""
    found: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for pool in sorted(pools, key=lambda pool: cast(int, pool["pool"])):
        own = tuple(pool[name] for name in DIMENSIONS)
        sign = cast(Decimal, pool["amount"]) < 0
        found[pool["day"], pool["currency"], sign, _part(rule, pool, "known_provider"), own].append(pool)
    return list(found.values())


def _split(rule: Rule, pot: Sequence[Row], measured: dict[_Who | None, int]) -> list[Share]:
    weights: dict[tuple[object, ...], int] = defaultdict(int)
    own = tuple(pot[0][name] for name in DIMENSIONS)
    for who, weight in measured.items():
        to = own if who is None else tuple(a if a is not None else b for a, b in zip(who, own, strict=True))
        weights["idle" if who is None else "allocated", *to] += weight
    amount = sum((cast(Decimal, pool["amount"]) for pool in pot), Decimal(0))
    weights = _kept(rule, weights, abs(pico(amount)))
    # Ties go to the smaller attribution.
    order = [0, *(1 + DIMENSIONS.index(name) for name in _IN_POT)]
    keys = sorted(weights, key=lambda key: [str(key[place] or "") for place in order])
    amounts = split(amount, [weights[key] for key in keys])
    return [(pot[0]["pool"], *key, weights[key], part) for key, part in zip(keys, amounts, strict=True)]


def _kept(rule: Rule, weights: dict[tuple[object, ...], int], whole: int) -> dict[tuple[object, ...], int]:
    """Return the weights without those too small to have a share."""
    cutoff, total = rule.cutoff, sum(weights.values())
    if cutoff is None:
        return weights
    small = {
        key: weight
        for key, weight in weights.items()
        if key[0] == "allocated"
        and (weight * 10**6 < total * cutoff.millionths or whole * weight < total * pico(cutoff.amount))
    }
    kept = {key: weight for key, weight in weights.items() if key not in small}
    if not kept:
        return weights
    if cutoff.into is not None:
        for key, weight in small.items():
            to = [cutoff.into.get(n) if n in rule.to else value for n, value in zip(DIMENSIONS, key[1:], strict=True)]
            kept["allocated", *to] = kept.get(("allocated", *to), 0) + weight
    return kept


def _part(rule: Rule, row: Row, provider: str) -> tuple[str, ...]:
    names = [provider if name == "provider" else name for name in rule.within]
    return tuple(str(row[name] or "").lower() for name in names)


def _weight(driver: str, row: Row) -> int:
    if driver.startswith(UNIT):
        return int(cast(Decimal, row["quantity"]).scaleb(3)) if row["unit"] == driver.removeprefix(UNIT) else 0
    if driver == "estimated_cost":
        return int(cast(Decimal, row["estimated_cost"]).scaleb(9, context=EXACT))
    return cast(int, row[driver]) * (1 if driver == "duration_ms" else 1000)
