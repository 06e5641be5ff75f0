"""`outlay keys`: who may send, read and administer. A running server is asked where it holds the store."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import click

from outlay.cli.options import json_option, now, opened, store_option
from outlay.cli.tables import console, show
from outlay.errors import BadInput, Refused, StoreHeld
from outlay.serve import keys as ring
from outlay.serve.api.keys import shown
from outlay.serve.encode import to_json, to_jsonable
from outlay.serve.keys.key import Key, listed
from outlay.store import Store

Answer = dict[str, Any]


@click.group()
def keys() -> None:
    """Who may send events, read the ledger and administer. Only a digest of a key's secret is kept."""


@keys.command("make")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, default=("ingest",), show_default=True, help="ingest, read or admin.")
@click.option("--bind", "bound", multiple=True, metavar="DIM=VALUE", help="All it sends has this value.")
@click.option("--events-per-second", type=int, help="The most it may send.")
@click.option("--days", type=int, help="Days after which it ends.")
@json_option
@store_option
@click.pass_context
def make(
    ctx: click.Context,
    name: str,
    scopes: tuple[str, ...],
    bound: tuple[str, ...],
    events_per_second: int | None,
    days: int | None,
    as_json: bool,
    store_url: str | None,
) -> None:
    """Make a key. Its text is shown once: put it where the program that sends keeps its secrets."""
    wanted = {
        "name": name,
        "scopes": list(scopes),
        "bound": dict(_pair(pair) for pair in bound),
        "events_per_second": events_per_second,
    }

    def here(store: Store) -> Answer:
        ends = now() + timedelta(days=days) if days else None
        return _with_text(*ring.made(store, **cast("dict[str, Any]", wanted), expires_at=ends, now=now()))

    _show_made(_asked(ctx, store_url, here, "/v1/keys", {**wanted, "days": days}), as_json=as_json)


@keys.command("list")
@json_option
@store_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool, store_url: str | None) -> None:
    """List every key there ever was."""
    answer = _asked(ctx, store_url, lambda store: {"keys": [shown(key) for key in listed(store)]}, "/v1/keys", None)
    if as_json:
        click.echo(to_json(answer))
        return
    rows = [
        {
            "key": row["key"],
            "name": row["name"],
            "may": ", ".join(row["scopes"]),
            "bound to": ", ".join(f"{name}={value}" for name, value in row["bound"].items()) or None,
            "events/s": row["events_per_second"],
            "ends": "revoked" if row["revoked"] else row["expires_at"],
        }
        for row in answer["keys"]
    ]
    show(
        "Keys",
        [(key, key) for key in ("key", "name", "may", "bound to", "events/s", "ends")],
        rows,
        empty="No keys. This machine needs none; others do: outlay keys make NAME",
    )


@keys.command("rotate")
@click.argument("key")
@click.option("--grace-hours", default=24, show_default=True, help="Hours for which the old one still holds.")
@json_option
@store_option
@click.pass_context
def rotate(ctx: click.Context, key: str, grace_hours: int, as_json: bool, store_url: str | None) -> None:
    """Make another key for the same, by id or name; the old one ends after some hours."""

    def here(store: Store) -> Answer:
        until = now() + timedelta(hours=grace_hours)
        return _with_text(*ring.rotated(store, key, now=now(), until=until))

    _show_made(_asked(ctx, store_url, here, f"/v1/keys/{key}/rotate", {"hours": grace_hours}), as_json=as_json)


@keys.command("revoke")
@click.argument("key")
@json_option
@store_option
@click.pass_context
def revoke(ctx: click.Context, key: str, as_json: bool, store_url: str | None) -> None:
    """End a key at once, by id or name."""
    answer = _asked(
        ctx, store_url, lambda store: shown(ring.revoked(store, key, now=now())), f"/v1/keys/{key}/revoke", {}
    )
    if as_json:
        click.echo(to_json(answer))
    else:
        console.print(f"The key {answer['name']} ({answer['key']}) has ended.", markup=False)


def _asked(
    ctx: click.Context, store_url: str | None, here: Callable[[Store], Answer], path: str, body: Answer | None
) -> Answer:
    """Do something to the store, or have the server do it that holds the store."""
    try:
        with opened(ctx, store_url) as store:
            return here(store)
    except StoreHeld as held:
        try:
            url, token = held.note.read_text(encoding="utf-8").split()
        except (OSError, ValueError):
            raise held from None
        return _told(f"{url}{path}", token, body)


def _told(url: str, token: str, body: Answer | None) -> Answer:
    content = None if body is None else json.dumps(body).encode()
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    request = urllib.request.Request(url, content, headers)  # noqa: S310 - the address our own server left
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
            return cast(Answer, json.load(answer))
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        raise Refused(problem["detail"], fix=problem["fix"], code=problem["code"]) from error


def _with_text(key: Key, text: str) -> Answer:
    return {**cast(Answer, to_jsonable(shown(key))), "text": text}


def _show_made(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        click.echo(to_json(answer))
        return
    console.print(f"The key of {answer['name']}, shown once:\n\n  {answer['text']}\n", markup=False, soft_wrap=True)
    console.print("Send it as: Authorization: Bearer KEY", markup=False)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise BadInput(f"--bind {text!r} binds nothing", fix="write --bind team=growth")
    return name, value
