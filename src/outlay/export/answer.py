"""Answers out: the rows of an answer as a CSV or Parquet file, exactly as the API would say them.

Comes in: rows. Goes out: one file. Money stays decimal; a mapping becomes JSON text.
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from outlay.export.file import finished
from outlay.store.writing import MONEY, TEXT, WHOLE, writing
from outlay.terms.money import plain


def answer(rows: Sequence[Mapping[str, object]], path: Path, file_format: str) -> int:
    """Write rows.

    Args:
        rows: Values by column; the first row names the columns.
        path: The file; one that is there is replaced once the new one is whole.
        file_format: `csv` or `parquet`. In Parquet decimals are `DECIMAL(38,12)` and counts are whole numbers.

    Returns:
        The rows that were written.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    with finished(path) as unfinished, tempfile.TemporaryDirectory(prefix="outlay-", dir=path.parent) as folder:
        lines = Path(folder) / "rows.ndjson"
        with lines.open("w", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps({name: _text(row.get(name)) for name in names}, ensure_ascii=False) + "\n")
        with writing(Path(folder)) as writer:
            writer.show_lines(lines, {name: _kind([row.get(name) for row in rows]) for name in names})
            writer.write("export/as_saved", unfinished, file_format)
    return len(rows)


def _kind(values: Sequence[object]) -> str:
    """Return what a column is, as far as its values say."""
    said = [value for value in values if value is not None]
    if said and all(isinstance(value, Decimal) for value in said):
        return MONEY
    if said and all(isinstance(value, int) and not isinstance(value, bool) for value in said):
        return WHOLE
    return TEXT


def _text(value: object) -> str | None:
    """Return a value as text.

    >>> _text(Decimal("1.500")), _text({"USD": Decimal(2)}), _text(None)
    ('1.5', '{"USD": "2"}', None)
    """
    if value is None:
        return None
    if isinstance(value, Mapping):
        return json.dumps({str(key): _text(inner) for key, inner in value.items()}, ensure_ascii=False)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)
