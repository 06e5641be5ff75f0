"""The records of a small CSV file, each with the line it ends on.

Comes in: a path. Goes out: the cells of each line by their header. Bills are read by `bills.reading` instead: it takes
files of any size, and goes on behind a line that is broken.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from outlay.errors import Unreadable

#: A record as the CSV reader gives it: None holds what stands beyond the header, or what a short line lacks.
Record = Mapping[str | None, str | None]


def records(path: Path, mandatory: Sequence[str], known: Iterable[str]) -> Iterator[tuple[int, Record]]:
    """Yield the records of a CSV file with their lines, the header being line 1.

    Args:
        path: The file.
        mandatory: Columns it must have.
        known: Columns to name where it lacks one.

    Raises:
        Unreadable: It is not UTF-8 text or not CSV, or lacks a mandatory column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            header = list(reader.fieldnames or ())
            if missing := [name for name in mandatory if name not in header]:
                raise Unreadable(
                    f"{path.name} has no column {missing[0]!r}; it has {', '.join(header) or 'none'}",
                    fix=f"give it these columns: {', '.join(known)}",
                    code="missing-column",
                )
            for row in reader:
                yield reader.line_num, row
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path.name} is not UTF-8 text", fix="save it as UTF-8", code="bad-encoding") from error
    except csv.Error as error:
        raise Unreadable(
            f"{path.name} cannot be read as CSV: {error}", fix="mend the line that holds it", code="bad-csv"
        ) from error


def is_ragged(record: Record) -> bool:
    """Say whether a record has more or fewer fields than the header."""
    return None in record or None in record.values()
