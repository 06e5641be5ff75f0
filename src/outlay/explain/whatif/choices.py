"""Choices: what each key of the usage would have been priced as, and which part of its calls.

Comes in: the keys that usage has, the price books that hold, a scenario. Goes out: lanes of price vectors. Lane 0 holds
the first choice of every key, lane 1 the second, and so on; the parts of a key's choices sum to one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from outlay.errors import BadInput
from outlay.explain.model_names import is_meant, named
from outlay.explain.replay import Key, Known, vectors_of
from outlay.explain.whatif.scenario import NewPrice, Scenario
from outlay.prices.book import Book
from outlay.prices.steps import from_json, to_json
from outlay.store import Row
from outlay.terms.price import context_of, context_text
from outlay.terms.unit import TOKEN_UNITS

_ONE = Decimal(1)


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
            {**vector, **key._asdict(), "reported_counts": _counts(vector, key, choice, scenario)}
            for key, choice in here.items()
            for vector in priced_as(choice.key, scenario.prices, known)
        ]
        found.append(Lane(here, vectors))
    return found


def _counts(vector: Row, key: Key, choice: Choice, scenario: Scenario) -> object:
    """Return whether what the provider said a call cost counts: only of calls that stay exactly as they were."""
    return vector["reported_counts"] if choice.key == key and not scenario.prices else 0


def priced_as(key: Key, prices: Sequence[NewPrice], known: Sequence[Known]) -> list[Row]:
    """Return the prices of a key over the whole period, new prices in the place of the book's."""
    return [_with(vector, key, prices, book) for book, vector in vectors_of(key, known)]


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
    shown = ("_atto", "steps", "unit_amount", "unit_per")
    return {name: value for name, value in vector.items() if name.endswith(shown)}


def _with(vector: Row, key: Key, prices: Sequence[NewPrice], book: Book) -> Row:
    for price in prices:
        if price.model is not None and not is_meant(price.model, key, book):
            continue
        if price.unit in TOKEN_UNITS:
            steps = {unit: held for unit, held in from_json(str(vector["steps"])).items() if unit != price.unit}
            vector = {**vector, f"{price.unit}_atto": price.atto, "steps": to_json(steps), "reason": None}
        elif price.unit == key.unit:
            vector = {**vector, "unit_amount": price.amount, "unit_per": price.per, "reason": None}
    return vector
