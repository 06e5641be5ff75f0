"""What an engine must offer. Two do: `duckdb` and `clickhouse`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Protocol

Row = dict[str, object]


class Store(Protocol):
    """One database that holds the inputs, the runs and the ledger.

    Money comes back as `Decimal`, instants as aware UTC `datetime`, tags as `dict`. Every method raises
    `EngineFailed` when the engine does, and nothing of the engine's own.
    """

    engine: str
    url: str

    def rows(
        self,
        name: str,
        parameters: Mapping[str, object] | None = None,
        *,
        table: str | None = None,
        by: Sequence[str] = (),
        where: Mapping[str, str] | None = None,
    ) -> list[Row]:
        """Run the query `room/name` and return its rows.

        Args:
            name: Room and query, for example `"explain/cost"`.
            parameters: Values by name.
            table: The table whose columns `by` and `where` may name.
            by: Dimensions of the answer.
            where: Value by dimension.
        """
        ...

    def fill(
        self,
        table: str,
        name: str,
        parameters: Mapping[str, object] | None = None,
        *,
        over: str | None = None,
        by: Sequence[str] = (),
        where: Mapping[str, str] | None = None,
    ) -> None:
        """Insert what the query `room/name` returns into a table; it returns that table's columns by name.

        Args:
            table: The table to fill.
            name: Room and query.
            parameters: Values by name.
            over: The table whose columns `by` and `where` may name.
            by: Dimensions of the answer.
            where: Value by dimension.
        """
        ...

    def insert(self, table: str, rows: Iterable[Mapping[str, object]]) -> int:
        """Insert rows given as mappings and return how many there were. Absent columns take their default."""
        ...

    def insert_lines(self, table: str, names: Sequence[str], lines: Iterable[bytes]) -> int:
        """Insert rows that are lines of JSON already, each an object with the named columns or some of them.

        Absent columns take their default. Engines differ in what they make of a broken line, so lines must be sound.
        """
        ...

    def load_lines(self, table: str, names: Sequence[str], path: Path) -> None:
        """Insert the rows of a file of such lines (see `insert_lines`)."""
        ...

    def load(self, table: str, parquet: Path) -> None:
        """Insert the rows of a Parquet file that has the table's columns by name."""
        ...

    def save(
        self,
        name: str,
        parameters: Mapping[str, object] | None,
        parquet: Path,
        *,
        table: str | None = None,
        by: Sequence[str] = (),
        where: Mapping[str, str] | None = None,
    ) -> None:
        """Write what the query `room/name` returns into a Parquet file, without holding it in memory.

        Args:
            name: Room and query.
            parameters: Values by name.
            parquet: The file.
            table: The table whose columns `by` and `where` may name.
            by: Dimensions of the answer.
            where: Value by dimension.
        """
        ...

    def count(self, table: str, **equal: str) -> int:
        """Return how many rows have the given values."""
        ...

    def delete(self, table: str, **equal: str) -> None:
        """Delete the rows that have the given values."""
        ...

    def delete_month(self, table: str, month: date, **equal: str) -> None:
        """Delete the rows of one month that have the given values.

        Args:
            table: A table that is kept by month (`Table.month`).
            month: The month's first day.
            **equal: Value by column; none for all rows of the month.
        """
        ...

    def holding(self, table: str, columns: Sequence[str], texts: Collection[str]) -> dict[str, int]:
        """Return by column how many rows hold one of some texts, as their value or as that of one of their tags."""
        ...

    def replace(self, table: str, column: str, texts: Mapping[str, str]) -> None:
        """Put other texts in the place of some, where a column holds them as its value or as the value of a tag.

        Args:
            table: The table.
            column: A column of text or tags; on ClickHouse it may not be part of the table's key.
            texts: What to put, by what it is put in the place of.
        """
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All inside happens or nothing does, as far as the engine can (DuckDB: wholly).

        On ClickHouse rows become visible at once; therefore imports and runs write the row that makes them
        count (`take_in`, `publication`) last, and readers ask for that row.
        """
        ...

    def scrub(self) -> None:
        """Let go of the database, and leave nothing in its files of what was replaced or deleted.

        DuckDB writes its file anew, which takes as much disk again for the time. ClickHouse writes anew what holds
        deleted rows, and removes the old files some minutes later.
        """
        ...

    def drop(self) -> None:
        """Drop everything the store holds and let go of it."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
