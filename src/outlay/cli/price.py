"""`outlay price`: what some usage would cost. Loads little, so that it answers at once."""

from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from outlay.cli.options import json_option, now, store_option
from outlay.errors import BadInput
from outlay.prices.beside import book_for
from outlay.prices.quote import Quote, quote
from outlay.serve.encode import to_json
from outlay.store import Store, default_url
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
    at = now()
    used_at = Period.parse(on).starts_at if on else at

    def learn(store: Store) -> None:
        from outlay.prices.learn import overlay, seed

        seed(store, now=at)
        if overlay_path:
            overlay(store, overlay_path, now=at)

    url = store_url or (ctx.obj or {}).get("store") or default_url()
    book = book_for(url, provider, model, known_at=at, learn=learn, always=overlay_path is not None)
    found = quote(book, provider, model, quantities, used_at, dict(_pairs(context, "--context")))
    if as_json:
        click.echo(to_json(found))
    else:
        _show(f"{provider} {model}", found)


def _show(title: str, found: Quote) -> None:
    from outlay.cli.tables import console, money, show
    from outlay.terms.price import ALWAYS

    rows = [
        {
            "unit": p.unit,
            "quantity": p.quantity,
            "price": f"{p.price.normalize():f} per {p.per:,}",
            "cost": money(p.amount, found.currency),
            "source": p.source,
            "since": "always" if p.valid_from == ALWAYS else p.valid_from.date(),
        }
        for p in found.parts
    ]
    columns = [(key, key) for key in ("unit", "quantity", "price", "cost", "since", "source")]
    show(title, columns, rows, empty="Nothing of this has a price.")
    if found.parts:
        console.print(f"Total {money(found.amount, found.currency or '')}")
    for lack in found.unpriced:
        near = f"; near it: {', '.join(lack.nearest)}" if lack.nearest else ""
        fix = f". {lack.fix[0].upper()}{lack.fix[1:]}" if lack.fix else ""
        console.print(f"Without a price: {lack.quantity} {lack.unit} ({lack.reason}{near}){fix}", markup=False)


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
