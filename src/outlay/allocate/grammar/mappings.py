"""Mapping tables: which value a key stands for, and from when until when.

Comes in: rows in the file of rules, or a CSV file beside it. Goes out: a table that answers for one day.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from outlay.allocate.grammar.words import of_kind, only_keys
from outlay.errors import BadConfig, BadInput
from outlay.terms.period import day

_KEYS = {"name", "file", "rows"}
_COLUMNS = {"key", "value", "from", "until"}
_NEEDED = ("key", "value")


@dataclass(frozen=True, slots=True)
class MappingTable:
    """A mapping table.

    Args:
        name: Its name.
        rows: By key the values with the days from which and until which (not included) they hold, in order.
        definition: The same in JSON, whole, so that a ledger can be made again without the file.
    """

    name: str
    rows: Mapping[str, tuple[tuple[str, date, date], ...]]
    definition: str

    def value(self, key: str, on: date) -> str | None:
        """Return what a key stands for on a day; None when nothing says so."""
        return next((value for value, since, until in self.rows.get(key, ()) if since <= on < until), None)

    def changes_within(self, first: date, end: date) -> bool:
        """Say whether a value begins or ends to hold after the first day of a period and before its end."""
        return any(
            first < edge < end for spans in self.rows.values() for _, since, until in spans for edge in (since, until)
        )


def read_mapping(entry: object, where: str, folder: Path | None) -> MappingTable:
    """Read one `[[mapping]]`.

    Args:
        entry: The table.
        where: What to call it in an error.
        folder: Where its file is looked for; None when there may be none.

    Raises:
        BadConfig: It cannot be used: no such file, a key twice at one time, a day that is none.
    """
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or not entry["name"]:
        raise BadConfig(f"{where} has no name", fix='write name = "..."')
    where = f"{where} ({entry['name']})"
    only_keys(entry, _KEYS, where)
    if ("file" in entry) == ("rows" in entry):
        raise BadConfig(f"{where} needs a file or rows", fix='write file = "accounts.csv", or rows = [{...}]')
    found: dict[str, list[tuple[str, date, date, str]]] = {}
    written = []
    for place, row in _rows(entry, where, folder):
        key, value, since, until = _row(row, place)
        written.append([key, value, since and since.isoformat(), until and until.isoformat()])
        span = (value, since or date.min, until or date.max, place)
        for other in found.setdefault(key, []):
            if span[1] < other[2] and other[1] < span[2]:
                raise BadConfig(
                    f"{place}: {key!r} stands for {value!r} while {other[3]} says {other[0]!r}",
                    fix="keep one of them, or give both a from and an until that do not overlap",
                )
        found[key].append(span)
    return MappingTable(
        entry["name"],
        {key: tuple((v, since, until) for v, since, until, _ in spans) for key, spans in found.items()},
        json.dumps({"name": entry["name"], "rows": written}, ensure_ascii=False),
    )


def _rows(entry: Mapping[str, Any], where: str, folder: Path | None) -> Iterator[tuple[str, Mapping[str, object]]]:
    if "rows" in entry:
        for place, row in enumerate(of_kind(entry, "rows", list, where), start=1):
            listed = dict(zip(("key", "value", "from", "until"), row, strict=False)) if isinstance(row, list) else row
            if not isinstance(listed, dict):
                raise BadConfig(f"{where}: row {place} is {row!r}", fix='write { key = "111", value = "growth" }')
            only_keys(listed, _COLUMNS, f"{where}: row {place}")
            yield f"{where}: row {place}", listed
        return
    path = (folder or Path()) / str(entry["file"])
    try:
        with path.open(encoding="utf-8-sig", newline="") as content:
            lines = csv.DictReader(content, strict=True)
            heads = lines.fieldnames or ()
            if missing := [name for name in _NEEDED if name not in heads]:
                raise BadConfig(f"{where}: {path} has no column {missing[0]!r}", fix="head it key,value[,from,until]")
            for line in lines:
                yield f"{path}, line {lines.line_num}", {k: v for k, v in line.items() if k in _COLUMNS}
    except OSError as error:
        raise BadConfig(
            f"{where}: {path} cannot be read: {error.strerror}", fix="give a CSV file, its path from the rules file"
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadConfig(f"{where}: {path} is no CSV in UTF-8: {error}", fix="save it as CSV in UTF-8") from error


def _row(row: Mapping[str, object], place: str) -> tuple[str, str, date | None, date | None]:
    key, value = (str(row.get(name) or "") for name in _NEEDED)
    if not key or not value:
        raise BadConfig(f"{place} needs a key and a value", fix="fill both in, or take the row out")
    since, until = (_day(row.get(name), name, place) for name in ("from", "until"))
    if since and until and until <= since:
        raise BadConfig(
            f"{place} holds until {until}, from {since}", fix="give an until after from; it is not included"
        )
    return key, value, since, until


def _day(found: object, name: str, place: str) -> date | None:
    if found in (None, ""):
        return None
    try:
        return day(str(found))
    except BadInput as error:
        raise BadConfig(f"{place}: {name} {error.message}", fix=str(error.fix)) from error
