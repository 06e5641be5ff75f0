"""Discrepancies: where another price list says otherwise, and how many dollars that is at our own volume.

Comes in: the list prices of the book, a price map, usage. Goes out: one row per disagreement, the dearest first.
Sources are never averaged and nothing enters the book: a disagreement is something a person looks up.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from decimal import Decimal

from outlay.prices.book import Book
from outlay.prices.contexts import wanted
from outlay.prices.names import provider_of
from outlay.prices.rates import Rates
from outlay.prices.review.litellm_map import Map, by_entry
from outlay.prices.review.used import Used
from outlay.terms.money import EXACT, rounded
from outlay.terms.price import PROJECT, Price, Unpriced, context_of, context_text

_MILLION = 1_000_000
#: Two amounts this near to each other are one: map makers write binary fractions (1.4999999999999999e-07).
_DUST = Decimal("1e-9")
_RATIO = Decimal("0.0001")
_CURRENCY = "USD"
#: Who is asked, whose model it is, its name in the book, the unit and the context.
_Thing = tuple[str, str, str, str, str]


@dataclass(slots=True)
class _Said:
    """What the map says of one thing in one band of prompt sizes, under the names that say so."""

    ours: Price
    theirs: Decimal
    names: list[str]
    quantity: Decimal = Decimal(0)

    @property
    def each(self) -> Decimal:
        """Return how much more one unit costs by the map."""
        return EXACT.subtract(self.theirs, self.mine)

    @property
    def mine(self) -> Decimal:
        return EXACT.divide(self.ours.amount, self.ours.per)

    @property
    def agrees(self) -> bool:
        return abs(self.each) <= EXACT.multiply(max(self.mine, self.theirs), _DUST)


@dataclass(slots=True)
class _Bands:
    """All that the map says of one thing, by the size at which a band begins."""

    said: dict[int, list[_Said]] = field(default_factory=lambda: defaultdict(list))

    def add(self, size: int, ours: Price, theirs: Decimal, name: str) -> None:
        for each in self.said[size]:
            if each.theirs == theirs:
                each.names.append(name)
                return
        self.said[size].append(_Said(ours, theirs, [name]))

    def use(self, each: Used, canonical: str) -> None:
        """Count a quantity once: under its own name if the map has it, else under the model's, else the first."""
        sizes = sorted((size for size in self.said if size <= each.size_from), reverse=True) or [min(self.said)]
        for name in (each.model, canonical):
            for said in (one for size in sizes for one in self.said[size]):
                if any(_bare(listed) == _bare(name) for listed in said.names):
                    said.quantity += each.quantity
                    return
        self.said[sizes[0]][0].quantity += each.quantity


def discrepancies(lists: Book, ours: Book, theirs: Map, used: Iterable[Used], on: datetime) -> dict[str, object]:
    """Compare every model and unit that both the book and a map know.

    Args:
        lists: The book's list prices only: what was agreed with us is no discrepancy.
        ours: The whole book, which knows what is behind the names in the usage.
        theirs: The map.
        used: Our own usage.
        on: The instant at which list prices are compared; a map has no dates.

    Returns:
        rows (provider, model, names: what the map calls it, unit, priced_as: the wider unit whose price holds where
        the book has none of its own, context, size_from, ours and theirs in USD per million units, difference per
        million, ratio, quantity, amount: quantity times difference, currency), the largest amount first; how many
        entries, prices compared, equal, only in the map, and of models or in currencies that are not compared; and
        covered: what the usage costs whose prices were compared, by our list.
    """
    counts: Counter[str] = Counter()
    things: dict[_Thing, _Bands] = defaultdict(_Bands)
    for (provider, name, unit, context), amounts in by_entry(theirs.prices):
        rates = lists.rates(provider, name, on)
        if isinstance(rates, Unpriced):
            counts["unknown_here"] += 1
            continue
        who = provider_of(provider, name, lists.models)[0] or provider
        thing = (who, rates.provider, rates.name, unit, _context(context, who))
        before = None
        for size in sorted({0, *amounts, *_sizes(rates, unit)}):
            stated = [amount for size_from, amount in sorted(amounts.items()) if size_from <= size]
            found = lists.price_at(provider, name, unit, on, context_of(context), size)
            if not stated or isinstance(found, Unpriced):
                counts["only_theirs"] += size in amounts
            elif found.currency != _CURRENCY:
                counts["other_currency"] += size in amounts
            elif (found, stated[-1]) != before:
                before = found, stated[-1]
                things[thing].add(size, found, stated[-1], name)
    for each in used:
        _count(ours, things, each)
    said = [
        (thing, size, one) for thing, bands in things.items() for size, all_of in bands.said.items() for one in all_of
    ]
    rows = [_row(thing, size, one) for thing, size, one in said if not one.agrees]
    rows.sort(key=lambda row: (-abs(_decimal(row["amount"])), -abs(_decimal(row["ratio"] or 1)), str(row["names"])))
    return {
        "rows": rows,
        "entries": theirs.entries,
        "compared": len(said),
        "equal": len(said) - len(rows),
        "different": len(rows),
        "only_theirs": counts["only_theirs"],
        "unknown_here": counts["unknown_here"],
        "other_currency": counts["other_currency"],
        "covered": rounded(sum((EXACT.multiply(one.quantity, one.mine) for _, _, one in said), Decimal(0))),
        "amount": sum((_decimal(row["amount"]) for row in rows), Decimal(0)),
        "currency": _CURRENCY,
    }


def _sizes(rates: Rates, unit: str) -> set[int]:
    return {price.size_from for price in rates.records() if price.unit == unit}


def _count(ours: Book, things: dict[_Thing, _Bands], each: Used) -> None:
    """Give a quantity to what the map says about it, where it says anything."""
    rates = ours.rates(each.provider, each.model, datetime.combine(each.used_on, time(), UTC))
    who = provider_of(each.provider, each.model, ours.models)[0]
    if who is not None and not isinstance(rates, Unpriced):
        thing = (who, rates.provider, rates.name, each.unit, _context(each.context, who))
        if thing in things:
            things[thing].use(each, rates.name)


def _context(text: str, provider: str) -> str:
    """Return a context in the book's spelling, without the project: no list has prices by project."""
    asked = wanted(context_of(text), provider)
    return context_text({key: value for key, value in asked.items() if key != PROJECT})


def _bare(name: str) -> str:
    return name.lower().rpartition("/")[2]


def _row(thing: _Thing, size: int, said: _Said) -> dict[str, object]:
    provider, maker, model, unit, context = thing
    return {
        "provider": provider,
        "model": model,
        "maker": maker,
        "names": sorted(said.names),
        "unit": unit,
        "priced_as": said.ours.unit,
        "context": context,
        "size_from": size,
        "ours": _per_million(said.mine),
        "theirs": _per_million(said.theirs),
        "difference": _per_million(said.each),
        "ratio": EXACT.divide(said.each, said.mine).quantize(_RATIO, context=EXACT) if said.mine else None,
        "quantity": said.quantity,
        "amount": rounded(EXACT.multiply(said.quantity, said.each)),
        "currency": _CURRENCY,
        "source": said.ours.source,
        "valid_from": said.ours.valid_from,
    }


def _per_million(each: Decimal) -> Decimal:
    return rounded(EXACT.multiply(each, _MILLION))


def _decimal(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))
