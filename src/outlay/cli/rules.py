"""`outlay rules`: how charges are shared out."""

from pathlib import Path

import click

from outlay.allocate.rules import read
from outlay.allocate.stage import apply_rules, rules_in_force
from outlay.cli.options import json_option, now, opened, store_option
from outlay.cli.tables import console, show
from outlay.serve.encode import to_json


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
