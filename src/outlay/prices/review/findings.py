"""Findings: what is wrong or about to go wrong with the price book, and with the usage it has to price."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from itertools import pairwise
from typing import cast

from outlay.prices.book import Book
from outlay.prices.rates import Rates
from outlay.prices.review.used import Used
from outlay.prices.source import is_list
from outlay.terms.money import EXACT, PICO
from outlay.terms.price import FOREVER, NO_PRICE_THEN, UNKNOWN_UNIT, Price, Unpriced
from outlay.terms.unit import TOKEN_UNITS

#: Kinds of findings.
UNPRICED, OVERLAP, GAP, ENDS_SOON = "unpriced", "overlap", "gap", "ends-soon"
Finding = dict[str, object]
_ATTO = Decimal(1).scaleb(-18)


def overlaps(book: Book) -> Iterator[Finding]:
    """Yield prices of one source, learnt together, for the same thing at the same time, that differ.

    Which of them holds is chance. Where two sources differ, the one that is learnt last was put there to hold.
    """
    for rates in _all(book):
        for (unit, context, size_from), records in _by_key(rates).items():
            for place, one in enumerate(records):
                for other in records[:place]:
                    since, until = max(one.valid_from, other.valid_from), min(one.valid_to, other.valid_to)
                    together = one.recorded_at == other.recorded_at and _label(one) == _label(other)
                    if together and since < until and _worth(one) != _worth(other):
                        said = f"{_text(other)} and {_text(one)}, both by {one.source}"
                        yield _finding(OVERLAP, rates, unit, context, size_from, since, until, said)


def gaps(book: Book) -> Iterator[Finding]:
    """Yield spans between two prices of one thing in which it has none."""
    for rates in _all(book):
        for (unit, context, size_from), records in _by_key(rates).items():
            covered = sorted((price.valid_from, price.valid_to) for price in records)
            latest = covered[0][1]
            for (_, _), (since, until) in pairwise(covered):
                if since > latest and rates.find(unit, [context], latest, size_from) is None:
                    yield _finding(GAP, rates, unit, context, size_from, latest, since, "no price in between")
                latest = max(latest, until)


def ends(book: Book, now: datetime, within: timedelta) -> Iterator[Finding]:
    """Yield prices in force now that end soon with none to follow."""
    for rates in _all(book):
        for (unit, context, size_from), records in _by_key(rates).items():
            end = max(price.valid_to for price in records)
            if now < end <= now + within and rates.find(unit, [context], end, size_from) is None:
                yield _finding(ENDS_SOON, rates, unit, context, size_from, end, None, "no price from then on")


def unpriced(book: Book, used: Iterable[Used]) -> list[Finding]:
    """Return what was used and has no price, the dearest bound first.

    Args:
        book: The prices.
        used: What was used.

    Returns:
        Findings with provider and model as usage names them, unit, context, quantity, bound (the most it may cost, by
        the dearest price nearby; None where none is known), currency, first and last day, reason, nearest and fix.
    """
    grouped: dict[tuple[str, str, str, str], list[Used]] = defaultdict(list)
    for each in used:
        grouped[each.provider, each.model, each.context, each.unit].append(each)
    found = [finding for key, held in grouped.items() for finding in _without_price(book, key, held)]
    return sorted(found, key=lambda row: (-(cast("Decimal | None", row["bound"]) or Decimal(0)), str(row["model"])))


def _without_price(book: Book, key: tuple[str, str, str, str], held: list[Used]) -> Iterator[Finding]:
    provider, model, context, unit = key
    first = datetime.combine(min(each.used_on for each in held), time(), UTC)
    end = datetime.combine(max(each.used_on for each in held), time(), UTC) + timedelta(days=1)
    other = "" if unit in TOKEN_UNITS else unit
    column = "unit_amount" if other else f"{unit}_atto"
    lacking: dict[str, list[Used]] = defaultdict(list)
    rows = book.vectors(provider, model, context, other, first, end)
    for each in held:
        at = datetime.combine(each.used_on, time(), UTC)
        row = next(r for r in rows if _holds(r, at, each.size_from))
        if row[column] is None:
            lacking[cast("str | None", row["reason"]) or _why(book, provider, model, unit, at)].append(each)
    for reason, all_of in lacking.items():
        quantity = sum((each.quantity for each in all_of), Decimal(0))
        known = book.find(provider, model, end - timedelta(days=1))
        yield {
            "finding": UNPRICED,
            "provider": provider,
            "model": model,
            "unit": unit,
            "context": context,
            "reason": reason,
            "quantity": quantity,
            "bound": _bound(rows[0], other, quantity),
            "currency": rows[0]["currency"],
            "valid_from": min(each.used_on for each in all_of),
            "valid_to": max(each.used_on for each in all_of) + timedelta(days=1),
            "nearest": list(known.nearest) if isinstance(known, Unpriced) else [],
            "says": f"used in {sum(each.attempts for each in all_of):,} attempts without a price ({reason})",
        }


def _holds(row: dict[str, object], at: datetime, size: int) -> bool:
    in_time = cast(datetime, row["valid_from"]) <= at < cast(datetime, row["valid_to"])
    return in_time and cast(int, row["size_from"]) <= size < cast(int, row["size_to"])


def _why(book: Book, provider: str, model: str, unit: str, at: datetime) -> str:
    found = book.price_at(provider, model, unit, at)
    return found.reason if isinstance(found, Unpriced) else NO_PRICE_THEN if found.unit == unit else UNKNOWN_UNIT


def _bound(row: dict[str, object], other: str, quantity: Decimal) -> Decimal | None:
    if other:
        each = cast("Decimal | None", row["bound_unit_amount"])
    else:
        each = EXACT.multiply(cast(int, row["bound_atto"]), _ATTO) or None
    return None if each is None else EXACT.multiply(each, quantity).quantize(PICO, ROUND_CEILING, EXACT)


def _finding(
    kind: str,
    rates: Rates,
    unit: str,
    context: str,
    size_from: int,
    since: datetime,
    until: datetime | None,
    says: str,
) -> Finding:
    return {
        "finding": kind,
        "provider": rates.provider,
        "model": rates.name,
        "unit": unit,
        "context": context,
        "size_from": size_from,
        "valid_from": since,
        "valid_to": None if until is None or until >= FOREVER else until,
        "says": says,
    }


def _all(book: Book) -> Iterator[Rates]:
    for models in book.models.values():
        yield from models.values()


def _by_key(rates: Rates) -> dict[tuple[str, str, int], list[Price]]:
    found: dict[tuple[str, str, int], list[Price]] = defaultdict(list)
    for price in rates.records():
        found[price.unit, price.context, price.size_from].append(price)
    return found


def _label(price: Price) -> str:
    return price.source.partition(" ")[0] if is_list(price.source) else ""


def _worth(price: Price) -> tuple[Decimal, str]:
    return EXACT.divide(price.amount, price.per), price.currency


def _text(price: Price) -> str:
    return f"{price.amount.normalize():f} {price.currency} per {price.per:,}"
