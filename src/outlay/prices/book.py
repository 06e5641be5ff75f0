"""The price book as it was known at one instant: what one thing cost then, and vectors to price many at once.

Comes in: table `price`. Goes out: prices in force, or the reason why there is none; rows of `price_vector`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import cast

from outlay.prices.names import fallbacks, provider_of
from outlay.prices.pattern import compiled, dashed
from outlay.prices.rates import WIDER, Rates, wanted
from outlay.prices.vector import ENDLESS, Row, dearest_token, dearest_unit, pieces, unpriced
from outlay.store import Store
from outlay.terms.price import (
    NO_PRICE_THEN,
    UNKNOWN_CONTEXT,
    UNKNOWN_MODEL,
    UNKNOWN_PROVIDER,
    UNKNOWN_UNIT,
    Price,
    Unpriced,
    context_of,
)

#: The currency of what has no price and no neighbour with one.
_CURRENCY = "USD"


class Book:
    """Prices as they were known at one instant.

    Args:
        models: Rates by provider and model name.
    """

    def __init__(self, models: Mapping[str, Mapping[str, Rates]]) -> None:
        # Models are asked in order of their names, as the lists they come from have them; what only an agreement
        # knows goes first, so that it can stand in front of a list's wide pattern.
        self.models = models
        self._models = {
            provider: sorted(found.values(), key=lambda rates: (rates.listed, rates.name))
            for provider, found in models.items()
        }
        self._found: dict[tuple[str, str], Rates | Unpriced] = {}
        self._bounds: dict[tuple[str, str, datetime, datetime], tuple[str, int, Decimal | None]] = {}

    @classmethod
    def load(cls, store: Store, known_at: datetime) -> "Book":
        """Read what was known at an instant.

        Args:
            store: Where table `price` is.
            known_at: What was learnt after this instant does not exist.
        """
        models: dict[str, dict[str, Rates]] = {}
        for row in store.rows("prices/known", {"known_at": known_at}):
            pattern = str(row.pop("pattern"))
            price = Price(**row)  # type: ignore[arg-type]  # the query returns the fields of a price
            found = models.setdefault(price.provider, {})
            if price.model not in found:
                found[price.model] = Rates(price.provider, price.model, pattern)
            found[price.model].add(price, pattern)
        return cls(models)

    def find(self, provider: str, model: str) -> Rates | Unpriced:
        """Find the model that is meant, asking the provider's own models first and then those it sells for others.

        Args:
            provider: As usage names it.
            model: As usage names it; empty when it does not.

        Returns:
            The model's prices; or `Unpriced` (unknown-provider, unknown-model) with the nearest names.
        """
        found = self.rates(provider, model)
        if isinstance(found, Rates):
            return found
        known, name = provider_of(provider, model, self._models)
        if known is None:
            near = get_close_matches(provider.lower(), list(self._models), 3)
        else:
            near = get_close_matches(name.lower(), [rates.name for rates in self._sold_by(known)], 3, cutoff=0.4)
        return replace(found, nearest=tuple(near))

    def rates(self, provider: str, model: str) -> Rates | Unpriced:
        """Find the model that is meant, as `find` does, without looking for the nearest names."""
        key = (provider, model)
        if key not in self._found:
            self._found[key] = self._search(provider, model)
        return self._found[key]

    def price_at(
        self,
        provider: str,
        model: str,
        unit: str,
        used_at: datetime,
        context: Mapping[str, str | None] | None = None,
        size: int = 0,
    ) -> Price | Unpriced:
        """Find the price in force when something was used.

        Args:
            provider: As usage names it.
            model: As usage names it.
            unit: A token unit or any other.
            used_at: Instant of use, timezone-aware.
            context: Tier, processing and the like, where out of the ordinary.
            size: Tokens of the whole prompt, cached ones included.

        Returns:
            The price as its source states it; or `Unpriced` naming the reason, never a price of zero in its place.
        """
        rates = self.find(provider, model)
        if isinstance(rates, Unpriced):
            return Unpriced(rates.reason, provider, model, unit, rates.nearest)
        asked = wanted(context or {})
        if price := rates.find(unit, rates.applicable(asked, used_at), used_at, size):
            if self._knows(rates, provider, model, asked, used_at):
                return price
            contexts = tuple(c for c in rates.contexts() if c) if self._is_own(rates, provider, model) else ()
            return Unpriced(UNKNOWN_CONTEXT, provider, model, unit, contexts)
        units = sorted({p.unit for p in rates.records()})
        if any(name in units for name in WIDER.get(unit, (unit,))):
            return Unpriced(NO_PRICE_THEN, provider, model, unit)
        return Unpriced(UNKNOWN_UNIT, provider, model, unit, tuple(get_close_matches(unit, units, 3)) or tuple(units))

    def vectors(
        self, provider: str, model: str, context: str, unit: str, first: datetime, end: datetime
    ) -> list[Row]:
        """Return the prices of all units side by side, for every instant of a span and every prompt size.

        Args:
            provider: As usage names it.
            model: As usage names it; empty when it does not.
            context: As usage names it, `processing=batch;tier=flex`; empty for the ordinary one.
            unit: The unit that is not a token; empty when there is none.
            first: Beginning of the span.
            end: End of it, not included.

        Returns:
            Rows of table `price_vector` without `run`, `month` and `vector`, by time and size. Together they cover
            every instant and size exactly once. `bound_atto` and `bound_unit_amount` are the dearest prices the
            provider (and those whose models it sells) has in the span in any context, in the row's currency.

        Raises:
            Broken: A token's price is not whole in 1e-18 of the currency.
        """
        rates = self.rates(provider, model)
        named = {"provider": provider, "model": model, "context": context, "unit": unit}
        currency, bound, bound_unit = self._bound(provider, model, unit, first, end)
        rest = {"currency": currency, "bound_atto": bound, "bound_unit_amount": bound_unit}
        if isinstance(rates, Unpriced):
            spans = [(first, end, [(0, unpriced(rates.reason))])]
        else:
            asked = wanted(dict(context_of(context)))
            own = self._is_own(rates, provider, model)
            spans = list(pieces(rates, asked, unit, first, end, elsewhere=not own))
        rows = []
        for valid_from, valid_to, by_size in spans:
            ends = [size for size, _ in by_size[1:]] + [ENDLESS]
            for (size_from, prices), size_to in zip(by_size, ends, strict=True):
                span = {"valid_from": valid_from, "valid_to": valid_to, "size_from": size_from, "size_to": size_to}
                rows.append(cast("Row", {**named, **span, **prices, **rest}))
        return rows

    def _search(self, provider: str, model: str) -> Rates | Unpriced:
        known, name = provider_of(provider, model, self._models)
        if known is None:
            return Unpriced(UNKNOWN_PROVIDER, provider, model)
        name = name.lower()
        for spelling in dict.fromkeys((name, dashed(name))):
            for rates in self._sold_by(known):
                if compiled(rates.pattern).fullmatch(spelling):
                    return rates
        return Unpriced(UNKNOWN_MODEL, provider, model)

    def _is_own(self, rates: Rates, provider: str, model: str) -> bool:
        """Say whether a model is the provider's own; of another's models only the ordinary price is known to hold."""
        return rates.provider == provider_of(provider, model, self._models)[0]

    def _knows(self, rates: Rates, provider: str, model: str, asked: Mapping[str, str], used_at: datetime) -> bool:
        return rates.knows(asked, used_at, elsewhere=not self._is_own(rates, provider, model))

    def _sold_by(self, provider: str) -> Iterator[Rates]:
        for seller in (provider, *fallbacks(provider)):
            yield from self._models.get(seller, ())

    def _bound(
        self, provider: str, model: str, unit: str, first: datetime, end: datetime
    ) -> tuple[str, int, Decimal | None]:
        known, _ = provider_of(provider, model, self._models)
        rates = self.rates(provider, model)
        own = None if isinstance(rates, Unpriced) else next(rates.records()).currency
        key = (known or "", f"{unit} {own}", first, end)
        if key not in self._bounds:
            nearby = [
                price
                for other in (self._sold_by(known) if known else ())
                for price in other.records()
                if price.valid_from < end and price.valid_to > first
            ]
            currencies = {price.currency for price in nearby}
            currency = own or (currencies.pop() if len(currencies) == 1 else _CURRENCY)
            nearby = [price for price in nearby if price.currency == currency]
            self._bounds[key] = (currency, dearest_token(nearby), dearest_unit(nearby, unit) if unit else None)
        return self._bounds[key]
