"""Rules: ordered data in TOML. The first that matches a charge wins.

```toml
[[rule]]
name = "model usage"
match = { service_category = "AI and Machine Learning", charge_category = "Usage" }
set = { provider = "provider", model = "resource_id" }
split = "driver"
driver = "estimated_cost"
within = ["provider", "model"]
to = ["feature", "customer", "team", "user", "environment", "service", "release"]
fallback = "month"
```
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

from outlay.errors import BadConfig, UnknownName
from outlay.store.statement import TAG, dimensions_of
from outlay.terms.attribution import ATTRIBUTION

#: What a rule may set, split to, and agree on: the attribution, and what usage calls its provider and model.
DIMENSIONS = (*ATTRIBUTION, "provider", "model")
SPLITS = ("direct", "even", "fixed", "proportional", "driver")
FALLBACKS = ("unallocated", "direct", "month")
DRIVERS = ("calls", "attempts", "tokens", "estimated_cost", "duration_ms")
UNIT = "unit:"
_KEYS = {"name", "match", "set", "split", "driver", "within", "to", "fallback", "among", "capacity"}
_LITERAL = "="
_FORMS: Mapping[type, str] = {dict: "table, { name = value }", list: 'list, ["name", ...]'}
_T = TypeVar("_T", dict[str, Any], list[Any])


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Args:
        name: Its name, unique in the list.
        match: Globs by bill column or `tag:KEY`; any of a column's globs may match, all columns must. The empty
            text means absent, a leading `!` turns a glob around.
        sets: What the charge itself says: a bill column, `tag:KEY` or `=text` by dimension.
        split: `direct`, `even`, `fixed`, `proportional` or `driver`.
        driver: `calls`, `attempts`, `tokens`, `estimated_cost`, `duration_ms` or `unit:NAME`; empty for other splits.
        within: Dimensions on which usage must agree with what `sets` says.
        to: Dimensions that the driver fills in.
        fallback: Where the money goes when the day has no driver: `unallocated`, `direct`, or by the `month`.
        among: For `even` and `fixed`: attributions, with weights.
        capacity: Units of the driver that one consumed unit of the bill holds; what is not used is idle. 0 for none.
    """

    name: str
    match: Mapping[str, Sequence[str]]
    sets: Mapping[str, str]
    split: str
    driver: str = ""
    within: Sequence[str] = ()
    to: Sequence[str] = ()
    fallback: str = "unallocated"
    among: Sequence[tuple[Mapping[str, str], int]] = ()
    capacity: int = 0

    def matches(self, values: Mapping[str, str | None]) -> bool:
        """Say whether a charge with these values of the bill columns falls to this rule."""
        return all(any(_fits(glob, values.get(column)) for glob in globs) for column, globs in self.match.items())

    def known(self, values: Mapping[str, str | None]) -> dict[str, str | None]:
        """Return what such a charge says about who caused it, by dimension."""
        return {
            dimension: source.removeprefix(_LITERAL) if source.startswith(_LITERAL) else values.get(source)
            for dimension, source in self.sets.items()
        }


@dataclass(frozen=True, slots=True)
class Rules:
    """A list of rules in one version.

    Args:
        rules: In order.
        definitions: The same as they were written, in JSON.
    """

    rules: tuple[Rule, ...]
    definitions: tuple[str, ...]

    @property
    def version(self) -> str:
        """Return a fingerprint of the whole list."""
        return hashlib.sha256("\n".join(self.definitions).encode()).hexdigest()[:16]

    @property
    def columns(self) -> list[str]:
        """Return every bill column and tag the rules look at, sorted."""
        matched = {column for rule in self.rules for column in rule.match}
        told = {source for rule in self.rules for source in rule.sets.values() if not source.startswith(_LITERAL)}
        return sorted(matched | told)

    def first(self, values: Mapping[str, str | None]) -> Rule | None:
        """Return the first rule that matches, if one does."""
        return next((rule for rule in self.rules if rule.matches(values)), None)


#: Without rules of one's own: what tags say goes to whom they name, model bills follow usage, the rest is unallocated.
DEFAULT = Path(__file__).with_name("default_rules.toml")


def read(path: Path = DEFAULT) -> Rules:
    """Read a file of rules.

    Raises:
        BadConfig: The file is not there, not TOML, or a rule cannot be used; the message names the rule and the key.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfig(
            f"rules file {path} cannot be read: {error.strerror}", fix="give the path of a TOML file"
        ) from error
    except UnicodeDecodeError as error:
        raise BadConfig(f"rules file {path} is not UTF-8: {error}", fix="save it as UTF-8") from error
    except RecursionError as error:
        raise BadConfig(f"{path} is nested too deeply", fix="write rules as docs/rules.md shows") from error
    except ValueError as error:  # also for a whole number of thousands of digits
        raise BadConfig(f"{path} is not TOML: {error}", fix="mend the line it names") from error
    return from_toml(found, str(path))


def from_toml(found: Mapping[str, Any], where: str = "rules") -> Rules:
    """Read rules from parsed TOML (raises like `read`)."""
    listed = found.get("rule", [])
    if not isinstance(listed, list) or set(found) - {"rule"}:
        raise BadConfig(
            f"{where} holds something other than [[rule]] tables", fix="write every rule as a [[rule]] table"
        )
    rules = tuple(_rule(entry, f"{where}: rule {place}") for place, entry in enumerate(listed, start=1))
    names = [rule.name for rule in rules]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadConfig(f"{where} has two rules named {twice[0]!r}", fix="give every rule its own name")
    return Rules(rules, tuple(json.dumps(entry, sort_keys=True, default=str) for entry in listed))


def from_definitions(definitions: Sequence[str]) -> Rules:
    """Read rules from the JSON they were stored as."""
    return from_toml({"rule": [json.loads(text) for text in definitions]}, "the stored rules")


def _rule(entry: object, where: str) -> Rule:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or not entry["name"]:
        raise BadConfig(f"{where} has no name", fix='write name = "..."')
    where = f"{where} ({entry['name']})"
    if unknown := sorted(set(entry) - _KEYS):
        raise BadConfig(f"{where} has an unknown key {unknown[0]!r}", fix=f"use one of {', '.join(sorted(_KEYS))}")
    split = _one_of(entry.get("split", "direct"), SPLITS, "split", where)
    driver = entry.get("driver", "")
    if split == "driver" and driver not in DRIVERS and not str(driver).startswith(UNIT):
        raise BadConfig(f"{where}: driver {driver!r} is not one", fix=f"use one of {', '.join(DRIVERS)} or {UNIT}NAME")
    if split in ("even", "fixed") and not entry.get("among"):
        raise BadConfig(f"{where} splits {split} among nobody", fix='write among = [{ team = "a", weight = 1 }, ...]')
    if split in ("driver", "proportional") and not entry.get("to"):
        raise BadConfig(f"{where} names no dimension to split to", fix='write to = ["feature", "customer"]')
    return Rule(
        name=entry["name"],
        match=_match(_of_kind(entry, "match", dict, where), where),
        sets=_sets(_of_kind(entry, "set", dict, where), where),
        split=split,
        driver=str(driver),
        within=[_dimension(name, where) for name in _of_kind(entry, "within", list, where)],
        to=[_dimension(name, where) for name in _of_kind(entry, "to", list, where)],
        fallback=_one_of(entry.get("fallback", "unallocated"), FALLBACKS, "fallback", where),
        among=[_target(target, split, where) for target in _of_kind(entry, "among", list, where)],
        capacity=_capacity(entry.get("capacity"), driver, where),
    )


def _of_kind(entry: Mapping[str, Any], key: str, kind: type[_T], where: str) -> _T:
    """Return what a rule says under a key, as a table or a list."""
    found = entry.get(key, kind())
    if not isinstance(found, kind):
        raise BadConfig(f"{where}: {key} is {found!r}", fix=f"write {key} as a {_FORMS[kind]}")
    return found


def _match(found: Mapping[str, Any], where: str) -> dict[str, list[str]]:
    return {
        _column(c, where): [str(glob) for glob in globs] if isinstance(globs, list) else [str(globs)]
        for c, globs in found.items()
    }


def _sets(found: Mapping[str, Any], where: str) -> dict[str, str]:
    return {
        _dimension(name, where): source if source.startswith(_LITERAL) else _column(source, where)
        for name, source in ((name, str(source)) for name, source in found.items())
    }


def _column(name: str, where: str) -> str:
    known = dimensions_of("charge")
    if not name.startswith(TAG) and name not in known:
        raise BadConfig(
            f"{where}: {UnknownName('bill column', name, [*known, f'{TAG}KEY']).message}",
            fix=f"use a FOCUS column in snake_case or {TAG}KEY",
        )
    return name


def _dimension(name: object, where: str) -> str:
    if name not in DIMENSIONS:
        raise BadConfig(f"{where}: {name!r} is not a dimension", fix=f"use one of {', '.join(DIMENSIONS)}")
    return str(name)


def _one_of(value: object, known: Sequence[str], key: str, where: str) -> str:
    if value not in known:
        raise BadConfig(f"{where}: {key} {value!r} is not one", fix=f"use one of {', '.join(known)}")
    return str(value)


def _target(target: object, split: str, where: str) -> tuple[dict[str, str], int]:
    named = target if isinstance(target, dict) else {"weight": 0}
    weight = named.get("weight", 1)
    if not isinstance(weight, int) or weight <= 0 or (split == "fixed" and "weight" not in named):
        raise BadConfig(f"{where}: among needs a whole weight above 0", fix='write { team = "a", weight = 60 }')
    return {_dimension(k, where): str(v) for k, v in named.items() if k != "weight"}, 1 if split == "even" else weight


def _capacity(found: object, driver: str, where: str) -> int:
    if found is None:
        return 0
    named = found if isinstance(found, dict) else {}
    per = named.get("per_consumed", 0)
    if driver != f"{UNIT}{named.get('unit')}" or not isinstance(per, int) or per <= 0:
        raise BadConfig(
            f"{where}: capacity does not fit its driver {driver!r}",
            fix='write capacity = { unit = "gpu_second", per_consumed = 3600 } with driver = "unit:gpu_second"',
        )
    return per


def _fits(glob: str, value: str | None) -> bool:
    if glob.startswith("!"):
        return not _fits(glob[1:], value)
    return not value if glob == "" else fnmatchcase(value or "", glob)
