"""The command that says which days stand out: `outlay anomalies`."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, cast

import click

from outlay.cli.options import json_option, opened, store_option
from outlay.cli.tables import console, left_out, money, show
from outlay.errors import BadInput
from outlay.serve.encode import to_json
from outlay.terms.period import day
from outlay.terms.problem import Problem

_PARTS = 3
_FLOOR = "By how much a day must differ, in its currency. [default: 0 in a table, 1 in the ledger]"


@click.command()
@click.option(
    "--table", "path", type=click.Path(path_type=Path), help="CSV of series,day,amount instead of the ledger."
)
@click.option("--by", "by", multiple=True, metavar="DIM[,DIM]", help="A kind of slice; may be repeated. [default: six]")
@click.option("--since", metavar="DAY", help="Tell of this day and later ones; earlier ones are history.")
@click.option("--floor", metavar="AMOUNT", help=_FLOOR)
@click.option("--percent", type=click.IntRange(0, 10_000), help="By how much of what was expected. [default: 20]")
@json_option
@store_option
@click.pass_context
def anomalies(ctx: click.Context, /, path: Path | None, by: tuple[str, ...], **given: Any) -> None:
    """Find days that cost more or less than the days before them led to expect."""
    from outlay.watch.anomalies import asked
    from outlay.watch.anomalies.slices import SLICES

    since = day(given["since"]) if given["since"] else None
    how = asked.TABLE if path else asked.LEDGER
    how = replace(how, money=_floor(given["floor"])) if given["floor"] is not None else how
    how = replace(how, percent=given["percent"]) if given["percent"] is not None else how
    if path:
        if by:
            raise BadInput("--by is about the ledger", fix="leave it out, or leave --table out")
        answer = asked.of_table(path, how, since=since)
    else:
        kinds = [kind for text in by if (kind := [name for name in text.split(",") if name])]
        with opened(ctx, given["store_url"]) as store:
            answer = asked.of_ledger(store, how, by=kinds or SLICES, since=since)
    if given["as_json"]:
        click.echo(to_json(answer))
    else:
        _show(answer)


def _floor(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise BadInput(f"--floor {text!r} is not a number", fix="write an amount, for example 10") from error


def _show(answer: Mapping[str, Any]) -> None:
    rows = cast("list[dict[str, Any]]", answer["anomalies"])
    newest = sorted(rows, key=lambda row: (row["day"], abs(row["actual"] - row["expected"])), reverse=True)
    columns = [("day", "day"), ("series", "series"), ("kind", "kind"), ("severity", "severity")]
    columns += [(name, name) for name in ("actual", "expected", "low", "high")]
    found = "1 anomaly" if len(rows) == 1 else f"{len(rows):,} anomalies"
    title = f"{found} in {answer['series']:,} series, {answer['first']} to {answer['last']}, newest first"
    empty = f"Nothing stands out in {answer['series']:,} series, {answer['first']} to {answer['last']}."
    show(title, columns, newest, empty=empty)
    for row in newest:
        _show_moved(row)
    for kind, number in answer.get("left_out", {}).items():
        console.print(f"Not looked at: {number:,} smaller slices by {kind}.", markup=False)
    left_out(cast("list[Problem]", answer.get("problems", [])))


def _show_moved(row: Mapping[str, Any]) -> None:
    """Print what moved inside an anomaly of the ledger, where that was looked up."""
    for part in row.get("moved", [])[:_PARTS]:
        change = money(part["change"], row.get("currency", ""), sign=True)
        console.print(f"{row['day']} {row['series']}: {part['dimension']} {part['value']} {change}", markup=False)
