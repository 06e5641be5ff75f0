"""`outlay import`: bills, events, revenue and releases, through one command."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from outlay.bills import importers as bills
from outlay.bills import take_in as bill
from outlay.capture import take_in as events
from outlay.capture.log_places import gathered
from outlay.capture.mapping import read_mapping
from outlay.cli.options import json_option, now, opened, store_option
from outlay.cli.tables import console, money
from outlay.errors import BadInput, UnknownName
from outlay.revenue import importer as revenue
from outlay.revenue import take_in as business
from outlay.serve.encode import to_json
from outlay.store import Store
from outlay.terms.period import Period
from outlay.terms.take_in import TakeIn

EVENTS = "events"
LOGS = "logs"
_PROBLEMS_SHOWN = 20


def sources() -> dict[str, str]:
    """Return every source one can import, with the room it belongs to."""
    return {
        **dict.fromkeys(bills.importers(), "bills"),
        EVENTS: "capture",
        LOGS: "capture",
        **dict.fromkeys(revenue.importers(), "revenue"),
    }


@click.command(
    "import", epilog="Sources: focus (bills), events and logs (usage), customers_csv, revenue_csv, releases_csv."
)
@click.argument("source")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--mapping",
    type=click.Path(path_type=Path),
    help="TOML file that says which column of a CSV of events, or field of a log, is what.",
)
@click.option("--encoding", help="Encoding of the file, when it is not UTF-8.")
@click.option("--currency", help="Accept this currency only; other lines become problems.")
@click.option("--period", metavar="MONTH", help="Accept charges of this month only; other lines become problems.")
@click.option(
    "--append", is_flag=True, help="Add to what earlier imports say about the same days, rather than replace it."
)
@json_option
@store_option
@click.pass_context
def import_(
    ctx: click.Context,
    source: str,
    paths: tuple[Path, ...],
    mapping: Path | None,
    encoding: str | None,
    currency: str | None,
    period: str | None,
    append: bool,
    as_json: bool,
    store_url: str | None,
) -> None:
    """Take files in: every line becomes a row, a named skip or a problem.

    SOURCE is the format, PATHS are read as one import. A problem never stops the rest; the summary lists each with its
    line, the money at stake and the fix. Importing the same files again changes nothing; a restated bill replaces what
    earlier files said about the same days, and the change is shown.
    """
    room = sources().get(source)
    if room is None:
        raise UnknownName("source", source, sources())
    if mapping and room != "capture":
        raise BadInput("--mapping is for events and logs", fix="leave it out")
    with opened(ctx, store_url) as store, _progress(paths, shown=not as_json) as advance:
        if room == "bills":
            request = bill.Request(
                paths=paths,
                encoding=encoding,
                currency=currency,
                period=Period.parse(period) if period else None,
                append=append,
                advance=advance,
            )
            result = bill.take_in(store, bills.importers()[source], request, now=now())
        elif room == "capture":
            read = read_mapping(mapping) if mapping else None
            with gathered(paths) if source == LOGS else nullcontext(list(paths)) as found:
                result = events.take_in(store, found, mapping=read, now=now(), source=source, advance=advance)
        else:
            result = _revenue(store, source, paths)
    if as_json:
        click.echo(to_json(as_json_object(result)))
    else:
        summarise(result)


def _revenue(store: Store, source: str, paths: tuple[Path, ...]) -> TakeIn:
    return business.take_in(store, revenue.importers()[source], list(paths), now=now())


def as_json_object(result: TakeIn) -> dict[str, Any]:
    """Return a take-in as the command contract writes it."""
    counted = {"charges": result.landed} if result.source in bills.importers() else {}
    if result.source in (EVENTS, LOGS):
        counted = {"events": result.landed, "duplicates": result.skipped.get("duplicate", 0)}
    return {
        "take_in": result.take_in,
        "source": result.source,
        "files": list(result.files),
        "lines": result.lines,
        **(counted or {"rows": result.landed}),
        "skipped": sum(result.skipped.values()),
        "skipped_by_reason": dict(result.skipped),
        "problem_lines": result.problem_lines,
        "problems": list(result.problems),
        "totals": dict(result.totals),
        "control_totals": dict(result.control_totals),
        "matches": result.matches,
        "differences": result.differences,
        "restated": list(result.restated),
        "repeated": result.repeated,
    }


def summarise(result: TakeIn) -> None:
    """Print a take-in for people."""
    if result.repeated:
        console.print(f"These files are in already, as import {result.repeated}; nothing changed.", markup=False)
        return
    billed = result.source in bills.importers()
    noun = "events" if result.source in (EVENTS, LOGS) else "charges" if billed else "rows"
    parts = [
        f"{result.landed:,} {noun}",
        f"{sum(result.skipped.values()):,} skipped",
        f"{result.problem_lines:,} problems",
    ]
    console.print(f"{', '.join(result.files)}: {result.lines:,} lines = {' + '.join(parts)}", markup=False)
    for reason, count in result.skipped.items():
        console.print(f"  skipped {count:,}: {reason}", markup=False)
    for currency, total in result.control_totals.items():
        landed = result.totals.get(currency, total - total)
        short = f"{money(total - landed, currency)} short of the file's own {money(total, currency)}"
        met = "meets the file's own total" if landed == total else short
        console.print(f"  {'billed' if billed else 'adds up to'} {money(landed, currency)}, {met}", markup=False)
    for restated in result.restated:
        before, after = (money(amount, restated.currency) for amount in (restated.before, restated.after))
        moved = money(restated.after - restated.before, restated.currency, sign=True)
        console.print(f"  replaces {restated.partition}: {before} -> {after} ({moved})", markup=False)
    if result.restated:
        console.print("  (was it a further part, not a restatement? Import it again with --append)", markup=False)
    for problem in result.problems[:_PROBLEMS_SHOWN]:
        where = f"{problem.file}:{problem.line}" if problem.line else problem.file
        column = (
            f" {problem.column} = {problem.value!r}"
            if problem.column
            else f" {problem.value!r}"
            if problem.value
            else ""
        )
        stake = f" ({money(problem.amount, problem.currency or '')} at stake)" if problem.amount is not None else ""
        console.print(f"  problem {problem.code} at {where}:{column}{stake}. Fix: {problem.fix}", markup=False)
    if len(result.problems) > _PROBLEMS_SHOWN:
        console.print(f"  ... and {result.problem_lines - _PROBLEMS_SHOWN:,} more problems; --json lists them.")
    console.print("Next: outlay run", markup=False)


def _progress(paths: tuple[Path, ...], *, shown: bool) -> AbstractContextManager[Callable[[int], None] | None]:
    """Return a bar over the bytes read, with rate and time left; nothing where nobody looks."""
    if not shown or not console.is_terminal:
        return nullcontext()
    return _Bar(sum(path.stat().st_size for path in paths if path.is_file()))


class _Bar:
    """A progress bar over bytes."""

    def __init__(self, total: int) -> None:
        self._bar = Progress(
            TextColumn("reading"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("reading", total=total)

    def __enter__(self) -> Callable[[int], None]:
        self._bar.start()
        return lambda count: self._bar.advance(self._task, count)

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
