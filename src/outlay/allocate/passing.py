"""Passing on: a rule takes the shares that others gave, and splits them anew.

Comes in: `apportioned`, the shares of a run so far. Goes out: pools, pots and shares of the rule: what it takes away,
with the sign turned, and what it gives on. The two sum to zero, so the month still sums to its charges.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import cast

from outlay.allocate.grammar.rule import Rule
from outlay.allocate.grammar.words import DIMENSIONS, LITERAL, NAMED, listed
from outlay.allocate.rules import Rules
from outlay.allocate.splitting import NOTHING_ELSE, closed_by, give_whole, share
from outlay.errors import BadConfig
from outlay.store import Row, Store
from outlay.terms.money import split

_BOTH, _OUT_ONLY = 2, 1


def pass_on(store: Store, rules: Rules, rule: Rule, values: Mapping[str, object], done: Sequence[str]) -> list[str]:
    """Split what a rule takes from others, together with the rules that it gives to and that give to it.

    Args:
        store: Holds the shares so far.
        rules: All rules.
        rule: One that passes shares on.
        values: The run's own, with `key` and `followed`.
        done: The rules that were split already.

    Returns:
        The names of the rules that were split.
    """
    group = [one for one in rules.rules if one.reciprocal] if rule.reciprocal else [rule]
    before = [one for one in rules.rules if one.name in done and one.passes_on]
    closed = closed_by([*before, *group])
    for one in group:
        store.fill("pool", "allocate/pool_taken", taking(one, values, _OUT_ONLY if len(group) > 1 else _BOTH))
    if len(group) > 1:
        store.insert("pool", _solved(store, group, values))
    for one in group:
        give_whole(store, one, values, give=True, side="out", method="passed on")
        share(store, one, {**values, "closed": closed})
    return [one.name for one in group]


def taking(rule: Rule, values: Mapping[str, object], sides: int) -> dict[str, object]:
    """Return the parameters by which a rule takes shares: 2 sides for away and in, 1 for away alone."""
    taken = rule.taken_from or {}
    return {
        **NOTHING_ELSE,
        **values,
        "rule": rule.name,
        "sides": sides,
        "from_rules": listed(list(taken.get("rule", ()))),
        **{f"from_{name}": listed(list(taken.get(name, ()))) for name in NAMED},
        **{f"set_{name}": rule.sets.get(name, "").removeprefix(LITERAL) for name in DIMENSIONS},
    }


def solve(group: Sequence[Rule]) -> list[list[Fraction]]:
    """Return where money that begins with each rule of a group ends, when they give to each other until all has left.

    Returns:
        For each rule, which part of what it takes leaves through each of them; the parts of a row sum to 1.

    Raises:
        BadConfig: They give everything to each other, so nothing would ever leave.
    """
    to_each = [_parts(rule, group) for rule in group]
    size = len(group)
    # Rows of (1 - F) with the unit matrix beside it; what is left of it after elimination is its inverse.
    rows = [
        [Fraction(int(i == j)) - to_each[i][j] for j in range(size)] + [Fraction(int(i == j)) for j in range(size)]
        for i in range(size)
    ]
    for place in range(size):
        pivot = next((i for i in range(place, size) if rows[i][place]), None)
        if pivot is None:
            names = ", ".join(rule.name for rule in group)
            raise BadConfig(f"the reciprocal rules {names} give everything to each other", fix="let one give to others")
        rows[place], rows[pivot] = rows[pivot], rows[place]
        rows[place] = [value / rows[place][place] for value in rows[place]]
        for i in range(size):
            if i != place:
                rows[i] = [mine - rows[i][place] * other for mine, other in zip(rows[i], rows[place], strict=True)]
    leaves = [1 - sum(to_each[j], Fraction(0)) for j in range(size)]
    return [[rows[i][size + j] * leaves[j] for j in range(size)] for i in range(size)]


def _parts(rule: Rule, group: Sequence[Rule]) -> list[Fraction]:
    """Return which part of what a rule has it gives to each rule of the group."""
    whole = sum(weight for _, weight in rule.among)
    found = []
    for other in group:
        mine = sum(w for who, w in rule.among if any(who.get(n) in v for n, v in (other.taken_from or {}).items()))
        found.append(Fraction(mine, whole))
    own = found[group.index(rule)]
    # What it would give to itself, it keeps giving until it has gone elsewhere.
    return [Fraction(0) if other is rule else part / (1 - own) for other, part in zip(group, found, strict=True)]


def _solved(store: Store, group: Sequence[Rule], values: Mapping[str, object]) -> Iterator[Row]:
    """Yield what each rule of a group has to split in the end, from what each took away."""
    wanted = solve(group)
    number = cast(int, store.rows("allocate/pools_held", values)[0]["pools"])
    for rule, parts in zip(group, wanted, strict=True):
        weights = [int(part * lcm(*(part.denominator for part in parts))) for part in parts]
        for pool in store.rows("allocate/pools_out", {**values, "rule": rule.name}):
            amounts = split(-cast(Decimal, pool["amount"]), weights)
            for other, amount in zip(group, amounts, strict=True):
                if amount:
                    number += 1
                    moved = {name: held[0] for name, held in (other.taken_from or {}).items() if other is not rule}
                    yield {**pool, **moved, "pool": number, "rule": other.name, "amount": amount, "passing": "in"}
