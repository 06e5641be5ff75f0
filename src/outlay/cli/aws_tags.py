"""`outlay aws-tags`: which tag keys are on AWS's bills. Shows what would change; `--apply` changes it."""

from collections.abc import Callable
from typing import Any

import click

from outlay.bills.cost_explorer.tags import Backfill, CostTag, CostTags, backfill_month
from outlay.cli.options import json_option, now
from outlay.cli.tables import console, show
from outlay.errors import BadInput
from outlay.fetching.aws import client
from outlay.fetching.patience import Patience
from outlay.serve.encode import to_json
from outlay.terms.period import Period

Command = Callable[..., Any]


@click.group("aws-tags")
def aws_tags() -> None:
    """Which tag keys AWS puts on its bills (cost allocation tags).

    A key that is not active is on no bill, however many resources carry it. Changes are shown and not made, unless
    --apply is given. Needs credentials of the management account.
    """


def _aws_options(command: Command) -> Command:
    """Add how AWS is reached."""
    for option in (
        click.option("--endpoint-url", metavar="URL", help="Ask here instead of at AWS's own address."),
        click.option("--profile", metavar="NAME", help="Profile of AWS's own settings."),
    ):
        command = option(command)
    return json_option(command)


def _apply_option(command: Command) -> Command:
    return click.option("--apply", "applied", is_flag=True, help="Do it; without this, only show it.")(command)


def _tags(profile: str | None, endpoint_url: str | None) -> CostTags:
    given = {"profile": profile, "endpoint-url": endpoint_url}
    return CostTags(client("ce", {name: value for name, value in given.items() if value}), Patience())


@aws_tags.command("list")
@click.option("--status", type=click.Choice(["active", "inactive", "all"]), default="all", show_default=True)
@_aws_options
def list_(status: str, profile: str | None, endpoint_url: str | None, as_json: bool) -> None:
    """List the tag keys that AWS has seen, and the backfills that were asked for.

    Keys that differ only in spelling are named beside each other: their money is split between them.
    """
    asked = _tags(profile, endpoint_url)
    found = [tag for tag in asked.tags() if status == "all" or tag.active == (status == "active")]
    backfills = asked.backfills()
    if as_json:
        click.echo(to_json({"tags": [_shown(tag) for tag in found], "backfills": [_run(run) for run in backfills]}))
        return
    columns = [("tag key", "key"), ("status", "status"), ("kind", "kind"), ("last used", "last_used"),
               ("also spelled", "also")]  # fmt: skip
    rows = [{**_shown(tag), "also": ", ".join(tag.also) or None} for tag in found]
    show("Cost allocation tags", columns, rows, empty="AWS has seen no such tag key on anything that costs something.")
    for run in backfills:
        console.print(
            f"backfill from {run.since[:7]}: {run.status.lower()}, asked for {run.requested_at}", markup=False
        )


@aws_tags.command("activate")
@click.argument("keys", nargs=-1, required=True)
@_apply_option
@_aws_options
def activate(
    keys: tuple[str, ...], applied: bool, profile: str | None, endpoint_url: str | None, as_json: bool
) -> None:
    """Put tag keys on the bills from now on. It takes AWS up to a day; earlier months need a backfill."""
    _switch(_tags(profile, endpoint_url), keys, active=True, applied=applied, as_json=as_json)


@aws_tags.command("deactivate")
@click.argument("keys", nargs=-1, required=True)
@_apply_option
@_aws_options
def deactivate(
    keys: tuple[str, ...], applied: bool, profile: str | None, endpoint_url: str | None, as_json: bool
) -> None:
    """Take tag keys off the bills from now on."""
    _switch(_tags(profile, endpoint_url), keys, active=False, applied=applied, as_json=as_json)


@aws_tags.command("backfill")
@click.option("--from", "since", required=True, metavar="MONTH", help="First month, YYYY-MM; at most 12 months ago.")
@_apply_option
@_aws_options
def backfill(since: str, applied: bool, profile: str | None, endpoint_url: str | None, as_json: bool) -> None:
    """Put the tag keys that are active now on the bills of earlier months. AWS runs one at a time, for hours."""
    asked, month = _tags(profile, endpoint_url), backfill_month(Period.month(since), now())
    running = next((run for run in asked.backfills() if run.status == "PROCESSING"), None)
    if running:
        raise BadInput(
            f"a backfill from {running.since[:7]} still runs, asked for {running.requested_at}",
            fix="wait until outlay aws-tags list says that it succeeded",
            code="backfill-running",
        )
    run = asked.backfill(month) if applied else None
    if as_json:
        active = [tag.key for tag in asked.tags() if tag.active]
        click.echo(to_json({"applied": applied, "from": month.name, "tags": active, "backfill": run and _run(run)}))
        return
    said = f"AWS fills in {run.since[:7]} and later: {run.status.lower()}" if run else _would(f"backfill {month.name}")
    console.print(said, markup=False)


def _switch(asked: CostTags, keys: tuple[str, ...], *, active: bool, applied: bool, as_json: bool) -> None:
    changed, unchanged = asked.changes(keys, active=active)
    refused = asked.switch(changed, active=active) if applied else {}
    if as_json:
        click.echo(
            to_json({
                "applied": applied,
                "changed": [tag.key for tag in changed if tag.key not in refused],
                "unchanged": [tag.key for tag in unchanged],
                "refused": refused,
            })
        )  # fmt: skip
        return
    word = "active" if active else "inactive"
    for tag in unchanged:
        console.print(f"{tag.key}: {word} already", markup=False)
    for tag in changed:
        done = f"refused ({refused[tag.key]})" if tag.key in refused else f"now {word}"
        console.print(f"{tag.key}: {done if applied else f'would be {word}'}", markup=False)
    if changed and not applied:
        console.print(_would("change this"), markup=False)


def _would(what: str) -> str:
    return f"Nothing was changed. To {what}, add --apply"


def _shown(tag: CostTag) -> dict[str, Any]:
    return {
        "key": tag.key,
        "kind": tag.kind,
        "status": "active" if tag.active else "inactive",
        "last_updated": tag.last_updated,
        "last_used": tag.last_used,
        "also": list(tag.also),
    }


def _run(run: Backfill) -> dict[str, Any]:
    return {
        "from": run.since,
        "requested_at": run.requested_at,
        "status": run.status.lower(),
        "completed_at": run.completed_at,
    }
