"""Writing files: an embedded DuckDB turns saved rows into CSV or Parquet, whichever engine the store is.

Comes in: Parquet files that `Store.save` left. Goes out: one file. The queries are `.sql` files that read the view
`saved` (and `written`, the file as it then is on the disk); they are written for DuckDB, marked `-- engine: reader`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from outlay.store.duckdb import DuckDB
from outlay.store.protocol import Row
from outlay.store.statement import literal, quoted, text_of

#: Sorting goes to the disk beyond this, of all writers together.
_MEMORY_MB = 2000
FORMATS = ("csv", "parquet")
#: What a column of lines may be.
TEXT, WHOLE, MONEY = "VARCHAR", "BIGINT", "DECIMAL(38,12)"


class Writer:
    """Reads what was saved and writes it in another form."""

    def __init__(self, engine: DuckDB) -> None:
        self._engine = engine

    def show(self, pieces: Sequence[Path], view: str = "saved") -> None:
        """Make a view show Parquet files, one after the other."""
        self._see(view, f"SELECT * FROM read_parquet([{', '.join(literal(str(path)) for path in pieces)}])")

    def show_query(self, name: str, view: str) -> None:
        """Make a view show what the query `room/name` returns."""
        self._see(view, text_of(name, "duckdb"))

    def show_lines(self, path: Path, columns: Mapping[str, str]) -> None:
        """Make the view `saved` show a file of JSON objects, one a line, whose values are text.

        Args:
            path: The file.
            columns: What each key is: one of this module's words.
        """
        if not columns:
            self._see("saved", "SELECT CAST(NULL AS VARCHAR) AS nothing WHERE false")
            return
        texts = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
        typed = ", ".join(f"CAST({quoted(name)} AS {kind}) AS {quoted(name)}" for name, kind in columns.items())
        source = f"read_json({literal(str(path))}, format = 'newline_delimited', columns = {{{texts}}})"
        self._see("saved", f"SELECT {typed} FROM {source}")

    def offer(self, name: str, text: str) -> None:
        """Make a text known to the queries as the constant function `name()`."""
        self._engine.execute(f"CREATE OR REPLACE TEMP MACRO {quoted(name)}() AS {literal(text)}")

    def write(self, name: str, path: Path, file_format: str) -> None:
        """Write what the query `room/name` over `saved` returns, in its order.

        Args:
            name: Room and query.
            path: The file.
            file_format: One of `FORMATS`. CSV has a header, instants as `2026-10-01T00:00:00Z`, nothing for what is
                absent; Parquet has exact types: decimals, instants in UTC.
        """
        how = "FORMAT parquet, COMPRESSION zstd"
        if file_format == "csv":
            how = "FORMAT csv, HEADER true, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%SZ'"
        self._engine.execute(f"COPY ({text_of(name, 'duckdb')}) TO {literal(str(path))} ({how})")

    def show_written(self, path: Path, file_format: str) -> None:
        """Make the view `written` show a file that was written; every column of a CSV file as text."""
        source = f"read_parquet({literal(str(path))})"
        if file_format == "csv":
            source = f"read_csv({literal(str(path))}, all_varchar = true, header = true, delim = ',', quote = '\"')"
        self._see("written", f"SELECT * FROM {source}")

    def rows(self, name: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run a query over `saved` or `written`."""
        return self._engine.rows(name, parameters)

    def _see(self, name: str, text: str) -> None:
        self._engine.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS {text}")


@contextmanager
def writing(folder: Path, *, beside: int = 0) -> Iterator[Writer]:
    """Open a writer.

    Args:
        folder: Where it may put what does not fit into memory.
        beside: How many writers there are at once, where each is to keep to one thread and its part of the memory. One
            thread keeps the order of the rows through a join whose larger side is written first. 0 for a writer that
            has the machine to itself.
    """
    engine = DuckDB(None, memory_limit=f"{_MEMORY_MB // max(beside, 1)}MB")
    try:
        engine.execute(f"SET temp_directory = {literal(str(folder))}")
        engine.execute("SET preserve_insertion_order = true")
        if beside:
            engine.execute("SET threads = 1")
            engine.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        yield Writer(engine)
    finally:
        engine.close()
