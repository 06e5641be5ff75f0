"""Commands that read the ledger: costs, features, customers, models, users, reconcile."""

from decimal import Decimal
from typing import Any, cast

import click

from outlay.cli.options import Asked, asked_list, read_command
from outlay.cli.tables import console, money, show
from outlay.explain import cost, gap, unit_cost
from outlay.serve.encode import to_json
from outlay.store import Store

_EMPTY = "Nothing in this period. Has `outlay run` been made for it? `outlay doctor` lists what the store holds."
Columns = list[tuple[str, str]]


@click.command()
@click.option("--by", "by", multiple=True, metavar="DIM[,DIM]", help="e.g. feature,customer; tag:KEY for billed costs.")
@click.option(
    "--origin",
    default="ledger",
    show_default=True,
    metavar="ORIGIN",
    help="ledger (billed, shared out), billed (as the bill says) or estimated (usage times price).",
)
@read_command
def costs(store: Store, asked: Asked, by: tuple[str, ...], origin: str) -> None:
    """Show what a period cost, by any dimensions."""
    dimensions = asked_list(by)
    answer = cost.costs(store, asked.period, dimensions, where=asked.where, origin=origin)
    if asked.as_json:
        click.echo(to_json(answer))
        return
    columns: Columns = [*((name, name) for name in dimensions), ("cost", "amount")]
    rows = cast("list[dict[str, Any]]", answer["rows"])
    if any(row.get("calls") for row in rows):
        columns.append(("calls", "calls"))
    show(f"Costs {asked.period}, {origin}", columns, rows, empty=_EMPTY)
    totals = cast("dict[str, Decimal]", answer["totals"])
    if totals:
        console.print("Total " + ", ".join(money(amount, currency) for currency, amount in totals.items()))
    if origin == "ledger":
        _coverage(answer)


def _coverage(answer: dict[str, object]) -> None:
    ratios = cast("dict[str, Decimal | None]", answer["coverage"])
    owned = [f"{name} {ratio * 100:.1f} %" for name, ratio in ratios.items() if ratio is not None]
    if owned:
        console.print("Dollars with an owner: " + ", ".join(owned))
    for currency, left in cast("dict[str, dict[str, Decimal]]", answer["remainders"]).items():
        named = [f"{name} {money(amount, currency)}" for name, amount in left.items() if amount]
        if named:
            console.print("Of it " + ", ".join(named))


@click.command()
@read_command
def features(store: Store, asked: Asked) -> None:
    """Show each feature: cost, calls, cost per call, customers and users."""
    columns: Columns = [("feature", "feature"), ("cost", "amount"), ("calls", "calls"), ("per call", "cost_per_call")]
    columns += [("on failures", "failed_cost"), ("customers", "customers"), ("users", "users")]
    _print(unit_cost.features(store, asked.period, where=asked.where), asked, "Features", columns)


@click.command()
@read_command
def customers(store: Store, asked: Asked) -> None:
    """Show each customer: cost to serve, revenue and margin."""
    columns: Columns = [("customer", "customer"), ("name", "name"), ("segment", "segment"), ("cost", "amount")]
    columns += [("revenue", "revenue"), ("margin", "margin"), ("of revenue", "margin_ratio")]
    _print(unit_cost.customers(store, asked.period, where=asked.where), asked, "Customers", columns)


@click.command()
@read_command
def models(store: Store, asked: Asked) -> None:
    """Show each model: estimated cost, calls, tokens, cost per million tokens."""
    columns: Columns = [("provider", "provider"), ("model", "model"), ("estimated", "amount"), ("calls", "calls")]
    columns += [("tokens", "tokens"), ("per million tokens", "cost_per_million_tokens")]
    columns += [("without a price", "unpriced_quantity")]
    _print(unit_cost.models(store, asked.period, where=asked.where), asked, "Models, usage times price", columns)


@click.command()
@click.option("--most", default=50, show_default=True, help="How many users to show.")
@read_command
def users(store: Store, asked: Asked, most: int) -> None:
    """Show the users whose usage costs most."""
    columns: Columns = [("user", "user"), ("customer", "customer"), ("estimated", "amount"), ("of all", "cost_ratio")]
    columns += [("calls", "calls"), ("tokens", "tokens")]
    answer = unit_cost.users(store, asked.period, where=asked.where, most=most)
    _print(answer, asked, "Users, usage times price", columns)


@click.command()
@click.option(
    "--by", "by", multiple=True, metavar="DIM[,DIM]", help="provider, model or day. [default: provider,model]"
)
@read_command
def reconcile(store: Store, asked: Asked, by: tuple[str, ...]) -> None:
    """Hold AI bills against usage times price; the causes of the gap sum to it."""
    dimensions = asked_list(by) or ["provider", "model"]
    answer = gap.reconcile(store, asked.period, dimensions, where=asked.where)
    columns: Columns = [*((n, n) for n in dimensions), ("billed", "billed"), ("estimated", "estimated"), ("gap", "gap")]
    _print(answer, asked, "Billed against estimated", columns)
    if not asked.as_json and answer["rows"]:
        currency = answer["currency"] or ""
        causes = cast("list[dict[str, Any]]", answer["causes"])
        show(
            f"The gap of {money(cast(Decimal, answer['gap']), currency)}, cause by cause",
            [("cause", "cause"), ("amount", "amount"), ("means", "means")],
            [{**each, "currency": currency} for each in causes],
            empty="",
        )


def _print(answer: dict[str, Any], asked: Asked, title: str, columns: Columns) -> None:
    if asked.as_json:
        click.echo(to_json(answer))
    else:
        show(f"{title}, {answer['period']}", columns, answer["rows"], empty=_EMPTY)
