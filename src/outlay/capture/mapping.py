"""Mappings: which column of a CSV file is which field of a usage event, in TOML.

```toml
[constants]
provider = "azure"
model = "gpt-4o"

[columns]
time = "TIMESTAMP"

[usage]
input = "ContextTokens"
output = "GeneratedTokens"
```
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from outlay.errors import BadConfig

_TABLES = {"constants", "columns", "usage"}


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """What each column of a file is.

    Args:
        constants: Field of an event to the value it has on every line.
        columns: Field of an event to the column that holds it.
        usage: Unit to the column that holds its quantity.
    """

    constants: Mapping[str, object]
    columns: Mapping[str, str]
    usage: Mapping[str, str]

    def event(self, row: Mapping[str, str | None]) -> dict[str, object]:
        """Return a line of the file as the JSON object of an event; empty cells say nothing."""
        fields = {name: row.get(column) or None for name, column in self.columns.items()}
        usage = {unit: _number(row.get(column)) for unit, column in self.usage.items() if row.get(column)}
        return {**self.constants, **fields, "usage": usage}


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
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{path} is not TOML: {error}", fix="mend the line it names") from error
    if unknown := set(found) - _TABLES:
        raise BadConfig(f"{path} has an unknown table [{min(unknown)}]", fix="use [constants], [columns] and [usage]")
    if not found.get("usage") or "time" not in {**found.get("columns", {}), **found.get("constants", {})}:
        raise BadConfig(
            f"{path} does not say what time and usage are", fix='write [columns] time = "..." and a [usage] table'
        )
    return ColumnMapping(found.get("constants", {}), found.get("columns", {}), found["usage"])


def _number(text: str | None) -> object:
    """Return a whole number as such, so that it is read as tokens; anything else as it stands."""
    return int(text) if text and text.strip().isdigit() else text
