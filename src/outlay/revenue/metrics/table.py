"""The table of metrics from CSV, long (a metric a line) or wide (a metric a column), columns named as options say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from outlay.errors import BadInput, Unreadable
from outlay.importing.records import Record, is_ragged, records
from outlay.revenue.contract import Asked, Line
from outlay.revenue.metrics.spans import LENGTHS, Untaken, quantity, span
from outlay.terms.attribution import ATTRIBUTION
from outlay.terms.problem import Problem

_TRUE, _FALSE = ("yes", "true", "1", ""), ("no", "false", "0")
#: What stands before a value that holds for every line, instead of a column's name.
_CONSTANT = "="
COLUMNS = ("metric", "starts_at", "ends_at", "quantity", "unit", "adds_up", *ATTRIBUTION)
REPLACED = "revenue/metrics_replaced"
#: Options that name a column, or `=` and a value for all lines; `metrics` names the columns of a wide file.
OPTIONS = (*COLUMNS, "metrics", "every")


def read(paths: Sequence[Path], asked: Asked) -> Iterator[Line]:
    """Yield what each line of some files became.

    Raises:
        BadInput: An option names a length that is none.
        Unreadable: A file lacks a column that was named, or that every line needs.
    """
    every = asked.options.get("every", "")
    if every and every not in LENGTHS:
        raise BadInput(f"--option every={every} is no length of a period", fix=f"write one of {', '.join(LENGTHS)}")
    for place, path in enumerate(paths, start=1):
        layout: _Layout | None = None
        for number, record in records(path, (), COLUMNS):
            layout = layout or _Layout.of([name for name in record if name], asked.options, path.name)
            yield _line(place, number, record, layout, path.name, asked)


def read_written(paths: Sequence[Path], asked: Asked) -> Iterator[Line]:
    """Yield the lines of a long table as fetching writes it; the options are the source's own, not the table's."""
    return read(paths, replace(asked, options={}))


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a file says what: the header, or the value for all lines, by column; metrics by the header of each."""

    headers: Mapping[str, str]
    constants: Mapping[str, str]
    wide: Sequence[str]
    every: str

    @classmethod
    def of(cls, header: Sequence[str], options: Mapping[str, str], file: str) -> "_Layout":
        """Find each column by the name it was given, or by its own."""
        said = {column: options.get(column, "") for column in COLUMNS}
        constants = {c: text.removeprefix(_CONSTANT) for c, text in said.items() if text.startswith(_CONSTANT)}
        headers = {c: text or c for c, text in said.items() if c not in constants and (text or c in header)}
        wide = [name.strip() for name in options.get("metrics", "").split(",") if name.strip()]
        needed = ["starts_at", *([] if wide else ["metric", "quantity"])]
        missing = [c for c in needed if c not in headers and c not in constants]
        missing += [name for name in (*headers.values(), *wide) if name not in header]
        if missing:
            raise Unreadable(
                f"{file} has no column {missing[0]!r}; it has {', '.join(header)}",
                fix="say which column it is, for example --option starts_at=Date, or name the metrics of a wide file"
                " by --option metrics=requests,documents",
                code="missing-column",
            )
        return cls(headers, constants, wide, options.get("every", ""))

    def cell(self, record: Record, column: str) -> str:
        """Return what a line says, or what holds for all."""
        if column in self.constants:
            return self.constants[column]
        return (record.get(self.headers.get(column)) or "").strip() if column in self.headers else ""


def _line(place: int, number: int, record: Record, layout: _Layout, file: str, asked: Asked) -> Line:
    def problem(code: str, column: str | None, value: str | None, fix: str) -> Line:
        return Line(place, number, problem=Problem(code, file, number, column, value, None, None, fix))

    if is_ragged(record):
        return problem("wrong-column-count", None, None, "give every line as many fields as the header")
    cells = {column: layout.cell(record, column) for column in COLUMNS}
    measured = {name: (record.get(name) or "").strip() for name in layout.wide} or {cells["metric"]: cells["quantity"]}
    if not all(measured) or not any(measured.values()):
        missing = "metric" if not all(measured) else next(iter(layout.wide), "quantity")
        return problem("missing-value", missing, None, "fill the column, or leave the line out")
    about, value = "starts_at", cells["starts_at"]
    try:
        starts_at, ends_at = span(value, cells["ends_at"], layout.every, asked.now)
        about, value = "adds_up", cells["adds_up"]
        shared = {
            "starts_at": starts_at,
            "ends_at": ends_at,
            **{name: cells[name] or None for name in ATTRIBUTION},
            "unit": cells["unit"],
            "adds_up": _is_yes(value),
        }
        rows = []
        for metric, value in measured.items():
            about = metric if layout.wide else "quantity"
            if value:
                rows.append({**shared, "metric": metric, "quantity": quantity(value)})
    except Untaken as error:
        if error.code == "not-a-number":  # a vendor's answer, of which nobody has a file to look into
            value = " ".join([value, cells["starts_at"], *filter(None, (cells[name] for name in ATTRIBUTION))])
        return problem(error.code, about, value[:80] or None, error.fix)
    return Line(place, number, rows)


def _is_yes(text: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise Untaken("bad-value", "write yes or no")
    return text.lower() in _TRUE
