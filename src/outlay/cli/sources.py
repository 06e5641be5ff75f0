"""`outlay sources` and `outlay import --watch`: scheduled sources, how fresh they are, and what runs them."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread, current_thread, main_thread
from typing import TYPE_CHECKING

import click
from platformdirs import user_cache_path

from outlay.cli.options import json_option, now, opened, store_option
from outlay.cli.tables import console, show
from outlay.errors import BadConfig, BadInput
from outlay.schedule import config
from outlay.schedule.runs import FAILED
from outlay.serve.encode import to_json
from outlay.store import Store

if TYPE_CHECKING:
    from outlay.schedule.state import State
    from outlay.schedule.watch import Watch

#: Exit codes: there is something to look at; a source failed.
_FOUND, _FAILED = 1, 3


def config_option(command: Callable[..., object]) -> Callable[..., object]:
    """Add `--config`."""
    return click.option(
        "--config",
        "place",
        type=click.Path(path_type=Path),
        help="The file with the [[source]] tables. [default: OUTLAY_CONFIG, or outlay.toml here]",
    )(command)


@click.command()
@config_option
@click.option("--check", is_flag=True, help="End with exit code 1 when a source stopped, fails or is silent.")
@json_option
@store_option
@click.pass_context
def sources(ctx: click.Context, place: Path | None, check: bool, as_json: bool, store_url: str | None) -> None:
    """Show how fresh each scheduled source is, its last error, and which have fallen silent."""
    from outlay.schedule.state import state

    found = config.read(named(place))
    with opened(ctx, store_url) as store:
        answer = state(store, found.sources, now())
    if as_json:
        click.echo(to_json({"sources": answer.sources, "findings": answer.findings}))
    else:
        _show(answer)
    if check and answer.findings:
        sys.exit(_FOUND)


def watch(ctx: click.Context, place: Path | None, store_url: str | None, *, once: bool, source: str | None) -> None:
    """Import what is due, until SIGTERM or Ctrl+C; or once, with exit code 3 when a source failed.

    Raises:
        BadInput: A source was named too; the configuration names them all.
    """
    if source:
        raise BadInput("--watch imports what the configuration names", fix="leave the source out", code="bad-option")
    told = Event()
    watcher = _watcher(lambda: opened(ctx, store_url), named(place), told)
    if once:
        watcher.once()
        watcher.end()
        if any(run.outcome == FAILED for run in watcher.made):
            sys.exit(_FAILED)
        return
    with _ended_by_signals(told):
        click.echo("Watching the sources (Ctrl+C stops it)")
        watcher.run()


@contextmanager
def watched(store: Store, place: Path | None) -> Iterator[None]:
    """Watch the sources of a configuration beside something else, where there is one with sources.

    Raises:
        BadConfig: There is one that cannot be used.
    """
    path = config.place_of(place)
    if path is None or not config.read(path).sources:
        yield
        return
    told = Event()
    thread = Thread(target=_watcher(lambda: _lent(store), path, told).run, name="outlay-sources", daemon=True)
    thread.start()
    try:
        yield
    finally:
        told.set()
        thread.join()


def named(place: Path | None) -> Path:
    """Return where the configuration is.

    Raises:
        BadConfig: There is none.
    """
    found = config.place_of(place)
    if found is None:
        raise BadConfig(
            "there is no outlay.toml here", fix="write one with [[source]] tables, or say where it is: --config FILE"
        )
    return found


def _watcher(opening: Callable[[], AbstractContextManager[Store]], path: Path, told: Event) -> "Watch":
    from outlay.schedule.watch import Watch  # it knows every room that imports, which takes a while to load

    def wait(pause: timedelta) -> bool:
        return told.wait(pause.total_seconds())

    return Watch(opening, path, user_cache_path("outlay"), now, wait, say=click.echo)


@contextmanager
def _lent(store: Store) -> Iterator[Store]:
    """Give a store that stays open."""
    yield store


@contextmanager
def _ended_by_signals(told: Event) -> Iterator[None]:
    """Turn SIGTERM and SIGINT into a word to end after the import that goes on; a second one ends at once."""
    if current_thread() is not main_thread():
        yield
        return

    def ended(number: int, _frame: object) -> None:
        if told.is_set():
            raise SystemExit(128 + number)
        told.set()

    before = {number: signal.signal(number, ended) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show(answer: "State") -> None:
    columns = ("source", "import", "every", "state", "last_success", "newest_day", "next_run", "alarms")
    headed = [(name.replace("_", " "), name) for name in columns]
    shown = [{**row, "alarms": ", ".join(answer.alarms_of(row["source"]))} for row in answer.sources]
    show("Sources", headed, shown, empty="No [[source]] is configured.")
    for row in answer.sources:
        if row["last_error"]:
            console.print(f"{row['source']}: {row['last_error']}", markup=False)
    for finding in answer.findings:
        console.print(f"{finding.severity}: {finding.subject}: {finding.evidence}. Fix: {finding.fix}", markup=False)
