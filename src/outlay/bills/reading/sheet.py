"""One file on its way in: examined without touching the store, then landed.

Comes in: an unpacked file and a format. Goes out: its control totals, then rows of `charge` and `problem`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import cast

from outlay.bills.importer import Importer
from outlay.bills.reading.files import LINE, Unpacked
from outlay.bills.reading.json_lines import copy_json_records
from outlay.bills.reading.lines import Careful, copy_good_lines
from outlay.errors import EngineFailed, Unreadable
from outlay.importing.keeping import problem_row
from outlay.store import Row, Store
from outlay.store.layout import Layout
from outlay.store.reading import Reader
from outlay.store.tables import BY_NAME
from outlay.store.tables.inlets import TAKEN
from outlay.terms.currency import CURRENCIES
from outlay.terms.problem import Problem

_CUT_SHORT = (
    "the compressed file is damaged or ends too early; what could be unpacked was taken in;"
    " copy or export it again and import it"
)
#: Columns of a charge that a file may hold; a format need not know them all.
_OF_A_FILE = [c.name for c in BY_NAME["charge"].columns if c not in TAKEN and c.name != "extra"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file whose lines are counted and whose control totals are known.

    Args:
        file: The file.
        path: What to read: the file itself, or the copy of its readable lines.
        layout: How that is laid out.
        records: How many records it holds if each is one line of text, else 0.
        controls: Rows of `control` or `control_costs`, and what is at stake on lines that could not be read.
        lines: Lines it holds, the header not counted.
        skipped: Those that the format leaves out by name.
        careful: What the careful reader set aside; None when the engine read it all.
        missing: Columns of a charge that must be there and are not.
    """

    file: Unpacked
    path: Path
    layout: Layout
    records: int
    controls: list[Row]
    lines: int
    skipped: int
    careful: Careful | None
    missing: list[str]


def examine(reader: Reader, importer: Importer, file: Unpacked, folder: Path) -> Sheet:
    """Count a file's lines and money: fast when every line is sound, else carefully."""
    path, careful = file.path, None
    if file.is_json:
        file, careful = copy_json_records(file, folder)
    layout = _layout(importer, file)
    known = importer.constants.keys()
    missing = [name for name in importer.mandatory if layout.columns.get(name) is None and name not in known]
    if importer.described:
        _has_all(importer, layout, file)
    controls = None if careful else _fast(reader, importer, layout, file)
    if controls is None:
        amount, currency = (layout.columns.get(name) for name in importer.stake)
        careful = careful or copy_good_lines(file, folder, amount, currency)
        header = (LINE, *file.header) if file.is_json else (*file.header, LINE)
        layout = replace(layout, header=header, delimiter=",", line_column=LINE)
        path = careful.path
        reader.show(path, layout)
        controls = reader.rows(_control(importer))
    lines = sum(cast(int, row["lines"]) for row in controls)
    skipped = sum(cast(int, row["lines"]) for row in controls if row["skip"])
    if careful:
        lines += careful.broken_lines
        controls.extend(_at_stake(careful))
    return Sheet(file, path, layout, 0 if careful else lines, controls, lines, skipped, careful, missing)


def _has_all(importer: Importer, layout: Layout, file: Unpacked) -> None:
    """Refuse a file that lacks a column that somebody told it has."""
    for name, own in importer.columns.items():
        if own and layout.columns.get(name) is None:
            raise Unreadable(
                f"{file.name} has no column {own[0]!r}; it has {', '.join(file.header)}",
                fix="name the columns it has in the mapping",
                code="missing-column",
            )


def land(
    store: Store,
    reader: Reader,
    importer: Importer,
    sheet: Sheet,
    values: Mapping[str, object],
    *,
    currency: str | None,
) -> list[Problem]:
    """Put a file's lines into the store, each as a charge or a problem.

    Args:
        store: Where they go.
        reader: Reads the file.
        importer: The format.
        sheet: The file.
        values: `take_in`, `file`, `only_from` and `only_to`.
        currency: The only currency accepted; None accepts every ISO 4217 code.

    Returns:
        Problems of the file as a whole; they are no lines, and stand in the store with line 0.
    """
    ident, place = cast(str, values["take_in"]), cast(int, values["file"])
    found = {cast(str, row["billing_currency"]) for row in sheet.controls if row["billing_currency"]}
    reader.show(sheet.path, sheet.layout, records=sheet.records)
    reader.offer("refused_currency", sorted(found - ({currency} if currency else CURRENCIES)))
    reader.offer("no_currency", sorted(found - CURRENCIES))
    reader.offer("missing_column", sheet.missing)
    reader.know("refusal", importer.refusals)
    reader.view("bills/checked")
    before = store.count("charge", take_in=ident)
    if not sheet.missing:
        reader.fill("charge", "bills/charge", values)
        if importer.keys and sheet.layout.columns.get(importer.keys_of):
            reader.fill("metric", importer.keys, values)
    broken = sheet.careful.broken_lines if sheet.careful else 0
    if store.count("charge", take_in=ident) - before < sheet.lines - broken - sheet.skipped:
        reader.fill("problem", "bills/problem", values)
    if sheet.careful:
        store.insert("problem", (problem_row(ident, place, problem) for problem in sheet.careful.problems()))
    whole = []
    if sheet.file.truncated:
        whole.append(Problem("truncated", sheet.file.name, None, None, None, None, None, _CUT_SHORT))
        store.insert("problem", [problem_row(ident, place, problem) for problem in whole])
    return whole


def _fast(reader: Reader, importer: Importer, layout: Layout, file: Unpacked) -> list[Row] | None:
    """Let the engine's own reader try; None when it refuses a line or counts other than the file's line ends."""
    if file.truncated or file.header_lines > 1 or not file.is_text:
        return None
    reader.show(file.path, layout)
    try:
        controls = reader.rows(_control(importer))
    except EngineFailed:
        if not file.delimiter:
            raise  # there are no lines of text to go through instead
        return None
    one_each = sum(cast(int, row["lines"]) for row in controls) == file.newlines - 1
    return controls if one_each or not file.delimiter else None


def _control(importer: Importer) -> str:
    return "bills/control_costs" if importer.costs else "bills/control"


def _layout(importer: Importer, file: Unpacked) -> Layout:
    by_folded = {column.casefold(): column for column in reversed(file.header)}
    columns = {
        name: next(
            (by_folded[own.casefold()] for own in importer.columns.get(name, ()) if own.casefold() in by_folded), None
        )
        for name in (importer.columns if importer.shape else _OF_A_FILE)
    }
    maps = {
        name: _named(told, by_folded) if isinstance(told, Mapping) else gathered(told, file.header, file.titles)
        for name, told in importer.maps.items()
    }
    used = {own for own in columns.values() if own} | {own for pairs in maps.values() for _, own in pairs}
    return Layout(
        file.header,
        columns,
        [column for column in file.header if column not in used],
        file.delimiter,
        kinds=file.kinds,
        constants=importer.constants,
        charge=_OF_A_FILE,
        shape=importer.shape,
        maps=maps,
        exact=importer.exact,
        instants=importer.instants,
        settings=importer.settings,
    )


def _named(told: Mapping[str, str], by_folded: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the columns that are told by name, as pairs of key and column."""
    return [(key, by_folded[own.casefold()]) for key, own in told.items() if own.casefold() in by_folded]


def gathered(
    beginnings: Sequence[str], header: Sequence[str], titles: Mapping[str, str] = MappingProxyType({})
) -> list[tuple[str, str]]:
    """Return the columns that are one map together, as pairs of key and column; no key where one is a map by itself.

    >>> gathered(("tags", "tags/"), ["cost", "Tags/team", "tags", "tags/Team_4"], {"tags/Team_4": "tags/Team"})
    [('team', 'Tags/team'), ('', 'tags'), ('Team', 'tags/Team_4')]
    """
    found: dict[str, str] = {}
    for column in header:
        for beginning in beginnings:
            whole = column.casefold() == beginning.casefold()
            if whole or (beginning[-1] in "/_:" and column.casefold().startswith(beginning.casefold())):
                key = titles.get(column, column)[len(beginning) :]
                found[key if key not in found else column[len(beginning) :]] = column
                break
    return list(found.items())


def _at_stake(careful: Careful) -> list[Row]:
    return [
        {
            "provider": None,
            "billing_account_id": None,
            "billing_period_start": None,
            "billing_currency": currency,
            "skip": None,
            "lines": 0,
            "control_total": amount,
        }
        for currency, amount in careful.at_stake.items()
    ]
