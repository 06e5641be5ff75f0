"""The order in which rules are split: what takes from others comes after them, and a circle is refused.

Comes in: rules. Goes out: their names in order.

What gathers charges is first, then what follows other costs, then what passes shares on, each in the order of the file;
a rule that names another comes after it wherever it stands.
"""

from collections.abc import Mapping, Sequence

from outlay.allocate.grammar.rule import Rule
from outlay.errors import BadConfig, UnknownName


def in_order(rules: Sequence[Rule], where: str) -> tuple[str, ...]:
    """Return the names of rules in the order in which they are split.

    Raises:
        BadConfig: A rule names one that is not there, or rules wait for each other; the message has the circle.
    """
    needs = {rule.name: _needs(rule, rules, where) for rule in rules}
    by_turn = [rule.name for rule in sorted(rules, key=_turn)]
    found: list[str] = []
    while left := [name for name in by_turn if name not in found]:
        ready = next((name for name in left if not needs[name] - set(found)), None)
        if ready is None:
            raise BadConfig(
                f"{where}: rules wait for each other: {' -> '.join(_circle(needs, left))}",
                fix="take one out of the circle, or say reciprocal = true in each of them if they give to each other",
            )
        found.append(ready)
    return tuple(found)


def _turn(rule: Rule) -> int:
    return 2 if rule.passes_on else int(rule.split == "proportional")


def _needs(rule: Rule, rules: Sequence[Rule], where: str) -> set[str]:
    """Return the names of the rules that must be split before a rule."""
    taken = rule.taken_from or {}
    named = [*rule.follow, *taken.get("rule", ())]
    known = [other.name for other in rules]
    for name in named:
        if name not in known:
            raise BadConfig(
                f"{where}: rule {rule.name!r} names {UnknownName('rule', name, known).message.removeprefix('no ')}",
                fix="name a rule of this file",
            )
    found = set(named)
    for other in rules:
        gives = any(other.gives_to(name, values) for name, values in taken.items() if name != "rule")
        if other.passes_on and other.name != rule.name and gives and not (rule.reciprocal and other.reciprocal):
            found.add(other.name)
    return found


def _circle(needs: Mapping[str, set[str]], left: Sequence[str]) -> list[str]:
    """Return a circle among rules that all wait, from one rule back to it, in the order in which money would flow."""
    path = [left[0]]
    while True:
        ahead = min(needs[path[-1]] & set(left))
        if ahead in path:
            return [ahead, *reversed(path[path.index(ahead) :])]
        path.append(ahead)
