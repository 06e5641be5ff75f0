"""Data definition for both engines, from `tables` and the view files in `store/sql`."""

from collections.abc import Collection
from importlib.resources import files

from outlay.store.statement import quoted
from outlay.store.tables import BY_NAME
from outlay.store.tables.columns import COUNT, DAY, FLAG, INSTANT, MONEY, NAME, QUANTITY, TAGS, TEXT, Column, Table

_DUCKDB = {
    NAME: "VARCHAR",
    TEXT: "VARCHAR",
    COUNT: "BIGINT",
    MONEY: "DECIMAL(38,12)",
    QUANTITY: "DECIMAL(38,15)",
    INSTANT: "TIMESTAMP",
    DAY: "DATE",
    FLAG: "BOOLEAN",
    TAGS: "MAP(VARCHAR, VARCHAR)",
}
_CLICKHOUSE = {
    NAME: "LowCardinality(String)",
    TEXT: "String",
    COUNT: "Int64",
    MONEY: "Decimal(38, 12)",
    QUANTITY: "Decimal(38, 15)",
    INSTANT: "DateTime64(6, 'UTC')",
    DAY: "Date",
    FLAG: "Bool",
    TAGS: "Map(String, String)",
}
#: What a column that is not optional holds when a row does not say.
_DEFAULT = {NAME: "''", TEXT: "''", COUNT: "0", MONEY: "0", QUANTITY: "0", FLAG: "false"}


def view_names() -> list[str]:
    """Return the names of the views, in the order in which they may be created."""
    folder = files("outlay.store").joinpath("sql")
    found = sorted(f.name.removesuffix(".sql") for f in folder.iterdir() if f.name.startswith("view_"))
    return [name for name in found if not name.endswith(".clickhouse")]


def is_tags(table: str, column: str) -> bool:
    """Say whether a column holds tags rather than one text."""
    return next(each.kind for each in BY_NAME[table].columns if each.name == column) == TAGS


def duckdb_type(column: Column) -> str:
    """Return a column's type as DuckDB writes it."""
    return _DUCKDB[column.kind]


def or_default(column: Column) -> str:
    """Return a column as DuckDB selects it, its default in place of an absent value."""
    if column.optional:
        return quoted(column.name)
    default = "MAP()" if column.kind == TAGS else _DEFAULT.get(column.kind)
    return f"COALESCE({quoted(column.name)}, {default})" if default else quoted(column.name)


def create_for_duckdb(table: Table) -> str:
    """Return `CREATE TABLE` for DuckDB."""
    lines = []
    for column in table.columns:
        default = "" if column.optional else _DEFAULT.get(column.kind, "MAP()" if column.kind == TAGS else "")
        lines.append(
            f"  {quoted(column.name)} {_DUCKDB[column.kind]}"
            + ("" if column.optional else " NOT NULL")
            + (f" DEFAULT {default}" if default else "")
        )
    kind = "TEMP TABLE" if table.passing else "TABLE"
    return f"CREATE {kind} IF NOT EXISTS {quoted(table.name)} (\n" + ",\n".join(lines) + "\n)"


def add_for_duckdb(table: Table, have: Collection[str]) -> list[str]:
    """Return what adds the columns that a table of an older store lacks, on DuckDB.

    Args:
        table: The table.
        have: The columns it has.
    """
    texts = []
    for column in table.columns:
        if column.name not in have:
            alter = f"ALTER TABLE {quoted(table.name)}"
            default = "" if column.optional else _DEFAULT.get(column.kind, "MAP()" if column.kind == TAGS else "")
            texts.append(
                f"{alter} ADD COLUMN {quoted(column.name)} {_DUCKDB[column.kind]}"
                + (f" DEFAULT {default}" if default else "")
            )
            if default:
                texts.append(f"{alter} ALTER COLUMN {quoted(column.name)} SET NOT NULL")
    return texts


def add_for_clickhouse(table: Table) -> str:
    """Return what adds the columns that a table of an older store may lack, on ClickHouse."""
    added = ", ".join(f"ADD COLUMN IF NOT EXISTS {_line_for_clickhouse(column)}" for column in table.columns)
    return f"ALTER TABLE {quoted(table.name)} {added}"


def create_for_clickhouse(table: Table, *, engine: str = "MergeTree", durable: bool = True) -> str:
    """Return `CREATE TABLE` for ClickHouse.

    Args:
        table: The table.
        engine: The engine family; `ReplicatedMergeTree` on a cluster.
        durable: Whether an insert is on the disk before it is acknowledged.
    """
    lines = [f"  {_line_for_clickhouse(column)}" for column in table.columns]
    by_name = {c.name: c for c in table.columns}
    key = ", ".join(quoted(k) if not by_name[k].optional else f"ifNull({quoted(k)}, '')" for k in table.key)
    part = f"\nPARTITION BY toYYYYMM({quoted(table.month)})" if table.month else ""
    durability = "fsync_after_insert = 1, fsync_part_directory = 1, " if durable else ""
    return (
        f"CREATE TABLE IF NOT EXISTS {quoted(table.name)} (\n"
        + ",\n".join(lines)
        + f"\n) ENGINE = {engine}{part}\nORDER BY ({key})\nSETTINGS {durability}index_granularity = 8192"
    )


def _line_for_clickhouse(column: Column) -> str:
    return f"{quoted(column.name)} {_nullable(column) if column.optional else _CLICKHOUSE[column.kind]}"


def _nullable(column: Column) -> str:
    inner = _CLICKHOUSE[column.kind]
    return "LowCardinality(Nullable(String))" if column.kind == NAME else f"Nullable({inner})"
