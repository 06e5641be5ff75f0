"""Command localize: which combinations of values carry a difference, in a table or between two periods."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from outlay.cli.options import asked_list, asked_where, json_option, opened, store_option, where_option
from outlay.cli.tables import NOBODY, console, left_out, money, show
from outlay.errors import BadInput
from outlay.explain.localize import Answer, Cause, localize_change, read_table
from outlay.explain.localize import localize as localized
from outlay.explain.localize.between import DIMENSIONS
from outlay.serve.encode import to_json
from outlay.terms.period import Period
from outlay.terms.problem import Problem


@click.command()
@click.argument("table", metavar="[TABLE.csv]", required=False, type=click.Path(path_type=Path))
@click.option("--actual", metavar="COLUMN", help="The column of what happened.")
@click.option("--expected", metavar="COLUMN", help="The column of what was expected.")
@click.option(
    "--dimension",
    "dimensions",
    multiple=True,
    metavar="COLUMN[,COLUMN]",
    help="Columns that a cause may name. [default: all others]",
)
@click.option("--before", metavar="A..B", help="Without a table: the earlier period of the ledger, what was expected.")
@click.option("--after", metavar="C..D", help="The later period, what happened.")
@click.option(
    "--by",
    "by",
    multiple=True,
    metavar="DIM[,DIM]",
    help=f"Dimensions of the ledger that a cause may name. [default: {','.join(DIMENSIONS)}]",
)
@where_option
@json_option
@store_option
@click.pass_context
def localize(
    ctx: click.Context, /, table: Path | None, before: str | None, after: str | None, by: tuple[str, ...], **given: Any
) -> None:
    """Find which combinations of values carry a difference: in any table, or between two periods of the ledger.

    \b
      outlay localize TABLE.csv --actual COLUMN --expected COLUMN
      outlay localize --before 2026-09 --after 2026-10
    """  # noqa: D301 - click reads the escape as "keep these lines"
    currency = ""
    problems: Sequence[Problem] = ()
    if table is not None:
        if before or after or by or given["where"]:
            fix = "leave out TABLE.csv, or --before, --after, --by and --where"
            raise BadInput("a table has no periods and no ledger behind it", fix=fix)
        if not (given["actual"] and given["expected"]):
            fix = "add --actual COLUMN --expected COLUMN"
            raise BadInput("it is not said which columns are the amounts", fix=fix)
        read, problems = read_table(table, given["actual"], given["expected"], asked_list(given["dimensions"]))
        answer = localized(read)
    else:
        if not (before and after):
            raise BadInput("there is no table and no two periods", fix="give TABLE.csv, or --before and --after")
        if given["actual"] or given["expected"] or given["dimensions"]:
            raise BadInput("--actual, --expected and --dimension name columns of a table", fix="give TABLE.csv too")
        with opened(ctx, given["store_url"]) as store:
            periods = Period.parse(before), Period.parse(after)
            dimensions, where = asked_list(by) or DIMENSIONS, asked_where(given["where"])
            answer, currency = localize_change(store, *periods, dimensions, where=where)
    if given["as_json"]:
        click.echo(to_json(_printed(answer, currency, problems)))
    else:
        _show(answer, currency, problems)


def _printed(answer: Answer, currency: str, problems: Sequence[Problem]) -> dict[str, object]:
    return {
        "causes": [cause.element for cause in answer.causes],
        "evidence": [
            {
                "cause": cause.element,
                "kind": cause.kind,
                "actual": cause.actual,
                "expected": cause.expected,
                "change": cause.change,
                "change_ratio": cause.change_ratio,
                "share_ratio": cause.share_ratio,
                "leaves": cause.leaves,
                "log_odds": cause.evidence,
            }
            for cause in answer.causes
        ],
        "actual": answer.actual,
        "expected": answer.expected,
        "change": answer.change,
        "explained": answer.explained,
        "unexplained": answer.unexplained,
        "currency": currency or None,
        "leaves": answer.leaves,
        "dimensions": answer.dimensions,
        "problems": problems,
    }


def _show(answer: Answer, currency: str, problems: Sequence[Problem]) -> None:
    console.print(
        f"[bold]{money(answer.change, currency, sign=True)}[/bold]: {money(answer.actual, currency)} happened,"
        f" {money(answer.expected, currency)} was expected, in {answer.leaves:,} combinations"
    )
    rows = [_row(cause, currency) for cause in answer.causes]
    columns = [("cause", "cause"), ("expected", "expected"), ("actual", "actual"), ("change", "change")]
    columns += [("of expected", "change_ratio"), ("of all change", "share_ratio")]
    empty = "No combination moved by more than chance would move it."
    show("What moved", columns, rows, empty=empty)
    if rows:
        console.print(
            f"Causes hold {money(answer.explained, currency, sign=True)} of the change;"
            f" {money(answer.unexplained, currency, sign=True)} is left unexplained."
        )
    left_out(problems)


def _row(cause: Cause, currency: str) -> Mapping[str, object]:
    named = ", ".join(f"{name}={NOBODY if value is None else value}" for name, value in cause.element.items())
    return {
        "cause": named or "everything, alike",
        "expected": cause.expected,
        "actual": cause.actual,
        "change": cause.change,
        "change_ratio": cause.change_ratio,
        "share_ratio": cause.share_ratio,
        "currency": currency,
    }
