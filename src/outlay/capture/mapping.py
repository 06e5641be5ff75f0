"""Mappings: which column of a CSV file, or field of a log, is which field of a usage event, in TOML.

```toml
[constants]
provider = "azure"
model = "gpt-4o"

[columns]
time = "TIMESTAMP"

[usage]
input = "ContextTokens"
output = "GeneratedTokens"

[time]
format = "iso" # the usual; or "unix_s", "unix_ms", or a pattern such as "%d/%m/%Y %H:%M:%S"
```

`[context]` (tier, processing, speed, region, ...) and `[tags]` name columns like `[columns]` does. `[where]` says which
lines are events: those whose columns hold these values. Fields of a log that stand within others are written
`request.model`.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from outlay.errors import BadConfig
from outlay.wire.event import FIELDS
from outlay.wire.values import CONTEXT

_ISO = "iso"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Digits of a second that a time in so many parts of it leaves to a fraction.
_UNIX = {"unix_s": 6, "unix_ms": 3}
_TABLES = ("constants", "columns", "usage", "context", "tags", "where", "time")
_FIELDS = FIELDS - {"usage", "context", "tags"}
_KEYS = {"constants": _FIELDS, "columns": _FIELDS, "context": CONTEXT, "time": ("format",)}


@dataclass(frozen=True, slots=True)
class Skip:
    """A line that is no event and was never meant to be.

    Args:
        reason: Why, a stable slug.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """What each column of a file is.

    Args:
        constants: Field of an event to the value it has on every line.
        columns: Field of an event to the column that holds it.
        usage: Unit to the column that holds its quantity.
        context: `tier`, `processing`, `speed`, `region`, ... to the column that holds it.
        tags: Further dimension to the column that holds it.
        where: Column to the value it has on lines that are events; all lines are when it is empty.
        time_format: `iso`, `unix_s`, `unix_ms` or a pattern of `strptime`. No zone means UTC.
    """

    constants: Mapping[str, object] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    usage: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    time_format: str = _ISO

    def wanted(self) -> list[str]:
        """Return every column that the mapping names."""
        named = (self.columns, self.usage, self.context, self.tags)
        return [*(column for columns in named for column in columns.values()), *self.where]

    def written(self) -> bytes:
        """Return the mapping as bytes that are the same for the same meaning."""
        said = {name: value for name, value in asdict(self).items() if value or name != "where"}
        return json.dumps(said, sort_keys=True).encode()

    def is_event(self, row: Mapping[str, object]) -> bool:
        """Say whether a line is an event, by what `[where]` wants of it."""
        return all(str(_said(row.get(column))) == value for column, value in self.where.items())

    def says_usage(self, row: Mapping[str, object]) -> bool:
        """Say whether a line says anything of what was used, or how it ended."""
        named = [*self.usage.values(), *(self.columns[name] for name in ("state",) if name in self.columns)]
        return any(_said(row.get(column)) not in ("", None) for column in named)

    def event(self, row: Mapping[str, object]) -> dict[str, object]:
        """Return a line of the file as the JSON object of an event; empty cells say nothing."""

        def said(columns: Mapping[str, str]) -> dict[str, object]:
            cells = ((name, _said(row.get(column))) for name, column in columns.items())
            return {name: cell for name, cell in cells if cell not in ("", None)}

        fields: dict[str, object] = {**self.constants, **said(self.columns)}
        if self.time_format != _ISO and "time" in fields:
            fields["time"] = _instant(str(fields["time"]), self.time_format)
        nested = {"usage": self.usage, "context": self.context, "tags": self.tags}
        return fields | {name: said(columns) for name, columns in nested.items() if columns}


def read_mapping(path: Path) -> ColumnMapping:
    """Read a mapping file.

    Raises:
        BadConfig: It is not there, not TOML, or holds something else.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfig(
            f"mapping {path} cannot be read: {error.strerror}", fix="give the path of a TOML file"
        ) from error
    except RecursionError as error:
        raise BadConfig(f"{path} is nested too deeply", fix="write a mapping as docs/logs.md shows") from error
    except ValueError as error:
        raise BadConfig(f"{path} is not TOML: {error}", fix="mend the line it names") from error
    return mapping_of(found, str(path))


def mapping_of(found: Mapping[str, Any], name: str = "the mapping") -> ColumnMapping:
    """Check a mapping that is already a table of tables.

    Args:
        found: What TOML holds.
        name: What to call it in messages.

    Raises:
        BadConfig: It says something that no event has, or not enough.
    """
    for table, said in found.items():
        if table not in _TABLES:
            raise BadConfig(f"{name} has an unknown table [{table}]", fix=f"use {', '.join(f'[{t}]' for t in _TABLES)}")
        if not isinstance(said, Mapping):
            raise BadConfig(f"{table} in {name} is no table", fix=f"write [{table}] and below it key = value")
        for key, value in said.items():
            if table in _KEYS and key not in _KEYS[table]:
                raise BadConfig(f"[{table}] of {name} has an unknown key {key!r}", fix=_known(_KEYS[table]))
            if not isinstance(value, str) and not (table == "constants" and isinstance(value, int)):
                raise BadConfig(f"{table}.{key} of {name} is {value!r}", fix="write a text in quotes")
    given = {**found.get("columns", {}), **found.get("constants", {})}
    if "time" not in given or (not found.get("usage") and "state" not in given):
        raise BadConfig(
            f"{name} does not say what time and usage are", fix='write [columns] time = "..." and a [usage] table'
        )
    form = found.get("time", {}).get("format", _ISO)
    tables = {table: dict(found.get(table, {})) for table in _TABLES if table != "time"}
    return ColumnMapping(**tables, time_format=form)


def _said(cell: object) -> object:
    return cell.strip() if isinstance(cell, str) else cell


def _known(keys: object) -> str:
    return f"use {', '.join(sorted(keys))}"  # type: ignore[call-overload] # a collection of texts


def _instant(text: str, form: str) -> object:
    """Return an instant written in a form of its own; the text itself where it is none, for the check to refuse."""
    try:
        if form in _UNIX:
            return _EPOCH + timedelta(microseconds=_microseconds(text, _UNIX[form]))
        found = datetime.strptime(text, form)  # noqa: DTZ007 - the next line sees to the zone
    except (ValueError, OverflowError):
        return f"not {form}: {text}"
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _microseconds(text: str, digits: int) -> int:
    """Return a decimal number of seconds or milliseconds in microseconds; what is finer is cut."""
    whole, _, part = text.partition(".")
    return int(whole) * int(10**digits) + int(part[:digits].ljust(digits, "0"))
