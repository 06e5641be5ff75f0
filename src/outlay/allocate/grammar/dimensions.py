"""Virtual dimensions: what a company calls a charge, told from the bill's columns, tags and mapping tables.

Comes in: `[[dimension]]` tables; those of one name are its cases, in order. Goes out: a value by name for a charge,
that of the first case that fits and says something.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from outlay.allocate.grammar.mappings import MappingTable
from outlay.allocate.grammar.patterns import LONGEST, compiled
from outlay.allocate.grammar.words import DIMENSIONS, LITERAL, column, globs, matches, of_kind, only_keys, texts
from outlay.errors import BadConfig
from outlay.store.statement import dimensions_of

_KEYS = {"name", "when", "set", "transform"}
_PLAIN: Mapping[str, Callable[[str], str]] = {"trim": str.strip, "lower": str.lower, "upper": str.upper}
_FORM = 'use "trim", "lower", "upper", { replace = "a", with = "b" }, { regex = \'...\' } or { map = "NAME" }'
#: What turns one value into another, or says that there is none, on a day.
Transform = Callable[[str, date], str | None]


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a dimension.

    Args:
        name: The dimension.
        when: Globs that must fit, as in a rule's `match`.
        sources: Where the value comes from; the first that says something.
        transforms: What is done to it, in order.
    """

    name: str
    when: Mapping[str, Sequence[str]]
    sources: Sequence[str]
    transforms: Sequence[Transform]

    def value(self, values: Mapping[str, str | None], on: date) -> str | None:
        """Return what the case says about a charge; None when it does not fit or says nothing."""
        if not matches(self.when, values):
            return None
        for source in self.sources:
            found = source.removeprefix(LITERAL) if source.startswith(LITERAL) else values.get(source)
            for transform in self.transforms:
                found = transform(found, on) if found else None
            if found:
                return found
        return None


@dataclass(frozen=True, slots=True)
class Dimensions:
    """All virtual dimensions of a file.

    Args:
        cases: By dimension, dimensions in an order in which each comes after those it looks at.
    """

    cases: Mapping[str, Sequence[Case]]

    def told(self, values: Mapping[str, str | None], on: date) -> dict[str, str | None]:
        """Return values of a charge with those of the dimensions added."""
        found = dict(values)
        for name, cases in self.cases.items():
            found[name] = next((value for case in cases if (value := case.value(found, on))), None)
        return found

    def columns(self, names: Sequence[str]) -> set[str]:
        """Return the bill columns and tags behind names, each a column itself or a dimension."""
        found: set[str] = set()
        for name in names:
            if name not in self.cases:
                found.add(name)
                continue
            for case in self.cases[name]:
                found |= self.columns([*case.when, *(s for s in case.sources if not s.startswith(LITERAL))])
        return found


def read_dimensions(entries: Sequence[object], mappings: Mapping[str, MappingTable], where: str) -> Dimensions:
    """Read the `[[dimension]]` tables of a file.

    Raises:
        BadConfig: One cannot be used; the message names it and the key. Dimensions that look at each other in a circle
            are refused with the circle.
    """
    names = list(dict.fromkeys(_name(entry, f"{where}: dimension {n}") for n, entry in enumerate(entries, start=1)))
    cases: dict[str, list[Case]] = {name: [] for name in names}
    for place, entry in enumerate(entries, start=1):
        if isinstance(entry, dict):
            cases[entry["name"]].append(_case(entry, names, mappings, f"{where}: dimension {place} ({entry['name']})"))
    return Dimensions({name: tuple(cases[name]) for name in _in_order(cases, where)})


def _name(entry: object, where: str) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    if not isinstance(name, str) or not name:
        raise BadConfig(f"{where} has no name", fix='write name = "..."')
    if name in {*dimensions_of("charge"), *DIMENSIONS} or ":" in name:
        raise BadConfig(
            f"{where}: the name {name!r} is taken",
            fix=f'use another, then say set = {{ team = "my_{name}" }} in a rule',
        )
    return name


def _case(entry: Mapping[str, Any], own: Sequence[str], mappings: Mapping[str, MappingTable], where: str) -> Case:
    only_keys(entry, _KEYS, where)
    if not entry.get("set"):
        raise BadConfig(f"{where} sets nothing", fix='write set = "tag:team", a list of sources, or "=text"')
    sources = [one if one.startswith(LITERAL) else column(one, own, where) for one in texts(entry["set"])]
    said = entry.get("transform", [])
    return Case(
        entry["name"],
        globs(of_kind(entry, "when", dict, where), own, where),
        sources,
        [_transform(one, mappings, where) for one in (said if isinstance(said, list) else [said])],
    )


def _transform(found: object, mappings: Mapping[str, MappingTable], where: str) -> Transform:
    if isinstance(found, str) and found in _PLAIN:
        plain = _PLAIN[found]
        return lambda value, _: plain(value)
    match found:
        case {"replace": str(old), "with": str(new), **rest} if old and not rest:
            return lambda value, _: value.replace(old, new)
        case {"regex": str(text), **rest} if not set(rest) - {"with"}:
            return _captured(text, rest.get("with"), where)
        case {"map": str(name), **rest} if not rest:
            if name not in mappings:
                raise BadConfig(f"{where}: there is no mapping {name!r}", fix="write it as a [[mapping]] of that name")
            return mappings[name].value
        case _:
            raise BadConfig(f"{where}: transform {found!r} is not one", fix=_FORM)


def _captured(text: str, put: object, where: str) -> Transform:
    """Return what takes the first group of a pattern, or the whole, or writes groups anew."""
    pattern = compiled(text, where)
    if put is not None:
        try:
            pattern.sub(str(put), "")
        except (re.error, IndexError) as error:
            raise BadConfig(f"{where}: with {put!r} does not fit its regex: {error}", fix="use \\1 to \\9") from error

    def taken(value: str, _: date) -> str | None:
        found = pattern.search(value[:LONGEST])
        if found is None:
            return None
        return found.expand(str(put)) if put is not None else found[1 if pattern.groups else 0]

    return taken


def _in_order(cases: Mapping[str, Sequence[Case]], where: str) -> list[str]:
    """Return the dimensions, each after those it looks at."""
    found: list[str] = []

    def visit(name: str, path: Sequence[str]) -> None:
        if name in path:
            circle = " -> ".join([*path[path.index(name) :], name])
            raise BadConfig(f"{where}: dimensions look at each other: {circle}", fix="break the circle")
        if name in found:
            return
        for case in cases[name]:
            for other in (*case.when, *case.sources):
                if other in cases:
                    visit(other, [*path, name])
        found.append(name)

    for name in cases:
        visit(name, [])
    return found
