"""Reading files: an embedded DuckDB looks at CSV and Parquet as a table, whichever engine the store is.

Comes in: a file and which of its columns are which. Goes out: rows of a query over the view `incoming`, or
those rows inserted into the store. The queries are `.sql` files that read `incoming`; they run on the reader,
so they are written for DuckDB and marked `-- engine: reader`.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from outlay.store.duckdb import DuckDB
from outlay.store.layout import Layout, select_incoming, select_shaped, select_written
from outlay.store.protocol import Row, Store
from outlay.store.statement import literal, quoted, text_of

#: Reading streams; this much is enough for files of any length.
_MEMORY = "1GB"
_SPANS = 4
_SPAN_FROM = 100_000


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
        places = [(place * length, length if place < spans - 1 else None) for place in range(spans)]
        select = select_written if layout.shape else select_incoming
        union = " UNION ALL ".join(select(path, layout, skip=skip, limit=limit) for skip, limit in places)
        if not layout.shape:
            self._see("incoming", union)
            return
        self.know("setting", layout.settings)
        self._see("written", union)
        # A name is that of a query of ours; anything longer is the query of another distribution.
        self._see("shaped", layout.shape if " " in layout.shape else text_of(layout.shape, "duckdb"))
        self._see("incoming", select_shaped(layout, self._engine.describe("shaped")))

    def know(self, name: str, values: Mapping[str, str]) -> None:
        """Make texts known to the queries as the constant function `name(key)`, NULL where there is no such key."""
        keys, texts = (", ".join(literal(text) for text in each) for each in (values, values.values()))
        self._engine.execute(
            f"CREATE OR REPLACE TEMP MACRO {quoted(name)}(key) AS"
            f" list_extract(CAST([{texts}] AS VARCHAR[]), list_position(CAST([{keys}] AS VARCHAR[]), key))"
        )

    def offer(self, name: str, values: Sequence[str]) -> None:
        """Make a list of texts known to the queries as the constant function `name()`."""
        listed = ", ".join(literal(value) for value in values)
        self._engine.execute(f"CREATE OR REPLACE TEMP MACRO {quoted(name)}() AS CAST([{listed}] AS VARCHAR[])")

    def view(self, name: str) -> None:
        """Make the query `room/name` a view under its own name, for the queries that follow to read."""
        self._see(name.rpartition("/")[2], text_of(name, "duckdb"))

    def _see(self, name: str, text: str) -> None:
        self._engine.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS {text}")

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


def parquet_columns(path: Path) -> dict[str, str]:
    """Return the columns of a Parquet file by name, each with its type in DuckDB's words.

    Raises:
        EngineFailed: It is not one.
    """
    engine = DuckDB(None, memory_limit=_MEMORY)
    try:
        return engine.describe(f"read_parquet({literal(str(path))})")
    finally:
        engine.close()
