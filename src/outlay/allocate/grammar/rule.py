"""One rule: which charges or shares it takes, and how it divides them.

Comes in: one `[[rule]]` table. Goes out: a rule whose every key was checked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import lcm
from typing import Any

from outlay.allocate.grammar.words import (
    DIMENSIONS,
    LITERAL,
    NAMED,
    column,
    dimension,
    globs,
    matches,
    number,
    of_kind,
    one_of,
    only_keys,
    texts,
)
from outlay.errors import BadConfig

SPLITS = ("direct", "even", "fixed", "proportional", "driver")
#: What takes the money of a day without a driver: other windows, tried in order, and what is last.
WINDOWS = ("previous", "month", "last_month", "even")
LAST = ("unallocated", "direct")
FALLBACKS = (*LAST, *WINDOWS)
DRIVERS = ("calls", "attempts", "tokens", "estimated_cost", "duration_ms")
UNIT, METRIC = "unit:", "metric:"
_KEYS = {
    *("name", "match", "from", "set", "split", "driver", "follow", "within", "for_each", "to", "fallback", "among"),
    *("capacity", "cutoff", "reciprocal"),
}
_PAIR = 2
_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Cutoff:
    """Who is too small to have a share.

    Args:
        millionths: Below this part of the whole, in millionths; 0 for none.
        amount: Below this amount, in the bill's currency; 0 for none.
        into: Who gets what they would have had; empty for the others, in proportion.
    """

    millionths: int = 0
    amount: Decimal = Decimal(0)
    into: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Args:
        name: Its name, unique in the list.
        match: Globs by bill column, `tag:KEY` or dimension of the file; any of a column's globs may match, all columns
            must. The empty text means absent, a leading `!` turns a glob around.
        sets: What the charge itself says: a bill column, `tag:KEY`, dimension or `=text`, by dimension.
        split: `direct`, `even`, `fixed`, `proportional` or `driver`.
        driver: `calls`, `attempts`, `tokens`, `estimated_cost`, `duration_ms`, `unit:NAME`, `metric:NAME` or the larger
            of two as `larger of A and B`; empty for other splits.
        within: Dimensions on which what is measured must agree with what `sets` says.
        to: Dimensions that the driver fills in.
        fallback: Where the money goes when the day has no driver, tried in order.
        among: For `even` and `fixed`: attributions, with weights.
        capacity: Units of the driver that one consumed unit of the bill holds; what is not used is idle. 0 for none.
        keys: Bill columns and dimensions for each value of which a cost that is followed is followed apart.
        follow: For `proportional`: the rules whose shares are followed; empty for all that do not follow themselves.
        taken_from: Names by dimension, or rules under `rule`: it takes shares that they hold, instead of charges.
        cutoff: Who is too small to have a share.
        reciprocal: Whether it may give to those who pass shares on to it.
    """

    name: str
    match: Mapping[str, Sequence[str]]
    sets: Mapping[str, str]
    split: str
    driver: str = ""
    within: Sequence[str] = ()
    to: Sequence[str] = ()
    fallback: Sequence[str] = ("unallocated",)
    among: Sequence[tuple[Mapping[str, str], int]] = ()
    capacity: int = 0
    keys: Sequence[str] = ()
    follow: Sequence[str] = ()
    taken_from: Mapping[str, Sequence[str]] | None = None
    cutoff: Cutoff | None = None
    reciprocal: bool = False

    @property
    def passes_on(self) -> bool:
        """Say whether it takes shares that others gave instead of charges."""
        return self.taken_from is not None

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the drivers it measures: one, or two of which the larger counts."""
        return tuple(self.driver.removeprefix(_LARGER).split(_AND)) if self.driver else ()

    @property
    def windows(self) -> list[str]:
        """Return the windows whose driver it splits by, the day first."""
        return ["day", *(one for one in self.fallback if one in WINDOWS)]

    @property
    def last(self) -> str:
        """Return what takes the money that no window had a driver for: `unallocated` or `direct`."""
        return self.fallback[-1] if self.fallback[-1] in LAST else LAST[0]

    def matches(self, values: Mapping[str, str | None]) -> bool:
        """Say whether a charge with these values falls to this rule."""
        return matches(self.match, values)

    def known(self, values: Mapping[str, str | None]) -> dict[str, str | None]:
        """Return what such a charge says about who caused it, by dimension."""
        return {
            name: source.removeprefix(LITERAL) if source.startswith(LITERAL) else values.get(source)
            for name, source in self.sets.items()
        }

    def gives_to(self, name: str, values: Sequence[str]) -> bool:
        """Say whether it names one of some values of a dimension among those it always gives to."""
        return any(target.get(name) in values for target, _ in self.among)


_LARGER, _AND = "larger of ", " and "


def read_rule(entry: object, own: Sequence[str], where: str) -> Rule:
    """Read one `[[rule]]`.

    Args:
        entry: The table.
        own: Names of the dimensions that the file defines.
        where: What to call it in an error.

    Raises:
        BadConfig: It cannot be used; the message names the rule and the key.
    """
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or not entry["name"]:
        raise BadConfig(f"{where} has no name", fix='write name = "..."')
    where = f"{where} ({entry['name']})"
    only_keys(entry, _KEYS, where)
    split = one_of(entry.get("split", "direct"), SPLITS, "split", where)
    driver = _driver(entry.get("driver", ""), where) if split == "driver" else str(entry.get("driver", ""))
    if split in ("even", "fixed") and not entry.get("among"):
        raise BadConfig(f"{where} splits {split} among nobody", fix='write among = [{ team = "a", weight = 1 }, ...]')
    if split in ("driver", "proportional") and not entry.get("to"):
        raise BadConfig(f"{where} names no dimension to split to", fix='write to = ["feature", "customer"]')
    within, keys = _parts(entry, split, own, where)
    rule = Rule(
        name=entry["name"],
        match=globs(of_kind(entry, "match", dict, where), own, where),
        sets=_sets(of_kind(entry, "set", dict, where), own, where),
        split=split,
        driver=driver,
        within=within,
        to=[dimension(name, where) for name in of_kind(entry, "to", list, where)],
        fallback=_fallback(entry.get("fallback", LAST[0]), where, split),
        among=_among(of_kind(entry, "among", list, where), split, where),
        capacity=_capacity(entry.get("capacity"), driver, where),
        keys=keys,
        follow=texts(entry["follow"]) if "follow" in entry else (),
        taken_from=_taken(entry["from"], where) if "from" in entry else None,
        cutoff=_cutoff(entry["cutoff"], where) if "cutoff" in entry else None,
        reciprocal=entry.get("reciprocal") is True,
    )
    _fits_together(rule, where)
    return rule


def _fits_together(rule: Rule, where: str) -> None:
    """Refuse keys that have no meaning beside each other."""
    if rule.passes_on and (rule.match or rule.capacity):
        raise BadConfig(
            f"{where} takes shares (from), which have no bill columns", fix="leave match and capacity out of it"
        )
    if rule.passes_on and any(not source.startswith(LITERAL) for source in rule.sets.values()):
        raise BadConfig(
            f"{where} takes shares (from), which have no bill columns", fix='set only texts, like "=growth"'
        )
    if rule.follow and rule.split != "proportional":
        raise BadConfig(f"{where} splits {rule.split}, which follows no cost", fix='say split = "proportional"')
    if rule.cutoff and rule.split not in ("driver", "proportional"):
        raise BadConfig(f"{where} splits {rule.split}, which cuts nobody off", fix="leave cutoff out of it")
    if any(one.startswith(METRIC) for one in rule.measures) and {"provider", "model"} & {*rule.within, *rule.to}:
        raise BadConfig(
            f"{where}: a metric knows no provider and no model", fix="leave them out of within, for_each and to"
        )
    if rule.reciprocal and not (rule.passes_on and rule.among):
        raise BadConfig(
            f"{where} cannot be reciprocal",
            fix='a reciprocal rule has a from, and split = "even" or "fixed" among names',
        )


def _driver(found: object, where: str) -> str:
    listed = texts(found)
    for one in listed:
        if one not in DRIVERS and not (one.startswith((UNIT, METRIC)) and one.partition(":")[2]):
            raise BadConfig(
                f"{where}: driver {one!r} is not one",
                fix=f"use one of {', '.join(DRIVERS)}, {UNIT}NAME or {METRIC}NAME",
            )
    if len(listed) > _PAIR or len(set(listed)) < len(listed) or any(_AND in one for one in listed):
        raise BadConfig(f"{where}: driver {found!r} is not one", fix="name one, or two of which the larger counts")
    return listed[0] if len(listed) == 1 else _LARGER + _AND.join(listed)


def _parts(entry: Mapping[str, Any], split: str, own: Sequence[str], where: str) -> tuple[list[str], list[str]]:
    """Return the dimensions to agree on, and the bill columns and own dimensions to keep apart."""
    within = [str(name) for name in of_kind(entry, "within", list, where)]
    keys: list[str] = []
    for name in (*texts(entry.get("for_each", [])), *within):
        if name in DIMENSIONS:
            if name not in within:
                within.append(name)
            continue
        if name in within and name not in own:
            dimension(name, where)
        column(name, own, where)
        if split not in ("proportional", "direct", "even", "fixed"):
            raise BadConfig(
                f"{where}: what is measured does not know {name!r}",
                fix=f'set a dimension from it, set = {{ team = "{name}" }}, and say for_each = "team"',
            )
        keys.append(name)
    return [name for name in within if name in DIMENSIONS], sorted(set(keys))


def _fallback(found: object, where: str, split: str) -> tuple[str, ...]:
    listed = [one_of(one, FALLBACKS, "fallback", where) for one in texts(found)]
    if not listed or len(set(listed)) < len(listed) or any(one in LAST for one in listed[:-1]):
        raise BadConfig(
            f"{where}: fallback {found!r} cannot be tried in that order",
            fix=f"name each once, {' or '.join(LAST)} at the end",
        )
    if "last_month" in listed and split == "proportional":
        raise BadConfig(
            f"{where}: what is shared in proportion follows costs of its own month",
            fix='leave out "last_month", or split by a driver',
        )
    return tuple(listed)


def _sets(found: Mapping[str, Any], own: Sequence[str], where: str) -> dict[str, str]:
    return {
        dimension(name, where): source if source.startswith(LITERAL) else column(source, own, where)
        for name, source in ((name, str(source)) for name, source in found.items())
    }


def _among(found: Sequence[object], split: str, where: str) -> list[tuple[dict[str, str], int]]:
    if found and all(isinstance(target, dict) and "percent" in target for target in found):
        return _percents([target for target in found if isinstance(target, dict)], where)
    return [_target(target, split, where) for target in found]


def _percents(found: Sequence[Mapping[str, Any]], where: str) -> list[tuple[dict[str, str], int]]:
    shares = [number(target["percent"], "percent", where) for target in found]
    if sum(shares) != _HUNDRED:
        raise BadConfig(f"{where}: the percents of among sum to {sum(shares)}", fix="make them sum to 100")
    whole = lcm(*(share.as_integer_ratio()[1] for share in shares))
    return [
        ({dimension(k, where): str(v) for k, v in target.items() if k != "percent"}, int(share * whole))
        for target, share in zip(found, shares, strict=True)
    ]


def _target(target: object, split: str, where: str) -> tuple[dict[str, str], int]:
    named = target if isinstance(target, dict) else {"weight": 0}
    weight = named.get("weight", 1)
    if (
        isinstance(weight, bool)
        or not isinstance(weight, int)
        or weight <= 0
        or (split == "fixed" and "weight" not in named)
    ):
        raise BadConfig(f"{where}: among needs a whole weight above 0", fix='write { team = "a", weight = 60 }')
    return {dimension(k, where): str(v) for k, v in named.items() if k != "weight"}, 1 if split == "even" else weight


def _capacity(found: object, driver: str, where: str) -> int:
    if found is None:
        return 0
    named = found if isinstance(found, dict) else {}
    per, unit = named.get("per_consumed", 0), str(named.get("unit", ""))
    if (
        not {unit, f"{UNIT}{unit}"} & {*driver.removeprefix(_LARGER).split(_AND)}
        or not isinstance(per, int)
        or per <= 0
    ):
        raise BadConfig(
            f"{where}: capacity does not fit its driver {driver!r}",
            fix='write capacity = { unit = "gpu_second", per_consumed = 3600 } with driver = "unit:gpu_second"',
        )
    return per


def _taken(found: object, where: str) -> dict[str, list[str]]:
    known = ("rule", *NAMED)
    if not isinstance(found, dict) or len(found) != 1 or not all(texts(v) and all(texts(v)) for v in found.values()):
        raise BadConfig(
            f"{where}: from {found!r} names no holder of shares",
            fix='write from = { team = "platform" } or { rule = "NAME" }',
        )
    return {one_of(name, known, "from", where): texts(values) for name, values in found.items()}


def _cutoff(found: object, where: str) -> Cutoff:
    named = found if isinstance(found, dict) else {}
    only_keys(named, {"percent", "amount", "into"}, f"{where}: cutoff")
    if not named or len(set(named) & {"percent", "amount"}) != 1:
        raise BadConfig(
            f"{where}: cutoff {found!r} says no limit", fix='write cutoff = { percent = "0.5" } or { amount = "1" }'
        )
    into = of_kind(named, "into", dict, where)
    if any(name not in NAMED for name in into):
        dimension(next(name for name in into if name not in NAMED), where)
        raise BadConfig(f"{where}: cutoff into names what no share has", fix='write into = { customer = "all others" }')
    percent = number(named["percent"], "percent", where) if "percent" in named else Decimal(0)
    return Cutoff(
        int(percent * 10_000),
        number(named["amount"], "amount", where) if "amount" in named else Decimal(0),
        {name: str(value) for name, value in into.items()} or None,
    )
