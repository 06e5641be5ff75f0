"""One file on its way in: examined without touching the store, then landed.

Comes in: an unpacked file and a format. Goes out: its control totals, then rows of `charge` and `problem`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from outlay.bills.files import LINE, Unpacked
from outlay.bills.importer import Importer
from outlay.bills.lines import Careful, copy_good_lines
from outlay.errors import EngineFailed
from outlay.store import Row, Store
from outlay.store.reading import Layout, Reader
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
        controls: Rows of `control`, and what is at stake on lines that could not be read as records.
        lines: Lines it holds, the header not counted.
        careful: What the careful reader set aside; None when the engine read it all.
        missing: Columns of a charge that must be there and are not.
    """

    file: Unpacked
    path: Path
    layout: Layout
    records: int
    controls: list[Row]
    lines: int
    careful: Careful | None
    missing: list[str]


def examine(reader: Reader, importer: Importer, file: Unpacked, folder: Path) -> Sheet:
    """Count a file's lines and money: fast when every line is sound, else carefully."""
    layout, path, careful = _layout(importer, file), file.path, None
    missing = [name for name in importer.mandatory if layout.columns.get(name) is None]
    controls = _fast(reader, layout, file)
    if controls is None:
        careful = copy_good_lines(file, folder, layout.columns["billed_cost"], layout.columns["billing_currency"])
        layout, path = Layout((*file.header, LINE), layout.columns, layout.extra, ",", LINE), careful.path
        reader.show(path, layout)
        controls = reader.rows("bills/control")
    lines = sum(cast(int, row["lines"]) for row in controls)
    if careful:
        lines += careful.broken_lines
        controls.extend(_at_stake(careful))
    return Sheet(file, path, layout, 0 if careful else lines, controls, lines, careful, missing)


def land(
    store: Store, reader: Reader, sheet: Sheet, values: Mapping[str, object], currency: str | None
) -> list[Problem]:
    """Put a file's lines into the store, each as a charge or a problem.

    Args:
        store: Where they go.
        reader: Reads the file.
        sheet: The file.
        values: `take_in`, `file`, `only_from` and `only_to`.
        currency: The only currency accepted; None accepts every ISO 4217 code.

    Returns:
        Problems of the file as a whole; they are no lines, and stand in the store with line 0.
    """
    ident = cast(str, values["take_in"])
    found = {cast(str, row["billing_currency"]) for row in sheet.controls if row["billing_currency"]}
    reader.show(sheet.path, sheet.layout, records=sheet.records)
    reader.offer("refused_currency", sorted(found - ({currency} if currency else CURRENCIES)))
    reader.offer("no_currency", sorted(found - CURRENCIES))
    reader.offer("missing_column", sheet.missing)
    reader.view("bills/checked")
    before = store.count("charge", take_in=ident)
    if not sheet.missing:
        reader.fill("charge", "bills/charge", values)
    broken = sheet.careful.broken_lines if sheet.careful else 0
    if store.count("charge", take_in=ident) - before < sheet.lines - broken:
        reader.fill("problem", "bills/problem", values)
    if sheet.careful:
        store.insert("problem", (_row(problem, values) for problem in sheet.careful.problems()))
    whole = []
    if sheet.file.truncated:
        whole.append(Problem("truncated", sheet.file.name, None, None, None, None, None, _CUT_SHORT))
        store.insert("problem", [_row(problem, values) for problem in whole])
    return whole


def _fast(reader: Reader, layout: Layout, file: Unpacked) -> list[Row] | None:
    """Let the engine's own reader try; None when it refuses a line or counts other than the file's line ends."""
    if file.truncated or file.header_lines > 1 or not file.is_text:
        return None
    reader.show(file.path, layout)
    try:
        controls = reader.rows("bills/control")
    except EngineFailed:
        if not file.delimiter:
            raise  # there are no lines of text to go through instead
        return None
    one_each = sum(cast(int, row["lines"]) for row in controls) == file.newlines - 1
    return controls if one_each or not file.delimiter else None


def _layout(importer: Importer, file: Unpacked) -> Layout:
    by_folded = {column.casefold(): column for column in reversed(file.header)}
    columns = {
        name: next(
            (by_folded[own.casefold()] for own in importer.columns.get(name, ()) if own.casefold() in by_folded), None
        )
        for name in _OF_A_FILE
    }
    used = {own for own in columns.values() if own}
    extra = [column for column in file.header if column not in used]
    return Layout(file.header, columns, extra, file.delimiter, nested=file.nested)


def _at_stake(careful: Careful) -> list[Row]:
    return [
        {
            "provider": None,
            "billing_account_id": None,
            "billing_period_start": None,
            "billing_currency": currency,
            "lines": 0,
            "control_total": amount,
        }
        for currency, amount in careful.at_stake.items()
    ]


def _row(problem: Problem, values: Mapping[str, object]) -> Row:
    return {
        "take_in": values["take_in"],
        "file": values["file"],
        "line": problem.line or 0,
        "code": problem.code,
        "column_name": problem.column,
        "value": problem.value,
        "amount": problem.amount,
        "currency": problem.currency,
        "fix": problem.fix,
    }
