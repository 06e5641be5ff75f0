"""Columns, their types and tables, in words that both engines understand."""

from dataclasses import dataclass

from outlay.terms.attribution import ATTRIBUTION
from outlay.terms.unit import TOKEN_UNITS

NAME = "name"  # text with few distinct values
TEXT = "text"
COUNT = "count"
MONEY = "money"
QUANTITY = "quantity"
INSTANT = "instant"
DAY = "day"
FLAG = "flag"
TAGS = "tags"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, type, meaning and unit.

    Args:
        name: Column name.
        kind: One of this module's type words.
        meaning: One sentence.
        unit: What one of it is, where it is a number: a unit, or the column that holds the unit.
        optional: Whether it may be absent (NULL).
    """

    name: str
    kind: str
    meaning: str
    unit: str | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table: what one row is, and its columns in order.

    Args:
        name: Table name, singular.
        grain: What one row stands for, one sentence.
        key: The columns that name a row; ClickHouse sorts by them.
        columns: In order.
        month: The column whose month ClickHouse partitions by, if any.
        passing: Whether its rows are read only by who wrote them, and not kept: on DuckDB, in a temporary table.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    month: str | None = None
    passing: bool = False


_WHO = {
    "feature": "Product feature, `area.action`.",
    "customer": "Paying customer (tenant).",
    "team": "Team that owns the feature.",
    "user": "End user, an opaque id.",
    "environment": "production, staging, ...",
    "service": "Deployed service.",
    "release": "Version of that service.",
}


def attribution_columns() -> tuple[Column, ...]:
    """Return one optional column for each attribution dimension, in order."""
    return tuple(Column(name, TEXT if name == "user" else NAME, _WHO[name], optional=True) for name in ATTRIBUTION)


def token_columns() -> tuple[Column, ...]:
    """Return one count column for each token unit, in order."""
    return tuple(Column(unit, COUNT, f"Tokens of unit `{unit}`.", unit="tokens") for unit in TOKEN_UNITS)
