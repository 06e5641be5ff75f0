"""Commands that set things going: demo, run, serve, doctor."""

from datetime import timedelta
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import click
from rich.console import Console

from outlay import flow
from outlay.allocate.rules import read
from outlay.allocate.stage import apply_rules
from outlay.bills import take_in as bill
from outlay.bills.importers import importers
from outlay.capture import take_in as events
from outlay.capture.intake import journal_of
from outlay.capture.retention import DAYS, removals, waiting
from outlay.cli.keep import say_waiting
from outlay.cli.look import show_change
from outlay.cli.options import asked_period, json_option, now, opened, period_options, store_option
from outlay.cli.sources import config_option, watched
from outlay.cli.tables import console, money, show
from outlay.closing import Moved
from outlay.demo.company import build
from outlay.demo.losses import ALL, NONE
from outlay.explain.change import change
from outlay.prices.beside import refresh
from outlay.revenue import importer as revenue
from outlay.revenue import take_in as business
from outlay.schedule.config import place_of
from outlay.serve.app import serve as serve_pages
from outlay.serve.encode import to_json
from outlay.store import Store, default_url, open_store
from outlay.terms.take_in import TakeIn


@click.command()
@click.option("--no-serve", is_flag=True, help="Print the answer and stop, without serving the dashboard.")
@click.option("--scale", default=1, show_default=True, help="Times as much traffic, customers and machines.")
@click.option("--seed", default=7, show_default=True, help="Another company.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Where its files and ledger go. [default: `demo` in your data directory]",
)
@click.option("--losses", is_flag=True, help="Inject seven faults between telemetry and invoices, to be reconciled.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve on; loopback only.")
@click.option("--port", default=8321, show_default=True, help="Port to serve on.")
@json_option
@store_option
@click.pass_context
def demo(
    ctx: click.Context,
    no_serve: bool,
    scale: int,
    seed: int,
    folder: Path | None,
    losses: bool,
    host: str,
    port: int,
    as_json: bool,
    store_url: str | None,
) -> None:
    """Build a made-up company, make its ledger, and answer: which feature drove the jump?"""
    home = folder or _demo_folder()
    home.mkdir(parents=True, exist_ok=True)
    say = Console(quiet=as_json, highlight=False, markup=False).print
    say(f"Building a company (seed {seed}, scale {scale}) in {home} ...")
    truth = build(home, seed=seed, scale=scale, losses=ALL if losses else NONE)
    url = store_url or (ctx.obj or {}).get("store") or f"duckdb://{home.absolute()}/demo.duckdb"
    store = open_store(url)
    try:
        _take_all_in(store, home, quiet=as_json)
        say("\nMaking the ledger ...")
        published = flow.run(store, None, now=now())
        if not as_json:
            _show_runs(published)
        months = [one.run.month for one in published][-2:]
        answer = change(store, months[0], months[1])
        if as_json:
            click.echo(to_json({"store": url, "folder": home, "answer": answer, "truth": truth.culprit}))
        else:
            say("\nWhich feature drove the jump in last month's bill?\n")
            show_change(answer)
            say(f"Ask on: outlay --store {url} costs --by feature,model --period {months[1].name}")
        if not no_serve and not as_json:
            serve_pages(store, journal=journal_of(store), host=host, port=port)
    finally:
        store.close()


def _demo_folder() -> Path:
    from platformdirs import user_data_path

    return user_data_path("outlay", appauthor=False) / "demo"


def _take_all_in(store: Store, home: Path, *, quiet: bool) -> None:
    def done(result: TakeIn) -> None:
        if not quiet:
            counts = f"{result.lines:,} lines, {result.landed:,} taken in, {sum(result.skipped.values()):,} skipped"
            billed = "".join(f", {money(total, currency)}" for currency, total in result.totals.items())
            console.print(
                f"  {', '.join(result.files)}: {counts}, {result.problem_lines:,} problems{billed}", markup=False
            )

    importer = importers()["focus"]
    for path in [*sorted((home / "bills").glob("*.csv")), *sorted((home / "restated").glob("*.csv"))]:
        done(bill.take_in(store, importer, bill.Request(paths=[path]), now=now()))
    for path in sorted((home / "events").glob("*.ndjson")):
        done(events.take_in(store, [path], mapping=None, now=now()))
    for source, name in (
        ("customers_csv", "revenue/customers.csv"),
        ("revenue_csv", "revenue/revenue.csv"),
        ("releases_csv", "releases.csv"),
    ):
        done(business.take_in(store, revenue.importers()[source], [home / name], now=now()))
    apply_rules(store, read(home / "rules.toml"), now=now())


@click.command()
@period_options
@json_option
@store_option
@click.pass_context
def run(
    ctx: click.Context, period: str | None, since: str | None, to: str | None, as_json: bool, store_url: str | None
) -> None:
    """Make the ledger: price usage, share charges out, check that every cent is there, publish."""
    with opened(ctx, store_url) as store:
        published = flow.run(store, asked := asked_period(period, since, to), now=now())
        sealed = [] if asked else [one.month.name for one in removals(store)]
    refresh(store_url or (ctx.obj or {}).get("store") or default_url(), now())
    if as_json:
        click.echo(to_json({**as_json_object(published), "left_as_they_are": sealed}))
    else:
        _show_runs(published)
        if sealed:
            console.print(f"Left as they are, as their usage events were removed: {', '.join(sealed)}", markup=False)


def as_json_object(published: list[flow.Published]) -> dict[str, Any]:
    """Return runs as the command contract writes them; sums are text when there is one currency, else by currency."""
    by_currency: dict[str, dict[str, Decimal]] = {}
    for one in published:
        for row in one.conserved:
            sums = by_currency.setdefault(
                cast(str, row["currency"]), dict.fromkeys(("billed", "allocated", "idle", "unallocated"), Decimal(0))
            )
            for name in sums:
                sums[name] += cast(Decimal, row[name])
    single = next(iter(by_currency.values())) if len(by_currency) == 1 else None
    zero = Decimal(0)

    def summed(name: str) -> object:
        if single:
            return single[name]
        return {currency: sums[name] for currency, sums in by_currency.items()} if by_currency else zero

    months = [one.run.month for one in published]
    return {
        "period": months[0].name if len(months) == 1 else f"{months[0].first}..{months[-1].end}",
        **{name: summed(name) for name in ("billed", "allocated", "idle", "unallocated")},
        "unpriced_quantity": sum((one.unpriced_quantity for one in published), zero),
        "unpriced_bound": sum((one.unpriced_bound for one in published), zero),
        "conserved": True,
        "by_currency": by_currency,
        "stages": _stages(published),
        "runs": [
            {
                "run": one.run.name,
                "period": one.run.month.name,
                "rule_version": one.run.rules.version,
                "corrections_waiting": one.waiting,
                "closed": one.movement is not None and one.movement.closed,
                "moved": one.movement.change if one.movement else {},
                "providers": [{k: v for k, v in row.items() if k != "off_by"} for row in one.conserved],
            }
            for one in published
        ],
    }


def _stages(published: list[flow.Published]) -> list[dict[str, object]]:
    totals: dict[str, list[float]] = {}
    for one in published:
        for stage in one.stages:
            both = totals.setdefault(stage.name, [0, 0])
            both[0] += stage.seconds
            both[1] += stage.rows
    return [{"name": name, "seconds": round(seconds, 3), "rows": int(rows)} for name, (seconds, rows) in totals.items()]


def _show_runs(published: list[flow.Published]) -> None:
    for one in published:
        rows = [{**row, "amount": row["billed"]} for row in one.conserved]
        show(
            f"{one.run.month.name}: billed = allocated + idle + unallocated, to the last digit",
            [
                ("provider", "provider"),
                ("billed", "billed"),
                ("allocated", "allocated"),
                ("idle", "idle"),
                ("unallocated", "unallocated"),
            ],
            rows,
            empty=f"{one.run.month.name}: no charges; usage was priced.",
        )
        if one.unpriced_quantity:
            quantity = f"{one.unpriced_quantity.normalize():,f} tokens and units"
            console.print(f"Without a price: {quantity}, at most {money(one.unpriced_bound)}; see `outlay models`")
        if one.movement:
            _say_moved(one.movement)
        if one.waiting:
            prices = "1 correction" if one.waiting == 1 else f"{one.waiting:,} corrections"
            console.print(
                f"{one.run.month.name} keeps its published prices: {prices} learnt since are not used."
                f" To take them up and see what moves: outlay rerate --period {one.run.month.name}",
                markup=False,
            )
    seconds = sum(stage.seconds for one in published for stage in one.stages)
    console.print(
        f"{len(published)} month{'s' if len(published) > 1 else ''} published in {seconds:.1f} s", markup=False
    )


def _say_moved(movement: Moved) -> None:
    """Say by how much a month that was over moved, and where that is shown."""
    moved = [money(amount, currency, sign=True) for currency, amount in movement.change.items()]
    name, how = movement.month.name, ", ".join(moved) or "nothing"
    if movement.closed:
        shown = f"shown in {movement.booked_in.name}; its own figures stay" if movement.rows else "its figures stay"
        console.print(f"{name} is closed: {how} came late, {shown}", markup=False)
    elif movement.rows:
        console.print(f"{name} was over and moved by {how}: outlay restatements --period {name}", markup=False)


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to serve on; any but this machine needs keys."
)
@click.option("--port", default=8321, show_default=True, help="Port to serve on.")
@click.option("--only-keys", is_flag=True, help="Answer nothing without a key, on loopback either.")
@click.option(
    "--run-every",
    type=click.IntRange(min=0),
    default=15,
    show_default=True,
    metavar="MINUTES",
    help="Run the months that new events are of so often; 0 leaves that to `outlay run`.",
)
@click.option(
    "--retain-days",
    type=click.IntRange(min=0),
    default=DAYS,
    show_default=True,
    help="Remove usage events so many days after their month, once its ledger counts them; 0 keeps them.",
)
@click.option(
    "--journal",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for events that are acknowledged and not in the store yet. [default: beside the store]",
)
@config_option
@store_option
@click.pass_context
def serve(
    ctx: click.Context,
    host: str,
    port: int,
    only_keys: bool,
    run_every: int,
    retain_days: int,
    journal: Path | None,
    place: Path | None,
    store_url: str | None,
) -> None:
    """Serve the API and the dashboard on this machine, collect what programs send to it, and import what is due.

    The [[source]] tables of an outlay.toml, if there is one, say what is imported how often; see `outlay sources`.
    """
    with opened(ctx, store_url) as store, watched(store, place):
        serve_pages(
            store,
            journal=journal or journal_of(store),
            host=host,
            port=port,
            only_keys=only_keys,
            run_every=timedelta(minutes=run_every) if run_every else None,
            retain_days=retain_days or None,
            config=place_of(place),
            ready=lambda said: _say_served(said, retain_days),
        )


def _say_served(said: str, retain_days: int) -> None:
    """Say where the server is, and what it removes by itself."""
    click.echo(said)
    if retain_days:
        click.echo(
            f"Usage events are removed {retain_days} days after their month, once its ledger counts them"
            " (--retain-days 0 keeps them)"
        )


@click.command()
@json_option
@store_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool, store_url: str | None) -> None:
    """Say what the store holds and whether anything needs attention."""
    with opened(ctx, store_url) as store:
        answer = {
            "outlay": version("outlay"),
            "store": store.url,
            "default_store": default_url(),
            "engine": store.engine,
            "take_ins": store.rows("explain/take_ins"),
            "published": store.rows("explain/published"),
            "removed": _removed(store),
        }
    if as_json:
        click.echo(to_json(answer))
        return
    console.print(f"Outlay {answer['outlay']} on {answer['engine']}: {answer['store']}", markup=False)
    show(
        "Imports",
        [
            ("import", "take_in"),
            ("source", "source"),
            ("files", "files"),
            ("lines", "lines"),
            ("taken in", "landed"),
            ("skipped", "skipped"),
            ("problems", "problem_lines"),
        ],
        cast("list[dict[str, object]]", answer["take_ins"]),
        empty="Nothing imported yet. Try: outlay import focus PATH, or outlay demo",
    )
    show(
        "Ledgers",
        [("month", "month"), ("run", "run"), ("published", "published_at"), ("rules", "rule_version")],
        cast("list[dict[str, object]]", answer["published"]),
        empty="No ledger yet. Next: outlay run",
    )
    removed = cast("list[dict[str, Any]]", answer["removed"])
    if removed:
        columns = [("month", "month"), ("removed", "removed_at"), ("events", "events"), ("waiting", "waiting")]
        show("Months whose usage events were removed", columns, removed, empty="")
    for row in removed:
        if row["waiting"]:
            say_waiting(row["month"], row["waiting"])


def _removed(store: Store) -> list[dict[str, object]]:
    came = waiting(store)
    return [
        {
            "month": one.month.name,
            "removed_at": one.removed_at,
            "events": one.events,
            "waiting": came.get(one.month, 0),
        }
        for one in removals(store)
    ]
