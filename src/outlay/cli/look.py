"""Commands that look closer: explain, trace, failures, heatmap, evidence."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

import click

from outlay.cli.options import (
    Asked,
    asked_list,
    asked_where,
    currency_options,
    json_option,
    opened,
    read_command,
    store_option,
    where_option,
)
from outlay.cli.show import show_conversion
from outlay.cli.tables import NOBODY, console, money, show
from outlay.exchange.conversion import InCurrency
from outlay.explain import activity, change
from outlay.explain.evidence import evidence as expand
from outlay.explain.trace_back import trace_back as lead_back
from outlay.serve.encode import to_json
from outlay.store import Row, Store
from outlay.terms.attribution import ATTRIBUTION
from outlay.terms.period import Period

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SHADES = " ░▒▓█"
#: How many rows of each kind a trace prints; --json prints all.
_SHOWN = 3


@click.command()
@click.option("--before", required=True, metavar="A..B", help="Earlier period: YYYY-MM, or DAY..DAY without the last.")
@click.option("--after", required=True, metavar="C..D", help="Later period.")
@click.option("--by", "by", multiple=True, metavar="DIM[,DIM]", help="Dimensions of the segments. [default: feature]")
@where_option
@json_option
@store_option
@currency_options
@click.pass_context
def explain(ctx: click.Context, /, before: str, after: str, by: tuple[str, ...], **given: Any) -> None:
    """Explain why a period cost more or less than an earlier one, to the last digit."""
    with opened(ctx, given["store_url"]) as store:
        periods = Period.parse(before), Period.parse(after)
        dimensions = asked_list(by) or ("feature",)
        where, currency = asked_where(given["where"]), given["currency"]
        answer = change.change(store, *periods, dimensions, where=where, currency=currency)
    if given["as_json"]:
        click.echo(to_json(answer))
    else:
        show_change(answer)
        show_conversion(answer)


def show_change(answer: dict[str, Any]) -> None:
    """Print an explained change: the sum, the verdict and its arguments, the effects, the segments."""
    currency, before, after = answer["currency"] or "", answer["before"], answer["after"]
    console.print(
        f"[bold]{money(answer['change'], currency, sign=True)}[/bold]: from {money(before['amount'], currency)}"
        f" ({before['period']}) to {money(after['amount'], currency)} ({after['period']})"
    )
    _show_verdict(answer, currency)
    effects = [{"effect": name, "change": amount, "currency": currency} for name, amount in answer["effects"].items()]
    show(
        "Effects, which sum to the change",
        [("effect", "effect"), ("change", "change")],
        [row for row in effects if row["change"]],
        empty="No change.",
    )
    names = answer["by"]
    columns = [*((n, n) for n in names), ("before", "before"), ("after", "after"), ("change", "change")]
    columns += [("calls before", "calls_before"), ("calls after", "calls_after")]
    rows = [
        {**each, **{n: NOBODY if each[n] is None else each[n] for n in names}, "currency": currency}
        for each in answer["segments"]
    ]
    show("Segments", columns, rows, empty="No ledger for these periods. Next: outlay run", most=15)
    for note in answer["notes"]:
        console.print(f"Note: {note}", markup=False)


def _show_verdict(answer: dict[str, Any], currency: str) -> None:
    verdict = answer["verdict"]
    if verdict["feature"]:
        moved, whole = verdict["change"], answer["change"]
        part = f", {moved / whole * 100:.0f} % of the change" if whole else ""
        console.print(
            f"\n[bold]{verdict['feature']}[/bold] moved {money(moved, currency, sign=True)}{part}."
            f" Verdict: [bold]{verdict['verdict']}[/bold]"
        )
    for mark, sentences in (("+", verdict["arguments_for"]), ("-", verdict["arguments_against"])):
        for sentence in sentences:
            console.print(f"  {mark} {sentence}", markup=False)
    console.print()


@click.command()
@click.argument("ident", metavar="ID")
@json_option
@store_option
@click.pass_context
def trace(ctx: click.Context, /, ident: str, **given: Any) -> None:
    """Show what one user action cost: every event of a trace, session, call or id."""
    with opened(ctx, given["store_url"]) as store:
        answer = activity.trace(store, ident)
    if given["as_json"]:
        click.echo(to_json(answer))
        return
    columns = [(name, name) for name in ("time", "provider", "model", "feature", "customer", "state")]
    columns += [
        ("try", "attempt"),
        ("tokens", "tokens"),
        ("unit", "unit"),
        ("quantity", "quantity"),
        ("cost", "amount"),
    ]
    rows: Any = answer["rows"]
    totals: Any = answer["totals"]
    show(f"Trace {ident}", columns, rows, empty="")
    console.print("Total " + ", ".join(money(amount, currency) for currency, amount in totals.items()))


@click.command()
@read_command
@currency_options
def failures(store: Store, asked: Asked, currency: InCurrency | None) -> None:
    """Show what failed, retried and cut-off calls cost, by feature and error."""
    answer = activity.failures(store, asked.period, where=asked.where, currency=currency)
    if asked.as_json:
        click.echo(to_json(answer))
        return
    columns = [("feature", "feature"), ("outcome", "state"), ("error", "error"), ("attempts", "attempts")]
    rows: Any = answer["rows"]
    title = f"Failures and retries, {answer['period']}"
    show(title, [*columns, ("cost", "failed_cost")], rows, empty="No failures in this period.")
    show_conversion(answer)


@click.command()
@read_command
@currency_options
def heatmap(store: Store, asked: Asked, currency: InCurrency | None) -> None:
    """Show when in the week usage is paid for (UTC)."""
    answer = activity.heatmap(store, asked.period, where=asked.where, currency=currency)
    if asked.as_json:
        click.echo(to_json(answer))
        return
    spent: dict[tuple[int, int], Decimal] = {}
    rows: Any = answer["rows"]
    for row in rows:
        if "reason" in row:
            continue  # it is in another currency, and said below
        place = (row["weekday"], row["hour_of_day"])
        spent[place] = spent.get(place, Decimal(0)) + row["amount"]
    if not spent:
        console.print("No usage in this period.")
        return
    most = max(spent.values()) or Decimal(1)
    darkest = money(most, rows[0]["currency"])
    console.print(f"Usage times price by weekday and hour (UTC), {answer['period']}; darkest is {darkest}")
    console.print("     " + "".join(f"{hour:<4}" for hour in range(0, 24, 2)))
    for weekday, name in enumerate(_WEEKDAYS, start=1):
        shades = (spent.get((weekday, hour), Decimal(0)) * (len(_SHADES) - 1) / most for hour in range(24))
        console.print(f"{name}  " + "".join(_SHADES[round(shade)] * 2 for shade in shades), markup=False)
    show_conversion(answer)


@click.command()
@click.option("--most", default=5, show_default=True, help="Shares to expand, and lines and events of each.")
@read_command
def evidence(store: Store, asked: Asked, most: int) -> None:
    """Expand a slice of the ledger to its inputs: rules, bill lines, events and prices."""
    answer = expand(store, asked.period, where=asked.where, most=most)
    if asked.as_json:
        click.echo(to_json(answer))
        return
    shares, pools = cast("list[Row]", answer["shares"]), cast("list[Row]", answer["pools"])
    if not shares:
        console.print("Nothing in this slice. Has `outlay run` been made for it?")
    for gone in cast("list[Row]", answer["events_removed"]):
        console.print(f"The usage events of {gone['month']} were removed on {gone['removed_at']:%Y-%m-%d}.")
    for share in shares:
        _show_share(share, next(pool for pool in pools if (pool["run"], pool["pool"]) == (share["run"], share["pool"])))


@click.command("trace-back")
@click.option("--most", type=click.IntRange(1, 10_000), default=5, show_default=True, help="How many shares.")
@read_command
def trace_back(store: Store, asked: Asked, most: int) -> None:
    """Lead shares back to the lines of the bill, and forward to rule version and driver."""
    answer = lead_back(store, asked.period, where=asked.where, most=most)
    if asked.as_json:
        click.echo(to_json(answer))
        return
    shares, pools = cast("list[Row]", answer["shares"]), cast("list[Row]", answer["pools"])
    by_number = {(pool["run"], pool["pool"]): pool for pool in pools}
    if not shares:
        console.print("Nothing in this slice. Has `outlay run` been made for it?")
    for share in shares:
        _show_share(share, by_number[share["run"], share["pool"]])
        console.print(f"  rules of version {share['rule_version']}", markup=False)
        for row in cast("list[Row]", share["driver_rows"])[:_SHOWN]:
            console.print(f"  driver of {row['driver_day']}: {row['weight']:,}", markup=False)
        _show_taken(share, by_number, "  ")


def _show_taken(share: Row, pools: Mapping[tuple[object, object], Row], indent: str) -> None:
    """Print the shares that a rule took, down to those that bills gave."""
    for taken in cast("list[Row]", pools[share["run"], share["pool"]].get("taken", []))[:_SHOWN]:
        who = ", ".join(f"{name} {taken[name]}" for name in (*ATTRIBUTION, "model") if taken[name])
        amount = money(cast(Decimal, taken["amount"]), taken["currency"])
        console.print(f"{indent}taken from {who}: {amount}, rule {taken['rule']!r}", markup=False)
        _show_taken({**taken, "run": share["run"]}, pools, indent + "  ")


def _show_share(share: Row, pool: Row) -> None:
    """Print one share, the lines of the bill behind its pool, and the events behind its weight."""
    currency = share["currency"]
    who = ", ".join(f"{name} {share[name]}" for name in (*ATTRIBUTION, "model") if share[name])
    amount, whole = (money(cast(Decimal, value), currency) for value in (share["amount"], share["pool_amount"]))
    by = f", by {share['driver']} {share['weight']:,} of {share['total_weight']:,}" if share["driver"] else ""
    console.print(f"\n{amount} on {share['day']}: {who or share['state']}", markup=False)
    console.print(f"  of {whole}, rule {share['rule'] or '(none)'!r}, {share['method']}{by}", markup=False)
    charges = cast("list[Row]", pool["charges"])
    columns = [("file", "file_name"), ("line", "line"), ("billed", "billed_cost"), ("that day", "part")]
    show("  Bill lines", columns, [{**row, "currency": currency} for row in charges], empty="  No bill lines.")
    if events := cast("list[Row]", share["events"]):
        columns = [
            ("event", "id"),
            ("time", "time"),
            ("model", "model"),
            ("cost", "amount"),
            ("price since", "valid_from"),
        ]
        show("  Events behind the weight, dearest first", columns, events, empty="")
