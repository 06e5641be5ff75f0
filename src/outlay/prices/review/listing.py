"""Listing: what is in the price book, one row per model, or everything ever known about one model."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from outlay.errors import BadInput
from outlay.prices.book import Book
from outlay.prices.rates import Rates
from outlay.terms.price import FOREVER, ORDINARY, Price, Unpriced

#: A record is one of these on a given day.
IN_FORCE, PAST, FUTURE, REPLACED = "in force", "past", "future", "replaced"


def listed(
    book: Book, on: datetime, *, provider: str | None = None, model: str | None = None
) -> list[dict[str, object]]:
    """Return the ordinary prices of every model, as they are at an instant.

    Args:
        book: The prices.
        on: The instant.
        provider: Only this one, as usage may name it.
        model: Only models with this in their name.

    Returns:
        One row per model: provider, model, prices (those of a small prompt in no special context, with unit, amount,
        per, currency and source), contexts, sizes (prompt sizes from which others hold).

    Raises:
        UnknownName: There is no such provider.
    """
    rows: list[dict[str, object]] = []
    for name in [book.provider(provider)] if provider else sorted(book.models):
        for rates in sorted(book.models[name].values(), key=lambda held: held.name):
            if model and model.lower() not in rates.name:
                continue
            prices = [price for price in in_force(rates, on) if price.context == ORDINARY]
            rows.append(
                {
                    "provider": name,
                    "model": rates.name,
                    "prices": [_brief(price) for price in prices if price.size_from == 0],
                    "contexts": sorted(context for context in rates.contexts() if context),
                    "sizes": sorted({price.size_from for price in prices if price.size_from}),
                }
            )
    return rows


def history(book: Book, provider: str, model: str, on: datetime) -> dict[str, object]:
    """Return everything known about the prices of one model.

    Args:
        book: The prices.
        provider: As usage names it.
        model: As usage names it.
        on: The instant at which a record is in force, past, future or replaced.

    Returns:
        provider and model as the book calls them, pattern (the names it goes by), and records, ordered by unit,
        context, size and time: unit, context, size_from, marginal, amount, per, currency, valid_from, valid_to, state,
        source, recorded_at. `valid_to` is None for a price without end.

    Raises:
        BadInput: There is no such model; the nearest are named.
    """
    rates = book.find(provider, model, on)
    if isinstance(rates, Unpriced):
        near = f"did you mean {', '.join(rates.nearest)}? " if rates.nearest else ""
        raise BadInput(
            f"{rates.reason}: {provider} {model}",
            fix=f"{near}{rates.fix or 'outlay prices list shows what the book knows'}",
            code=rates.reason,
        )
    held = set(in_force(rates, on))
    records = sorted(rates.records(), key=lambda p: (p.unit, p.context, p.size_from, p.valid_from, p.recorded_at))
    return {
        "provider": rates.provider,
        "model": rates.name,
        "pattern": rates.pattern,
        "records": [_full(price, _state(price, held, on)) for price in records],
    }


def in_force(rates: Rates, on: datetime) -> Iterator[Price]:
    """Yield the price in force of every unit, context and prompt size that has one of its own."""
    keys = sorted({(price.unit, price.context, price.size_from) for price in rates.records()})
    for unit, context, size_from in keys:
        found = rates.priced(unit, [context], on, size_from)
        held = (replace(found, steps=()), *found.steps) if found is not None else ()
        yield from (
            price for price in held if (price.unit, price.context, price.size_from) == (unit, context, size_from)
        )


def _brief(price: Price) -> dict[str, object]:
    return {
        "unit": price.unit,
        "amount": price.amount,
        "per": price.per,
        "currency": price.currency,
        "source": price.source,
    }


def _full(price: Price, state: str) -> dict[str, object]:
    return {
        "unit": price.unit,
        "context": price.context,
        "size_from": price.size_from,
        "marginal": price.marginal,
        "amount": price.amount,
        "per": price.per,
        "currency": price.currency,
        "valid_from": price.valid_from,
        "valid_to": None if price.valid_to >= FOREVER else price.valid_to,
        "state": state,
        "source": price.source,
        "recorded_at": price.recorded_at,
    }


def _state(price: Price, held: set[Price], on: datetime) -> str:
    if price in held:
        return IN_FORCE
    if price.valid_to <= on:
        return PAST
    return FUTURE if price.valid_from > on else REPLACED
