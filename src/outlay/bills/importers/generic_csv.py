"""Any other table: CSV, gzipped CSV, Parquet or JSON, as a mapping in TOML describes it.

`outlay import generic_csv FILE --mapping MAPPING --dry-run` shows what would land and keeps nothing. The mapping names
columns, constants, how numbers and times are written, categories, tags, and lines to leave out; see `formats.mapping`
and docs/generic-csv.md. What it does not name is kept in `extra`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from outlay.bills.formats.mapping import BillMapping, read_bill_mapping
from outlay.bills.formats.options import known_only
from outlay.bills.importer import Importer
from outlay.bills.written import COLUMNS
from outlay.errors import BadInput

_NAME = "generic_csv"
_NOTHING = r"[^\x00-\x{10FFFF}]"
#: A space between groups of digits may be one that never breaks.
_SPACES = "[ \u00a0\u202f]"

#: Names that the shape reads, under which no further column can be asked for.
_TAKEN = {*COLUMNS, "line", "extra", "begun", "named", "cells"}


def _tailored(options: Mapping[str, str]) -> Importer:
    """Return the importer that a mapping describes."""
    told = known_only(_NAME, options, IMPORTER.options)
    if "mapping" not in told:
        raise BadInput(
            "generic_csv needs a mapping", fix="write one as docs/generic-csv.md shows, and give it with --mapping FILE"
        )
    return described(read_bill_mapping(Path(told["mapping"])))


def described(mapping: BillMapping) -> Importer:
    """Return the importer of a mapping.

    Args:
        mapping: What the columns are.
    """
    looked_at = {column: column for column in mapping.looked_at()}
    named = {column.casefold(): column for column in (*mapping.tags.values(), *looked_at)}
    wanted = {column: (column,) for folded, column in named.items() if folded not in _TAKEN}
    return replace(
        IMPORTER,
        columns={**dict.fromkeys(COLUMNS, ()), **wanted, **{n: (c,) for n, c in mapping.columns.items()}},
        described=True,
        header_line=mapping.header_line,
        maps={"begun": list(mapping.tag_beginnings), "named": mapping.tags, "cells": looked_at},
        settings={**mapping.constants, **_settings(mapping)},
        refusals=_refusals(mapping),
    )


def _settings(mapping: BillMapping) -> dict[str, str]:
    spaces = mapping.thousands == " "
    group = _SPACES if spaces else re.escape(mapping.thousands)
    whole = rf"\d{{1,3}}(?:{group}\d{{2,3}})*{group}\d{{3}}|\d+" if mapping.thousands else r"\d+"
    fraction = rf"(?:{re.escape(mapping.decimal)}\d*)?(?:[eE][-+]?\d{{1,2}})?"
    skips = [
        {
            "reason": reason,
            "tests": [
                {"column": column, "pattern": "|".join(_pattern(each) for each in patterns)}
                for column, patterns in tests.items()
            ],
        }
        for reason, tests in mapping.skip.items()
    ]
    plain = len(mapping.formats) == 1 and "%" not in mapping.formats[0]
    return {
        "number": rf"-?(?:(?:{whole}){fraction}|{re.escape(mapping.decimal)}\d+)",
        "thousands": group if mapping.thousands else _NOTHING,
        "decimal": mapping.decimal,
        "symbols": "|".join(re.escape(symbol) for symbol in mapping.symbols) or _NOTHING,
        **dict.fromkeys(mapping.negative, "yes"),
        "time": mapping.formats[0] if plain else "pattern",
        "formats": "%Y" if plain else "\x1f".join(sorted(mapping.formats, key=_is_long)),
        "zone": mapping.zone,
        "end": "included" if mapping.end_included else "excluded",
        "length": mapping.length,
        "categories": json.dumps(dict(mapping.categories)),
        "where": json.dumps([{"column": column, "value": value} for column, value in mapping.where.items()]),
        "skip": json.dumps(skips),
    }


def _is_long(pattern: str) -> bool:
    """Say whether a pattern has years in full: they take two digits, too, so they are tried after those that must."""
    return "%y" not in pattern


def _pattern(text: str) -> str:
    """Return a text with `*` for any part as a regular expression that both engines read.

    >>> _pattern("Total*")
    '(?s:Total.*)'
    """
    return f"(?s:{'.*'.join(re.escape(part) for part in text.split('*'))})"


def _refusals(mapping: BillMapping) -> dict[str, str]:
    thousands = f" and {mapping.thousands!r} between groups of three" if mapping.thousands else ""
    shown = ", ".join(mapping.formats)
    return {
        "bad-number": f"numbers are to have {mapping.decimal!r} before the fraction{thousands}, below zero marked by"
        f" {', '.join(mapping.negative)}; change [numbers] in the mapping, or the line",
        "bad-time": f"times are to be written as {shown}; change [time] in the mapping, or the line",
        "unknown-category": "say in [categories] of the mapping what it is: Usage, Purchase, Tax, Credit or Adjustment",
    }


IMPORTER = Importer(
    name=_NAME,
    title="table with a mapping",
    columns={},
    mandatory=(),
    shape="bills/generic_csv",
    options=("mapping",),
    tailored=_tailored,
)
