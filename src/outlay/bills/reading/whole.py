"""What is wrong with a bill as a whole, when every line of it is sound.

Comes in: control rows and what landed. Goes out: problems without a line, or a refusal.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from outlay.bills.reading.files import Unpacked
from outlay.bills.reading.sheet import Sheet
from outlay.errors import BadInput
from outlay.store import Row, Store
from outlay.terms.problem import Problem

_LISTED = 50
_VENDOR = re.compile(r"^(user|aws|azure|gcp)[:_]")


def one_export_each(sheets: Sequence[Sheet | None], exports: Sequence[str | None]) -> None:
    """Refuse two exports of which both speak of the same bill: taken in together, its money would stand twice.

    Args:
        sheets: The files; None for a copy of another.
        exports: The export that each belongs to, where that is known.

    Raises:
        BadInput: There are two.
    """
    speakers: dict[tuple[object, ...], str] = {}
    for sheet, export in zip(sheets, exports, strict=True):
        for row in sheet.controls if sheet and export else ():
            key = (row["provider"], row["billing_account_id"], row["billing_period_start"])
            other = speakers.setdefault(key, str(export))
            if None not in key and other != export:
                raise BadInput(
                    f"two exports, {other} and {export}, both hold {_bill(row)}; nothing was taken in",
                    fix="name the folder of one of them, or import them one after the other: the later one replaces",
                    code="overlapping-exports",
                )


def several_currencies(landed: Sequence[Row], files: Sequence[Unpacked]) -> list[Problem]:
    """Return a problem for each bill whose lines are in more than one currency."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in landed:
        found[_bill(row)].add(cast(str, row["billing_currency"]))
    return [
        _of_all(
            "several-currencies",
            files,
            "billing_currency",
            f"{bill}: {', '.join(sorted(currencies))}",
            "check that the vendor changed the currency of this bill; each currency is kept and added up by itself",
        )
        for bill, currencies in sorted(found.items())
        if len(currencies) > 1
    ]


def spellings(store: Store, ident: str, files: Sequence[Unpacked]) -> list[Problem]:
    """Return a problem for each tag key that an import spells in more than one way."""
    ways: dict[str, list[str]] = defaultdict(list)
    for row in store.rows("bills/tag_keys", {"take_in": ident}):
        key = cast(str, row["tag_key"])
        ways[plain(key)].append(key)
    return [
        _of_all(
            "tag-spellings",
            files,
            "tags",
            ", ".join(sorted(keys)),
            "rules tell these keys apart: name each of them in the rule, or agree on one where the resources are made",
        )
        for keys in ways.values()
        if len(keys) > 1
    ][:_LISTED]


def plain(key: str) -> str:
    """Return a tag key without what people write differently: case, separators, the vendor's prefix.

    >>> plain("user:Cost-Center"), plain("cost_center"), plain("costcenter")
    ('costcenter', 'costcenter', 'costcenter')
    """
    return "".join(letter for letter in _VENDOR.sub("", key.casefold()) if letter.isalnum()) or key


def _bill(row: Row) -> str:
    start = cast("datetime | None", row["billing_period_start"])
    return f"{row['provider']} {row['billing_account_id']} {start:%Y-%m}" if start else ""


def _of_all(code: str, files: Sequence[Unpacked], column: str, value: str, fix: str) -> Problem:
    return Problem(code, files[0].name, None, column, value[:200], None, None, fix)
