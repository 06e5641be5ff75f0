"""`outlay budgets`: what may be spent, what was, and what will be; with `check`, for a build or a gateway."""

import sys
from pathlib import Path
from typing import Any

import click

from outlay.cli.options import json_option, now, opened, store_option
from outlay.cli.sources import config_option, named
from outlay.cli.tables import console, money, show
from outlay.errors import BadConfig
from outlay.schedule import config
from outlay.serve.encode import to_json

_BREACHED = 1


@click.group(invoke_without_command=True)
@config_option
@json_option
@store_option
@click.pass_context
def budgets(ctx: click.Context, place: Path | None, as_json: bool, store_url: str | None) -> None:
    """Show how the budgets of outlay.toml stand this month: spent, how fast, and when they will be gone.

    Days that no bill reaches yet count with what their usage is estimated to cost.
    """
    if ctx.invoked_subcommand is None:
        _answer(ctx, place, store_url, as_json=as_json)


@budgets.command()
@config_option
@json_option
@store_option
@click.pass_context
def check(ctx: click.Context, place: Path | None, as_json: bool, store_url: str | None) -> None:
    """Show the same, and end with exit code 1 when a budget is exceeded. What is only about to be is no breach."""
    above = ctx.parent.params if ctx.parent else {}  # an option may stand before `check` as well
    place, store_url = place or above.get("place"), store_url or above.get("store_url")
    answer = _answer(ctx, place, store_url, as_json=as_json or bool(above.get("as_json")))
    if answer["breached"]:
        sys.exit(_BREACHED)


def _answer(ctx: click.Context, place: Path | None, store_url: str | None, *, as_json: bool) -> dict[str, Any]:
    from outlay.watch.budgets.asked import asked

    path = named(place)
    found = config.read(path).budgets
    if not found:
        raise BadConfig(
            f"{path} has no [[budget]] and no [[call_budget]]", fix="write one: docs/budgets.md", code="no-budget"
        )
    with opened(ctx, store_url) as store:
        answer = asked(store, found, now())
    if as_json:
        click.echo(to_json(answer))
    else:
        _show(answer)
    return answer


def _show(answer: dict[str, Any]) -> None:
    rows = [{**row, "of": _scope(row["scope"])} for row in answer["budgets"]]
    if rows:
        columns = [("budget", "budget"), ("of", "of"), ("spent", "spent"), ("budgeted", "amount"), ("left", "left")]
        columns += [("month", "forecast"), ("state", "state"), ("why", "reason")]
        show(f"Budgets of {answer['month']}", columns, rows, empty="No budget.")
    for row in rows:
        for currency, amount in row["elsewhere"].items():
            console.print(
                f"{row['budget']}: {money(amount, currency)} besides are in another currency, and not counted.",
                markup=False,
            )
    if answer["calls"]:
        columns = [("feature", "feature"), ("calls", "calls"), ("state", "state"), ("why", "reason")]
        show("Calls of the last seven days", columns, answer["calls"], empty="No call budget.")


def _scope(scope: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in scope.items()) or "everything"
