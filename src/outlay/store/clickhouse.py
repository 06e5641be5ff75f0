"""ClickHouse: where a store goes when it outgrows one machine. A server over HTTP, or in-process (`chdb`)."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from shutil import copyfileobj
from threading import RLock, local
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote

import clickhouse_connect
from clickhouse_connect.driver.exceptions import ClickHouseError

from outlay.errors import BadConfig, EngineFailed
from outlay.store import ddl, migrations
from outlay.store.marks import database_in
from outlay.store.ndjson import batches
from outlay.store.protocol import Row
from outlay.store.statement import Statement, bind, quoted, text_of
from outlay.store.tables import BY_NAME, TABLES

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

#: A `$name`, and comments so that a name within one is left alone.
_PARAMETER = re.compile(r"--[^\n]*|\$(\w+)")
_IDENTIFIER = re.compile(r"\w+")

#: Under these, ClickHouse means by a text what DuckDB means by it (see docs/decisions/0004-two-engines.md).
SETTINGS = {
    "join_use_nulls": 1,
    "aggregate_functions_null_for_empty": 1,
    "group_by_use_nulls": 1,
    "prefer_column_name_to_alias": 1,
    "cast_keep_nullable": 1,
    "date_time_input_format": "best_effort",
    "input_format_null_as_default": 1,
    "mutations_sync": 1,
    "decimal_check_overflow": 1,
}


class ClickHouse:
    """A ClickHouse database.

    Args:
        url: `clickhouse://[user[:password]@]host[:port]/database[?secure=1]`, or `chdb:///folder?database=name`
            for the engine in this process.
        parts: The same, taken apart.
    """

    engine = "clickhouse"

    def __init__(self, url: str, parts: SplitResult) -> None:
        self._database, self._secure = database_in(parts)
        if not _IDENTIFIER.fullmatch(self._database):
            raise BadConfig(f"{self._database!r} cannot be a database name", fix="use letters, digits and underscores")
        self._parts = parts
        self.url = url.replace(f":{parts.password}@", ":***@") if parts.password else url
        self._local = local()
        self._writing = RLock()
        with _as_ours(self.url):
            self._connect(database=None).command(f"CREATE DATABASE IF NOT EXISTS {quoted(self._database)}")
            self._migrate()

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
            text, values = _typed(statement)
            found = self._client().query(text, parameters=values)
            return [
                {k: _from_engine(v) for k, v in zip(found.column_names, row, strict=True)} for row in found.result_rows
            ]

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
        statement = bind(name, self.engine, parameters or {}, table=over, by=by, where=where)
        columns = ", ".join(quoted(column.name) for column in BY_NAME[table].columns)
        with self._writing, _as_ours(self.url, name):
            text, values = _typed(statement)
            self._client().command(
                f"INSERT INTO {quoted(table)} ({columns}) SELECT {columns} FROM (\n{text}\n)", parameters=values
            )

    def insert(self, table: str, rows: Iterable[Mapping[str, object]]) -> int:
        """See `Store.insert`."""
        return sum(self.insert_lines(table, names, lines) for lines, names in batches(rows))

    def insert_lines(self, table: str, names: Sequence[str], lines: Iterable[bytes]) -> int:
        """See `Store.insert_lines`."""
        held = list(lines)
        with self._writing, _as_ours(self.url, table):
            if held:
                self._client().raw_insert(table, list(names), b"".join(held), fmt="JSONEachRow")
        return len(held)

    def load_lines(self, table: str, names: Sequence[str], path: Path) -> None:
        """See `Store.load_lines`."""
        with self._writing, _as_ours(self.url, table), path.open("rb") as content:
            self._client().raw_insert(table, column_names=list(names), insert_block=content, fmt="JSONEachRow")

    def load(self, table: str, parquet: Path) -> None:
        """See `Store.load`."""
        names = [column.name for column in BY_NAME[table].columns]
        with self._writing, _as_ours(self.url, table), parquet.open("rb") as content:
            self._client().raw_insert(table, column_names=names, insert_block=content, fmt="Parquet")

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
        with _as_ours(self.url, name), parquet.open("wb") as file:
            text, values = _typed(statement)
            with self._client().raw_stream(text, parameters=values, fmt="Parquet") as stream:
                copyfileobj(stream, file)

    def count(self, table: str, **equal: str) -> int:
        """See `Store.count`."""
        with _as_ours(self.url, table):
            found = self._client().query(f"SELECT count(*) FROM {quoted(table)}{_equal(equal)}", parameters=equal)
        return int(found.result_rows[0][0])

    def delete(self, table: str, **equal: str) -> None:
        """See `Store.delete`."""
        with self._writing, _as_ours(self.url, table):
            self._client().command(f"DELETE FROM {quoted(table)}{_equal(equal) or ' WHERE 1'}", parameters=equal)

    def delete_month(self, table: str, month: date, **equal: str) -> None:
        """See `Store.delete_month`. A whole month is a partition, and goes at once."""
        kept_by = quoted(BY_NAME[table].month or "")
        with self._writing, _as_ours(self.url, table):
            if equal:
                of_month = f" AND toYYYYMM({kept_by}) = {month:%Y%m}"
                self._client().command(f"DELETE FROM {quoted(table)}{_equal(equal)}{of_month}", parameters=equal)
            else:
                self._client().command(
                    f"ALTER TABLE {quoted(table)} DROP PARTITION {month:%Y%m} SETTINGS max_partition_size_to_drop = 0"
                )

    def holding(self, table: str, columns: Sequence[str], texts: Collection[str]) -> dict[str, int]:
        """See `Store.holding`."""
        counted = ", ".join(f"countIf({_holds(table, column)})" for column in columns)
        with _as_ours(self.url, table):
            found = self._client().query(f"SELECT {counted} FROM {quoted(table)}", parameters={"texts": list(texts)})
        return {column: int(count) for column, count in zip(columns, found.result_rows[0], strict=True)}

    def replace(self, table: str, column: str, texts: Mapping[str, str]) -> None:
        """See `Store.replace`."""
        name = quoted(column)
        if ddl.is_tags(table, column):
            changed = f"mapApply((k, v) -> (k, if(has({{texts:{_TEXTS}}}, v), {_put_for('v')}, v)), {name})"
        else:
            changed = _put_for(f"assumeNotNull({name})")
        with self._writing, _as_ours(self.url, table):
            self._client().command(
                f"ALTER TABLE {quoted(table)} UPDATE {name} = {changed} WHERE {_holds(table, column)}",
                parameters={"texts": list(texts), "puts": list(texts.values())},
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `Store.transaction`. ClickHouse has none: what is not committed stays invisible instead."""
        with self._writing:
            yield

    def scrub(self) -> None:
        """See `Store.scrub`."""
        with self._writing, _as_ours(self.url, "scrub"):
            for table in TABLES:
                self._client().command(f"ALTER TABLE {quoted(table.name)} APPLY DELETED MASK")
        self.close()

    def drop(self) -> None:
        """See `Store.drop`."""
        with _as_ours(self.url):
            self._client().command(f"DROP DATABASE {quoted(self._database)} SYNC")
        self.close()

    def close(self) -> None:
        """See `Store.close`."""
        with _as_ours(self.url):
            self._client().close()

    def _client(self) -> "Client":
        if not hasattr(self._local, "client"):
            self._local.client = self._connect(self._database)
        client: Client = self._local.client
        return client

    def _connect(self, database: str | None) -> "Client":
        settings: dict[str, object] = dict(SETTINGS)
        if self._parts.scheme == "chdb":
            client = clickhouse_connect.get_client(interface="chdb", path=self._parts.path, settings=settings)
            if database:
                client.database = database
                client.command(f"USE {quoted(database)}")
            return client
        return clickhouse_connect.get_client(
            host=self._parts.hostname or "127.0.0.1",
            port=self._parts.port or 0,
            username=unquote(self._parts.username) if self._parts.username else None,
            password=unquote(self._parts.password or ""),
            database=database or "__default__",
            secure=self._secure,
            settings=settings,
            autogenerate_session_id=False,
        )

    def _migrate(self) -> None:
        client = self._client()
        client.command(
            "CREATE TABLE IF NOT EXISTS migration (version Int32, applied_at DateTime64(6, 'UTC'))"
            " ENGINE = MergeTree ORDER BY version"
        )
        newest = "SELECT max(version) FROM migration"
        done = migrations.done_by(lambda: int(client.query(newest).result_rows[0][0] or 0))
        if done < migrations.NEWEST:
            for table in TABLES:
                client.command(ddl.create_for_clickhouse(table))
                if done:
                    client.command(ddl.add_for_clickhouse(table))
            for view in ddl.view_names():
                name = quoted(view.removeprefix("view_"))
                client.command(f"CREATE OR REPLACE VIEW {name} AS {text_of(f'store/{view}', self.engine)}")
            client.command(f"INSERT INTO migration VALUES ({migrations.NEWEST}, now64(6))")


def _typed(statement: Statement) -> tuple[str, dict[str, object]]:
    """Turn `$name` into ClickHouse's `{name:Type}`, the type coming from the value."""

    def typed(found: re.Match[str]) -> str:
        return f"{{{found[1]}:{_type(statement.parameters[found[1]])}}}" if found[1] else found[0]

    text = _PARAMETER.sub(typed, statement.text)
    return text, {k: _to_engine(v) for k, v in statement.parameters.items()}


#: Of a parameter, by the kind of its value; the first that fits.
_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "Bool"),
    (int, "Int64"),
    (Decimal, "Decimal(38, 12)"),
    (datetime, "DateTime64(6, 'UTC')"),
    (date, "Date"),
)


def _type(value: object) -> str:
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "String")


def _to_engine(value: object) -> object:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _from_engine(value: object) -> object:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return value


def _equal(equal: Mapping[str, str]) -> str:
    return " WHERE " + " AND ".join(f"{quoted(k)} = {{{k}:String}}" for k in equal) if equal else ""


#: The type of a parameter that is a list of texts.
_TEXTS = "Array(String)"


def _holds(table: str, column: str) -> str:
    """Return the condition that a column holds one of the texts."""
    if ddl.is_tags(table, column):
        return f"hasAny(mapValues({quoted(column)}), {{texts:{_TEXTS}}})"
    return f"has({{texts:{_TEXTS}}}, {quoted(column)})"


def _put_for(text: str) -> str:
    """Return what is put in the place of one of the texts."""
    return f"{{puts:{_TEXTS}}}[indexOf({{texts:{_TEXTS}}}, {text})]"


@contextmanager
def _as_ours(url: str, doing: str = "") -> Iterator[None]:
    """Turn the driver's errors into `EngineFailed`, saying what was being done and how to go on."""
    try:
        yield
    except (ClickHouseError, OSError, RuntimeError) as error:
        text = re.sub(r"\s+", " ", str(error))[:400]
        during = f" during {doing}" if doing else ""
        if "refused" in text or "Max retries" in text or isinstance(error, ConnectionError):
            raise EngineFailed(
                f"ClickHouse at {url} does not answer",
                fix="check host, port and that the server is up (HTTP interface, usually port 8123)",
                code="store-unreachable",
            ) from error
        if "AUTHENTICATION_FAILED" in text or "Code: 516" in text:
            raise EngineFailed(
                f"ClickHouse at {url} refuses the user or password", fix="check the --store URL"
            ) from error
        raise EngineFailed(
            f"ClickHouse failed{during}: {text}", fix="try again; if it stays, report it with this message"
        ) from error
