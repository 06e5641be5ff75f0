"""Quotes: what some usage costs, part by part, to the same digit as the ledger's own pricing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from outlay.errors import BadInput
from outlay.prices.book import Book
from outlay.terms.money import EXACT, PICO, pico
from outlay.terms.price import Price, Unpriced
from outlay.terms.unit import PROMPT_UNITS, TOKEN_UNITS

_ATTO_IN_PICO = 1_000_000
#: Quantities of what is not a token have at most nine decimal places, as in the ledger's pricing.
_NANO = 9
#: No column of the ledger holds as many.
_MOST = 2**63


@dataclass(frozen=True, slots=True)
class Part:
    """What one unit costs.

    Args:
        unit: What was used.
        quantity: How many of it.
        price: The price's amount, in the quote's currency.
        per: For how many units.
        amount: Quantity times price; the parts add up to the quote exactly.
        source: Who says so.
        valid_from: The price holds from this instant.
    """

    unit: str
    quantity: Decimal
    price: Decimal
    per: int
    amount: Decimal
    source: str
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class Lack:
    """A quantity without a price; it is not in the amount.

    Args:
        unit: What was used.
        quantity: How many of it.
        reason: Why it has no price (see `Unpriced`).
        nearest: Names of the price book that resemble what was not found.
        fix: What gives it a price, where that is known; else empty.
    """

    unit: str
    quantity: Decimal
    reason: str
    nearest: tuple[str, ...]
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """What some usage costs.

    Args:
        amount: The sum of the parts, at most 12 decimal places.
        currency: Its currency; None when nothing has a price.
        parts: One for each unit with a price, in the order given; several where later tokens have marginal prices.
        unpriced: One for each unit without.
    """

    amount: Decimal
    currency: str | None
    parts: tuple[Part, ...]
    unpriced: tuple[Lack, ...]


def quote(
    book: Book,
    provider: str,
    model: str,
    usage: Mapping[str, Decimal | int],
    used_at: datetime,
    context: Mapping[str, str | None] | None = None,
) -> Quote:
    """Price some usage of one model.

    Args:
        book: The prices.
        provider: As usage names it.
        model: As usage names it.
        usage: Quantity by unit; units are disjoint, as in a usage event.
        used_at: When, timezone-aware.
        context: Tier, processing and the like.

    Returns:
        The amount, rounded half up at 1e-12 once for all tokens together and once for each other unit, as the
        ledger does, which keeps those apart.

    Raises:
        BadInput: A quantity is missing, no exact number, negative, too large, a fraction of a token or too fine; the
            instant has no time zone; or prices are in two currencies.
    """
    if used_at.tzinfo is None:
        raise BadInput(f"{used_at} has no time zone", fix="give an instant in UTC", code="naive-instant")
    used = {unit: _checked(unit, given) for unit, given in usage.items()}
    size = sum(int(quantity) for unit, quantity in used.items() if unit in PROMPT_UNITS)
    priced: list[tuple[str, Decimal, Price]] = []
    lacking = []
    for unit, quantity in used.items():
        found = book.price_at(provider, model, unit, used_at, context, size)
        if isinstance(found, Unpriced):
            lacking.append(Lack(unit, quantity, found.reason, found.nearest, found.fix))
        else:
            priced += [(unit, portion, price) for portion, price in found.portions(quantity)]
    currencies = sorted({price.currency for _, _, price in priced})
    if len(currencies) > 1:
        raise BadInput(
            f"{provider} {model} is priced in {' and '.join(currencies)}",
            fix="quote the units of each currency apart",
            code="two-currencies",
        )
    picos = _amounts(priced)
    parts = tuple(
        Part(
            unit,
            quantity,
            price.amount,
            price.per,
            EXACT.multiply(Decimal(amount), PICO),
            price.source,
            price.valid_from,
        )
        for (unit, quantity, price), amount in zip(priced, picos, strict=True)
    )
    total = EXACT.multiply(Decimal(sum(picos)), PICO)
    return Quote(total, currencies[0] if currencies else None, parts, tuple(lacking))


def _checked(unit: str, given: object) -> Decimal:
    """Return a quantity that the ledger could hold too, or refuse it."""
    if isinstance(given, bool) or not isinstance(given, int | Decimal):
        what = "missing" if given is None else f"{given!r}, not an exact number"
        raise _refused(unit, what, "give a whole number or a decimal; leave out what was not used")
    quantity = Decimal(given)
    if not quantity.is_finite() or quantity < 0:
        raise _refused(unit, str(given), "give a number that is not negative")
    if quantity >= _MOST:
        raise _refused(unit, str(given), f"give less than {_MOST}; look for a counter that ran over")
    places = 0 if unit in TOKEN_UNITS else _NANO
    if quantity != EXACT.quantize(quantity, Decimal(1).scaleb(-places)):
        fix = f"give it with at most {places} decimal places" if places else "tokens are whole: give a whole number"
        raise _refused(unit, str(given), fix)
    return quantity


def _refused(unit: str, what: str, fix: str) -> BadInput:
    return BadInput(f"quantity of {unit or 'a unit without a name'} is {what}", fix=fix, code="bad-quantity")


def _amounts(priced: Sequence[tuple[str, Decimal, Price]]) -> list[int]:
    """Return each part in 1e-12 of the currency: tokens share one rounding, by the largest remainder."""
    tokens = [place for place, (unit, _, _) in enumerate(priced) if unit in TOKEN_UNITS]
    atto = {place: int(priced[place][1]) * priced[place][2].atto for place in tokens}
    amounts = {place: exact // _ATTO_IN_PICO for place, exact in atto.items()}
    left = (sum(atto.values()) + _ATTO_IN_PICO // 2) // _ATTO_IN_PICO - sum(amounts.values())
    for place in sorted(tokens, key=lambda p: (-(atto[p] % _ATTO_IN_PICO), p))[:left]:
        amounts[place] += 1
    for place, (_, quantity, price) in enumerate(priced):
        if place not in amounts:
            per = price.per * 10**_NANO
            amounts[place] = (int(quantity.scaleb(_NANO)) * pico(price.amount) + per // 2) // per
    return [amounts[place] for place in range(len(priced))]
