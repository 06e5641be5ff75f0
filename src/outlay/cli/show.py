"""Commands that read the ledger: costs, features, customers, models, users, reconcile."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

import click

from outlay.cli.options import Asked, asked_list, currency_options, read_command
from outlay.cli.tables import console, money, show
from outlay.exchange.conversion import InCurrency
from outlay.explain import cost, gap, unit_cost
from outlay.serve.encode import to_json
from outlay.store import Store

_EMPTY = "Nothing in this period. Has `outlay run` been made for it? `outlay doctor` lists what the store holds."
Columns = list[tuple[str, str]]
_CENT = Decimal("0.01")


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
@currency_options
def costs(store: Store, asked: Asked, by: tuple[str, ...], origin: str, currency: InCurrency | None) -> None:
    """Show what a period cost, by any dimensions."""
    dimensions = asked_list(by)
    answer = cost.costs(store, asked.period, dimensions, where=asked.where, origin=origin, currency=currency)
    if asked.as_json:
        click.echo(to_json(answer))
        return
    columns: Columns = [*((name, name) for name in dimensions), ("cost", "amount")]
    rows = cast("list[dict[str, Any]]", answer["rows"])
    if any(row.get("calls") for row in rows):
        columns.append(("calls", "calls"))
    if currency:
        columns.append(("originally", "originally"))
        rows = [{**row, "originally": _originally(row)} for row in rows]
    show(f"Costs {asked.period}, {origin}", columns, rows, empty=_EMPTY)
    totals = cast("dict[str, Decimal]", answer["totals"])
    if totals:
        console.print("Total " + ", ".join(money(amount, currency) for currency, amount in totals.items()))
    if origin == "ledger":
        _coverage(answer)
    show_conversion(answer)
    _adjustments(answer)
    show_states(answer)


def _adjustments(answer: dict[str, object]) -> None:
    """Print what came late for closed months and is shown in this period."""
    sums: dict[tuple[str, str], Decimal] = {}
    for row in cast("list[dict[str, Any]]", answer["adjustments"]):
        key = (f"{row['adjusts']:%Y-%m}", row["currency"])
        sums[key] = sums.get(key, Decimal(0)) + row["amount"]
    for (month, currency), amount in sums.items():
        moved = money(amount, currency, sign=True)
        console.print(f"Beside it, {moved} came late for {month}, which is closed: outlay restatements", markup=False)


def _originally(row: dict[str, Any], key: str = "original") -> str:
    """Return the amounts a converted one is made of."""
    return " + ".join(money(amount, currency) for currency, amount in row.get(key, {}).items())


def show_conversion(answer: Mapping[str, object]) -> None:
    """Print which rates an answer used, of which days, and what has none."""
    stated = cast("dict[str, Any] | None", answer.get("conversion"))
    if not stated:
        return
    for currency in sorted({rate["from"] for rate in stated["rates"]}):
        own = [rate for rate in stated["rates"] if rate["from"] == currency]
        legs = " and ".join(f"{leg['from']} to {leg['to']}" for leg in own[0]["legs"])
        sources = ", ".join(sorted({leg["source"] for rate in own for leg in rate["legs"]}))
        days = sorted(leg["day"] for rate in own for leg in rate["legs"])
        console.print(
            f"{currency} at each day's rate ({legs}; {sources}), stated for {days[0]} to {days[-1]}", markup=False
        )
    for left in stated["not_converted"]:
        console.print(f"Not converted: {money(left['amount'], left['currency'])}: {left['reason']}", markup=False)


def show_converted(answer: Mapping[str, object], asked: Asked) -> None:
    """Print the same, unless JSON was asked for, which says it."""
    if not asked.as_json:
        show_conversion(answer)


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
@currency_options
def features(store: Store, asked: Asked, currency: InCurrency | None) -> None:
    """Show each feature: cost, calls, cost per call, customers and users."""
    columns: Columns = [("feature", "feature"), ("cost", "amount"), ("calls", "calls"), ("per call", "cost_per_call")]
    columns += [("on failures", "failed_cost"), ("customers", "customers"), ("users", "users")]
    answer = unit_cost.features(store, asked.period, where=asked.where, currency=currency)
    _print(answer, asked, "Features", columns)
    show_converted(answer, asked)


@click.command()
@read_command
@currency_options
def customers(store: Store, asked: Asked, currency: InCurrency | None) -> None:
    """Show each customer: cost to serve, revenue and margin."""
    columns: Columns = [("customer", "customer"), ("name", "name"), ("segment", "segment"), ("cost", "amount")]
    columns += [("revenue", "revenue"), ("margin", "margin"), ("of revenue", "margin_ratio")]
    answer = unit_cost.customers(store, asked.period, where=asked.where, currency=currency)
    _print(answer, asked, "Customers", columns)
    show_converted(answer, asked)


@click.command()
@read_command
@currency_options
def models(store: Store, asked: Asked, currency: InCurrency | None) -> None:
    """Show each model: estimated cost, calls, tokens, cost per million tokens."""
    columns: Columns = [("provider", "provider"), ("model", "model"), ("estimated", "amount"), ("calls", "calls")]
    columns += [("tokens", "tokens"), ("per million tokens", "cost_per_million_tokens")]
    columns += [("without a price", "unpriced_quantity")]
    answer = unit_cost.models(store, asked.period, where=asked.where, currency=currency)
    _print(answer, asked, "Models, usage times price", columns)
    show_converted(answer, asked)


@click.command()
@click.option("--most", default=50, show_default=True, help="How many users to show.")
@read_command
@currency_options
def users(store: Store, asked: Asked, most: int, currency: InCurrency | None) -> None:
    """Show the users whose usage costs most."""
    columns: Columns = [("user", "user"), ("customer", "customer"), ("estimated", "amount"), ("of all", "cost_ratio")]
    columns += [("calls", "calls"), ("tokens", "tokens")]
    answer = unit_cost.users(store, asked.period, where=asked.where, most=most, currency=currency)
    _print(answer, asked, "Users, usage times price", columns)
    show_converted(answer, asked)


@click.command()
@click.option(
    "--by",
    "by",
    multiple=True,
    metavar="DIM[,DIM]",
    help="provider, sub_account, model, token_class or day. [default: provider,model]",
)
@read_command
@currency_options
def reconcile(store: Store, asked: Asked, by: tuple[str, ...], currency: InCurrency | None) -> None:
    """Hold AI bills against usage times price; the causes of the gap sum to it."""
    dimensions = asked_list(by) or ["provider", "model"]
    answer = gap.reconcile(store, asked.period, dimensions, where=asked.where, currency=currency)
    columns: Columns = [*((n, n) for n in dimensions), ("billed", "billed"), ("estimated", "estimated"), ("gap", "gap")]
    _print(answer, asked, "Billed against estimated", columns)
    if not asked.as_json and answer["rows"]:
        own = answer["currency"] or ""
        causes = cast("list[dict[str, Any]]", answer["causes"])
        show(
            f"The gap of {money(cast(Decimal, answer['gap']), own)}, cause by cause",
            [("cause", "cause"), ("amount", "amount"), ("means", "means")],
            [{**each, "currency": own} for each in causes],
            empty="",
        )
        show_conversion(answer)
        _show_found(answer)


def _show_found(answer: dict[str, Any]) -> None:
    """Print how the causes were found, what features come to once calibrated, and how final it all is."""
    if answer["coverage"] is not None:
        console.print(f"Events tell of {answer['coverage'] * 100:.1f} % of what was billed for usage.")
    told = [row for row in answer["evidence"] if abs(row["amount"]) >= _CENT]
    if told:
        console.print("\nHow the causes were found, the largest amounts of each first", style="bold")
    for row in told:
        where = " ".join(row[name] for name in ("provider", "sub_account", "model") if row[name])
        amount = money(row["amount"], row["currency"], sign=True)
        console.print(f"  {row['cause']} {amount} {where}: {row['means']}", markup=False)
    console.print()
    columns = [("feature", "feature"), ("estimated", "estimated"), ("calibrated", "calibrated")]
    rows = [{**row, "amount": row["calibrated"]} for row in answer["calibrated"]]
    show("Usage times price, scaled to the bill", [*columns, ("low", "low"), ("high", "high")], rows, empty="")
    show_states(answer)


def show_states(answer: Mapping[str, object]) -> None:
    """Print how final the figures are, once for all providers of a month that are alike."""
    alike: dict[tuple[str, str], list[str]] = {}
    for row in cast("list[dict[str, str]]", answer["states"]):
        alike.setdefault((row["month"], row["state"]), []).append(row["provider"])
    for (month, state), providers in alike.items():
        console.print(f"{month} {state}: {', '.join(providers)}", markup=False)


def _print(answer: dict[str, Any], asked: Asked, title: str, columns: Columns) -> None:
    if asked.as_json:
        click.echo(to_json(answer))
    else:
        show(f"{title}, {answer['period']}", columns, answer["rows"], empty=_EMPTY)
