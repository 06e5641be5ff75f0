"""The command that says what the days to come will cost: `outlay forecast`."""

from datetime import date
from pathlib import Path
from typing import Any, cast

import click

from outlay.cli.options import asked_list, asked_where, json_option, opened, store_option, where_option
from outlay.cli.tables import console, left_out, money, show
from outlay.errors import BadInput
from outlay.serve.encode import to_json
from outlay.terms.period import day
from outlay.terms.problem import Problem


@click.command()
@click.option(
    "--table", "path", type=click.Path(path_type=Path), help="CSV of series,day,amount instead of the ledger."
)
@click.option("--to", "to", metavar="DAY", help="The last day to come, itself included. [default: end of the month]")
@click.option("--by", "by", multiple=True, metavar="DIM[,DIM]", help="Slices of the ledger. [default: feature]")
@click.option("--daily", is_flag=True, help="With --json: each day to come too.")
@where_option
@json_option
@store_option
@click.pass_context
def forecast(ctx: click.Context, /, path: Path | None, to: str | None, by: tuple[str, ...], **given: Any) -> None:
    """Forecast a month's end, or up to two years, with bands that hold four times of five."""
    from outlay.watch.forecast.asked import of_ledger, of_table

    last = _day(to)
    dimensions, where = asked_list(by), asked_where(given["where"])
    if path:
        if dimensions or where:
            raise BadInput("--by and --where are about the ledger", fix="leave them out, or leave --table out")
        answer = of_table(path, last, daily=given["daily"])
    else:
        with opened(ctx, given["store_url"]) as store:
            answer = of_ledger(store, dimensions or ["feature"], last, where, daily=given["daily"])
    if given["as_json"]:
        click.echo(to_json(answer))
    else:
        _show(answer)


def _day(text: str | None) -> date | None:
    return day(text) if text else None


def _show(answer: dict[str, Any]) -> None:
    rows = cast("list[dict[str, Any]]", answer["forecasts"])
    columns = [("series", "series"), ("so far", "actual"), ("to come", "total"), ("low", "low80"), ("high", "high80")]
    columns.append(("together", "with_actual"))
    title = f"From {answer['from']} to {answer['to']}, as known on {answer['known_to']}"
    show(title, columns, [{**row, "currency": row["currency"] or ""} for row in rows], empty="No series.")
    for one in answer["whole"]:
        currency = one["currency"] or ""
        console.print(
            f"Together {money(one['with_actual'], currency)}: {money(one['actual'], currency)} so far this month and"
            f" {money(one['total'], currency)} to come, four times of five from {money(one['low80'], currency)} to"
            f" {money(one['high80'], currency)}",
            markup=False,
        )
    left_out(cast("list[Problem]", answer.get("problems", [])))
