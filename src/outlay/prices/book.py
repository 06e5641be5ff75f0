"""The price book as it was known at one instant: what one thing cost then, and vectors to price many at once.

Comes in: table `price`. Goes out: prices in force, or the reason why there is none; rows of `price_vector`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from functools import cached_property
from itertools import pairwise
from typing import cast

from outlay.errors import UnknownName
from outlay.prices.contexts import wanted
from outlay.prices.credit import Credit, is_credit, latest
from outlay.prices.names import fallbacks, is_opaque, is_tuned, makers, provider_of, spellings, untuned
from outlay.prices.pattern import matches
from outlay.prices.percent import Percentage, adjusted, is_percentage
from outlay.prices.policy import CACHED, REPORTED, Policies, cut, free, is_cached, reported_counts
from outlay.prices.rates import WIDER, Rates, project_of
from outlay.prices.source import DEPLOYMENT
from outlay.prices.vector import ENDLESS, Row, Sized, dearest_token, dearest_unit, pieces, unpriced
from outlay.store import Store
from outlay.terms.price import (
    ALWAYS,
    FOREVER,
    NO_PRICE_THEN,
    PROJECT,
    UNKNOWN_CONTEXT,
    UNKNOWN_MODEL,
    UNKNOWN_PROVIDER,
    UNKNOWN_UNIT,
    Price,
    Unpriced,
    context_of,
    context_text,
)

#: The last instant at which prices without an end hold.
_LAST = FOREVER - timedelta(microseconds=1)
#: The currency of what has no price and no neighbour with one.
_CURRENCY = "USD"


class Book:
    """Prices as they were known at one instant.

    Args:
        models: Rates by provider and model name.
        percentages: Discounts and uplifts by provider, oldest knowledge first.
        deployments: By provider and deployed name, records whose pattern is the name of the model behind it.
        reported: By provider, records that say whether its own statement of cost counts, oldest knowledge first.
        credits_: Credits that vendors gave; no price has any of them in it.
    """

    def __init__(
        self,
        models: Mapping[str, Mapping[str, Rates]],
        percentages: Mapping[str, Sequence[Percentage]] | None = None,
        deployments: Mapping[tuple[str, str], Sequence[tuple[Price, str]]] | None = None,
        reported: Mapping[str, Policies] | None = None,
        credits_: Sequence[Credit] = (),
    ) -> None:
        self.credits = credits_
        self._percentages = percentages or {}
        self._deployments = deployments or {}
        self._reported = reported or {}
        self._stated = models
        # Models are asked in order of their names, as the lists they come from have them; what only an agreement
        # knows goes first, so that it can stand in front of a list's wide pattern.
        self._models = {
            provider: sorted(found.values(), key=lambda rates: (rates.listed, rates.name))
            for provider, found in models.items()
        }
        self._adjusted: dict[tuple[str, str, str], Rates] = {}
        self._found: dict[tuple[str, str], Rates | Unpriced] = {}
        self._sellers: dict[tuple[str, str], tuple[str | None, str]] = {}
        self._spans: dict[object, list[tuple[datetime, datetime, Sized]]] = {}
        self._bounds: dict[tuple[str, str, datetime, datetime], tuple[str, int, Decimal | None]] = {}

    @cached_property
    def models(self) -> Mapping[str, Mapping[str, Rates]]:
        """Return the rates of each provider's own models by name, its discounts and uplifts worked out."""
        return {
            provider: {name: self._sold(provider, rates) for name, rates in found.items()}
            for provider, found in self._stated.items()
        }

    @classmethod
    def load(
        cls,
        store: Store,
        known_at: datetime,
        *,
        adjust: bool = True,
        corrected_at: Mapping[str, datetime] | None = None,
    ) -> "Book":
        """Read what was known at an instant.

        Args:
            store: Where table `price` is.
            known_at: What was learnt after this instant does not exist.
            adjust: Whether discounts and uplifts are worked out.
            corrected_at: Corrections of past prices that were learnt later do not exist either: instants by provider,
                the empty name for all others. None means `known_at` for all.
        """
        corrected_at = corrected_at or {"": known_at}
        models: dict[str, dict[str, Rates]] = {}
        percentages: dict[str, list[Percentage]] = {}
        deployments: dict[tuple[str, str], list[tuple[Price, str]]] = {}
        reported: dict[str, list[tuple[Price, str]]] = {}
        given: list[Credit] = []
        for row in store.rows("prices/known", {"known_at": known_at}):
            pattern, correction = str(row.pop("pattern")), row.pop("correction")
            price = Price(**row)  # type: ignore[arg-type]  # the query returns the fields of a price
            if correction and price.recorded_at > corrected_at.get(price.provider, corrected_at[""]):
                continue
            if is_percentage(price.unit):
                percentages.setdefault(price.provider, []).append((price, pattern))
            elif price.unit == REPORTED:
                reported.setdefault(price.provider, []).append((price, pattern))
            elif is_credit(price.unit):
                given.append((price, pattern))
            elif price.unit == DEPLOYMENT:
                deployments.setdefault((price.provider, price.model), []).append((price, pattern))
            else:
                found = models.setdefault(price.provider, {})
                if price.model not in found:
                    found[price.model] = Rates(price.provider, price.model, pattern)
                found[price.model].add(price, pattern)
        return cls(models, percentages if adjust else None, deployments, reported, latest(given))

    def provider(self, name: str) -> str:
        """Return the price book's name of a provider.

        Raises:
            UnknownName: It knows none that is called so.
        """
        known, _ = provider_of(name, "", self._models)
        if known is None:
            raise UnknownName("provider of the price book", name, sorted(self._models))
        return known

    def find(self, provider: str, model: str, used_at: datetime = FOREVER) -> Rates | Unpriced:
        """Find the model that is meant, asking the provider's own models first and then those it sells for others.

        Args:
            provider: As usage names it.
            model: As usage names it; empty when it does not.
            used_at: When, as what is behind a deployment may change; the last one known when it is not given.

        Returns:
            The model's prices; or `Unpriced` (unknown-provider, unknown-model) with the nearest names.
        """
        found = self.rates(provider, model, used_at)
        if isinstance(found, Rates):
            return found
        known, name = self._seller(provider, model)
        if known is None:
            return replace(found, nearest=tuple(get_close_matches(provider.lower(), list(self._models), 3)))
        plain = spellings(name, known, self._models)[-1]
        base = self._among(known, untuned(plain)) if is_tuned(plain) else None
        names = [rates.name for rates in self.sold_by(known)]
        near = ([base.name] if base else []) + get_close_matches(plain, names, 3, cutoff=0.4)
        return replace(found, nearest=tuple(dict.fromkeys(near))[:3])

    def rates(self, provider: str, model: str, used_at: datetime = FOREVER) -> Rates | Unpriced:
        """Find the model that is meant, as `find` does, without looking for the nearest names."""
        ((_, _, name),) = self._deployed(provider, model, used_at, None)
        found = self._rates(provider, name)
        return replace(found, model=model) if name != model and isinstance(found, Unpriced) else found

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
            The price as its source states it, with the marginal prices of later tokens in `steps`; or `Unpriced` naming
            the reason, never a price of zero in its place.
        """
        used_at = used_at.astimezone(UTC)
        known, _ = self._seller(provider, model)
        asked = wanted(context or {}, known or "")
        if is_cached(asked):
            nothing = Decimal(0)
            return Price(
                provider, model, unit, context_text(asked), 0, nothing, 1, _CURRENCY, ALWAYS, FOREVER, CACHED, used_at
            )
        rates = self.find(provider, model, used_at)
        if isinstance(rates, Unpriced):
            return replace(rates, unit=unit)
        own = rates.provider == known
        rates = rates.for_project(asked.get(PROJECT, ""))
        contexts = rates.applicable(asked if own else project_of(asked), used_at)
        if price := rates.priced(unit, contexts, used_at, size):
            if rates.knows(asked, used_at, elsewhere=not own):
                return price
            known_contexts = tuple(c for c in rates.contexts() if c) if own else ()
            return Unpriced(UNKNOWN_CONTEXT, provider, model, unit, known_contexts)
        units = sorted({p.unit for p in rates.records()})
        if any(name in units for name in WIDER.get(unit, (unit,))):
            return Unpriced(NO_PRICE_THEN, provider, model, unit)
        return Unpriced(UNKNOWN_UNIT, provider, model, unit, tuple(get_close_matches(unit, units, 3)) or tuple(units))

    def vectors(self, provider: str, model: str, context: str, unit: str, first: datetime, end: datetime) -> list[Row]:
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
        known, _ = self._seller(provider, model)
        asked = wanted(context_of(context), known or "")
        named = {"provider": provider, "model": model, "context": context, "unit": unit}
        rows = []
        for since, until, name in self._deployed(provider, model, first, end):
            rates = self._rates(provider, name)
            currency, bound, bound_unit = self._bound(known, rates, unit, first, end)
            rest = {"currency": currency, "bound_atto": bound, "bound_unit_amount": bound_unit}
            if is_cached(asked):
                spans = [(since, until, [(0, free())])]
            elif isinstance(rates, Unpriced):
                spans = [(since, until, [(0, unpriced(rates.reason))])]
            else:
                spans = self._pieces(rates, known, asked, unit, since, until)
            for valid_from, valid_to, by_size in spans:
                ends = [size for size, _ in by_size[1:]] + [ENDLESS]
                for (size_from, prices), size_to in zip(by_size, ends, strict=True):
                    span = {"valid_from": valid_from, "valid_to": valid_to, "size_from": size_from, "size_to": size_to}
                    rows.append(cast("Row", {**named, **span, **prices, **rest}))
        return list(cut(rows, self._reported.get(known or "", ()), model))

    def reported_counts(self, provider: str, model: str, used_at: datetime) -> bool:
        """Say whether what a provider says a call cost counts in place of our price.

        Args:
            provider: As usage names it.
            model: As usage names it; empty when it does not.
            used_at: When.
        """
        known, _ = self._seller(provider, model)
        return reported_counts(self._reported.get(known or "", ()), model, used_at)

    def _pieces(
        self, rates: Rates, known: str | None, asked: Mapping[str, str], unit: str, since: datetime, until: datetime
    ) -> list[tuple[datetime, datetime, Sized]]:
        """Return what a model costs over a span of time; projects without an agreement share one answer."""
        ours = rates.for_project(asked.get(PROJECT, ""))
        if not any(PROJECT in context_of(context) for context in ours.contexts()):
            asked = {key: value for key, value in asked.items() if key != PROJECT}
        key = (known, rates.provider, rates.name, unit, since, until, *sorted(asked.items()))
        if key not in self._spans:
            self._spans[key] = list(pieces(ours, asked, unit, since, until, elsewhere=rates.provider != known))
        return self._spans[key]

    def _deployed(
        self, provider: str, model: str, first: datetime, end: datetime | None
    ) -> list[tuple[datetime, datetime, str]]:
        """Return what a name stands for over a span of time, without a gap; without an end, at that instant only."""
        known, name = self._seller(provider, model)
        records = self._deployments.get((known or "", name.strip().lower()), ())
        until = end or first
        edges = {e for record, _ in records for e in (record.valid_from, record.valid_to) if first < e < until}
        found: list[tuple[datetime, datetime, str]] = []
        for since, to in pairwise([first, *sorted(edges), until]):
            instant = min(since, _LAST)
            behind = [target for record, target in records if record.valid_from <= instant < record.valid_to]
            meant = behind[-1] if behind else model
            began = found.pop()[0] if found and found[-1][2] == meant else since
            found.append((began, to, meant))
        return found

    def _seller(self, provider: str, model: str) -> tuple[str | None, str]:
        """Return who is asked for a model, and its name without a gateway's prefix."""
        key = (provider, model)
        if key not in self._sellers:
            known, name = provider_of(provider, model, self._models)
            if known is None:
                asked = (maker for maker in makers(provider, model) if maker in self._models)
                known = next((maker for maker in asked if self._among(maker, model)), None)
            self._sellers[key] = known, name
        return self._sellers[key]

    def _rates(self, provider: str, model: str) -> Rates | Unpriced:
        key = (provider, model)
        if key not in self._found:
            self._found[key] = self._search(provider, model)
        return self._found[key]

    def _search(self, provider: str, model: str) -> Rates | Unpriced:
        known, name = self._seller(provider, model)
        if known is None:
            return Unpriced(UNKNOWN_PROVIDER, provider, model)
        if found := self._among(known, name):
            return found
        fix = (
            "state its own price in an overlay"
            if is_tuned(name)
            else "say in an overlay what model is behind it: a [[deployment]] with provider, name and model"
            if is_opaque(name) or fallbacks(known)
            else ""
        )
        return Unpriced(UNKNOWN_MODEL, provider, model, fix=fix)

    def _among(self, known: str, name: str) -> Rates | None:
        """Return the model that goes by a name at one provider."""
        if is_opaque(name):
            return None
        tuned = is_tuned(name)
        for spelling in spellings(name, known, self._models):
            for rates in self._offered(known):
                if matches(rates.pattern, spelling) and (not tuned or _is_of_tuned(rates)):
                    return self._sold(known, rates)
        return None

    def sold_by(self, provider: str) -> Iterator[Rates]:
        """Yield the rates of every model a provider sells: its own, then others' with its discounts worked out.

        Args:
            provider: As the price book names it.
        """
        for rates in self._offered(provider):
            yield self._sold(provider, rates)

    def _offered(self, provider: str) -> Iterator[Rates]:
        """Yield the rates of every model a provider sells, as they are stated."""
        for seller in (provider, *fallbacks(provider)):
            yield from self._models.get(seller, ())

    def _sold(self, provider: str, rates: Rates) -> Rates:
        """Return what a model costs where a provider sells it, worked out when it is first asked for."""
        key = (provider, rates.provider, rates.name)
        if key not in self._adjusted:
            # Agreements for a project are with the model's own provider; who else sells it has projects of its own.
            own = rates if rates.provider == provider else self._sold(rates.provider, rates).for_project()
            self._adjusted[key] = adjusted(own, self._percentages.get(provider, ()))
        return self._adjusted[key]

    def _bound(
        self, known: str | None, rates: Rates | Unpriced, unit: str, first: datetime, end: datetime
    ) -> tuple[str, int, Decimal | None]:
        own = None if isinstance(rates, Unpriced) else next(rates.records()).currency
        key = (known or "", f"{unit} {own}", first, end)
        if key not in self._bounds:
            nearby = [
                price
                for other in (self.sold_by(known) if known else ())
                for price in other.records()
                if price.valid_from < end and price.valid_to > first
            ]
            currencies = {price.currency for price in nearby}
            currency = own or (currencies.pop() if len(currencies) == 1 else _CURRENCY)
            nearby = [price for price in nearby if price.currency == currency]
            self._bounds[key] = (currency, dearest_token(nearby), dearest_unit(nearby, unit) if unit else None)
        return self._bounds[key]


def _is_of_tuned(rates: Rates) -> bool:
    """Say whether prices may be those of a fine-tuned model: its own, ours, or of a provider that sells no models."""
    return is_tuned(rates.name) or not rates.listed or rates.pattern == ".*"
