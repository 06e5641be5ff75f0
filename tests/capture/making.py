"""Small files of events, made for tests."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from outlay.store import Row, Store
from outlay.store.clickhouse import ClickHouse
from outlay.store.duckdb import DuckDB

EVENT: dict[str, object] = {
    "id": "e-1",
    "time": "2026-10-03T12:00:00.123Z",
    "provider": "openai",
    "model": "gpt-4o-mini",
    "usage": {"input": 200, "output": 30},
    "feature": "search.answer",
    "customer": "acme",
}
_ALL = "SELECT * FROM current_usage"
_ARRIVED = "SELECT COUNT(*) AS n FROM arrival"
_PLACE = ("take_in", "file", "line")


def event(ident: str, **more: object) -> dict[str, object]:
    """Return an event with an id, said otherwise than `EVENT` where a test says so."""
    return {**EVENT, "id": ident, **more}


def written(path: Path, *events: Mapping[str, object] | bytes, packed: bool = False) -> Path:
    """Write NDJSON, bytes as they are, and return where it is."""
    lines = [e if isinstance(e, bytes) else json.dumps(e, ensure_ascii=False).encode() for e in events]
    content = b"".join(line + b"\n" for line in lines)
    path.write_bytes(gzip.compress(content) if packed else content)
    return path


def usage(store: Store) -> list[Row]:
    """Return the usage in force, in the order of ids and attempts."""
    rows = _ask(store, _ALL)
    return sorted(rows, key=lambda row: (cast(str, row["id"]), -cast(int, row["attempt"]), str(row["unit"])))


def content(store: Store) -> list[Row]:
    """Return the usage in force without where it came from."""
    return [{k: v for k, v in row.items() if k not in _PLACE} for row in usage(store)]


def arrived(store: Store) -> int:
    """Return how many rows wait in `arrival`."""
    return cast(int, _ask(store, _ARRIVED)[0]["n"])


def _ask(store: Store, question: str) -> list[Row]:
    if isinstance(store, DuckDB):
        cursor = store.cursor().execute(question)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    found = cast(ClickHouse, store)._client().query(question)  # noqa: SLF001 - a test's own question
    return [dict(zip(found.column_names, row, strict=True)) for row in found.result_rows]
