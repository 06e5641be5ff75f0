"""Reading files: an embedded DuckDB looks at CSV and Parquet as a table, whichever engine the store is.

Comes in: a file and which of its columns are which. Goes out: rows of a query over the view `incoming`, or
those rows inserted into the store. The queries are `.sql` files that read `incoming`; they run on the reader,
so they are written for DuckDB and marked `-- engine: reader`.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from outlay.store.duckdb import DuckDB
from outlay.store.protocol import Row, Store
from outlay.store.statement import quoted, text_of

#: Reading streams; this much is enough for files of any length.
_MEMORY = "1GB"
_SPANS = 4
_SPAN_FROM = 100_000
_NESTED = ("MAP", "STRUCT", "UNION", "VARIANT")
#: A Parquet file numbers its rows itself, whatever order they are read in.
_ROW = "file_row_number"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is laid out.

    Args:
        header: The file's own column names, in order.
        columns: The file's column by the name queries use; None where the file has none.
        extra: Columns of the file without a place of their own; they arrive as one map `extra`.
        delimiter: Of a CSV file; None for Parquet.
        line_column: Column that holds the line number; None numbers the records from 2, after the header.
        nested: Columns of a Parquet file that hold maps, lists or structures; they arrive as JSON.
    """

    header: Sequence[str]
    columns: Mapping[str, str | None]
    extra: Sequence[str]
    delimiter: str | None
    line_column: str | None = None
    nested: frozenset[str] = frozenset()


class Reader:
    """Looks at one file at a time as the view `incoming`: text columns, a map `extra`, and `line`."""

    def __init__(self, store: Store, engine: DuckDB) -> None:
        self._store = store
        self._engine = engine

    def show(self, path: Path, layout: Layout, *, records: int = 0) -> None:
        """Make `incoming` show a file.

        Args:
            path: The file.
            layout: How it is laid out.
            records: How many records it holds if each is one line of text; a long file is then read in as many
                spans as there are cores, because numbering lines is the one thing an engine cannot share out.
        """
        spans = min(os.cpu_count() or 1, _SPANS) if records > _SPAN_FROM and layout.delimiter else 1
        length = -(-records // spans)
        selects = [_select(path, layout, skip=place * length, limit=length) for place in range(spans - 1)]
        selects.append(_select(path, layout, skip=(spans - 1) * length, limit=None))
        self._engine.execute("CREATE OR REPLACE TEMP VIEW incoming AS " + " UNION ALL ".join(selects))

    def offer(self, name: str, values: Sequence[str]) -> None:
        """Make a list of texts known to the queries as the constant function `name()`."""
        listed = ", ".join(_literal(value) for value in values)
        self._engine.execute(f"CREATE OR REPLACE TEMP MACRO {quoted(name)}() AS CAST([{listed}] AS VARCHAR[])")

    def view(self, name: str) -> None:
        """Make the query `room/name` a view under its own name, for the queries that follow to read."""
        self._engine.execute(
            f"CREATE OR REPLACE TEMP VIEW {quoted(name.rpartition('/')[2])} AS {text_of(name, 'duckdb')}"
        )

    def rows(self, name: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run a query over `incoming`."""
        return self._engine.rows(name, parameters)

    def fill(self, table: str, name: str, parameters: Mapping[str, object] | None = None) -> None:
        """Insert what a query over `incoming` returns into a table of the store."""
        if self._engine is self._store:
            self._store.fill(table, name, parameters)
            return
        with tempfile.TemporaryDirectory(prefix="outlay-") as folder:
            parquet = Path(folder) / f"{table}.parquet"
            self._engine.copy(name, parameters or {}, table, parquet)
            self._store.load(table, parquet)


@contextmanager
def reading(store: Store) -> Iterator[Reader]:
    """Open a reader whose rows go to the store: its own engine on DuckDB, an embedded one elsewhere."""
    engine = store if isinstance(store, DuckDB) else DuckDB(None, memory_limit=_MEMORY)
    try:
        with engine.memory(_MEMORY):
            yield Reader(store, engine)
    finally:
        if engine is not store:
            engine.close()


def parquet_columns(path: Path) -> dict[str, bool]:
    """Return the columns of a Parquet file by name, and whether each is nested (a map, list or structure).

    Raises:
        EngineFailed: It is not one.
    """
    engine = DuckDB(None, memory_limit=_MEMORY)
    try:
        found = engine.describe(f"read_parquet({_literal(str(path))})")
        return {name: kind.startswith(_NESTED) or kind.endswith("]") for name, kind in found.items()}
    finally:
        engine.close()


def _select(path: Path, layout: Layout, *, skip: int, limit: int | None) -> str:
    """Return the select of one span of a file: `limit` records after the first `skip`."""
    if layout.delimiter:
        source = _csv(path, layout, skip)
        line = quoted(layout.line_column) if layout.line_column else f"row_number() OVER () + {skip + 1}"
    else:
        source = f"read_parquet({_literal(str(path))}, {_ROW} = true)"
        line = f"{quoted(_ROW)} + 2"
    chosen = [
        f"{_text(own, layout)} AS {quoted(name)}" if own else f"CAST(NULL AS VARCHAR) AS {quoted(name)}"
        for name, own in layout.columns.items()
    ]
    return f"(SELECT CAST({line} AS BIGINT) AS line, {_extra(layout)} AS extra, {', '.join(chosen)} FROM {source}" + (
        f" LIMIT {limit})" if limit is not None else ")"
    )


def _text(column: str, layout: Layout) -> str:
    """Return a column as text: a nested one as JSON, nothing where a Parquet file holds an empty text or NULL."""
    if layout.delimiter:
        return quoted(column)
    if column in layout.nested:
        return f"CAST(to_json({quoted(column)}) AS VARCHAR)"
    return f"NULLIF(NULLIF(CAST({quoted(column)} AS VARCHAR), ''), 'NULL')"


def _csv(path: Path, layout: Layout, skip: int) -> str:
    columns = ", ".join(f"{_literal(name)}: 'VARCHAR'" for name in layout.header)
    return (
        f"read_csv({_literal(str(path))}, auto_detect = false, header = false, skip = {skip + 1},"
        f" delim = {_literal(layout.delimiter or ',')}, quote = '\"', escape = '\"', nullstr = ['', 'NULL'],"
        f" strict_mode = true, columns = {{{columns}}})"
    )


def _extra(layout: Layout) -> str:
    """Return a map of the columns that hold something and have no place of their own."""
    if not layout.extra:
        return "CAST(MAP {} AS MAP(VARCHAR, VARCHAR))"
    pairs = ", ".join(f"{{'key': {_literal(c)}, 'value': {_text(c, layout)}}}" for c in layout.extra)
    return f"map_from_entries(list_filter([{pairs}], lambda e: e.value IS NOT NULL))"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
