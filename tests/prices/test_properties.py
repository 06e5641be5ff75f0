"""What holds for every quote, whatever the model, the context and the quantities are."""

from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from outlay.prices.book import Book
from outlay.prices.quote import Quote, quote
from outlay.terms.money import PICO
from outlay.terms.price import Price, context_of
from outlay.terms.unit import PROMPT_UNITS, TOKEN_UNITS
from tests.prices.stating import day

USED_AT = day(11, 2)
#: Quantities around nothing, around the thresholds of lists, and large ones.
SOME = st.one_of(st.integers(0, 3), st.integers(127_990, 128_010), st.integers(199_990, 272_010), st.integers(0, 10**9))
Asked = tuple[str, str, dict[str, str | None]]


@pytest.fixture(scope="module")
def priced(book: Book) -> list[Asked]:
    """Every model that has a price on the day, in each of its contexts that can be asked for."""
    return [
        (provider, name, dict(context_of(context)))
        for provider, models in sorted(book.models.items())
        for name, rates in sorted(models.items())
        if book.rates(provider, name) is rates and rates.in_force(USED_AT)
        for context in rates.contexts()
        if "hours" not in context_of(context)
    ]


def cost(book: Book, asked: Asked, usage: dict[str, int]) -> Quote:
    """Quote some usage on the day."""
    provider, model, context = asked
    return quote(book, provider, model, usage, USED_AT, context)


def prices(book: Book, asked: Asked, size: int) -> dict[str, tuple[Decimal, int]]:
    """Return what each token unit costs for a prompt of some size."""
    provider, model, context = asked
    found = {unit: book.price_at(provider, model, unit, USED_AT, context, size) for unit in TOKEN_UNITS}
    return {unit: (price.amount, price.per) for unit, price in found.items() if isinstance(price, Price)}


def size_of(usage: dict[str, int]) -> int:
    """Return how long a prompt is."""
    return sum(quantity for unit, quantity in usage.items() if unit in PROMPT_UNITS)


usages = st.dictionaries(st.sampled_from(TOKEN_UNITS), SOME, min_size=1, max_size=5)


@settings(max_examples=300, deadline=None)
@given(st.data(), usages)
def test_parts_add_up_to_the_amount(
    priced: list[Asked], book: Book, data: st.DataObject, usage: dict[str, int]
) -> None:
    """The parts sum to the amount exactly, none is negative, and each is within one pico of quantity times price."""
    found = cost(book, data.draw(st.sampled_from(priced)), usage)
    assert sum(part.amount for part in found.parts) == found.amount
    for part in found.parts:
        assert part.amount >= 0
        assert abs(part.amount - part.quantity * part.price / part.per) < PICO
    assert {part.unit for part in found.parts} | {lack.unit for lack in found.unpriced} == usage.keys()


@settings(max_examples=300, deadline=None)
@given(st.data(), usages, st.integers(1, 10**6))
def test_more_costs_no_less(
    priced: list[Asked], book: Book, data: st.DataObject, usage: dict[str, int], more: int
) -> None:
    """With more of a unit the amount is no smaller, unless a threshold makes some unit cheaper."""
    asked = data.draw(st.sampled_from(priced))
    larger = usage | {(unit := data.draw(st.sampled_from(sorted(usage)))): usage[unit] + more}
    before, after = (prices(book, asked, size_of(one)) for one in (usage, larger))
    assume(all(amount / per <= after[u][0] / after[u][1] for u, (amount, per) in before.items()))
    assert cost(book, asked, usage).amount <= cost(book, asked, larger).amount


@settings(max_examples=300, deadline=None)
@given(st.data(), usages)
def test_two_halves_cost_what_the_whole_does(
    priced: list[Asked], book: Book, data: st.DataObject, usage: dict[str, int]
) -> None:
    """An event split in two costs the same but for one pico, where both halves are on the whole's side of a threshold.

    Each event rounds its tokens once, half up: three roundings of at most half a pico each are less than two picos,
    and amounts are whole picos.
    """
    asked = data.draw(st.sampled_from(priced))
    first = {unit: data.draw(st.integers(0, quantity)) for unit, quantity in usage.items()}
    second = {unit: quantity - first[unit] for unit, quantity in usage.items()}
    whole = prices(book, asked, size_of(usage))
    assume(all(prices(book, asked, size_of(half)) == whole for half in (first, second)))
    halves = cost(book, asked, first).amount + cost(book, asked, second).amount
    assert abs(halves - cost(book, asked, usage).amount) <= PICO


def test_a_fee_for_each_request_is_paid_twice_by_two(book: Book) -> None:
    """What is paid for the request itself does not split: two events with half the tokens cost one fee more."""
    asked: Asked = ("perplexity", "sonar-pro", {})
    whole = cost(book, asked, {"input": 1000, "request": 1})
    half = cost(book, asked, {"input": 500, "request": 1})
    fee = next(part.amount for part in whole.parts if part.unit == "request")
    assert fee > 0
    assert 2 * half.amount == whole.amount + fee


def test_a_threshold_makes_the_whole_dearer_than_its_halves(book: Book) -> None:
    """The one place where two short prompts are cheaper than a long one: the higher price holds for every token."""
    asked: Asked = ("google", "gemini-2.5-pro", {})
    assert cost(book, asked, {"input": 200_000}).amount == Decimal("0.25")
    assert cost(book, asked, {"input": 200_001}).amount == Decimal("0.5000025")
    assert 2 * cost(book, asked, {"input": 200_000}).amount < cost(book, asked, {"input": 400_000}).amount
