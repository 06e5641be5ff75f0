"""`outlay rerate`: make past months anew with what was corrected since, and see what that moves."""

from typing import Any

import click

from outlay import flow
from outlay.cli.options import asked_period, json_option, now, opened, period_options, store_option
from outlay.cli.tables import console, money, show
from outlay.errors import BadInput
from outlay.serve.encode import to_json

_MOST = 20


@click.command()
@period_options
@click.option("--provider", default="", metavar="NAME", help="Only corrections of this provider's prices.")
@json_option
@store_option
@click.pass_context
def rerate(
    ctx: click.Context,
    period: str | None,
    since: str | None,
    to: str | None,
    provider: str,
    as_json: bool,
    store_url: str | None,
) -> None:
    """Take up corrections of past prices: a new version of the ledger, and what moved for whom and why.

    `outlay run` leaves the prices of a published month as they were; this command is what changes them.
    """
    months = asked_period(period, since, to)
    if months is None:
        raise BadInput("rerate changes the past, so say which", fix="give --period 2026-03, or --from and --to")
    with opened(ctx, store_url) as store:
        published = flow.rerate(store, months, now=now(), provider=provider)
    answers = [_as_object(one) for one in published]
    if as_json:
        click.echo(to_json({"period": str(months), "months": answers}))
        return
    for answer in answers:
        _show(answer)


def _as_object(one: flow.Published) -> dict[str, Any]:
    moved = one.moved
    assert moved is not None  # noqa: S101 - re-rating always compares
    return {
        "period": one.run.month.name,
        "run": one.run.name,
        "replaced": moved.replaced,
        "change": moved.change,
        "rows": moved.usage,
        "shares": moved.shares,
        "prices": moved.prices,
    }


def _show(month: dict[str, Any]) -> None:
    if not month["rows"] and not month["shares"]:
        console.print(f"{month['period']}: nothing moved; its prices are as they were.", markup=False)
        return
    show(
        f"{month['period']}: prices that changed",
        [
            *((name, name) for name in ("provider", "model", "context", "unit")),
            ("was", "before_price"),
            ("is", "after_price"),
            ("per", "per"),
            ("from", "valid_from"),
            ("source", "source"),
        ],
        [{**row, "before_price": row["before"], "after_price": row["after"]} for row in month["prices"]],
        empty="No price of a token or unit changed.",
    )
    who, costs = [("feature", "feature"), ("customer", "customer")], [(name, name) for name in _COSTS]
    for title, rows, named in (
        ("usage times price", month["rows"], [*who, ("model", "model")]),
        ("shares of the bill", month["shares"], who),
    ):
        show(
            f"{month['period']}: {title}, largest change first",
            [*named, *costs],
            [{**row, "amount": row["change"]} for row in rows],
            empty=f"{month['period']}: {title} did not move.",
            most=_MOST,
        )
    for currency, amount in month["change"].items():
        moved = money(amount, currency, sign=True)
        console.print(f"{month['period']}: {moved} in all, usage times price", markup=False)


_COSTS = ("before", "after", "change")
