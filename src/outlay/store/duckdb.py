"""DuckDB: the embedded default. Nothing to install, one process owns the file."""

import os
import re
import tempfile
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path

import duckdb

from outlay.errors import EngineFailed, StoreHeld
from outlay.store import ddl, migrations
from outlay.store.marks import Watched
from outlay.store.ndjson import batches
from outlay.store.protocol import Row
from outlay.store.statement import Statement, bind, literal, quoted, text_of
from outlay.store.tables import BY_NAME, PASSING, TABLES
from outlay.terms.period import next_month

#: The table whose changes are marked (see `marks`).
_MARKED = "price"
_HOLDER = re.compile(r"PID (\d+)")


class DuckDB:
    """A DuckDB file, or memory when the path is None. Threads get a cursor each.

    Rows are added side by side, so that a run does not hold up what is collected; one deletes at a time, since two that
    delete the same rows would be in conflict.

    Args:
        path: The database file; None for memory.
        memory_limit: As DuckDB writes it, for example `"4GB"`.
    """

    engine = "duckdb"

    def __init__(self, path: Path | None, *, memory_limit: str = "4GB") -> None:
        self.path = path
        self._memory_limit = memory_limit
        self._closed = False
        self.url = f"duckdb://{path.absolute()}" if path else "duckdb:///:memory:"
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._watched = Watched.take(path) if path else None
        with self._letting_go(), _as_ours(self.url):
            self._root = duckdb.connect(
                str(path) if path else ":memory:",
                config={
                    "memory_limit": memory_limit,
                    "autoinstall_known_extensions": "false",
                    "preserve_insertion_order": "false",
                    # The first makes TRY_CAST fail on a CSV field that cannot be read, where that stands in a view. The
                    # second sorts sums as the smallest type that they are thought to fit in; now and then they do not,
                    # and the query fails (2.0.0). Sorting takes a tenth longer without it.
                    "disabled_optimizers": "type_pushdown,compressed_materialization",
                    # A run writes some 100 MB of log; folding it into the file every 16 MB took a fifth of the run.
                    "checkpoint_threshold": "256MB",
                },
            )
        self._local = threading.local()
        self._writing = threading.RLock()
        with self._letting_go():
            try:
                with _as_ours(self.url):
                    self._migrate()
            except BaseException:
                self._root.close()  # nobody gets a store that could close it
                raise

    def rows(
        self,
        name: str,
        parameters: Mapping[str, object] | None = None,
        *,
        table: str | None = None,
        by: Sequence[str] = (),
        where: Mapping[str, str] | None = None,
    ) -> list[Row]:
        """See `Store.rows`."""
        statement = bind(name, self.engine, parameters or {}, table=table, by=by, where=where)
        with _as_ours(self.url, name):
            cursor = self.cursor().execute(statement.text, _to_engine(statement))
            columns = cursor.description or ()
            names = [column[0] for column in columns]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            for instant in (column[0] for column in columns if column[1] == duckdb.sqltypes.TIMESTAMP):
                for row in rows:
                    row[instant] = _from_engine(row[instant])
            return rows

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
        """See `Store.fill`."""
        self._mark(table)
        statement = bind(name, self.engine, parameters or {}, table=over, by=by, where=where)
        columns = ", ".join(quoted(column.name) for column in BY_NAME[table].columns)
        with _as_ours(self.url, name):
            self.cursor().execute(
                f"INSERT INTO {quoted(table)} ({columns}) SELECT {columns} FROM ({statement.text})",
                _to_engine(statement),
            )

    def insert(self, table: str, rows: Iterable[Mapping[str, object]]) -> int:
        """See `Store.insert`."""
        return sum(self.insert_lines(table, names, lines) for lines, names in batches(rows))

    def insert_lines(self, table: str, names: Sequence[str], lines: Iterable[bytes]) -> int:
        """See `Store.insert_lines`."""
        held = list(lines)
        with _as_ours(self.url, table), tempfile.NamedTemporaryFile("wb", suffix=".ndjson") as batch:
            batch.writelines(held)
            batch.flush()
            self.load_lines(table, names, Path(batch.name))
        return len(held)

    def load_lines(self, table: str, names: Sequence[str], path: Path) -> None:
        """See `Store.load_lines`."""
        self._mark(table)
        by_name = {column.name: column for column in BY_NAME[table].columns}
        columns = ", ".join(f"{quoted(name)}: '{ddl.duckdb_type(by_name[name])}'" for name in names)
        listed = ", ".join(quoted(name) for name in names)
        values = ", ".join(ddl.or_default(by_name[name]) for name in names)
        with _as_ours(self.url, table):
            self.cursor().execute(
                f"INSERT INTO {quoted(table)} ({listed}) SELECT {values} FROM"
                f" read_json($path, format = 'newline_delimited', columns = {{{columns}}})",
                {"path": str(path)},
            )

    def load(self, table: str, parquet: Path) -> None:
        """See `Store.load`."""
        self._mark(table)
        columns = ", ".join(quoted(column.name) for column in BY_NAME[table].columns)
        with _as_ours(self.url, table):
            self.cursor().execute(
                f"INSERT INTO {quoted(table)} ({columns}) SELECT {columns} FROM read_parquet('{parquet}')"
            )

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
        """See `Store.save`."""
        statement = bind(name, self.engine, parameters or {}, table=table, by=by, where=where)
        with _as_ours(self.url, name):
            self.cursor().execute(
                f"COPY ({statement.text}) TO {literal(str(parquet))} (FORMAT parquet)", _to_engine(statement)
            )

    def count(self, table: str, **equal: str) -> int:
        """See `Store.count`."""
        with _as_ours(self.url, table):
            found = self.cursor().execute(f"SELECT count(*) FROM {quoted(table)}{_equal(equal)}", equal).fetchone()
        return int(found[0]) if found else 0

    def delete(self, table: str, **equal: str) -> None:
        """See `Store.delete`."""
        self._mark(table)
        with self._writing, _as_ours(self.url, table):
            self.cursor().execute(f"DELETE FROM {quoted(table)}{_equal(equal)}", equal)

    def delete_month(self, table: str, month: date, **equal: str) -> None:
        """See `Store.delete_month`."""
        kept_by = quoted(BY_NAME[table].month or "")
        of_month = f"{kept_by} >= $month_first AND {kept_by} < $month_end"
        values = {**equal, "month_first": month, "month_end": next_month(month)}
        with self._writing, _as_ours(self.url, table):
            self.cursor().execute(
                f"DELETE FROM {quoted(table)}{_equal(equal)}{' AND' if equal else ' WHERE'} {of_month}", values
            )

    def holding(self, table: str, columns: Sequence[str], texts: Collection[str]) -> dict[str, int]:
        """See `Store.holding`."""
        counted = ", ".join(f"COUNT(*) FILTER (WHERE {_holds(table, column)})" for column in columns)
        with _as_ours(self.url, table):
            found = self.cursor().execute(f"SELECT {counted} FROM {quoted(table)}", {"texts": list(texts)}).fetchone()
        return dict(zip(columns, found or (), strict=True))

    def replace(self, table: str, column: str, texts: Mapping[str, str]) -> None:
        """See `Store.replace`."""
        name, put = quoted(column), "$puts[list_position($texts, {})]"
        if ddl.is_tags(table, column):
            entry = f"{{'key': e.key, 'value': COALESCE({put.format('e.value')}, e.value)}}"
            changed = f"map_from_entries(list_transform(map_entries({name}), lambda e: {entry}))"
        else:
            changed = put.format(name)
        self._mark(table)
        with self._writing, _as_ours(self.url, table):
            self.cursor().execute(
                f"UPDATE {quoted(table)} SET {name} = {changed} WHERE {_holds(table, column)}",
                {"texts": list(texts), "puts": list(texts.values())},
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `Store.transaction`."""
        with self._writing:
            with _as_ours(self.url):
                self.cursor().execute("BEGIN")
            try:
                yield
            except BaseException:
                with suppress(duckdb.Error):
                    self.cursor().execute("ROLLBACK")
                raise
            with _as_ours(self.url):
                self.cursor().execute("COMMIT")

    def scrub(self) -> None:
        """See `Store.scrub`."""
        if self.path and self._watched:
            if self._watched.times > 1:
                raise EngineFailed(
                    f"{self.url} is open twice, so its file cannot be written anew", fix="close the other one first"
                )
            anew = self.path.with_name(f"{self.path.name}.anew")
            with self._writing, _as_ours(self.url, "scrub"):
                anew.unlink(missing_ok=True)
                try:
                    self._copy_to(anew)
                    anew.replace(self.path)  # nobody else can have opened it: this process still holds the old one
                finally:
                    anew.unlink(missing_ok=True)
        self.close()

    def drop(self) -> None:
        """See `Store.drop`."""
        self.close()
        if self.path:
            for path in (self.path, self.path.with_name(f"{self.path.name}.wal")):
                path.unlink(missing_ok=True)
        if self._watched:
            self._watched.forget()

    def close(self) -> None:
        """See `Store.close`."""
        with _as_ours(self.url):
            self._root.close()
        if not self._closed and self._watched:
            self._watched.let_go()
        self._closed = True

    def execute(self, text: str) -> None:
        """Run text that `store` itself put together."""
        with self._writing, _as_ours(self.url):
            self.cursor().execute(text)

    def describe(self, source: str) -> dict[str, str]:
        """Return the columns of a table function with their types."""
        with _as_ours(source):
            found = self.cursor().execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        return {str(row[0]): str(row[1]) for row in found}

    def copy(self, name: str, parameters: Mapping[str, object], table: str, parquet: Path) -> None:
        """Write what the query `room/name` returns for a table's columns into a Parquet file."""
        statement = bind(name, self.engine, parameters)
        columns = ", ".join(quoted(column.name) for column in BY_NAME[table].columns)
        with _as_ours(self.url, name):
            self.cursor().execute(
                f"COPY (SELECT {columns} FROM ({statement.text})) TO '{parquet}' (FORMAT parquet)",
                _to_engine(statement),
            )

    @contextmanager
    def memory(self, limit: str) -> Iterator[None]:
        """Hold the engine to a memory limit while something streams."""
        self.execute(f"SET memory_limit = '{limit}'")
        try:
            yield
        finally:
            with suppress(EngineFailed):
                self.execute(f"SET memory_limit = '{self._memory_limit}'")

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return this thread's cursor, with ClickHouse's names for a few functions defined on it."""
        if not hasattr(self._local, "cursor"):
            cursor = self._root.cursor()
            cursor.execute("SET TimeZone = 'UTC'")
            cursor.execute(files("outlay.store").joinpath("duckdb_macros.sql").read_text(encoding="utf-8"))
            for table in PASSING:
                cursor.execute(ddl.create_for_duckdb(table))
            self._local.cursor = cursor
        found: duckdb.DuckDBPyConnection = self._local.cursor
        return found

    def _copy_to(self, anew: Path) -> None:
        """Copy all that the store holds into another file, and be sure that the disk has it."""
        cursor = self.cursor()
        cursor.execute("CHECKPOINT")
        named = cursor.execute("SELECT current_database()").fetchone() or ("",)
        place = str(anew).replace("'", "''")
        cursor.execute(f"ATTACH '{place}' AS anew")
        cursor.execute(f"COPY FROM DATABASE {quoted(named[0])} TO anew")
        cursor.execute("DETACH anew")
        with anew.open("rb") as written:
            os.fsync(written.fileno())

    def _mark(self, table: str) -> None:
        """Tell who keeps a copy of a table that it is about to change."""
        if self._watched and table == _MARKED:
            self._watched.changed()

    @contextmanager
    def _letting_go(self) -> Iterator[None]:
        """Let go of a file that cannot be opened."""
        try:
            yield
        except BaseException:
            if self._watched:
                self._watched.let_go(opened=False)
            raise

    def _migrate(self) -> None:
        cursor = self.cursor()
        cursor.execute("BEGIN")
        done = migrations.done_by(lambda: _ledger_of_migrations(cursor))
        if done < migrations.NEWEST:
            for table in TABLES:
                if not table.passing:
                    cursor.execute(ddl.create_for_duckdb(table))
                    have = cursor.execute(f"SELECT * FROM {quoted(table.name)} LIMIT 0").description or ()
                    for text in ddl.add_for_duckdb(table, [column[0] for column in have]):
                        cursor.execute(text)
            for view in ddl.view_names():
                name = quoted(view.removeprefix("view_"))
                cursor.execute(f"CREATE OR REPLACE VIEW {name} AS {text_of(f'store/{view}', self.engine)}")
            cursor.execute("INSERT INTO migration VALUES (?, now()::TIMESTAMP)", [migrations.NEWEST])
        cursor.execute("COMMIT")


def _ledger_of_migrations(cursor: duckdb.DuckDBPyConnection) -> int:
    cursor.execute("CREATE TABLE IF NOT EXISTS migration (version INTEGER, applied_at TIMESTAMP)")
    found = cursor.execute("SELECT max(version) FROM migration").fetchone()
    return int(found[0] or 0) if found else 0


def _to_engine(statement: Statement) -> dict[str, object]:
    return {
        key: value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value
        for key, value in statement.parameters.items()
    }


def _from_engine(value: object) -> object:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def _equal(equal: Mapping[str, str]) -> str:
    return " WHERE " + " AND ".join(f"{quoted(k)} = ${k}" for k in equal) if equal else ""


def _holds(table: str, column: str) -> str:
    """Return the condition that a column holds one of `$texts`."""
    if ddl.is_tags(table, column):
        return f"list_has_any(map_values({quoted(column)}), $texts)"
    return f"list_contains($texts, {quoted(column)})"


def _served(note: Path) -> str:
    """Say where a running server shows the store, if one left a note beside it."""
    with suppress(OSError, IndexError):
        return f"ask it at {note.read_text(encoding='utf-8').split()[0]}, "
    return ""


@contextmanager
def _as_ours(url: str, doing: str = "") -> Iterator[None]:
    """Turn the engine's errors into `EngineFailed`, saying what was being done and how to go on."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        text = str(error)
        during = f" during {doing}" if doing else ""
        if "lock" in text and (holder := _HOLDER.search(text)):
            note = Path(f"{url.removeprefix('duckdb://')}.address")
            raise StoreHeld(
                f"{url} is held by another process (PID {holder[1]})",
                fix=f"{_served(note)}wait for it or stop it (`outlay serve` holds its store), or use another --store",
                note=note,
            ) from error
        if "No space left" in text or "out of space" in text.lower():
            raise EngineFailed(
                f"the disk is full{during} of {url}; nothing was written",
                fix="free some space, then run it again",
                code="disk-full",
            ) from error
        if isinstance(error, duckdb.OutOfMemoryException):
            raise EngineFailed(
                f"DuckDB ran out of memory{during}",
                fix="raise OUTLAY_MEMORY_LIMIT, for example to 8GB",
                code="out-of-memory",
            ) from error
        if (
            isinstance(error, OSError)
            or "not a valid DuckDB database" in text
            or "erialization" in text
            or "orrupt" in text
        ):
            raise EngineFailed(
                f"{url} cannot be read as an Outlay store: {text.splitlines()[0]}",
                fix="restore it from a backup, or choose another --store",
                code="store-unreadable",
            ) from error
        raise EngineFailed(
            f"DuckDB failed{during}: {text.splitlines()[0]}",
            fix="try again; if it stays, report it with this message",
        ) from error
