"""How a file is laid out, and the selects that show it: `written` as it stands, `incoming` as a charge needs it.

Comes in: a path and a `Layout`. Goes out: SELECT texts for the embedded reader (DuckDB).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from outlay.store.statement import literal, quoted

_NESTED = ("MAP", "STRUCT", "UNION", "VARIANT")
_BINARY = ("DOUBLE", "FLOAT")
_WHOLE = ("DECIMAL", "TINYINT", "SMALLINT", "INTEGER", "BIGINT")
_MONEY = "DECIMAL(38,12)"
_TAGS = "MAP(VARCHAR, VARCHAR)"
#: A Parquet file numbers its rows itself, whatever order they are read in.
_ROW = "file_row_number"
_NOTHING = "CAST(NULL AS VARCHAR)"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is laid out.

    Args:
        header: The file's own column names, in order.
        columns: The file's column by the name queries use; None where the file has none.
        extra: Columns of the file without a place of their own; they arrive as one map `extra`.
        delimiter: Of a CSV file; None for Parquet.
        line_column: Column that holds the line number; None numbers the records from 2, after the header.
        kinds: Types of the columns of a Parquet file, in DuckDB's words; nested ones arrive as JSON.
        constants: Columns of a charge that the file does not have, with what they are.
        charge: The columns of a charge that `incoming` shows.
        shape: The query that turns `written` into columns of a charge; empty where `columns` does.
        maps: By name, columns of the file that are one map together: pairs of key and column; with no key, the
            column is a map itself, or a JSON object.
        exact: Names in `columns` that hold money: they arrive in `written` as decimals, and `unread` names the first of
            them that a line has and that cannot be read, with what stands there.
        instants: Names in `columns` that arrive in `written` as `TIMESTAMP` where a Parquet file has them so.
        settings: Texts that the shape may ask for.
    """

    header: Sequence[str]
    columns: Mapping[str, str | None]
    extra: Sequence[str]
    delimiter: str | None
    line_column: str | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    charge: Sequence[str] = ()
    shape: str = ""
    maps: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    exact: Sequence[str] = ()
    instants: Sequence[str] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


def select_incoming(path: Path, layout: Layout, *, skip: int, limit: int | None) -> str:
    """Return the select of one span of a file whose columns are a charge's: `limit` records after the first `skip`."""
    shown = {name: _text(own, layout) for name, own in layout.columns.items() if own}
    shown |= {name: literal(text) for name, text in layout.constants.items() if name not in shown}
    chosen = _filled_up(shown, layout.charge) | _tags(shown.get("tags")) | {"extra": _extra(layout)}
    return _span(path, layout, chosen, skip, limit)


def select_written(path: Path, layout: Layout, *, skip: int, limit: int | None) -> str:
    """Return the select of one span of a file as it stands, under the names that a shape reads and its own."""
    shown = {name: _text(own, layout) if own else _NOTHING for name, own in layout.columns.items()}
    exact = {name: _exact(own, layout) for name in layout.exact if (own := layout.columns[name])}
    shown |= {name: exact.get(name, "CAST(NULL AS DECIMAL(38,12))") for name in layout.exact}
    as_is = {name: quoted(own) for name in layout.instants if (own := layout.columns[name])}
    shown |= {
        name: column for name, column in as_is.items() if layout.kinds.get(str(layout.columns[name])) == "TIMESTAMP"
    }
    shown |= {"unread": _unread(exact, layout)} if layout.exact else {}
    shown |= {name: _map(pairs, layout) for name, pairs in layout.maps.items()} | {"extra": _extra(layout)}
    taken = {name.casefold() for name in shown} | {"line"}
    shown |= {own: _text(own, layout) for own in layout.header if own.casefold() not in taken}
    return _span(path, layout, shown, skip, limit)


def select_shaped(layout: Layout, kinds: Mapping[str, str]) -> str:
    """Return the select of what a shape returned, filled up to what `incoming` shows.

    Args:
        layout: The file's.
        kinds: The columns that the shape returns, with their types.
    """
    shown = {name: literal(text) for name, text in layout.constants.items()}
    shown |= {name: quoted(name) for name in kinds}
    tags = _tags(shown.get("tags"), is_map=kinds.get("tags", "").startswith("MAP"))
    extra = shown.get("extra", f"CAST(MAP {{}} AS {_TAGS})")
    return f"SELECT line, {_listed(_filled_up(shown, layout.charge) | tags | {'extra': extra})} FROM shaped"


def _filled_up(shown: Mapping[str, str], charge: Sequence[str]) -> dict[str, str]:
    """Return every column of a charge, and what a format may say of a line; NULL where there is nothing."""
    return {name: shown.get(name, _NOTHING) for name in (*charge, "skip", "refuse", "refused")}


def _tags(shown: str | None, *, is_map: bool = False) -> dict[str, str]:
    """Return tags as a map, and the text that they were read from."""
    if shown is None or is_map:
        return {"tags": shown or f"CAST(NULL AS {_TAGS})", "raw_tags": _NOTHING}
    return {"tags": f"TRY_CAST(TRY_CAST({shown} AS JSON) AS {_TAGS})", "raw_tags": shown}


def _span(path: Path, layout: Layout, shown: Mapping[str, str], skip: int, limit: int | None) -> str:
    if layout.delimiter:
        source = _csv(path, layout, skip)
        line = quoted(layout.line_column) if layout.line_column else f"row_number() OVER () + {skip + 1}"
    else:
        source = f"read_parquet({literal(str(path))}, {_ROW} = true)"
        line = f"{quoted(_ROW)} + 2"
    select = f"(SELECT CAST({line} AS BIGINT) AS line, {_listed(shown)} FROM {source}"
    return select + (f" LIMIT {limit})" if limit is not None else ")")


def _listed(shown: Mapping[str, str]) -> str:
    return ", ".join(f"{how} AS {quoted(name)}" for name, how in shown.items())


def _text(column: str, layout: Layout) -> str:
    """Return a column as text: a nested one as JSON, nothing where a Parquet file holds an empty text or NULL."""
    if layout.delimiter:
        return quoted(column)
    kind = layout.kinds.get(column, "VARCHAR")
    if kind.startswith(_NESTED) or kind.endswith("]"):
        return f"CAST(to_json({quoted(column)}) AS VARCHAR)"
    return f"NULLIF(NULLIF(CAST({quoted(column)} AS VARCHAR), ''), 'NULL')"


def _exact(column: str, layout: Layout) -> str:
    """Return an amount as a decimal: what is written, or of a binary number what its shortest writing says.

    Up to a thousand, a trillionth is so much wider than the gap between binary numbers that the engine's own cast
    gives just that, and twenty times sooner.
    """
    name, kind = quoted(column), layout.kinds.get(column, "VARCHAR")
    if kind in _BINARY:
        written = f"TRY_CAST(CAST({name} AS VARCHAR) AS {_MONEY})"
        return f"CASE WHEN abs({name}) < 1000 THEN CAST({name} AS {_MONEY}) ELSE {written} END"
    return f"TRY_CAST({name if kind.startswith(_WHOLE) else _text(column, layout)} AS DECIMAL(38,18))"


def _unread(exact: Mapping[str, str], layout: Layout) -> str:
    """Return what says which amount of a line is there and cannot be read."""
    cases = []
    for name, read in exact.items():
        own = str(layout.columns[name])
        if layout.kinds.get(own, "").startswith(_WHOLE):
            continue
        text = _text(own, layout)
        # Of binary numbers only those that are none, or too large for money, cannot be read; NaN is above all others.
        # Written with `format`, because the engine works out for every line what it finds twice in a query.
        binary = layout.kinds.get(own) in _BINARY
        bad = f"abs({quoted(own)}) >= 1e26" if binary else f"{read} IS NULL AND {text} IS NOT NULL"
        cases.append(f"WHEN {bad} THEN '{name}: ' || " + (f"format('{{}}', {quoted(own)})" if binary else text))
    return f"CASE {' '.join(cases)} END" if cases else _NOTHING


def _csv(path: Path, layout: Layout, skip: int) -> str:
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in layout.header)
    return (
        f"read_csv({literal(str(path))}, auto_detect = false, header = false, skip = {skip + 1},"
        f" delim = {literal(layout.delimiter or ',')}, quote = '\"', escape = '\"', nullstr = ['', 'NULL'],"
        f" strict_mode = true, columns = {{{columns}}})"
    )


def _extra(layout: Layout) -> str:
    """Return a map of the columns that hold something and have no place of their own."""
    return _gathered([(column, column) for column in layout.extra], layout)


def _map(pairs: Sequence[tuple[str, str]], layout: Layout) -> str:
    whole = [_whole(column, layout) for key, column in pairs if not key]
    parts = [(key, column) for key, column in pairs if key]
    found = [*whole, *([_gathered(parts, layout)] if parts else [])]
    if not found:
        return f"CAST(NULL AS {_TAGS})"
    return found[0] if len(found) == 1 else f"map_concat({', '.join(found)})"


def _whole(column: str, layout: Layout) -> str:
    """Return a column that is a map by itself; one that Parquet holds as such needs no reading."""
    if layout.kinds.get(column) == _TAGS:
        return quoted(column)
    return f"TRY_CAST(TRY_CAST({_text(column, layout)} AS JSON) AS {_TAGS})"


def _gathered(pairs: Sequence[tuple[str, str]], layout: Layout) -> str:
    if not pairs:
        return f"CAST(MAP {{}} AS {_TAGS})"
    entries = ", ".join(f"{{'key': {literal(key)}, 'value': {_text(column, layout)}}}" for key, column in pairs)
    return f"map_from_entries(list_filter([{entries}], lambda e: e.value IS NOT NULL))"
