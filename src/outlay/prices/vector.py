"""Vectors: the prices of all units side by side, over a span of time and all prompt sizes, without a gap.

Comes in: the rates of a model. Goes out: rows of `price_vector` without run, month and number.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from outlay.prices.rates import TOKENS, WIDER, Rates, project_of, timed_edges
from outlay.prices.steps import steps_of
from outlay.terms.money import EXACT, PICO
from outlay.terms.price import NO_PRICE_THEN, UNKNOWN_CONTEXT, Price
from outlay.terms.unit import TOKEN_UNITS

#: No prompt is as long as this; the end of the last size.
ENDLESS = 9_223_372_036_854_775_807
Row = dict[str, object]
Sized = list[tuple[int, Row]]


def unpriced(reason: str, price_model: str | None = None) -> Row:
    """Return the part of a vector that says why there are no prices."""
    return {
        "price_model": price_model,
        "reason": reason,
        "source": None,
        **{f"{unit}_atto": None for unit in TOKEN_UNITS},
        "steps": "",
        "unit_amount": None,
        "unit_per": None,
    }


def pieces(
    rates: Rates, asked: Mapping[str, str], unit: str, first: datetime, end: datetime, *, elsewhere: bool
) -> Iterator[tuple[datetime, datetime, Sized]]:
    """Yield spans of time, in order and without a gap, each with its prices by prompt size.

    Args:
        rates: The model's prices, as far as they are for the project that asks.
        asked: What is out of the ordinary (see `wanted`).
        unit: The unit that is not a token; empty when there is none.
        first: Beginning of the span.
        end: End of it, not included.
        elsewhere: Whether another provider sells the model.

    Yields:
        From, to, and for each size from which something changes, the prices; the first size is 0.
    """
    edges = sorted({first, *_edges(rates, first, end)})
    began, held = first, _by_size(rates, asked, unit, first, elsewhere=elsewhere)
    for edge in edges[1:]:
        found = _by_size(rates, asked, unit, edge, elsewhere=elsewhere)
        if found != held:
            yield began, edge, held
            began, held = edge, found
    yield began, end, held


def _edges(rates: Rates, first: datetime, end: datetime) -> Iterator[datetime]:
    for price in rates.records():
        for edge in (price.valid_from, price.valid_to):
            if first < edge < end:
                yield edge
    for context in rates.contexts():
        yield from timed_edges(context, first, end)


def _by_size(rates: Rates, asked: Mapping[str, str], unit: str, used_at: datetime, *, elsewhere: bool) -> Sized:
    if not rates.in_force(used_at):
        return [(0, unpriced(NO_PRICE_THEN, rates.name))]
    if not rates.knows(asked, used_at, elsewhere=elsewhere):
        return [(0, unpriced(UNKNOWN_CONTEXT, rates.name))]
    contexts = rates.applicable(project_of(asked) if elsewhere else asked, used_at)
    sizes = {p.size_from for p in rates.records() if p.valid_from <= used_at < p.valid_to and not p.marginal}
    found: Sized = []
    for size in sorted({0, *sizes}):
        row = _prices(rates, contexts, unit, used_at, size)
        if not found or found[-1][1] != row:
            found.append((size, row))
    return found


def _prices(rates: Rates, contexts: list[str], unit: str, used_at: datetime, size: int) -> Row:
    tokens = {name: rates.priced(name, contexts, used_at, size) for name in TOKEN_UNITS}
    other = rates.priced(unit, contexts, used_at, size) if unit else None
    sources = {p.source for price in (*tokens.values(), other) if price for p in (price, *price.steps)}
    return {
        "price_model": rates.name,
        "reason": None,
        "source": "; ".join(sorted(sources)) or None,
        **{f"{name}_atto": price.atto if price else None for name, price in tokens.items()},
        "steps": steps_of(tokens),
        "unit_amount": other.amount if other else None,
        "unit_per": other.per if other else None,
    }


def dearest_token(prices: Iterable[Price]) -> int:
    """Return the dearest price of one token in 1e-18 of the currency, 0 when there is none."""
    return max((p.atto for p in prices if p.unit in TOKENS), default=0)


def dearest_unit(prices: Iterable[Price], unit: str) -> Decimal | None:
    """Return the dearest price of one unit, rounded up at 1e-12; None when there is none."""
    units = WIDER.get(unit, (unit,))
    rates = [EXACT.divide(p.amount, Decimal(p.per)) for p in prices if p.unit in units]
    return max(rates).quantize(PICO, rounding=ROUND_CEILING, context=EXACT) if rates else None
