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
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from outlay.allocate.grammar.dimensions import Dimensions, read_dimensions
from outlay.allocate.grammar.mappings import MappingTable, read_mapping
from outlay.allocate.grammar.order import in_order
from outlay.allocate.grammar.rule import UNIT, Rule, read_rule
from outlay.allocate.grammar.words import DIMENSIONS, LITERAL
from outlay.errors import BadConfig

__all__ = ["DEFAULT", "DIMENSIONS", "UNIT", "Rule", "Rules", "from_definitions", "from_toml", "read"]

#: The tables of a file, by what `rule.kind` calls them in the store.
_TABLES = {"rule": "", "dimension": "dimension", "mapping": "mapping"}
#: A day for what does not depend on one.
_ANY_DAY = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Rules:
    """A list of rules in one version.

    Args:
        rules: In order.
        definitions: The same as they were written, in JSON.
        dimensions: What the rules' own dimensions say.
        mappings: The tables that those look into, by name.
        named: Dimensions and mappings as they were written: kind, name and JSON of each.
        order: The names of the rules in the order in which they are split; what passes shares on comes after those
            it takes from.
    """

    rules: tuple[Rule, ...]
    definitions: tuple[str, ...]
    dimensions: Dimensions = field(default_factory=lambda: Dimensions({}), compare=False)
    mappings: Mapping[str, MappingTable] = field(default_factory=dict, compare=False)
    named: tuple[tuple[str, str, str], ...] = ()
    order: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """Return a fingerprint of the whole list."""
        whole = "\n".join([*(text for _, _, text in self.named), *self.definitions])
        return hashlib.sha256(whole.encode()).hexdigest()[:16]

    @property
    def columns(self) -> list[str]:
        """Return every bill column and tag the rules look at, sorted."""
        looked_at = [name for rule in self.rules if not rule.passes_on for name in (*rule.match, *rule.keys)]
        told = [s for rule in self.rules if not rule.passes_on for s in rule.sets.values() if s[:1] != LITERAL]
        return sorted(self.dimensions.columns([*looked_at, *told]))

    def columns_of(self, first: date, end: date) -> list[str]:
        """Return the columns, and the day where a mapping changes within a period, so that each day is told apart."""
        changes = any(mapping.changes_within(first, end) for mapping in self.mappings.values())
        return sorted({*self.columns, "day"}) if changes else self.columns

    @property
    def keys(self) -> list[tuple[str, ...]]:
        """Return what rules split for each of, once each, in the order in which pools keep it."""
        return sorted({tuple(rule.keys) for rule in self.rules if rule.keys})

    def first(self, values: Mapping[str, str | None], on: date = _ANY_DAY) -> Rule | None:
        """Return the first rule that matches a charge of a day, if one does."""
        told = self.dimensions.told(values, on)
        return next((rule for rule in self.rules if not rule.passes_on and rule.matches(told)), None)

    def in_order(self) -> list[Rule]:
        """Return the rules in the order in which they are split."""
        by_name = {rule.name: rule for rule in self.rules}
        return [by_name[name] for name in self.order]


#: Without rules of one's own: what tags say goes to whom they name, model bills follow usage, the rest is unallocated.
DEFAULT = Path(__file__).with_name("default_rules.toml")


def read(path: Path = DEFAULT) -> Rules:
    """Read a file of rules.

    Raises:
        BadConfig: The file is not there, not TOML, or a rule cannot be used; the message names the rule and the key.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
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
    return from_toml(found, str(path), folder=path.parent)


def from_toml(found: Mapping[str, Any], where: str = "rules", *, folder: Path | None = None) -> Rules:
    """Read rules from parsed TOML (raises like `read`).

    Args:
        found: What the file says.
        where: What to call it in an error.
        folder: Where files of mappings are looked for.
    """
    if set(found) - set(_TABLES) or not all(isinstance(listed, list) for listed in found.values()):
        raise BadConfig(
            f"{where} holds something other than [[rule]] tables",
            fix="write every rule as a [[rule]] table, and what rules name as [[dimension]] and [[mapping]]",
        )
    read_mappings = [
        read_mapping(entry, f"{where}: mapping {place}", folder)
        for place, entry in enumerate(found.get("mapping", []), start=1)
    ]
    mappings = {mapping.name: mapping for mapping in read_mappings}
    _only_once([mapping.name for mapping in read_mappings], "mappings", "mapping", where)
    dimensions = read_dimensions(found.get("dimension", []), mappings, where)
    own = list(dimensions.cases)
    rules = tuple(
        read_rule(entry, own, f"{where}: rule {place}") for place, entry in enumerate(found.get("rule", []), start=1)
    )
    _only_once([rule.name for rule in rules], "rules", "rule", where)
    return Rules(
        rules,
        tuple(_json(entry) for entry in found.get("rule", [])),
        dimensions,
        mappings,
        (
            *(("mapping", mapping.name, mapping.definition) for mapping in read_mappings),
            *(("dimension", entry["name"], _json(entry)) for entry in found.get("dimension", [])),
        ),
        in_order(rules, where),
    )


def from_definitions(definitions: Sequence[str], named: Sequence[tuple[str, str, str]] = ()) -> Rules:
    """Read rules from the JSON they were stored as.

    Args:
        definitions: Of the rules, in order.
        named: Kind, name and JSON of what they name, in order.
    """
    found: dict[str, list[Any]] = {"rule": [json.loads(text) for text in definitions]}
    for kind, _, text in named:
        found.setdefault(kind, []).append(json.loads(text))
    return from_toml(found, "the stored rules")


def _only_once(names: Sequence[str], many: str, one: str, where: str) -> None:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadConfig(f"{where} has two {many} named {twice[0]!r}", fix=f"give every {one} its own name")


def _json(entry: object) -> str:
    return json.dumps(entry, sort_keys=True, default=str)
