"""Mappings of bills: which column of a table is which column of a charge, and how it is written, in TOML.

```toml
[constants]
provider = "Example Hosting"
billing_account_id = "4711"
billing_currency = "EUR"

[columns]
charge_period_start = "Von"
charge_period_end = "Bis"
billed_cost = "Betrag"
service_name = "Leistung"

[tags]
team = "Kostenstelle"

[numbers]
decimal = ","
thousands = "."

[time]
format = "%d.%m.%Y"
end = "included"
```

Words are those of mappings of events (`capture`): `[constants]`, `[columns]`, `[tags]`, `[where]` and `[time] format`
mean the same here. docs/generic-csv.md lists all keys.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from outlay.bills.written import COLUMNS
from outlay.errors import BadConfig
from outlay.store.tables import BY_NAME
from outlay.store.tables.columns import NAME, TEXT

_TABLES = ("file", "constants", "columns", "tags", "categories", "numbers", "time", "where", "skip")
_CONSTANTS = {c.name for c in BY_NAME["charge"].columns if c.kind in (NAME, TEXT) and c.name in COLUMNS}
#: What every charge must have, from a column or a constant.
NEEDED = ("provider", "billing_account_id", "billing_currency", "charge_period_start", "billed_cost")
CATEGORIES = ("Usage", "Purchase", "Tax", "Credit", "Adjustment")
_KEYS = {
    "file": {"header"},
    "constants": _CONSTANTS,
    "columns": set(COLUMNS),
    "numbers": {"decimal", "thousands", "negative", "symbols"},
    "time": {"format", "zone", "end", "length"},
}
_CHOICES = {
    "decimal": (".", ","),
    "thousands": ("", ".", ",", " ", "'"),
    "negative": ("minus", "trailing", "parentheses", "credit"),
    "end": ("excluded", "included"),
    "length": ("hour", "day", "month"),
}
_LISTS = {"negative", "symbols", "format"}
_DIRECTIVE = re.compile(r"%(-?[dmHIMSjy]|[YBbfpaA%])")
_BEGINNING = "/_:"
_DEFAULT = "iso"
_DEEPEST = 1000


@dataclass(frozen=True, slots=True)
class BillMapping:
    """What each column of a table is, and how its cells are written.

    Args:
        constants: Column of a charge to the text it has where the file says nothing.
        columns: Column of a charge to the column that holds it.
        tags: Tag to the column that holds it.
        tag_beginnings: Beginnings of columns that are tags by the rest of their name.
        categories: What the file calls a category to what it is; `*` for all else.
        decimal: What stands before the fraction of a number.
        thousands: What stands between groups of three digits; may be nothing.
        negative: How amounts below zero are marked: minus, trailing, parentheses, credit.
        symbols: Texts to leave out of numbers, such as a currency sign.
        formats: `iso`, `unix_s`, `unix_ms`, or patterns of `strptime`, tried in order.
        zone: Of times that say none, an IANA name.
        end_included: Whether an end that is written is part of the period.
        length: How long a charge is whose end is not written: hour, day or month.
        where: Column to the value it has on lines that are charges.
        skip: Reason to leave a line out to the patterns that its columns then have.
        header_line: Line on which the header stands; what is above it is no part of the table.
    """

    constants: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    tag_beginnings: Sequence[str] = ()
    categories: Mapping[str, str] = field(default_factory=dict)
    decimal: str = "."
    thousands: str = ""
    negative: Sequence[str] = ("minus",)
    symbols: Sequence[str] = ()
    formats: Sequence[str] = (_DEFAULT,)
    zone: str = "UTC"
    end_included: bool = False
    length: str = "day"
    where: Mapping[str, str] = field(default_factory=dict)
    skip: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    header_line: int = 1

    def looked_at(self) -> list[str]:
        """Return the columns that `[where]` and `[skip]` look at, each once."""
        of_skips = (column for tests in self.skip.values() for column in tests)
        return list(dict.fromkeys([*self.where, *of_skips]))


def read_bill_mapping(path: Path) -> BillMapping:
    """Read a mapping file.

    Raises:
        BadConfig: It is not there, not TOML, or says something that cannot be; the message names the line and the key.
    """
    try:
        text = path.read_text(encoding="utf-8")
        found = tomllib.loads(text)
    except OSError as error:
        raise BadConfig(
            f"mapping {path} cannot be read: {error.strerror}", fix="give the path of a TOML file"
        ) from error
    except RecursionError as error:
        raise BadConfig(f"{path} is nested too deeply", fix="write a mapping as docs/generic-csv.md shows") from error
    except ValueError as error:
        raise BadConfig(f"{path} is not TOML: {error}", fix="mend the line it names") from error
    return _Check(str(path), text).mapping(found)


@dataclass(frozen=True, slots=True)
class _Check:
    """Checks a table of tables, and says where in its text a key stands."""

    name: str
    text: str

    def mapping(self, found: Mapping[str, Any]) -> BillMapping:
        self.names(found)
        tables = {table: found.get(table, {}) for table in _TABLES}
        texts = {name: self.texts(name, tables[name]) for name in ("constants", "columns", "where", "categories")}
        self.enough(texts)
        tags, beginnings = self.tags(tables["tags"])
        numbers, time = self.choices("numbers", tables["numbers"]), self.choices("time", tables["time"])
        decimal, thousands = numbers.get("decimal", ["."])[0], numbers.get("thousands", [""])[0]
        if decimal == thousands:
            raise self.bad("decimal and thousands are the same", "name two different ones", "numbers", "thousands")
        return BillMapping(
            constants=texts["constants"],
            columns=texts["columns"],
            tags=tags,
            tag_beginnings=beginnings,
            categories=texts["categories"],
            decimal=decimal,
            thousands=thousands,
            negative=numbers.get("negative", ["minus"]),
            symbols=numbers.get("symbols", []),
            formats=self.formats(time.get("format", [_DEFAULT])),
            zone=self.zone(time.get("zone", ["UTC"])[0]),
            end_included=time.get("end") == ["included"],
            length=time.get("length", ["day"])[0],
            where=texts["where"],
            header_line=self.header(tables["file"].get("header", 1)),
            skip={reason: self.patterns(reason, tests) for reason, tests in tables["skip"].items()},
        )

    def names(self, found: Mapping[str, Any]) -> None:
        """Refuse tables and keys that no mapping has."""
        for table, said in found.items():
            if table not in _TABLES:
                raise self.bad(f"unknown table [{table}]", f"use {', '.join(f'[{t}]' for t in _TABLES)}", table)
            if not isinstance(said, Mapping):
                raise self.bad(f"{table} is no table", f"write [{table}] and below it key = value", None, table)
            for key in said:
                if table in _KEYS and key not in _KEYS[table]:
                    fix = f"use {', '.join(sorted(_KEYS[table]))}"
                    raise self.bad(f"[{table}] has an unknown key {key!r}", fix, table, key)

    def enough(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        """Refuse categories that are none, and a mapping that leaves out what every charge has."""
        for name, category in texts["categories"].items():
            if category not in CATEGORIES:
                raise self.bad(f"{name!r} is {category!r}", f"use {', '.join(CATEGORIES)}", "categories", name)
        if missing := [name for name in NEEDED if name not in texts["columns"] and name not in texts["constants"]]:
            fix = f'write {missing[0]} = "the column" in [columns]'
            if missing[0] in _CONSTANTS:
                fix += f', or {missing[0]} = "what it is" in [constants]'
            raise BadConfig(f"{self.name} does not say what {missing[0]} is", fix=fix)

    def texts(self, table: str, said: Mapping[str, Any]) -> dict[str, str]:
        for key, value in said.items():
            if not isinstance(value, str):
                raise self.bad(f"{table}.{key} is {value!r}", "write a text in quotes", table, key)
        return dict(said)

    def choices(self, table: str, said: Mapping[str, Any]) -> dict[str, list[str]]:
        """Return each key's texts; one that takes several may be given one alone."""
        found = {}
        for key, value in said.items():
            texts = value if isinstance(value, list) and key in _LISTS else [value]
            if not texts or not all(isinstance(text, str) for text in texts):
                raise self.bad(f"{table}.{key} is {value!r}", "write a text in quotes", table, key)
            for text in texts:
                if key in _CHOICES and text not in _CHOICES[key]:
                    shown = ", ".join(repr(choice) for choice in _CHOICES[key])
                    raise self.bad(f"{table}.{key} is {text!r}", f"use {shown}", table, key)
            found[key] = list(texts)
        return found

    def header(self, said: object) -> int:
        if isinstance(said, bool) or not isinstance(said, int) or not 1 <= said <= _DEEPEST:
            raise self.bad(f"file.header is {said!r}", "write the number of the header's line", "file", "header")
        return said

    def tags(self, said: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
        """Return tags by name, and the beginnings of columns that are tags."""
        rest = said.get("*", [])
        listed = rest if isinstance(rest, list) else [rest]
        named = self.texts("tags", {key: value for key, value in said.items() if key != "*"})
        beginnings = []
        for column in listed:
            if not isinstance(column, str) or not column.strip("*"):
                raise self.bad(f'tags."*" is {rest!r}', 'write "*" = ["tag_*", "Team"]', "tags", "*")
            if not column.endswith("*"):
                named[column] = column
            elif column[-2] in _BEGINNING:
                beginnings.append(column[:-1])
            else:
                raise self.bad(
                    f"{column!r} does not end in /*, _* or :*", "list the columns one by one instead", "tags", "*"
                )
        return named, beginnings

    def formats(self, said: list[str]) -> list[str]:
        if said[0] in (_DEFAULT, "unix_s", "unix_ms") and len(said) == 1:
            return said
        for pattern in said:
            left = _DIRECTIVE.sub("", pattern)
            if "%" in left or left == pattern or "\x1f" in pattern:
                raise self.bad(
                    f"time.format {pattern!r} is no pattern",
                    'write "iso", "unix_s", "unix_ms", or patterns such as "%d.%m.%Y"; the zone stands in time.zone',
                    "time",
                    "format",
                )
        return said

    def zone(self, said: str) -> str:
        if said != "UTC" and said not in available_timezones():
            raise self.bad(f"time.zone is {said!r}", 'write an IANA name such as "Europe/Berlin"', "time", "zone")
        return said

    def patterns(self, reason: str, tests: object) -> dict[str, list[str]]:
        table = f"skip.{reason}"
        if not isinstance(tests, Mapping) or not tests:
            fix = f'write [{table}] and below it "the column" = "the text, * for any"'
            raise self.bad(f"{table} is no table", fix, "skip", reason)
        found = {}
        for column, said in tests.items():
            listed = said if isinstance(said, list) else [said]
            if not listed or not all(isinstance(each, str) for each in listed):
                raise self.bad(f"{table}.{column} is {said!r}", "write texts in quotes", table, column)
            found[column] = listed
        return found

    def bad(self, what: str, fix: str, table: str | None, key: str | None = None) -> BadConfig:
        line = self.line_of(table, key)
        return BadConfig(f"{self.name}{f':{line}' if line else ''}: {what}", fix=fix)

    def line_of(self, table: str | None, key: str | None) -> int | None:
        """Return the line on which a key stands, else its table; None where it is written in another way."""
        within, of_table = None, None
        for number, line in enumerate(self.text.splitlines(), start=1):
            bare = line.strip()
            if header := re.match(r"\[+([^\]]+)\]", bare):
                within = header[1].replace('"', "").replace("'", "").strip()
                of_table = number if within == table else of_table
            if key is not None and within == table and re.match(rf"""["']?{re.escape(key)}["']?\s*=""", bare):
                return number
        return of_table
