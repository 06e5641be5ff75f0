"""Credits: what each agreed one amounts to, beside what the bills took off and what it could have paid for.

How much of a credit is left is known from the bill alone. An estimate of a call never has a credit in it: no call knows
whether the balance was used up before it.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import cast

from outlay.prices.book import Book
from outlay.prices.contexts import wanted
from outlay.prices.credit import CREDIT
from outlay.prices.names import provider_of
from outlay.prices.pattern import matches
from outlay.prices.percent import EVERY_MODEL
from outlay.prices.rates import Rates
from outlay.store import Row, Store
from outlay.terms.price import ALWAYS, ANY, FOREVER, PROJECT, Price, context_of

_ZERO = Decimal(0)


def balances(store: Store, book: Book, on: datetime) -> Iterator[Row]:
    """Yield every credit that is known, by provider and name.

    Args:
        store: Holds the published months and the bills.
        book: The price book.
        on: The instant up to which is counted.

    Returns:
        provider; credit (its name); project and model, None for all; amount and currency; valid_from and valid_to,
        None without end; state (in force, past, future); drawn, what credits of this provider and currency took off
        on bills of its time, all credits together; measured, what the usage it is for costs by estimate in its time;
        left, its amount less `measured`, at least 0: what would be left had it paid for all of that and alone; source.
    """
    for price, pattern in sorted(book.credits, key=lambda credit: (credit[0].provider, credit[0].unit)):
        ends_at = min(price.valid_to, on)
        span = {"starts_at": price.valid_from, "ends_at": ends_at}
        began = price.valid_from < ends_at
        used = store.rows("prices/credit_measured", span) if began else []
        measured = sum((_amount(row) for row in used if _is_for(book, price, pattern, row)), _ZERO)
        bills = store.rows("prices/credit_drawn", span) if began else []
        drawn = sum((cast(Decimal, row["drawn"]) for row in bills if _is_of(book, price, row)), _ZERO)
        yield {
            "provider": price.provider,
            "credit": price.unit.removeprefix(CREDIT),
            "project": context_of(price.context).get(PROJECT),
            "model": None if price.model == EVERY_MODEL else price.model,
            "amount": price.amount,
            "currency": price.currency,
            "valid_from": None if price.valid_from == ALWAYS else price.valid_from,
            "valid_to": None if price.valid_to >= FOREVER else price.valid_to,
            "state": "past" if price.valid_to <= on else "future" if price.valid_from > on else "in force",
            "drawn": drawn,
            "measured": measured,
            "left": max(price.amount - measured, _ZERO),
            "source": price.source,
        }


def _amount(row: Row) -> Decimal:
    return cast(Decimal, row["amount"])


def _is_for(book: Book, price: Price, pattern: str, row: Row) -> bool:
    """Say whether usage is what a credit may pay for."""
    provider, model = cast(str, row["provider"]), cast(str, row["model_name"])
    if row["currency"] != price.currency or _provider(book, provider, model) != price.provider:
        return False
    asked = wanted(context_of(cast(str, row["context"])), price.provider)
    project = context_of(price.context).get(PROJECT)
    if project is not None and (PROJECT not in asked or project not in (asked[PROJECT], ANY)):
        return False
    rates = book.rates(provider, model)
    names = [model, rates.name] if isinstance(rates, Rates) else [model]
    return any(matches(pattern, name) for name in names)


def _is_of(book: Book, price: Price, row: Row) -> bool:
    same = _provider(book, cast(str, row["provider"]), "") == price.provider
    return same and row["currency"] == price.currency


def _provider(book: Book, provider: str, model: str) -> str:
    return provider_of(provider, model, book.models)[0] or provider.strip().lower()
