"""Commands that let go of what must not be kept: retain, erase."""

from pathlib import Path
from typing import Any

import click

from outlay.capture.intake import journal_of
from outlay.capture.retention import DAYS, Erased, Retained, file_journal
from outlay.capture.retention import erase as erase_user
from outlay.capture.retention import retain as remove_events
from outlay.cli.options import json_option, now, opened, store_option
from outlay.cli.tables import console, show
from outlay.errors import EngineFailed
from outlay.serve.encode import to_json
from outlay.store import Store


@click.command()
@click.option(
    "--days", default=DAYS, show_default=True, help="For how many days events are kept after their month has ended."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@json_option
@store_option
@click.pass_context
def retain(ctx: click.Context, days: int, dry_run: bool, as_json: bool, store_url: str | None) -> None:
    """Remove old usage events, month by month; the ledger and all sums stay.

    A month goes when it ended more than so many days ago and its published ledger counts every event of it. From then
    on that ledger is not made anew. See docs/retention.md.
    """
    with opened(ctx, store_url) as store:
        done = remove_events(store, days=days, now=now(), dry_run=dry_run)
    if as_json:
        click.echo(to_json(_retained(done, dry_run=dry_run)))
    else:
        _show_retained(done, dry_run=dry_run)


@click.command()
@click.option("--user", required=True, metavar="ID", help="The user's id, exactly as events carry it.")
@click.option("--dry-run", is_flag=True, help="Only say where the id stands; nothing is filed or changed.")
@click.option(
    "--journal",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder in which a collector left events that are not in the store yet. [default: beside the store]",
)
@click.option(
    "--no-scrub",
    is_flag=True,
    help="Leave the old bytes in the store's file until they are overwritten; quicker when it is large.",
)
@json_option
@store_option
@click.pass_context
def erase(
    ctx: click.Context,
    user: str,
    dry_run: bool,
    journal: Path | None,
    no_scrub: bool,
    as_json: bool,
    store_url: str | None,
) -> None:
    """Replace a user's id by a pseudonym, wherever it stands; no total and no count changes.

    See docs/retention.md for what is replaced and what is left.
    """
    with opened(ctx, store_url) as store:
        filed = dry_run or file_journal(store, journal or journal_of(store))
        done = erase_user(store, user, now=now(), dry_run=dry_run)
        scrubbed = bool(done.pseudonym) and not no_scrub and _scrub(store)
    told = {"dry_run": dry_run, "scrubbed": scrubbed, "collector_running": not filed}
    if as_json:
        click.echo(to_json({**_erased(done), **told}))
    else:
        _show_erased(done, told)


def _scrub(store: Store) -> bool:
    """Have the store's files forget, and say whether they did: what was erased stays erased in any case."""
    try:
        store.scrub()
    except EngineFailed as error:
        click.echo(f"outlay: {error.message}. The old bytes stay in the file until they are overwritten.", err=True)
        return False
    return True


def _retained(done: Retained, *, dry_run: bool) -> dict[str, Any]:
    return {
        "days": done.days,
        "dry_run": dry_run,
        "removed": [{"month": one.month.name, "events": one.events, "late": one.late} for one in done.removed],
        "kept": [
            {"month": one.month.name, "events": one.events, "reason": one.reason, "fix": one.fix} for one in done.kept
        ],
        "waiting": [{"month": month.name, "events": events} for month, events in done.waiting.items()],
    }


def _show_retained(done: Retained, *, dry_run: bool) -> None:
    columns = [(name, name) for name in ("month", "events")]
    show(
        "Would be removed" if dry_run else "Removed; the ledgers of these months stay as they are",
        columns,
        [
            {"month": f"{one.month.name} (late)" if one.late else one.month.name, "events": one.events}
            for one in done.removed
        ],
        empty=f"No month with events that ended more than {done.days} days ago can go.",
    )
    for one in done.kept:
        console.print(f"Kept: {one.month.name}, {one.events:,} events: {one.reason}. {one.fix}", markup=False)
    for month, events in done.waiting.items():
        say_waiting(month.name, events)


def say_waiting(month: str, events: int) -> None:
    """Say that events came for a month after its own were removed."""
    came = "1 event came" if events == 1 else f"{events:,} events came"
    console.print(f"Waiting: {came} for {month} after its own were removed, and no ledger counts them.", markup=False)


def _erased(done: Erased) -> dict[str, Any]:
    return {
        "pseudonym": done.pseudonym,
        "rows": done.rows,
        "sessions": done.sessions,
        "elsewhere": done.elsewhere,
        "rules": list(done.rules),
    }


def _show_erased(done: Erased, told: dict[str, bool]) -> None:
    show(
        f"Replaced by {done.pseudonym}" if done.pseudonym else "Would be replaced",
        [("where", "where"), ("rows", "rows")],
        [{"where": name, "rows": number} for name, number in done.rows.items()],
        empty="No row names this user any more.",
    )
    if done.sessions:
        given = "given another name" if done.pseudonym else "that would be given another name"
        console.print(f"Sessions {given}: {done.sessions:,}", markup=False)
    for name, number in done.elsewhere.items():
        rows = "1 row" if number == 1 else f"{number:,} rows"
        console.print(f"Left: {rows} of {name} say the same and mean another thing.", markup=False)
    for rule in done.rules:
        console.print(f"Left: the allocation rule {rule!r} names it; apply rules without it.", markup=False)
    if told["collector_running"]:
        console.print(
            "A collector is running here. What it took in before this and files after it stands under the old id:"
            " erase once more in a minute.",
            markup=False,
        )
