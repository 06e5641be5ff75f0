"""Commands for months that are over: close, reopen, restatements."""

from decimal import Decimal
from typing import Any, cast

import click

from outlay import closing
from outlay.cli.options import Asked, json_option, now, opened, read_command, store_option
from outlay.cli.tables import console, money, show
from outlay.errors import BadInput
from outlay.explain import restatements as afterwards
from outlay.serve.encode import to_json
from outlay.store import Store
from outlay.terms.period import Period

_MOST = 20


@click.command()
@click.argument("month", metavar="MONTH")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
@click.option("--accept-gap", default="", metavar="REASON", help="Close although too much of the gap is unexplained.")
@click.option(
    "--max-open",
    default=str(closing.DEFAULT_OPEN),
    show_default=True,
    metavar="PERCENT",
    help="How much of a provider's bill may be without an explanation.",
)
@json_option
@store_option
@click.pass_context
def close(
    ctx: click.Context,
    month: str,
    reason: str,
    accept_gap: str,
    max_open: str,
    as_json: bool,
    store_url: str | None,
) -> None:
    """Make a month's figures final; what comes for it later is an adjustment of the month in which it comes.

    The month has to be over, its ledger newer than every import, and its gap explained. See docs/close.md.
    """
    with opened(ctx, store_url) as store:
        made = closing.close(
            store,
            Period.month(month),
            now=now(),
            reason=reason,
            accept_gap=accept_gap,
            most_open=_percent(max_open),
        )
    if as_json:
        click.echo(to_json({**_shown(made), "closed_at": made.decided_at, **_final(made)}))
        return
    console.print(f"{made.month.name} is closed: its figures are final.", markup=False)
    console.print(f"Ledger {made.run}, fingerprint {made.fingerprint[:16]}", markup=False)


@click.command()
@click.argument("month", metavar="MONTH")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands in the audit.")
@json_option
@store_option
@click.pass_context
def reopen(ctx: click.Context, month: str, reason: str, as_json: bool, store_url: str | None) -> None:
    """Open a closed month again; its next run takes in itself what was shown as adjustments."""
    with opened(ctx, store_url) as store:
        held = closing.closing_of(store, Period.month(month))
        kept = held is not None and closing.unchanged(store, held)
        made = closing.reopen(store, Period.month(month), now=now(), reason=reason)
    if as_json:
        click.echo(to_json({**_shown(made), "reopened_at": made.decided_at, "unchanged": kept}))
        return
    console.print(f"{made.month.name} is open again. Next: outlay run --period {made.month.name}", markup=False)


@click.command()
@read_command
def restatements(store: Store, asked: Asked) -> None:
    """Show what moved in months that were over: by how much, for whom, since when, by which import."""
    if asked.where:
        raise BadInput("restatements take no --where", fix="leave it out; --json has every row")
    answer: dict[str, Any] = afterwards.restatements(store, asked.period)
    if asked.as_json:
        click.echo(to_json(answer))
        return
    columns = [("month", "month"), ("provider", "provider"), ("account", "billing_account_id"), ("before", "before")]
    columns += [("after", "after"), ("change", "change"), ("on", "changed_at"), ("by import", "replaced_by")]
    show("Bills that were replaced", columns, answer["bills"], empty="No bill was replaced.")
    for one in answer["movements"]:
        _show_movement(one)
    if not answer["movements"]:
        console.print("Nothing moved in a month that was over.")
    for currency, amount in answer["adjustments"].items():
        console.print(f"Adjustments of closed months in force: {money(amount, currency, sign=True)}", markup=False)


def _show_movement(one: dict[str, Any]) -> None:
    change = ", ".join(money(amount, currency, sign=True) for currency, amount in one["change"].items()) or "nothing"
    shown = f", shown in {one['booked_in']}" if one["closed"] else ""
    gone = "" if one["in_force"] or not one["closed"] else " (the month was opened again since)"
    by = f" by {', '.join(one['take_ins'])}" if one["take_ins"] else ""
    who = [(name, name) for name in ("feature", "customer", "team")]
    show(
        f"{one['month']} moved by {change} on {one['moved_at']:%Y-%m-%d}{by}{shown}{gone}",
        [*who, *((name, name) for name in ("before", "after", "change"))],
        [{**row, "amount": cast(Decimal, row["change"])} for row in one["rows"]],
        empty="",
        most=_MOST,
    )


def _percent(text: str) -> Decimal:
    try:
        found = Decimal(text.removesuffix("%").strip())
    except ArithmeticError as error:
        raise BadInput(f"--max-open {text!r} is not a number", fix="write percent, for example 5") from error
    if not found.is_finite() or found < 0:
        raise BadInput(f"--max-open {text!r} is not a part of a bill", fix="write percent, for example 5")
    return found


def _shown(made: closing.Closing) -> dict[str, object]:
    return {"month": made.month.name, "actor": made.actor, "reason": made.reason, "run": made.run}


def _final(made: closing.Closing) -> dict[str, object]:
    return {"rule_version": made.rule_version, "fingerprint": made.fingerprint}
