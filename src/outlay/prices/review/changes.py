"""Changes: what is different in the price book between two days of use, or between two days of knowledge."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from outlay.prices.book import Book
from outlay.prices.rates import Rates
from outlay.prices.review.listing import in_force
from outlay.terms.money import EXACT
from outlay.terms.price import FOREVER, Price

_RATIO = Decimal("0.0001")
_Key = tuple[str, str, str, str, int]


def by_validity(book: Book, before: datetime, after: datetime) -> list[dict[str, object]]:
    """Return what costs something else at one instant than at an earlier one, by what the book knows.

    Args:
        book: The prices.
        before: The earlier instant.
        after: The later one.

    Returns:
        One row per provider, model, unit, context and prompt size: kind (new, gone, changed), before and after
        (amount per `per` units, None where there is none), ratio of the change, currency, source.
    """
    earlier, later = _prices(book, before), _prices(book, after)
    return [
        _row(key, earlier.get(key), later.get(key))
        for key in sorted(earlier.keys() | later.keys())
        if not _alike(earlier.get(key), later.get(key))
    ]


def by_knowledge(before: Book, after: Book, since: datetime) -> list[dict[str, object]]:
    """Return what was learnt after an instant, and what was believed about the same time until then.

    Args:
        before: The book as it was known at that instant.
        after: The book as it was known later.
        since: The instant.

    Returns:
        One row per record that was learnt, as `by_validity`, with valid_from, valid_to and recorded_at. A record that
        says what was known already, in other words, is left out.
    """
    rows = []
    for rates in _all(after):
        for price in rates.records():
            known = before.models.get(price.provider, {}).get(price.model)
            was = (
                None if known is None else known.priced(price.unit, [price.context], price.valid_from, price.size_from)
            )
            was = was.of(price.size_from) if was and price.marginal else was
            if price.recorded_at <= since or _alike(was, price):
                continue
            end = None if price.valid_to >= FOREVER else price.valid_to
            span = {"valid_from": price.valid_from, "valid_to": end, "recorded_at": price.recorded_at}
            rows.append({**_row(_key(price), was, price), **span})
    return sorted(
        rows, key=lambda row: (str(row["provider"]), str(row["model"]), str(row["unit"]), str(row["context"]))
    )


def _all(book: Book) -> Iterator[Rates]:
    for models in book.models.values():
        yield from models.values()


def _prices(book: Book, on: datetime) -> dict[_Key, Price]:
    return {_key(price): price for rates in _all(book) for price in in_force(rates, on)}


def _key(price: Price) -> _Key:
    return price.provider, price.model, price.unit, price.context, price.size_from


def _alike(one: Price | None, other: Price | None) -> bool:
    if one is None or other is None:
        return one is other
    same = EXACT.multiply(one.amount, other.per) == EXACT.multiply(other.amount, one.per)
    return same and one.currency == other.currency and one.marginal == other.marginal


def _row(key: _Key, was: Price | None, now: Price | None) -> dict[str, object]:
    provider, model, unit, context, size_from = key
    said = now or was
    per = said.per if said else 1
    before, after = (None if p is None else EXACT.divide(EXACT.multiply(p.amount, per), p.per) for p in (was, now))
    ratio = None
    if before and after is not None and was and now and was.currency == now.currency:
        ratio = EXACT.divide(after - before, before).quantize(_RATIO, context=EXACT)
    return {
        "kind": "new" if was is None else "gone" if now is None else "changed",
        "provider": provider,
        "model": model,
        "unit": unit,
        "context": context,
        "size_from": size_from,
        "before": before,
        "after": after,
        "per": per,
        "currency": said.currency if said else None,
        "ratio": ratio,
        "source": said.source if said else None,
    }
