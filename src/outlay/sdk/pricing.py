"""Pricing one call in the program that makes it, from a snapshot of the price book. Never raises into its host.

Comes in: what was used. Goes out: the amount, to the same digit as the ledger's own pricing, or why there is none.

The first question about a model, context and day asks the book, as every other pricing does, and keeps the answer as
whole numbers; the questions after it multiply and add. This module is loaded with the first question.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal, localcontext
from pathlib import Path
from time import time_ns
from typing import NamedTuple, cast

from outlay.errors import OutlayError, Refused
from outlay.prices.book import Book
from outlay.prices.quote import quote
from outlay.prices.snapshot import Snapshot
from outlay.prices.steps import Steps, from_json
from outlay.terms.money import EXACT, PICO, pico
from outlay.terms.price import Unpriced, context_text
from outlay.terms.unit import PROMPT_UNITS, TOKEN_UNITS

_ENVIRONMENT = "OUTLAY_PRICES"
_NANO = 10**9
_ATTO_IN_PICO = 10**6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_NEW = object.__new__
_multiply = EXACT.multiply
_PROMPT = frozenset(PROMPT_UNITS)
#: A host that makes up names of models, or asks for a thousand different days, must not fill the memory.
_MOST_DAYS = 1024

Usage = Mapping[str, int | Decimal]
Context = Mapping[str, str | None] | None


class Priced:
    """What some usage costs.

    Attributes:
        pico: What the part with a price costs, in 1e-12 of the currency.
        currency: ISO 4217 code; None when nothing has a price.
        unpriced: Why a unit has no price, by unit; empty when all have one.
    """

    __slots__ = ("currency", "pico", "unpriced")

    pico: int
    currency: str | None
    unpriced: dict[str, str]

    @property
    def amount(self) -> Decimal | None:
        """Return what all of it costs, to 12 decimal places; None when some of it has no price, never zero."""
        return None if self.unpriced else _multiply(self.pico, PICO)

    @property
    def priced(self) -> Decimal:
        """Return what the part with a price costs; the whole where nothing is unpriced."""
        return _multiply(self.pico, PICO)

    @property
    def reason(self) -> str | None:
        """Return why there is no amount: the reason of the first unit that has no price; else None."""
        return next(iter(self.unpriced.values()), None)

    def __repr__(self) -> str:
        """Say the amount, or what has no price."""
        return f"<Priced {f'unpriced={self.unpriced}' if self.unpriced else f'{self.priced} {self.currency}'}>"


class _Band(NamedTuple):
    """Prices from one prompt size on."""

    size_from: int
    atto: dict[str, int]  # of one token, in 1e-18
    other: dict[str, tuple[int, int]]  # of another unit, in 1e-12 for so many billionths of it
    steps: Steps  # by how much tokens after the first so many differ


class _Piece(NamedTuple):
    """Prices of one model and context, from one instant to another, with bands of prompt size, the largest first."""

    since_ns: int
    until_ns: int
    since: datetime
    until: datetime
    currency: str | None
    bands: list[_Band]


class _Prices:
    """The snapshot in use, and what was asked of it."""

    def __init__(self, path: str | None) -> None:
        self.path = path
        self.latest: dict[object, _Piece] = {}
        self.by_day: dict[object, list[_Piece]] = {}
        self.known: Book | Refused | None = None

    def book(self) -> Book:
        """Return the book, read once; a file that cannot be read is not tried again."""
        if self.known is None:
            try:
                self.known = Snapshot.read(Path(self.path or os.environ[_ENVIRONMENT])).book()
            except KeyError:
                self.known = Refused(f"no configure(prices=...) and no {_ENVIRONMENT}", code="no-snapshot")
            except Refused as error:
                self.known = error
        if isinstance(self.known, Refused):
            raise self.known
        return self.known


_prices = _Prices(None)


def use(path: str | None) -> None:
    """Read prices from this snapshot from now on; None means the one that `OUTLAY_PRICES` names."""
    global _prices  # noqa: PLW0603 - replaced whole, so that a question in another thread sees one or the other
    _prices = _Prices(path)


def price(
    provider: str, model: str, usage: Usage, *, used_at: datetime | None = None, context: Context = None
) -> Priced:
    """Say what some usage costs, at the prices of the snapshot that `configure(prices=...)` or `OUTLAY_PRICES` names.

    It never raises and reaches no network: what it cannot price, it says so.

    Args:
        provider: Who is paid.
        model: As the provider names it.
        usage: Quantity by unit, disjoint, as `record` takes it.
        used_at: When, timezone-aware; None means now.
        context: Tier, processing and the like, where out of the ordinary.

    Returns:
        The amount, rounded half up at 1e-12 once for all tokens together and once for each other unit. Where a unit
        has no price, the reason, as `outlay price` gives it; or for all units `no-snapshot`, `bad-quantity`,
        `two-currencies`, `bad-question`.
    """
    prices = _prices
    try:
        key = (provider, model, *context.items()) if context else (provider, model)
        piece = prices.latest.get(key)
        if used_at is None:
            if piece is None or not piece[0] <= time_ns() < piece[1]:
                piece = _piece(prices, key, datetime.now(UTC), context)
        elif piece is None or not piece[2] <= used_at < piece[3]:
            piece = _piece(prices, key, used_at, context)
        bands = piece[5]
        _, atto, other, steps = bands[0] if len(bands) == 1 else _band(bands, usage)
        tokens = _above(steps, usage) if steps else 0
        amount = 0
        for unit, quantity in usage.items():
            if quantity.__class__ is not int or quantity < 0:
                return _asked(prices, provider, model, usage, used_at, context)
            if unit in atto:
                tokens += quantity * atto[unit]
            elif unit in other:
                each, per = other[unit]
                amount += (quantity * _NANO * each + per // 2) // per
            elif quantity:
                return _asked(prices, provider, model, usage, used_at, context)
        # Assigning here is what __init__ would do, without the call.
        found = _NEW(Priced)
        found.pico = amount + (tokens + _ATTO_IN_PICO // 2) // _ATTO_IN_PICO
        found.currency = piece[4]
        found.unpriced = {}
        return found  # noqa: TRY300 - an else would cost every call what it costs to leave this one
    except Exception as error:  # noqa: BLE001 - law 12: whatever is wrong, the host goes on
        return _refused(usage, error)


def _band(bands: list[_Band], usage: Usage) -> _Band:
    """Return the prices that hold for a prompt of this size."""
    size: int | Decimal = 0
    for unit in usage:
        if unit in _PROMPT:
            size += usage[unit]
    for band in bands:
        if band[0] <= size:
            return band
    return bands[-1]


def _above(steps: Steps, usage: Usage) -> int:
    """Return by how much marginal prices change the amount, in 1e-18."""
    return sum(
        (cast(int, usage[unit]) - before) * more
        for unit, held in steps.items()
        for before, more in held
        if usage.get(unit, 0) > before
    )


def _asked(
    prices: _Prices, provider: str, model: str, usage: Usage, used_at: datetime | None, context: Context
) -> Priced:
    """Ask the book itself: for what has no price, and for quantities that are not whole."""
    with localcontext(EXACT):  # not the host's, which may have few digits, and traps
        answer = quote(prices.book(), provider, model, usage, used_at or datetime.now(UTC), context)
    found = Priced()
    found.pico = pico(answer.amount)
    found.currency = answer.currency
    found.unpriced = {lack.unit: lack.reason for lack in answer.unpriced if lack.quantity}
    return found


def _refused(usage: object, error: Exception) -> Priced:
    """Return why nothing has a price."""
    reason = error.code if isinstance(error, OutlayError) else "bad-question"
    found = Priced()
    found.pico, found.currency = 0, None
    found.unpriced = dict.fromkeys(usage, reason) if isinstance(usage, Mapping) else {}
    found.unpriced = found.unpriced or {"usage": reason}
    return found


def _piece(prices: _Prices, key: tuple[object, ...], used_at: datetime, context: Context) -> _Piece:
    """Return the prices that hold at an instant, from those asked for before or from the book."""
    if used_at.tzinfo is None:
        raise ValueError("an instant without a time zone")
    at = used_at.astimezone(UTC)
    first = datetime.combine(at.date(), time(), UTC)
    held = prices.by_day.get((key, first), [])
    piece = next((each for each in held if each.since <= at < each.until), None)
    if piece is None:
        with localcontext(EXACT):
            piece = _compiled(prices.book(), cast(str, key[0]), cast(str, key[1]), at, (first, first + _DAY), context)
        if len(prices.by_day) >= _MOST_DAYS:
            prices.by_day, prices.latest, prices.known = {}, {}, None  # a book remembers what was asked of it, too
        prices.by_day[key, first] = [*held, piece]
    prices.latest[key] = piece
    return piece


def _compiled(
    book: Book, provider: str, model: str, at: datetime, day: tuple[datetime, datetime], context: Context
) -> _Piece:
    """Return the prices of every unit of a model around an instant, in whole numbers."""
    first, end = day
    rates = book.rates(provider, model, at)
    records = () if isinstance(rates, Unpriced) else tuple(rates.records())
    currencies = {record.currency for record in records}
    bands = [_Band(0, {}, {}, {})]  # what is not in it is asked for in the book
    said = {name: value.strip().lower() for name, value in (context or {}).items() if value}
    if len(currencies) == 1 and not any(mark in "".join(pair) for pair in said.items() for mark in ";="):
        by_unit: dict[str, list[dict[str, object]]] = {}
        for unit in ("", *sorted({record.unit for record in records} - set(TOKEN_UNITS))):
            rows = book.vectors(provider, model, context_text(said), unit, first, end)
            by_unit[unit] = [row for row in rows if _since(row) <= at < _until(row)]
            first, end = _since(by_unit[unit][0]), _until(by_unit[unit][0])
        sizes = {cast(int, row["size_from"]) for rows in by_unit.values() for row in rows}
        bands = [_from_size(size, by_unit) for size in sorted(sizes, reverse=True)]
    since_ns, until_ns = ((instant - _EPOCH) // timedelta(microseconds=1) * 1000 for instant in (first, end))
    return _Piece(since_ns, until_ns, first, end, next(iter(currencies), None), bands)


def _since(row: dict[str, object]) -> datetime:
    return cast(datetime, row["valid_from"])


def _until(row: dict[str, object]) -> datetime:
    return cast(datetime, row["valid_to"])


def _from_size(size: int, by_unit: dict[str, list[dict[str, object]]]) -> _Band:
    found = _Band(size, {}, {}, {})
    for unit, rows in by_unit.items():
        row = next(row for row in rows if cast(int, row["size_from"]) <= size < cast(int, row["size_to"]))
        found.atto.update(
            {name: cast(int, row[f"{name}_atto"]) for name in TOKEN_UNITS if row[f"{name}_atto"] is not None}
        )
        found.steps.update(from_json(cast(str, row["steps"])))
        if unit and row["unit_amount"] is not None:
            per = cast(int, row["unit_per"]) * _NANO
            found.other[unit] = pico(cast(Decimal, row["unit_amount"])), per
    return found
