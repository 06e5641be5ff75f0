"""Snapshot: the whole price book in one small file, dated, for programs that have no store at hand.

Comes in: every record that was known at one instant. Goes out: a file, and from it the same book again.

The file is one line of JSON that says what it is, then the records compressed: each column lists its distinct values
once, and a record is the places of its values in those lists. Amounts are decimal text, instants ISO 8601.
"""

import json
import os
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, cast

from outlay.errors import BadInput, Refused
from outlay.prices.book import Book
from outlay.prices.credit import is_credit
from outlay.prices.names import fallbacks, provider_of
from outlay.prices.percent import is_percentage
from outlay.prices.policy import REPORTED
from outlay.prices.source import DEPLOYMENT

Row = dict[str, object]

_KNOWN = "prices/known"
_MAGIC = "outlay prices"
_FORMAT = 1
_INSTANTS = ("valid_from", "valid_to", "recorded_at")
_AMOUNTS = ("amount",)


class Asked(Protocol):
    """A store, as far as this needs one: programs that price from a snapshot have none."""

    def rows(self, name: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """See `outlay.store.Store`."""
        ...


def known(store: Asked, known_at: datetime) -> list[Row]:
    """Return every record that was known at an instant, as a book reads them."""
    return store.rows(_KNOWN, {"known_at": known_at})


def book_of(rows: Sequence[Row], known_at: datetime) -> Book:
    """Return the book that records make."""
    return Book.load(cast(Any, _Held(rows)), known_at=known_at)


def write(path: Path, rows: Sequence[Row], known_at: datetime, note: object = None) -> int:
    """Write a snapshot, whole or not at all, readable by its owner only: it holds what was agreed with vendors.

    Args:
        path: The file; one that exists is replaced.
        rows: Records, as `known` returns them.
        known_at: When they were what was known.
        note: Anything that JSON can say, to be read again as `Snapshot.note`.

    Returns:
        Its size in bytes.

    Raises:
        Refused: The file cannot be written.
    """
    about = {"is": _MAGIC, "format": _FORMAT, "known_at": known_at.astimezone(UTC).isoformat(), "note": note}
    content = json.dumps(about).encode() + b"\n" + zlib.compress(json.dumps(_columns(rows)).encode(), 9)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600, exist_ok=False)
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise Refused(f"{path} cannot be written: {error.strerror}", fix="name a file in a folder of yours") from error
    return len(content)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a file holds.

    Args:
        known_at: When its prices were what was known.
        note: What the writer noted.
        packed: The records, compressed.
    """

    known_at: datetime
    note: object
    packed: bytes

    @classmethod
    def read(cls, path: Path) -> "Snapshot":
        """Read a file's first line; the records are read when a book is asked for.

        Raises:
            BadInput: There is no such file, or it is not a snapshot of this format.
        """
        fix = "write one with: outlay prices snapshot --out FILE"
        try:
            first, _, packed = path.read_bytes().partition(b"\n")
            about = json.loads(first)
            if about["is"] == _MAGIC and about["format"] == _FORMAT:
                return cls(datetime.fromisoformat(about["known_at"]), about["note"], packed)
        except OSError as error:
            raise BadInput(f"{path}: {error.strerror}", fix=fix, code="no-snapshot") from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BadInput(f"{path} is not a price snapshot", fix=fix, code="no-snapshot") from error
        raise BadInput(f"{path} is a price snapshot of another version of Outlay", fix=fix, code="no-snapshot")

    def book(self, provider: str | None = None, model: str = "") -> Book:
        """Return the book; where a provider is given, at least as far as its models need it.

        Args:
            provider: As usage names it; None for the whole book.
            model: As usage names it.

        Raises:
            BadInput: The file is damaged.
        """
        try:
            columns, places = json.loads(zlib.decompress(self.packed))
            rows = _rows(columns, places, _sellers(columns["provider"], provider, model)) if columns else []
            return book_of(rows, self.known_at)
        except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, zlib.error) as error:
            raise BadInput(
                "a price snapshot is damaged or of another version of Outlay",
                fix="write it again: outlay prices snapshot --out FILE",
                code="no-snapshot",
            ) from error


class _Held:
    """What a book asks a store for, answered with records that were read before."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._held = rows

    def rows(self, name: str, parameters: Mapping[str, object]) -> list[Row]:
        if name != _KNOWN:
            raise KeyError(name)
        known_at = cast(datetime, parameters["known_at"])
        return [dict(row) for row in self._held if cast(datetime, row["recorded_at"]) <= known_at]


def _columns(rows: Sequence[Row]) -> tuple[dict[str, list[object]], list[list[int]]]:
    """Return the distinct values of each column, and for each column the places of the records' values."""
    distinct: dict[str, dict[object, int]] = {name: {} for name in (rows[0] if rows else ())}
    places = [[held.setdefault(row[name], len(held)) for row in rows] for name, held in distinct.items()]
    return {name: [_plain(value) for value in held] for name, held in distinct.items()}, places


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _sellers(names: list[str], provider: str | None, model: str) -> set[str]:
    """Return whose records to read: those of the provider that is meant, and of those whose models it sells."""
    meant = provider_of(provider, model, names)[0] if provider is not None else None
    if meant is None:
        return set(names)
    found = {meant}
    while more := {seller for name in found for seller in fallbacks(name)} - found:
        found |= more
    return found


def _rows(columns: dict[str, list[object]], places: list[list[int]], sellers: set[str]) -> list[Row]:
    """Return the records of some providers, and of each other one a single price, so that its name is known."""
    for name in _INSTANTS:
        columns[name] = [datetime.fromisoformat(cast(str, text)) for text in columns.get(name, ())]
    for name in _AMOUNTS:
        columns[name] = [Decimal(cast(str, text)) for text in columns.get(name, ())]
    by_column = dict(zip(columns, places, strict=True))
    unread = set(columns["provider"]) - sellers
    chosen = []
    for place, (by_provider, by_unit) in enumerate(zip(by_column["provider"], by_column["unit"], strict=True)):
        seller, unit = columns["provider"][by_provider], cast(str, columns["unit"][by_unit])
        if seller in sellers:
            chosen.append(place)
        elif seller in unread and not _says_more(unit):
            unread.remove(seller)
            chosen.append(place)
    values = [[columns[name][held[place]] for place in chosen] for name, held in by_column.items()]
    return [dict(zip(by_column, row, strict=True)) for row in zip(*values, strict=True)]


def _says_more(unit: str) -> bool:
    """Say whether a record is no price of its own, but changes or names others."""
    return unit in (DEPLOYMENT, REPORTED) or is_percentage(unit) or is_credit(unit)
