"""Choices: what each key of the usage would have been priced as, and which part of its calls.

Comes in: the keys that usage has, the price books that hold, a scenario. Goes out: lanes of price vectors. Lane 0 holds
the first choice of every key, lane 1 the second, and so on; the parts of a key's choices sum to one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, cast

from outlay.errors import BadInput, UnknownName
from outlay.explain.replay import Key, Known
from outlay.explain.whatif.scenario import NewPrice, Scenario
from outlay.prices.book import Book
from outlay.prices.pattern import compiled
from outlay.prices.rates import Rates
from outlay.store import Row
from outlay.terms.price import context_of, context_text
from outlay.terms.unit import TOKEN_UNITS

_ONE = Decimal(1)
#: No model is called this; a pattern that it fits is for every model of a provider, and tells none apart.
_ANYTHING = "?"


class Choice(NamedTuple):
    """What usage is priced as instead: another key, for a part of the calls."""

    key: Key
    part: Decimal


@dataclass(frozen=True, slots=True)
class Lane:
    """One choice for each of some keys.

    Args:
        choices: By the key that usage has.
        vectors: Their prices, under that key.
    """

    choices: Mapping[Key, Choice]
    vectors: Sequence[Row]


def choices_of(key: Key, scenario: Scenario, known: Sequence[Known]) -> list[Choice]:
    """Return what the calls of a key go to; the parts sum to one."""
    found, left = [], _ONE
    for swap in scenario.swaps if key.model else ():
        if is_meant(swap.old, key, known[-1].book):
            found.append(Choice(key._replace(**named(swap.new, key, known[-1].book)), swap.share))
            left -= swap.share
    if left < 0:
        raise BadInput(
            f"more than all calls of {key.model} would go elsewhere",
            fix="let the shares of one model sum to 100% at most",
        )
    found = [*([Choice(key, left)] if left else []), *found]
    return [split for choice in found for split in _batched(choice, scenario.batch, known)]


def lanes(chosen: Mapping[Key, Sequence[Choice]], scenario: Scenario, known: Sequence[Known]) -> list[Lane]:
    """Return the lanes that the choices of all keys need."""
    found = []
    for place in range(max((len(choices) for choices in chosen.values()), default=0)):
        here = {key: choices[place] for key, choices in chosen.items() if place < len(choices)}
        vectors = [
            {**vector, **key._asdict()}
            for key, choice in here.items()
            for vector in priced_as(choice.key, scenario.prices, known)
        ]
        found.append(Lane(here, vectors))
    return found


def priced_as(key: Key, prices: Sequence[NewPrice], known: Sequence[Known]) -> list[Row]:
    """Return the prices of a key over the whole period, new prices in the place of the book's."""
    found: list[Row] = []
    for book, first, end in known:
        vectors = book.vectors(key.provider, key.model, key.context, key.unit, first, end)
        found += [_with(vector, key, prices, book) for vector in vectors]
    return found


def is_meant(name: str, key: Key, book: Book) -> bool:
    """Say whether a name that was typed means the model of a key: by its own name, or as the price book has it."""
    provider, model = _apart(name, key, book)
    if provider.lower() != key.provider.lower():
        return False
    if model.lower() == key.model.lower():
        return True
    meant, had = book.rates(provider, model), book.rates(key.provider, key.model)
    if not isinstance(meant, Rates) or not isinstance(had, Rates) or compiled(meant.pattern).fullmatch(_ANYTHING):
        return False
    return (meant.provider, meant.name) == (had.provider, had.name)


def named(name: str, key: Key, book: Book) -> dict[str, str]:
    """Return the provider and model that a name means.

    Raises:
        UnknownName: The price book has no such model; the nearest are shown.
    """
    provider, model = _apart(name, key, book)
    found = book.find(provider, model)
    if not isinstance(found, Rates):
        sellers = [seller for seller in book.models if _makes(seller, model, book)]
        known = [f"{provider}/{near}" for near in found.nearest] or [f"{seller}/{model}" for seller in sellers]
        raise UnknownName(f"model of {provider} with a price", name, known)
    return {"provider": provider, "model": model}


def _makes(seller: str, model: str, book: Book) -> bool:
    """Say whether a model is a provider's own, and told apart from its others."""
    found = book.rates(seller, model)
    own = isinstance(found, Rates) and found.provider == seller
    return own and not compiled(cast(Rates, found).pattern).fullmatch(_ANYTHING)


def _apart(name: str, key: Key, book: Book) -> tuple[str, str]:
    """Return provider and model; what stands before a slash is a provider only if the price book has it."""
    before, slash, after = name.partition("/")
    if slash and (before.lower() == key.provider.lower() or before.lower() in book.models):
        return before, after
    return key.provider, name


def _batched(choice: Choice, share: Decimal, known: Sequence[Known]) -> list[Choice]:
    if not share or not has_batch(choice.key, known):
        return [choice]
    context = context_text({**context_of(choice.key.context), "processing": "batch"})
    later = Choice(choice.key._replace(context=context), choice.part * share)
    return [later] if share == _ONE else [Choice(choice.key, choice.part * (1 - share)), later]


def has_batch(key: Key, known: Sequence[Known]) -> bool:
    """Say whether a model has batch prices of its own in the whole period, and is not called in batches already."""
    said = context_of(key.context)
    if said.get("processing") == "batch" or not key.model:
        return False
    batch = key._replace(context=context_text({**said, "processing": "batch"}))
    now, then = priced_as(key, (), known), priced_as(batch, (), known)
    return all(row["reason"] is None for row in then) and [_prices(row) for row in now] != [
        _prices(row) for row in then
    ]


def _prices(vector: Row) -> Row:
    return {name: value for name, value in vector.items() if name.endswith("_atto") or name.startswith("unit_")}


def _with(vector: Row, key: Key, prices: Sequence[NewPrice], book: Book) -> Row:
    for price in prices:
        if price.model is not None and not is_meant(price.model, key, book):
            continue
        if price.unit in TOKEN_UNITS:
            vector = {**vector, f"{price.unit}_atto": price.atto, "reason": None}
        elif price.unit == key.unit:
            vector = {**vector, "unit_amount": price.amount, "unit_per": price.per, "reason": None}
    return vector
