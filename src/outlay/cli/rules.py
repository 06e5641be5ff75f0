"""`outlay price` and `outlay rules`: what something would cost, and how charges are shared out."""

from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from outlay.allocate.rules import read
from outlay.allocate.stage import apply_rules, rules_in_force
from outlay.cli.options import json_option, now, opened, store_option
from outlay.cli.tables import console, money, show
from outlay.errors import BadInput
from outlay.prices.book import Book
from outlay.prices.learn import overlay, seed
from outlay.prices.quote import quote
from outlay.serve.encode import to_json
from outlay.terms.period import Period


@click.command()
@click.argument("provider")
@click.argument("model")
@click.option(
    "--usage",
    required=True,
    multiple=True,
    metavar="UNIT=N[,UNIT=N]",
    help="Quantities by unit, e.g. input=1000,output=200. Units are disjoint.",
)
@click.option("--on", "on", metavar="DAY", help="The day it was used, YYYY-MM-DD. [default: today]")
@click.option("--context", "context", multiple=True, metavar="KEY=VALUE", help="tier=flex, processing=batch, ...")
@click.option(
    "--overlay", "overlay_path", type=click.Path(path_type=Path), help="Learn the prices of this TOML file first."
)
@json_option
@store_option
@click.pass_context
def price(
    ctx: click.Context,
    provider: str,
    model: str,
    usage: tuple[str, ...],
    on: str | None,
    context: tuple[str, ...],
    overlay_path: Path | None,
    as_json: bool,
    store_url: str | None,
) -> None:
    """Price some usage of one model, part by part, with the source of each price."""
    quantities = {unit: _number(unit, text) for unit, text in _pairs(usage, "--usage")}
    with opened(ctx, store_url) as store:
        at = now()
        seed(store, now=at)
        if overlay_path:
            overlay(store, overlay_path, now=at)
        used_at = Period.parse(on).starts_at if on else at
        found = quote(
            Book.load(store, known_at=at), provider, model, quantities, used_at, dict(_pairs(context, "--context"))
        )
    if as_json:
        click.echo(to_json(found))
        return
    rows = [
        {
            "unit": p.unit,
            "quantity": p.quantity,
            "price": f"{p.price.normalize():f} per {p.per:,}",
            "cost": money(p.amount, found.currency),
            "source": p.source,
            "since": p.valid_from.date(),
        }
        for p in found.parts
    ]
    show(
        f"{provider} {model}",
        [(key, key) for key in ("unit", "quantity", "price", "cost", "since", "source")],
        rows,
        empty="Nothing of this has a price.",
    )
    console.print(f"Total {money(found.amount, found.currency or '')}")
    for lack in found.unpriced:
        near = f"; near it: {', '.join(lack.nearest)}" if lack.nearest else ""
        console.print(f"Without a price: {lack.quantity} {lack.unit} ({lack.reason}{near})", markup=False)


@click.group()
def rules() -> None:
    """How charges are shared out: ordered rules in TOML, the first that matches wins."""


@rules.command("apply")
@click.argument("path", type=click.Path(path_type=Path))
@json_option
@store_option
@click.pass_context
def apply_(ctx: click.Context, path: Path, as_json: bool, store_url: str | None) -> None:
    """Put the rules of a file into force; `outlay run` uses them from now on."""
    found = read(path)
    with opened(ctx, store_url) as store:
        apply_rules(store, found, now=now())
    if as_json:
        click.echo(to_json({"rule_version": found.version, "rules": [rule.name for rule in found.rules]}))
    else:
        console.print(f"{len(found.rules)} rules in force, version {found.version}. Next: outlay run", markup=False)


@rules.command("show")
@json_option
@store_option
@click.pass_context
def show_(ctx: click.Context, as_json: bool, store_url: str | None) -> None:
    """Show the rules in force."""
    with opened(ctx, store_url) as store:
        found = rules_in_force(store)
    if as_json:
        click.echo(to_json({"rule_version": found.version, "rules": found.rules}))
        return
    rows = [
        {
            "place": place,
            "rule": rule.name,
            "split": rule.split,
            "driver": rule.driver or None,
            "to": ", ".join(rule.to) or ", ".join(rule.sets),
            "fallback": rule.fallback,
        }
        for place, rule in enumerate(found.rules, start=1)
    ]
    show(
        f"Rules in force, version {found.version}",
        [(key, key) for key in ("place", "rule", "split", "driver", "to", "fallback")],
        rows,
        empty="No rules.",
    )


def _pairs(texts: tuple[str, ...], option: str) -> list[tuple[str, str]]:
    found = []
    for text in (part for given in texts for part in given.split(",") if part):
        name, equals, value = text.partition("=")
        if not equals:
            raise BadInput(f"{option} {text!r} is not NAME=VALUE", fix=f"write for example {option} input=1000")
        found.append((name.strip(), value.strip()))
    return found


def _number(unit: str, text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise BadInput(f"quantity of {unit} is {text!r}", fix="write a plain number") from error
