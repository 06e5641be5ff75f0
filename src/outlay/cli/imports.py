"""`outlay import`: bills, events, revenue and releases, through one command."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, cast

import click
from platformdirs import user_cache_path
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from outlay.bills import importers as bills
from outlay.bills import take_in as bill
from outlay.bills.importer import ENDPOINT
from outlay.capture import take_in as events
from outlay.capture.log_places import gathered
from outlay.capture.mapping import read_mapping
from outlay.cli.options import json_option, now, opened, store_option
from outlay.cli.sources import config_option, watch
from outlay.cli.tables import console, money
from outlay.errors import BadInput, UnknownName
from outlay.exchange import importer as exchange
from outlay.exchange import take_in as rates
from outlay.revenue import importer as revenue
from outlay.revenue import take_in as business
from outlay.serve.encode import to_json
from outlay.store import Store
from outlay.terms.period import Period
from outlay.terms.take_in import TakeIn

EVENTS = "events"
MAPPING = "mapping"
LOGS = "logs"
_PROBLEMS_SHOWN = 20
_ROWS_SHOWN = 3


def sources() -> dict[str, str]:
    """Return every source one can import, with the room it belongs to."""
    return {
        **dict.fromkeys(bills.importers(), "bills"),
        EVENTS: "capture",
        LOGS: "capture",
        **dict.fromkeys(revenue.importers(), "revenue"),
        **dict.fromkeys(exchange.importers(), "exchange"),
    }


@click.command("import", epilog="A name that is no source shows all there are: outlay import help")
@click.argument("source", required=False)
@click.argument("places", nargs=-1)
@click.option(
    "--mapping",
    type=click.Path(path_type=Path),
    help="TOML file that says which column of a CSV of events or of generic_csv, or field of a log, is what.",
)
@click.option(
    "--option",
    "told",
    multiple=True,
    metavar="NAME=VALUE",
    help="What the source is told beside; may be repeated. Its page in docs/ lists the names.",
)
@click.option("--endpoint-url", metavar="URL", help="Ask here instead of at the vendor's own address.")
@click.option("--dry-run", is_flag=True, help="Show what would land, and keep nothing. For bills.")
@click.option("--encoding", help="Encoding of the file, when it is not UTF-8.")
@click.option("--currency", help="Accept this currency only; other lines become problems.")
@click.option("--period", metavar="MONTH", help="Accept charges of this month only; other lines become problems.")
@click.option(
    "--append", is_flag=True, help="Add to what earlier imports say about the same days, rather than replace it."
)
@click.option("--watch", "watching", is_flag=True, help="Import the [[source]] tables of outlay.toml as they are due.")
@click.option("--once", is_flag=True, help="With --watch: import what is due now, and end.")
@config_option
@json_option
@store_option
@click.pass_context
def import_(
    ctx: click.Context,
    source: str | None,
    places: tuple[str, ...],
    mapping: Path | None,
    told: tuple[str, ...],
    endpoint_url: str | None,
    dry_run: bool,
    encoding: str | None,
    currency: str | None,
    period: str | None,
    append: bool,
    watching: bool,
    once: bool,
    place: Path | None,
    as_json: bool,
    store_url: str | None,
) -> None:
    """Take files in: every line becomes a row, a named skip or a problem.

    SOURCE is the format, PLACES are read as one import: files, folders and s3://bucket/prefix; sources that are fetched
    need none. A problem never stops the rest; the summary lists each with its line, the money at stake and the fix.
    Importing the same files again changes nothing; a restated bill replaces what earlier files said about the same
    days, and the change is shown.
    """
    if watching:
        watch(ctx, place, store_url, once=once, source=source)
        return
    source, room = _known(source)
    mapped = room == "bills" and MAPPING in bills.importers()[source].options
    if mapping and room != "capture" and not mapped:
        raise BadInput("--mapping is for events, logs and generic_csv", fix="leave it out")
    if dry_run and room != "bills":
        raise BadInput("--dry-run is for bills", fix="leave it out")
    options = _told(told) | ({ENDPOINT: endpoint_url} if endpoint_url else {})
    if mapping and mapped:
        options[MAPPING] = str(mapping)
    if options and room in ("capture", "exchange"):
        raise BadInput(f"{source} knows no options", fix="leave out --option and --endpoint-url")
    asked = Period.parse(period) if period else None
    with opened(ctx, store_url) as store, _progress(places, shown=not as_json) as advance:
        if room == "bills":
            request = bill.Request(
                places=places,
                encoding=encoding,
                currency=currency,
                period=asked,
                append=append,
                advance=advance,
                options=options,
                cache=user_cache_path("outlay") / source,
                dry_run=dry_run,
            )
            result = bill.take_in(store, bills.importers()[source], request, now=now())
        elif room == "capture":
            result = _usage(store, source, [Path(place) for place in places], mapping, advance)
        elif room == "exchange":
            found_rates = exchange.importers()[source]
            result = rates.take_in(store, found_rates, [Path(place) for place in places], now=now())
        else:
            found = revenue.importers()[source]
            result = business.take_in(store, found, places, now=now(), period=asked, options=options)
    if as_json:
        click.echo(to_json(as_json_object(result)))
    else:
        summarise(result)


def _known(source: str | None) -> tuple[str, str]:
    """Return a source and the room it belongs to."""
    rooms = sources()
    if source not in rooms:
        raise UnknownName("source", source or "", rooms)
    return source, rooms[source]


def _usage(
    store: Store, source: str, paths: list[Path], mapping: Path | None, advance: Callable[[int], None] | None
) -> TakeIn:
    if not paths:
        raise BadInput("no file to import", fix="give the path of at least one file", code="no-file")
    read = read_mapping(mapping) if mapping else None
    with gathered(paths) if source == LOGS else nullcontext(paths) as found:
        return events.take_in(store, found, mapping=read, now=now(), source=source, advance=advance)


def _told(pairs: tuple[str, ...]) -> dict[str, str]:
    """Read `NAME=VALUE` pairs."""
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise BadInput(f"--option {pair!r} is not NAME=VALUE", fix="write for example --option granularity=daily")
        found[name] = value
    return found


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
        "skipped_totals": {reason: dict(totals) for reason, totals in result.skipped_totals.items()},
        "problem_lines": result.problem_lines,
        "problems": list(result.problems),
        "totals": dict(result.totals),
        "control_totals": dict(result.control_totals),
        "matches": result.matches,
        "differences": result.differences,
        "costs": {cost: dict(totals) for cost, totals in result.costs.items()},
        "control_costs": {cost: dict(totals) for cost, totals in result.control_costs.items()},
        "restated": list(result.restated),
        "repeated": result.repeated,
        "notes": list(result.notes),
        **({} if result.preview is None else {"preview": [dict(row) for row in result.preview]}),
    }


def summarise(result: TakeIn) -> None:
    """Print a take-in for people."""
    if result.repeated:
        console.print(f"These files are in already, as import {result.repeated}; nothing changed.", markup=False)
        for note in result.notes:  # asking may have cost something, even so
            console.print(f"  {note}", markup=False)
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
        left_out = result.skipped_totals.get(reason, {})
        worth = ", ".join(money(amount, currency) for currency, amount in left_out.items())
        console.print(f"  skipped {count:,}: {reason}{f' ({worth})' if worth else ''}", markup=False)
    _print_money(result, "billed" if billed else "adds up to")
    for note in result.notes:
        console.print(f"  {note}", markup=False)
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
    if result.preview is not None:
        _show(result.preview)
        return
    console.print("Next: outlay run", markup=False)


def _print_money(result: TakeIn, said: str) -> None:
    """Print what landed of each cost and currency, and how that meets what the files hold."""
    for currency, total in result.control_totals.items():
        landed = result.totals.get(currency, total - total)
        gap = result.differences.get(currency)
        short = f"{money(gap, currency)} short of the file's own {money(total, currency)}" if gap else ""
        met = short or f"meets the file's own total{' with what was skipped' if landed != total else ''}"
        console.print(f"  {said} {money(landed, currency)}, {met}", markup=False)
    for cost, totals in result.costs.items():
        for currency, landed in totals.items():
            held = result.control_costs.get(cost, {}).get(currency, landed)
            met = "" if held == landed else f", {money(held - landed, currency)} short of the file's own"
            console.print(f"  {cost.replace('_', ' ')} {money(landed, currency)}{met}", markup=False)


def _show(preview: Sequence[Mapping[str, object]]) -> None:
    """Print the first rows of what would land, each column that says something on a line of its own."""
    for row in preview[:_ROWS_SHOWN]:
        console.print(f"  line {row['line']}", markup=False)
        for name, value in row.items():
            if value not in (None, {}) and name not in ("file", "line"):
                console.print(f"    {name} = {value}", markup=False)
    kept = sorted({column for row in preview for column in cast("Mapping[str, str]", row["extra"])})
    if kept:
        console.print(f"  kept in extra, for want of a place of its own: {', '.join(kept)}", markup=False)
    console.print("Nothing was kept. Next: the same without --dry-run", markup=False)


def _progress(places: tuple[str, ...], *, shown: bool) -> AbstractContextManager[Callable[[int], None] | None]:
    """Return a bar over the bytes read, with rate and time left; nothing where nobody looks."""
    if not shown or not console.is_terminal:
        return nullcontext()
    return _Bar(sum(path.stat().st_size for path in map(Path, places) if path.is_file()))


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
