"""`outlay export`: the ledger, the bills and every table as files that others read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import click

from outlay.cli.options import (
    asked_list,
    asked_where,
    currency_options,
    json_option,
    opened,
    period_or_all,
    store_option,
    where_option,
)
from outlay.cli.tables import console, money
from outlay.errors import BadInput
from outlay.exchange.conversion import InCurrency
from outlay.export.focus import DIMENSIONS, Exported, focus
from outlay.serve.encode import to_json
from outlay.terms.period import Period

Command = Callable[..., Any]
_ANSWERS = ("costs", "customers")
_BY_DEFAULT = ",".join(DIMENSIONS)


@click.group()
def export() -> None:
    """Write the ledger, bills and tables into files that others read."""


_PERIOD = "A month, YYYY-MM, or days, YYYY-MM-DD..YYYY-MM-DD without the last."


@export.command("focus")
@click.option("--period", required=True, metavar="PERIOD", help=_PERIOD)
@click.option(
    "--format", "file_format", type=click.Choice(["csv", "parquet"]), help="[default: by the name of the file, or csv]"
)
@click.option("--to", "path", metavar="PATH", type=click.Path(path_type=Path), help="The file. [default: focus-PERIOD]")
@click.option(
    "--grain",
    type=click.Choice(["share", "charge"]),
    default="share",
    show_default=True,
    help="A row for each part of a charge, or charges as billed.",
)
@click.option(
    "--by",
    multiple=True,
    metavar="DIM[,DIM]",
    help=f"What parts of a charge are told apart by. [default: {_BY_DEFAULT}]",
)
@currency_options
@json_option
@store_option
@click.pass_context
def focus_(
    ctx: click.Context,
    period: str,
    file_format: str | None,
    path: Path | None,
    grain: str,
    by: tuple[str, ...],
    currency: InCurrency | None,
    as_json: bool,
    store_url: str | None,
) -> None:
    """Write charges, with who caused them, as FOCUS 1.2.

    The file is read back and added up before it counts: it holds what was billed, to the last digit.
    """
    with opened(ctx, store_url) as store:
        days = Period.parse(period)
        form = _format(file_format, path)
        wanted = path or Path(f"focus-{days.name.replace('..', '_')}.{form}")
        dimensions = asked_list(by) or DIMENSIONS
        result = focus(store, days, wanted, file_format=form, grain=grain, by=dimensions, currency=currency)
    if as_json:
        click.echo(to_json({**_shown(result), "matches": True}))
        return
    console.print(f"{result.path}: {result.rows:,} rows of {result.charges:,} charges, FOCUS 1.2", markup=False)
    for code, amount in result.totals.items():
        console.print(f"  billed {money(amount, code)}, which meets the store's own total", markup=False)


def _shown(result: Exported) -> dict[str, object]:
    return {
        "path": result.path,
        "period": str(result.period),
        "grain": result.grain,
        "rows": result.rows,
        "charges": result.charges,
        "totals": result.totals,
        "control_totals": result.control_totals,
    }


def _plain(file_format: str) -> click.Command:
    """Return the command that writes a table or an answer in one format."""

    @export.command(file_format, help=f"Write a table, a view, `costs` or `customers` as {file_format.upper()}.")
    @click.argument("what", metavar="TABLE|costs|customers")
    @click.option("--period", metavar="PERIOD", help=f"Of answers. {_PERIOD} [default: all there is]")
    @click.option("--by", multiple=True, metavar="DIM[,DIM]", help="Of costs: dimensions of the rows.")
    @click.option(
        "--origin", default="ledger", show_default=True, metavar="ORIGIN", help="Of costs: as `outlay costs`."
    )
    @click.option("--to", "path", metavar="PATH", type=click.Path(path_type=Path), help="The file. [default: its name]")
    @where_option
    @currency_options
    @json_option
    @store_option
    @click.pass_context
    def command(ctx: click.Context, /, what: str, path: Path | None, **given: Any) -> None:
        from outlay.export import answer, tables

        target = path or Path(f"{what}.{file_format}")
        with opened(ctx, given["store_url"]) as store:
            if what in _ANSWERS:
                count = answer.answer(_rows(store, what, given), target, file_format)
            else:
                _refuse_for_tables(given)
                count = tables.table(store, what, target, file_format)
        if given["as_json"]:
            click.echo(to_json({"path": target, "rows": count}))
        else:
            console.print(f"{target}: {count:,} rows", markup=False)

    return command


def _rows(store: Any, what: str, given: dict[str, Any]) -> list[dict[str, object]]:
    """Return the rows of an answer."""
    from outlay.explain import cost, unit_cost

    period = period_or_all(store, given["period"], None, None)
    where, currency = asked_where(given["where"]), given["currency"]
    if what == "customers":
        found = unit_cost.customers(store, period, where=where, currency=currency)
    else:
        by = asked_list(given["by"])
        found = cost.costs(store, period, by, where=where, origin=given["origin"], currency=currency)
    return cast("list[dict[str, object]]", found["rows"])


def _refuse_for_tables(given: dict[str, Any]) -> None:
    """Refuse what only answers know."""
    for name in ("period", "by", "where"):
        if given[name]:
            raise BadInput(f"a table is written whole; --{name} is for costs and customers", fix="leave it out")


def _format(asked: str | None, path: Path | None) -> str:
    named = path.suffix.removeprefix(".") if path else ""
    if asked and named in ("csv", "parquet") and named != asked:
        raise BadInput(f"{path} is not named as {asked}", fix=f"name it .{asked}, or leave out --format")
    return asked or (named if named in ("csv", "parquet") else "csv")


_plain("csv")
_plain("parquet")
