"""`outlay rules`: how charges are shared out, what other rules would move, and what depends on them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import click

from outlay.allocate.plan import SHOWN, Plan
from outlay.allocate.plan import plan as make_plan
from outlay.allocate.rules import Rules, read
from outlay.allocate.versions import apply_rules, history, rules_in_force, rules_of
from outlay.cli.options import json_option, now, opened, store_option
from outlay.cli.tables import console, show
from outlay.errors import BadInput
from outlay.explain.sensitivity import sensitivity
from outlay.serve.encode import to_json
from outlay.store import Row, Store
from outlay.terms.period import Period

_MOST = 10


@click.group()
def rules() -> None:
    """How charges are shared out: ordered rules in TOML, the first that matches wins."""


@rules.command("apply")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--author", metavar="NAME", help="Who puts them into force.")
@click.option("--reason", metavar="TEXT", help="Why.")
@click.option("--from", "since", metavar="MONTH", help="First month they are for, YYYY-MM. [default: all months]")
@json_option
@store_option
@click.pass_context
def apply_(
    ctx: click.Context,
    path: Path,
    author: str | None,
    reason: str | None,
    since: str | None,
    as_json: bool,
    store_url: str | None,
) -> None:
    """Put the rules of a file into force; `outlay run` uses them from now on."""
    found = read(path)
    first = Period.month(since).first if since else None
    with opened(ctx, store_url) as store:
        apply_rules(store, found, now=now(), author=author, reason=reason, effective_from=first)
    if as_json:
        names = [rule.name for rule in found.rules]
        told = {"author": author, "reason": reason, "effective_from": first}
        click.echo(to_json({"rule_version": found.version, "rules": names, **told}))
    else:
        of = f" for {since} and later" if since else ""
        console.print(f"{len(found.rules)} rules in force{of}, version {found.version}. Next: outlay run", markup=False)


@rules.command("plan")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--period", metavar="MONTH", help="The month to plan on, YYYY-MM. [default: the last one with a ledger]")
@json_option
@store_option
@click.pass_context
def plan_(ctx: click.Context, path: Path, period: str | None, as_json: bool, store_url: str | None) -> None:
    """Show what the rules of a file would move, by feature, customer and team; nothing is published."""
    found = read(path)
    with opened(ctx, store_url) as store:
        planned = make_plan(store, found, _month(store, period), now=now())
    if as_json:
        told = {"period": planned.month.name, "before": planned.before, "after": planned.after}
        click.echo(to_json({**told, "changed": planned.changed, "moved": planned.moved}))
    else:
        _show_plan(planned)


@rules.command("history")
@json_option
@store_option
@click.pass_context
def history_(ctx: click.Context, as_json: bool, store_url: str | None) -> None:
    """Show every version that was put into force: when, by whom, why, and from which month on."""
    with opened(ctx, store_url) as store:
        found = history(store)
    if as_json:
        click.echo(to_json({"versions": found}))
        return
    names = ("applied_at", "rule_version", "effective_from", "author", "reason", "rules")
    rows = [{name: getattr(one, name) for name in names} for one in found]
    show("Versions of the rules", [(name, name) for name in names], rows, empty="Only the default rules so far.")


@rules.command("show")
@click.argument("version", required=False)
@click.option("--period", metavar="MONTH", help="Those of a month, YYYY-MM. [default: those applied last]")
@json_option
@store_option
@click.pass_context
def show_(ctx: click.Context, version: str | None, period: str | None, as_json: bool, store_url: str | None) -> None:
    """Show the rules in force, or those of a VERSION."""
    with opened(ctx, store_url) as store:
        month = Period.month(period).first if period else None
        found = rules_of(store, version) if version else rules_in_force(store, month)
    if as_json:
        named = [{"kind": kind, "name": name, "definition": text} for kind, name, text in found.named]
        click.echo(to_json({"rule_version": found.version, "rules": found.rules, "named": named, "order": found.order}))
        return
    show(
        f"Rules, version {found.version}",
        [(key, key) for key in ("place", "rule", "split", "driver", "to", "fallback")],
        _as_rows(found),
        empty="No rules.",
    )


@rules.command("sensitivity")
@click.option("--customer", metavar="NAME", help="Whose cost.")
@click.option("--feature", metavar="NAME", help="Of which feature.")
@click.option("--team", metavar="NAME", help="Of which team.")
@click.option("--period", metavar="MONTH", help="The month, YYYY-MM. [default: the last one with a ledger]")
@json_option
@store_option
@click.pass_context
def sensitivity_(
    ctx: click.Context,
    customer: str | None,
    feature: str | None,
    team: str | None,
    period: str | None,
    as_json: bool,
    store_url: str | None,
) -> None:
    """Say how far a customer's cost, or a feature's or a team's, depends on the drivers that were chosen."""
    given = {"customer": customer, "feature": feature, "team": team}
    where = {name: value for name, value in given.items() if value}
    if not where:
        raise BadInput("nobody is named", fix="say whose cost: --customer NAME, --feature NAME or --team NAME")
    with opened(ctx, store_url) as store:
        answer = sensitivity(store, _month(store, period), where)
    if as_json:
        click.echo(to_json(answer))
        return
    for total in cast("list[Row]", answer["totals"]):
        show(
            f"{', '.join(where.values())}: between drivers",
            [("now", "amount"), ("least", "low"), ("most", "high"), ("that is", "spread_ratio")],
            [total],
            empty="",
        )
    show(
        "By rule",
        [
            *(("rule", "rule"), ("driver", "driver"), ("now", "amount"), ("least", "low"), ("by", "low_driver")),
            *(("most", "high"), ("by", "high_driver")),
        ],
        cast("list[Row]", answer["rows"]),
        empty="No rule with a driver gives anything there.",
    )


def _month(store: Store, period: str | None) -> Period:
    """Return the month asked for, or the last one that has a ledger."""
    if period:
        return Period.month(period)
    made = sorted(f"{row['month']:%Y-%m}" for row in store.rows("explain/published"))
    if not made:
        raise BadInput("no month has a ledger yet", fix="make one first: outlay run", code="no-ledger")
    return Period.month(made[-1])


def _as_rows(found: Rules) -> list[dict[str, object]]:
    return [
        {
            "place": place,
            "rule": rule.name,
            "split": rule.split,
            "driver": rule.driver or None,
            "to": ", ".join(rule.to) or ", ".join(rule.sets),
            "fallback": ", ".join(rule.fallback),
        }
        for place, rule in enumerate(found.rules, start=1)
    ]


def _show_plan(planned: Plan) -> None:
    """Print what moves, the most that moves first."""
    moved: Mapping[str, Sequence[Mapping[str, Any]]] = planned.moved
    if not any(moved.values()):
        console.print(f"Nothing moves in {planned.month.name}.")
        return
    console.print(f"Split anew in {planned.month.name}: {', '.join(one or '(no rule)' for one in planned.changed)}")
    for name in SHOWN:
        whole = sum((abs(cast(Decimal, row["change"])) for row in moved[name]), Decimal(0))
        if whole:
            columns = [(name, name), ("before", "before"), ("after", "after"), ("change", "change")]
            show(f"By {name}", columns, [{**row, "amount": row["after"]} for row in moved[name]], empty="", most=_MOST)
