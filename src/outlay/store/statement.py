"""Statements: one query per `.sql` file, bound to named parameters and a checked list of dimensions.

Comes in: the name of a file, values, dimensions to group and filter by. Goes out: text and parameters that an
engine runs. The text is the same on both engines; `<name>.clickhouse.sql` beside it is the exception.

A file named `part_<name>.sql` is no query: others take it in where they say `{part room/name}`, so that what several
must compute alike stands once.

Markers a file may use:

- `$name`: a parameter.
- `{dimensions}`: the dimensions of the answer, as a select list with a comma at its end.
- `{names}`: their names only, with a comma at the end.
- `{key}`: their values as one text, absent ones empty.
- `{where}`: one `AND` per filter; put it after a condition.
- `{table}`: the table that is asked, where several keep the same columns at different grains.
- `{period}`: the condition that a row is of the period `$first` to `$end`: by day, or by month in a table of months.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from outlay.errors import Broken, UnknownName
from outlay.store.tables import BY_NAME
from outlay.store.tables.columns import COUNT, FLAG, MONEY, QUANTITY

_PARAMETER = re.compile(r"\$(\w+)")
_PART = re.compile(r"\{part (\w+/\w+)\}")
_NEVER_GROUPED = {COUNT, FLAG, MONEY, QUANTITY}
_NO_DIMENSION = {"run", "tags", "extra"}
#: Columns that the view over a table adds to it.
_DERIVED = {"charge": ("day", "month")}
#: What may be asked: tables, and the view of shares by pool, which has the columns of `share`.
_ASKED = BY_NAME | {"apportioned": BY_NAME["share"]}
#: A dimension that is the value of one of the vendor's tags is written `tag:KEY`.
TAG = "tag:"
#: A filter on this value asks for the rows where the dimension is absent.
ABSENT = ""
#: Stands between the values of a `{key}`; no bill or tag holds it.
SEPARATOR = "␟"


@dataclass(frozen=True, slots=True)
class Statement:
    """Text that an engine can run, and the parameters it names."""

    text: str
    parameters: Mapping[str, object]


@cache
def text_of(name: str, engine: str) -> str:
    """Return the text of `room/query` for an engine.

    Args:
        name: Room and query, for example `"allocate/share"`.
        engine: `duckdb` or `clickhouse`.
    """
    room, _, query = name.partition("/")
    folder = files("outlay") / room / "sql"
    own = folder.joinpath(f"{query}.{engine}.sql")
    text = (own if own.is_file() else folder.joinpath(f"{query}.sql")).read_text(encoding="utf-8")
    return _PART.sub(lambda found: _without_comments(text_of(_part(found[1]), engine)).strip(), text)


def _part(name: str) -> str:
    room, _, part = name.partition("/")
    return f"{room}/part_{part}"


def dimensions_of(table: str) -> list[str]:
    """Return the columns of a table that an answer may be grouped and filtered by (`tag:KEY` apart)."""
    own = [c.name for c in _ASKED[table].columns if c.kind not in _NEVER_GROUPED and c.name not in _NO_DIMENSION]
    return [*own, *_DERIVED.get(table, ())]


def bind(
    name: str,
    engine: str,
    parameters: Mapping[str, object],
    *,
    table: str | None = None,
    by: Sequence[str] = (),
    where: Mapping[str, str] | None = None,
) -> Statement:
    """Bind a query to its parameters and dimensions.

    Args:
        name: Room and query.
        engine: `duckdb` or `clickhouse`.
        parameters: By name; every `$name` in the text must be among them.
        table: The table whose columns `by` and `where` may name.
        by: Dimensions of the answer, columns of `table` or `tag:KEY`.
        where: Value by dimension; the empty text asks for absent ones.

    Raises:
        UnknownName: A dimension that the table does not have.
    """
    found = dict(parameters)
    expressions = {d: _expression(d, table, found) for d in (*by, *(where or {}))}
    conditions = []
    for place, (dimension, value) in enumerate((where or {}).items()):
        if value == ABSENT:
            conditions.append(f" AND {expressions[dimension]} IS NULL")
        else:
            found[f"where_{place}"] = value
            conditions.append(f" AND CAST({expressions[dimension]} AS VARCHAR) = $where_{place}")
    text = (
        text_of(name, engine)
        .replace("{dimensions}", "".join(f"{expressions[d]} AS {quoted(d)}, " for d in by))
        .replace("{names}", "".join(f"{quoted(d)}, " for d in by))
        .replace("{key}", _key([expressions[d] for d in by]))
        .replace("{where}", "".join(conditions))
        .replace("{table}", quoted(table or ""))
        .replace("{period}", _period(table))
    )
    wanted = set(_PARAMETER.findall(_without_comments(text)))
    if missing := wanted - set(found):
        raise Broken(f"{name}.sql names parameters nobody gave: {', '.join(sorted(missing))}")
    return Statement(text, {key: value for key, value in found.items() if key in wanted})


def quoted(identifier: str) -> str:
    """Return an identifier in double quotes, safe on both engines."""
    return '"' + identifier.replace("\\", "").replace('"', "") + '"'


def literal(text: str) -> str:
    """Return a text in single quotes.

    >>> print(literal("it's"))
    'it''s'
    """
    return "'" + text.replace("'", "''") + "'"


def _expression(dimension: str, table: str | None, parameters: dict[str, object]) -> str:
    if table is None:
        raise Broken("a query was given dimensions but no table to check them against")
    if dimension.startswith(TAG) and any(c.name == "tags" for c in _ASKED[table].columns):
        key = f"tag_{len(parameters)}"
        parameters[key] = dimension.removeprefix(TAG)
        return f"NULLIF(tags[${key}], '')"
    if dimension not in dimensions_of(table):
        raise UnknownName("dimension", dimension, [*dimensions_of(table), f"{TAG}KEY"])
    return quoted(dimension)


def _period(table: str | None) -> str:
    kept = "day" if table in BY_NAME and any(column.name == "day" for column in _ASKED[table].columns) else "month"
    return f'"{kept}" >= CAST($first AS DATE) AND "{kept}" < CAST($end AS DATE)'


def _key(expressions: Sequence[str]) -> str:
    texts = [f"COALESCE(CAST({expression} AS VARCHAR), '')" for expression in expressions]
    return f" || '{SEPARATOR}' || ".join(texts) or "''"


def _without_comments(text: str) -> str:
    return re.sub(r"--[^\n]*", "", text)
