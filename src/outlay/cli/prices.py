"""`outlay prices`: what the price book holds, how it changed, what is wrong with it, and copies of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import click

from outlay.capture.retention import refuse_removed, removals
from outlay.cli.options import json_option, now, opened, period_options, period_or_all, store_option
from outlay.cli.tables import console, money, show
from outlay.errors import BadInput
from outlay.prices import snapshot as snapshots
from outlay.prices.beside import refresh
from outlay.prices.book import Book
from outlay.prices.learn import overlay, seed
from outlay.prices.review import changes, findings
from outlay.prices.review.credits import balances
from outlay.prices.review.discrepancies import discrepancies as compare
from outlay.prices.review.listing import IN_FORCE, history, listed
from outlay.prices.review.litellm_map import read_map
from outlay.prices.review.used import used
from outlay.prices.source import is_list
from outlay.serve.encode import to_json
from outlay.store import Store, default_url
from outlay.terms.period import Period
from outlay.terms.price import ALWAYS, FOREVER, context_of
from outlay.terms.problem import Problem

_MILLION = 1_000_000
_PROBLEMS_SHOWN = 20
_SUMS = ("amount", "drawn", "measured", "left")
_ON = click.option("--on", "on", metavar="DAY", help="As on this day, YYYY-MM-DD. [default: today]")
_KNOWN_AT = click.option("--known-at", metavar="DAY", help="By what was known at the end of this day. [default: now]")
Rows = list[dict[str, Any]]


@click.group()
def prices() -> None:
    """The price book: dated prices with their sources, which `outlay run` and `outlay price` use."""


@prices.command("list")
@click.option("--provider", help="Only this provider.")
@click.option("--model", help="Only models with this in their name.")
@_ON
@_KNOWN_AT
@json_option
@store_option
@click.pass_context
def list_(
    ctx: click.Context,
    /,
    provider: str | None,
    model: str | None,
    on: str | None,
    known_at: str | None,
    **given: Any,
) -> None:
    """List the models that have prices.

    What their tokens cost, in which other contexts and for what else they have a price.
    """
    at = now()
    with _seeded(ctx, given["store_url"], at) as store:
        book = Book.load(store, known_at=_end_of(known_at) if known_at else at)
    rows = cast(Rows, listed(book, _start_of(on) if on else at, provider=provider, model=model))
    if given["as_json"]:
        click.echo(to_json({"on": on or at.date(), "known_at": known_at or at.date(), "rows": rows}))
        return
    columns = [("provider", "provider"), ("model", "model"), ("input", "input_price"), ("cached", "cache_read_price")]
    columns += [("output", "output_price"), ("currency", "currency"), ("dearer from tokens", "sizes")]
    columns += [("other prices for", "contexts"), ("other units", "others")]
    title = f"Prices {_said_days(on, known_at)}, per million tokens"
    show(
        title, columns, [_line(row) for row in rows], empty="No such model has a price. Next: outlay prices import FILE"
    )


def _line(row: dict[str, Any]) -> dict[str, object]:
    """Return a model as a line: tokens per million, the names of everything else."""
    by_unit = {price["unit"]: price for price in row["prices"]}
    shown = ("input", "cache_read", "output")
    tokens = {
        f"{unit}_price": by_unit[unit]["amount"] * _MILLION / by_unit[unit]["per"] for unit in shown if unit in by_unit
    }
    return {
        "provider": row["provider"],
        "model": row["model"],
        **tokens,
        "currency": ", ".join(sorted({price["currency"] for price in row["prices"]})) or None,
        "others": ", ".join(unit for unit in by_unit if unit not in shown) or None,
        "contexts": ", ".join(sorted({v for text in row["contexts"] for v in context_of(text).values()})) or None,
        "sizes": ", ".join(f"{size:,}" for size in row["sizes"]) or None,
    }


@prices.command("show")
@click.argument("provider")
@click.argument("model")
@_ON
@_KNOWN_AT
@json_option
@store_option
@click.pass_context
def show_(ctx: click.Context, /, provider: str, model: str, on: str | None, known_at: str | None, **given: Any) -> None:
    """Show every price of one model.

    Past and future ones too, and those that were replaced, each with its source and the day it was learnt.
    """
    at = now()
    with _seeded(ctx, given["store_url"], at) as store:
        book = Book.load(store, known_at=_end_of(known_at) if known_at else at)
    answer = history(book, provider, model, _start_of(on) if on else at)
    if given["as_json"]:
        click.echo(to_json(answer))
        return
    records = cast(Rows, answer["records"])
    columns = [("unit", "unit"), ("context", "context"), ("from tokens", "from"), ("price", "price")]
    columns += [("per", "per"), ("currency", "currency"), ("since", "since"), ("until", "until"), ("", "state")]
    columns += [("learnt", "learnt"), ("source", "source")]
    rows = [
        {
            **record,
            "context": record["context"] or None,
            "from": f"{record['size_from']:,}{', those above' if record['marginal'] else ''}"
            if record["size_from"]
            else None,
            "price": record["amount"],
            "since": _day(record["valid_from"]),
            "until": record["valid_to"].date() if record["valid_to"] else None,
            "learnt": record["recorded_at"].date(),
        }
        for record in records
    ]
    show(f"{answer['provider']} {answer['model']} {_said_days(on, known_at)}", columns, rows, empty="", most=200)
    console.print(
        f"{sum(r['state'] == IN_FORCE for r in records):,} in force. Goes by: {answer['pattern']}", markup=False
    )


@prices.command("diff")
@click.option("--from", "since", metavar="DAY", required=True, help="Earlier day, YYYY-MM-DD.")
@click.option("--to", "to", metavar="DAY", required=True, help="Later day.")
@click.option(
    "--of",
    type=click.Choice(["validity", "knowledge"]),
    default="validity",
    show_default=True,
    help="validity: what costs something else on the later day. knowledge: what was learnt in between.",
)
@click.option("--provider", help="Only this provider.")
@click.option("--model", help="Only models with this in their name.")
@json_option
@store_option
@click.pass_context
def diff(
    ctx: click.Context, /, since: str, to: str, of: str, provider: str | None, model: str | None, **given: Any
) -> None:
    """Show what changed between two days.

    Prices themselves, or what was known of them.
    """
    at = now()
    period = Period.parse(f"{since}..{to}")
    with _seeded(ctx, given["store_url"], at) as store:
        if of == "validity":
            rows = changes.by_validity(Book.load(store, known_at=at), period.starts_at, period.ends_at)
        else:
            before, after = (Book.load(store, known_at=_end_of(text)) for text in (since, to))
            rows = changes.by_knowledge(before, after, _end_of(since))
    rows = [r for r in rows if _is_asked(r, provider, model)]
    if given["as_json"]:
        click.echo(to_json({"of": of, "from": since, "to": to, "rows": rows}))
        return
    says = "Prices that differ between" if of == "validity" else "What was learnt between the ends of"
    columns = [("", "kind"), ("provider", "provider"), ("model", "model"), ("unit", "unit"), ("context", "context")]
    columns += [("from tokens", "size_from"), ("before", "before_price"), ("after", "after_price")]
    columns += [("currency", "currency"), ("per", "per"), ("change", "ratio"), ("since", "since")]
    lines = [
        {
            **row,
            "context": row["context"] or None,
            "before_price": row["before"],
            "after_price": row["after"],
            "since": _day(cast("datetime | None", row.get("valid_from"))),
        }
        for row in rows
    ]
    shown = [column for column in columns if column[0] != "since" or of == "knowledge"]
    show(f"{says} {since} and {to}", shown, lines, empty=f"Nothing differs ({of}, {since} to {to}).")


def _is_asked(row: dict[str, object], provider: str | None, model: str | None) -> bool:
    same = provider is None or row["provider"] == provider.lower()
    return same and (model is None or model.lower() in str(row["model"]))


@prices.command("check")
@click.option(
    "--within", default=30, show_default=True, metavar="DAYS", help="Name prices that end within so many days."
)
@period_options
@json_option
@store_option
@click.pass_context
def check(ctx: click.Context, /, within: int, **given: Any) -> None:
    """Look for usage without a price, and for faults.

    Faults of the book are prices at odds, gaps, and prices that end soon. Exit code 1 if there is anything.
    """
    at = now()
    with _seeded(ctx, given["store_url"], at) as store:
        book = Book.load(store, known_at=at)
        period = _period(store, given)
        found = findings.unpriced(book, used(store, period)) if period else []
    found += [*findings.overlaps(book), *findings.gaps(book), *findings.ends(book, at, timedelta(days=within))]
    if given["as_json"]:
        click.echo(to_json({"period": str(period) if period else None, "findings": found}))
    else:
        lacking = [row for row in found if row["finding"] == findings.UNPRICED]
        columns = [("provider", "provider"), ("model", "model"), ("unit", "unit"), ("context", "context")]
        columns += [("quantity", "quantity"), ("at most", "at_most"), ("why", "reason"), ("near it", "near")]
        rows = [
            {
                **row,
                "at_most": money(cast("Decimal | None", row["bound"]), row["currency"]),
                "near": ", ".join(cast("list[str]", row["nearest"])) or None,
            }
            for row in lacking
        ]
        none = "No usage in this store yet." if period is None else f"All usage of {period} has a price."
        show(f"Usage of {period} without a price", columns, rows, empty=none)
        columns = [("", "finding"), ("provider", "provider"), ("model", "model"), ("unit", "unit")]
        columns += [("context", "context"), ("from", "valid_from"), ("to", "valid_to"), ("says", "says")]
        rest = [row for row in found if row["finding"] != findings.UNPRICED]
        show(
            "The book itself",
            columns,
            rest,
            empty=f"No two prices at odds, no gap, none that ends within {within} days.",
        )
        if lacking:
            console.print("Next: give them a price in an overlay file, then outlay prices import FILE", markup=False)
    if found:
        ctx.exit(1)


@prices.command("import")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--correction", is_flag=True, help="Let it change the price of what happened already; this is recorded.")
@json_option
@store_option
@click.pass_context
def import_(ctx: click.Context, /, path: Path, correction: bool, **given: Any) -> None:
    """Learn the prices of an overlay file (TOML).

    They go before list prices. What was known stays on record; the past is only changed by a correction.
    """
    at = now()
    problems: list[Problem] = []
    with _seeded(ctx, given["store_url"], at - timedelta(microseconds=1)) as store:
        learnt = overlay(store, path, now=at, correction=correction, problems=problems)
    refresh(given["store_url"] or (ctx.obj or {}).get("store") or default_url(), now())
    if given["as_json"]:
        click.echo(to_json({"file": str(path), "learnt": learnt, "learnt_at": at, "problems": problems}))
    else:
        known = "" if learnt or problems else " All of it was known already."
        console.print(f"{learnt:,} prices learnt from {path}.{known}", markup=False)
        _show_problems(problems)
        if learnt:
            console.print(
                "Next: outlay run, which prices usage with them; what corrects a published month, outlay rerate.",
                markup=False,
            )
    if problems:
        ctx.exit(1)


def _show_problems(problems: list[Problem]) -> None:
    for problem in problems[:_PROBLEMS_SHOWN]:
        place = problem.file if problem.line is None else f"{problem.file}:{problem.line}"
        at = f" {problem.column} {problem.value}" if problem.column else ""
        console.print(f"Problem {place}{at} ({problem.code}). Fix: {problem.fix}", markup=False)
    if len(problems) > _PROBLEMS_SHOWN:
        console.print(f"... and {len(problems) - _PROBLEMS_SHOWN:,} more problems; --json prints all.")


@prices.command("credits")
@_ON
@json_option
@store_option
@click.pass_context
def credits_(ctx: click.Context, /, on: str | None, **given: Any) -> None:
    """List the credits that vendors gave, and how much of them may be left.

    Drawn is what bills took off; measured is what the usage they are for costs by estimate. No price has a credit in
    it.
    """
    at = now()
    with _seeded(ctx, given["store_url"], at) as store:
        rows = list(balances(store, Book.load(store, known_at=at), _end_of(on) if on else at))
        for row in rows:
            _leave_unknown(store, row)
    if given["as_json"]:
        click.echo(to_json({"on": on or at.date(), "rows": rows}))
        return
    columns = [("provider", "provider"), ("credit", "credit"), ("project", "project"), ("model", "model")]
    columns += [("amount", "amount"), ("drawn", "drawn"), ("measured", "measured"), ("left", "left")]
    columns += [("since", "since"), ("until", "until"), ("", "state"), ("source", "source")]
    shown: Rows = [
        {
            **row,
            **{name: money(cast(Decimal, row[name]), cast(str, row["currency"])) for name in _SUMS},
            "since": _day(cast("datetime | None", row["valid_from"])),
            "until": _day(cast("datetime | None", row["valid_to"])),
        }
        for row in rows
    ]
    show(f"Credits {_said_days(on, None)}", columns, shown, empty="No overlay states a credit.")
    if rows:
        console.print(
            "Drawn: all credits of the provider in that time, by its bills. Left: had each paid for all it is for, and"
            " alone; what is really left, the provider's console says.",
            markup=False,
        )


def _leave_unknown(store: Store, row: dict[str, Any]) -> None:
    """Say of a credit that it is not known what it could have paid for, when usage events of its time were removed."""
    for one in removals(store):
        if (row["valid_from"] or ALWAYS) < one.month.ends_at and one.month.starts_at < (row["valid_to"] or FOREVER):
            row.update(measured=None, left=None)


@prices.command("discrepancies")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@_ON
@period_options
@json_option
@store_option
@click.pass_context
def discrepancies(ctx: click.Context, /, path: Path, on: str | None, **given: Any) -> None:
    """Compare the book with LiteLLM's price map.

    In dollars at your own usage of a period: your quantity times the difference, largest first.

    FILE is a `model_prices_and_context_window.json`. Nothing in the book changes.
    """
    at = now()
    theirs = read_map(path)
    with _seeded(ctx, given["store_url"], at) as store:
        records = snapshots.known(store, at)
        ours = snapshots.book_of(records, at)
        lists = snapshots.book_of([row for row in records if is_list(cast(str, row["source"]))], at)
        period = _period(store, given)
        own = list(used(store, period)) if period else []
    answer = compare(lists, ours, theirs, own, _start_of(on) if on else at)
    answer = {
        "file": str(path),
        "on": on or at.date(),
        "period": str(period) if period else None,
        **answer,
        "not_compared": dict(theirs.not_compared.most_common()),
        "problems": theirs.problems,
    }
    if given["as_json"]:
        click.echo(to_json(answer))
    else:
        _show_discrepancies(answer, theirs.problems)


def _show_discrepancies(answer: dict[str, Any], problems: list[Problem]) -> None:
    columns = [("provider", "provider"), ("model", "model"), ("unit", "unit"), ("context", "context")]
    columns += [("from tokens", "size_from"), ("ours", "ours_price"), ("theirs", "theirs_price"), ("off by", "ratio")]
    columns += [("used", "quantity"), ("amount", "amount")]
    rows = [
        {
            **row,
            "unit": row["unit"] if row["unit"] == row["priced_as"] else f"{row['unit']} (as {row['priced_as']})",
            "context": row["context"] or None,
            "ours_price": row["ours"],
            "theirs_price": row["theirs"],
        }
        for row in answer["rows"]
    ]
    volume = f"usage of {answer['period']}" if answer["period"] else "no usage in this store yet"
    title = f"Where {Path(answer['file']).name} says otherwise (USD per million units on {answer['on']}; {volume})"
    show(title, columns, rows, empty="Every price that both know is the same.")
    amount, covered = money(answer["amount"], "USD", sign=True), money(answer["covered"], "USD")
    console.print(
        f"{answer['compared']:,} prices compared: {answer['equal']:,} equal, {answer['different']:,} different, which"
        f" is {amount} on {covered} of your usage, were theirs right.",
        markup=False,
    )
    console.print(
        f"Not compared: {answer['only_theirs']:,} prices this book lacks for a model it has,"
        f" {answer['unknown_here']:,} of models it does not have,"
        f" {sum(answer['not_compared'].values()):,} of other things.",
        markup=False,
    )
    if answer["rows"]:
        console.print("Nothing was changed. Look the price up, then: outlay prices import FILE", markup=False)
    _show_problems(problems)


@prices.command("snapshot")
@click.option("--out", required=True, metavar="FILE", type=click.Path(path_type=Path), help="Where to write it.")
@json_option
@store_option
@click.pass_context
def snapshot(ctx: click.Context, /, out: Path, **given: Any) -> None:
    """Write the book into one small file.

    From it `outlay.price(...)` prices calls inside your programs.
    """
    at = now()
    with _seeded(ctx, given["store_url"], at) as store:
        records = snapshots.known(store, at)
    size = snapshots.write(out, records, at)
    if given["as_json"]:
        click.echo(to_json({"file": str(out), "bytes": size, "prices": len(records), "known_at": at}))
    else:
        console.print(f"{len(records):,} prices in {out}, {size:,} bytes.", markup=False)
        console.print(f"Next: OUTLAY_PRICES={out}, or outlay.configure(prices={str(out)!r})", markup=False)


@contextmanager
def _seeded(ctx: click.Context, store_url: str | None, at: datetime) -> Iterator[Store]:
    """Open the store, with the list prices that are installed in it."""
    with opened(ctx, store_url) as store:
        seed(store, now=at)
        yield store


def _period(store: Store, given: dict[str, Any]) -> Period | None:
    """Return the period that is asked for, or all of which usage events are there; None when there are none.

    Raises:
        Refused: Usage events of the period that is asked for were removed (`events-removed`).
    """
    try:
        period = period_or_all(store, given["period"], given["since"], given["to"])
    except BadInput as error:
        if error.code == "empty-store":
            return None
        raise
    if given["period"] or given["since"]:
        refuse_removed(store, period.months(), so="so what was used then cannot be looked at")
        return period
    since = max((one.month.end for one in removals(store)), default=period.first)
    return Period(max(since, period.first), period.end) if since < period.end else None


def _day(instant: datetime | None) -> object:
    return "always" if instant == ALWAYS else instant and instant.date()


def _start_of(text: str) -> datetime:
    return Period.parse(text).starts_at


def _end_of(text: str) -> datetime:
    return Period.parse(text).ends_at - timedelta(microseconds=1)


def _said_days(on: str | None, known_at: str | None) -> str:
    known = f", as known at the end of {known_at}" if known_at else ""
    return f"{f'on {on}' if on else 'today'}{known}"
