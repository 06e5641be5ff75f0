"""Bring the files of an import: fetched, unpacked, and whole sets of them or none.

Comes in: what was typed. Goes out: unpacked files, and problems of those that stay out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count
from pathlib import Path

from outlay.bills.importer import Asked, Fetched, Importer
from outlay.bills.places.exports import fetch
from outlay.bills.reading.files import Unpacked, unpack
from outlay.errors import BadInput, SourceFailed, Unreadable
from outlay.terms.problem import Problem

_CUT_SHORT = "the compressed file is damaged or ends too early; copy or export it again and import it"


@dataclass(frozen=True, slots=True)
class Brought:
    """Files that are ready to be read.

    Args:
        files: The files.
        folders: A folder of its own for each, for copies.
        exports: The export that each belongs to, where that is known.
        controls: The vendor's own total by currency, where it states one.
        problems: What is wrong with the whole.
        notes: What people should know.
    """

    files: Sequence[Unpacked]
    folders: Sequence[Path]
    exports: Sequence[str | None]
    controls: Mapping[str, Decimal]
    problems: Sequence[Problem]
    notes: Sequence[str]


def bring(
    importer: Importer,
    paths: Sequence[Path],
    asked: Sequence[Asked],
    *,
    folder: Path,
    encoding: str | None = None,
    advance: Callable[[int], None] | None = None,
) -> Brought:
    """Fetch and unpack all that was asked for.

    Args:
        importer: The format.
        paths: Files that are there.
        asked: Places where others are.
        folder: Where unpacked files may be put.
        encoding: Of CSV files that are not UTF-8.
        advance: Called with bytes read, for a progress bar.

    Raises:
        BadInput: There is no file, or one does not exist.
        SourceFailed: Nothing could be fetched.
        Unreadable: A file is not what its name says, and no other set of files is left.
    """
    if not paths and not asked:
        raise BadInput("no file to import", fix="give the path of at least one file", code="no-file")
    fetched = _together([Fetched(paths), *((importer.fetch or fetch)(each) for each in asked)])
    if not fetched.files:
        first = next(iter(fetched.problems), None)
        raise SourceFailed(
            f"{importer.title}: nothing to import" + (f", {first.file}: {first.value}" if first else ""),
            fix=first.fix if first else "name a place that holds files of this format",
            code=first.code if first else "nothing-there",
        )
    files: list[tuple[Unpacked, Path, Path]] = []
    broken: dict[str, tuple[str, Unreadable]] = {}
    numbers = count(1)
    for path in fetched.files:
        own = folder / f"file-{next(numbers)}"
        own.mkdir(parents=True)
        name, of_set = fetched.names.get(path, path.name), fetched.sets.get(path)
        try:
            found = unpack(path, own, encoding=encoding, advance=advance, header_line=importer.header_line)
            found = _whole(replace(found, name=name), of_set)
        except Unreadable as error:
            if not of_set:
                raise
            broken.setdefault(of_set, (name, error))
        else:
            files.append((found, own, path))
    kept = [each for each in files if fetched.sets.get(each[2]) not in broken]
    if not kept:
        raise next(error for _, error in broken.values())
    return Brought(
        files=[found for found, _, _ in kept],
        folders=[own for _, own, _ in kept],
        exports=[fetched.exports.get(path) for _, _, path in kept],
        controls=fetched.controls,
        problems=[*fetched.problems, *(_left_out(of_set, *why) for of_set, why in broken.items())],
        notes=fetched.notes,
    )


def _whole(found: Unpacked, of_set: str | None) -> Unpacked:
    """Return a file unless it is part of a set and ends too early: half a bill must not replace a whole one."""
    if of_set and found.truncated:
        raise Unreadable(f"{found.name} ends too early", fix=_CUT_SHORT, code="truncated")
    return found


def _left_out(of_set: str, name: str, error: Unreadable) -> Problem:
    return Problem(error.code, name, None, None, f"{of_set} is left out: {error.message}"[:200], None, None, error.fix)


def _together(found: Sequence[Fetched]) -> Fetched:
    controls: dict[str, Decimal] = {}
    for each in found:
        for currency, amount in each.controls.items():
            controls[currency] = controls.get(currency, Decimal(0)) + amount
    return Fetched(
        files=[path for each in found for path in each.files],
        controls=controls,
        problems=[problem for each in found for problem in each.problems],
        notes=[note for each in found for note in each.notes],
        names={path: name for each in found for path, name in each.names.items()},
        sets={path: name for each in found for path, name in each.sets.items()},
        exports={path: name for each in found for path, name in each.exports.items()},
    )
