"""Options that commands share, and the store they name."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import click

from outlay.errors import BadInput
from outlay.exchange.conversion import InCurrency
from outlay.exchange.rates import DEFAULT_DAYS
from outlay.store import Store, open_store
from outlay.terms.period import Period, day

Command = Callable[..., Any]
#: In place of a currency: leave every amount in its own.
OWN = "own"


def store_option(command: Command) -> Command:
    """Add `--store` after the command too."""
    return click.option("--store", "store_url", metavar="URL", help="As `outlay --store`.")(command)


def json_option(command: Command) -> Command:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON; amounts are decimal strings.")(command)


def period_options(command: Command) -> Command:
    """Add `--period`, `--from` and `--to`."""
    for option in (
        click.option("--to", "to", metavar="DAY", help="Day after the last, YYYY-MM-DD."),
        click.option("--from", "since", metavar="DAY", help="First day, YYYY-MM-DD."),
        click.option("--period", metavar="MONTH", help="A month, YYYY-MM. [default: all months in the store]"),
    ):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Asked:
    """What every command that reads the ledger is asked for.

    Args:
        period: The period, or everything the store holds.
        where: Value by dimension.
        as_json: Whether to print JSON.
    """

    period: Period
    where: dict[str, str]
    as_json: bool


def read_command(command: Command) -> Command:
    """Make a function of (store, asked, its own options) a command with the options that all reads share."""

    @wraps(command)
    def asked(ctx: click.Context, **given: Any) -> None:
        since, to, period = given.pop("since"), given.pop("to"), given.pop("period")
        where, as_json = asked_where(given.pop("where")), given.pop("as_json")
        with opened(ctx, given.pop("store_url")) as store:
            command(store, Asked(period_or_all(store, period, since, to), where, as_json), **given)

    return where_option(period_options(json_option(store_option(click.pass_context(asked)))))


def currency_options(command: Command) -> Command:
    """Add `--currency` and `--rate-days`, and give the command `currency`: an `InCurrency`, or None for neither."""

    @wraps(command)
    def asked(*args: Any, currency: str | None, rate_days: int | None, **given: Any) -> None:
        command(*args, currency=_wanted(currency, rate_days), **given)

    days = f"How many days before the day a rate may be from. [default: {DEFAULT_DAYS}]"
    into = f"Convert into this currency, each day at its own rate; `{OWN}` for none. [default: as outlay.toml says]"
    for option in (
        click.option("--rate-days", type=int, metavar="N", help=days),
        click.option("--currency", metavar="CUR", help=into),
    ):
        asked = option(asked)
    return asked


def _wanted(currency: str | None, rate_days: int | None) -> InCurrency | None:
    """Return the currency that an answer is wanted in: as asked for, else as `outlay.toml` says, if there is one."""
    from outlay.schedule.config import place_of, read

    where = None if currency else place_of(None)
    usual = read(where).reporting if where else None
    if currency == OWN or not (currency or usual):
        if rate_days is not None:
            raise BadInput("--rate-days is about conversion", fix="give --currency with it")
        return None
    name = currency or (usual.currency if usual else "")
    days = usual.most_days if usual else DEFAULT_DAYS
    return InCurrency(name, days if rate_days is None else rate_days)


def where_option(command: Command) -> Command:
    """Add `--where`."""
    return click.option(
        "--where",
        "where",
        multiple=True,
        metavar="DIM=VALUE",
        help="Only this value (`DIM=` for none); may be repeated.",
    )(command)


@contextmanager
def opened(ctx: click.Context, store_url: str | None) -> Iterator[Store]:
    """Open the store that the command or the group names; close it afterwards."""
    store = open_store(store_url or (ctx.obj or {}).get("store"))
    try:
        yield store
    finally:
        store.close()


def now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


def asked_period(period: str | None, since: str | None, to: str | None) -> Period | None:
    """Return the period the options name; None when they name none.

    Raises:
        BadInput: Both forms were given, or only half of one.
    """
    if period and (since or to):
        raise BadInput("--period and --from/--to say the same thing twice", fix="use one of them")
    if period:
        return Period.parse(period)
    if since and to:
        return Period(day(since), day(to))
    if since or to:
        raise BadInput("--from and --to belong together", fix="give both; --to is the day after the last")
    return None


def period_or_all(store: Store, period: str | None, since: str | None, to: str | None) -> Period:
    """Return the period the options name, or everything from the first to the last month with data."""
    if asked := asked_period(period, since, to):
        return asked
    from outlay import flow

    months = flow.months_with_data(store)
    if not months:
        raise BadInput(
            "the store holds nothing yet",
            fix="import something first: outlay import focus PATH (or try `outlay demo`)",
            code="empty-store",
        )
    return Period(months[0].first, months[-1].end)


def asked_where(pairs: Sequence[str]) -> dict[str, str]:
    """Read `DIM=VALUE` pairs."""
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise BadInput(f"--where {pair!r} is not DIM=VALUE", fix="write for example --where team=growth")
        found[name] = value
    return found


def asked_list(texts: Sequence[str]) -> list[str]:
    """Read names separated by commas, given once or repeatedly."""
    return [name for text in texts for name in text.split(",") if name]
