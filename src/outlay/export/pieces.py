"""Pieces: a large file written in several parts at once, in an order that is always the same.

Comes in: charges and their parts, saved by a store. Goes out: one CSV or Parquet file.

A row of the file is wide, so rows are not sorted: parts are, while they are narrow, and one thread then gives each what
its charge says, in that order. Every thread has pieces of its own.
"""

import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from outlay.store.writing import writing

_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """What a store saved for one piece of a FOCUS file.

    Args:
        charges: A Parquet file of charges (`export/charges`).
        parts: One of their parts (`export/shares`); None where nobody has a part of them.
        first: The day from which its charges start.
        end: The day up to which they do, not included.
    """

    charges: Path
    parts: Path | None
    first: date
    end: date


def write(pieces: Sequence[Piece], folder: Path, path: Path, file_format: str, currency: str) -> None:
    """Write what was saved.

    Args:
        pieces: What was saved, in the order of the file.
        folder: Where pieces of the file may be put.
        path: The file.
        file_format: `csv` or `parquet`.
        currency: The reporting currency; empty for none.
    """
    beside = min(_AT_ONCE, os.cpu_count() or 1)
    if len(pieces) < beside:
        pieces = [part for piece in pieces for part in _cut(piece, beside)]
    paths = [folder / f"piece-{place}" for place in range(len(pieces))] if len(pieces) > 1 else [path]
    with ThreadPoolExecutor(beside) as threads:
        for _ in threads.map(
            lambda pair: _write(pair[0], folder, pair[1], (file_format, currency, beside)),
            zip(pieces, paths, strict=True),
        ):
            pass
    if paths == [path]:
        return
    if file_format == "csv":
        _joined(paths, path)
        return
    with writing(folder) as writer:
        writer.show(paths)
        writer.write("export/as_saved", path, file_format)


def _cut(piece: Piece, into: int) -> list[Piece]:
    """Cut a piece by its days."""
    days = (piece.end - piece.first).days
    edges = sorted({piece.first + timedelta(days=days * place // into) for place in range(into + 1)})
    return [replace(piece, first=first, end=end) for first, end in pairwise(edges)]


def _write(piece: Piece, folder: Path, path: Path, how: tuple[str, str, int]) -> None:
    file_format, currency, beside = how
    with writing(folder, beside=beside) as writer:
        writer.show([piece.charges], "saved_charge")
        if piece.parts:
            writer.show([piece.parts], "saved_part")
        else:
            writer.show_query("export/whole_parts", "saved_part")
        writer.offer("reporting_currency", currency)
        writer.offer("first_day_of_piece", piece.first.isoformat())
        writer.offer("end_of_piece", piece.end.isoformat())
        writer.write("export/focus", path, file_format)


def _joined(paths: Sequence[Path], path: Path) -> None:
    """Put CSV files one after the other, under one header."""
    with path.open("wb") as whole:
        for place, each in enumerate(paths):
            with each.open("rb") as piece:
                if place:
                    piece.readline()
                shutil.copyfileobj(piece, whole, 1 << 22)
            each.unlink()
