from datetime import datetime
from decimal import Decimal
from typing import cast

import pytest

from outlay.errors import BadInput
from outlay.prices.book import Book
from outlay.prices.quote import quote
from tests.prices.stating import day


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (-1, "not negative"),
        (Decimal("-0.5"), "not negative"),
        (Decimal("1.5"), "whole"),
        (2**63, "ran over"),
        (Decimal("1E+30"), "ran over"),
        (Decimal("NaN"), "not negative"),
        (Decimal("Infinity"), "not negative"),
        ("12", "not an exact number"),
        (0.1, "not an exact number"),
        (True, "not an exact number"),
        (None, "missing"),
    ],
)
def test_a_bad_quantity_is_refused_by_name(book: Book, given: object, said: str) -> None:
    """What no ledger could hold is refused with its unit, and says what to give instead."""
    usage = cast("dict[str, int]", {"output": 5, "input": given})
    with pytest.raises(BadInput, match="quantity of input is ") as error:
        quote(book, "openai", "gpt-5.4", usage, day(11, 2))
    assert said in str(error.value)
    assert error.value.code == "bad-quantity"
    assert error.value.fix


def test_a_quantity_that_is_not_a_token_may_have_nine_places(book: Book) -> None:
    """Seconds and gigabytes come in fractions, down to the billionth and no finer."""
    found = quote(book, "self-hosted", "llama", {"gpu_second": Decimal("0.000000001")}, day(11, 2))
    assert found.unpriced == ()
    with pytest.raises(BadInput, match="at most 9 decimal places"):
        quote(book, "self-hosted", "llama", {"gpu_second": Decimal("0.0000000001")}, day(11, 2))


def test_an_unknown_unit_is_unpriced_with_the_nearest(book: Book) -> None:
    """A unit that the model has no price for is told apart, with its quantity, and costs the others nothing."""
    found = quote(book, "openai", "gpt-5.4", {"input": 1_000_000, "outputs": 7, "page": 2}, day(11, 2))
    assert found.amount > 0
    assert [(lack.unit, lack.quantity, lack.reason) for lack in found.unpriced] == [
        ("outputs", Decimal(7), "unknown-unit"),
        ("page", Decimal(2), "unknown-unit"),
    ]
    assert found.unpriced[0].nearest[0] == "output"


def test_an_instant_without_a_time_zone_is_refused(book: Book) -> None:
    """Which day it is depends on where one is."""
    naive = datetime.fromisoformat("2026-11-02T00:00:00")
    with pytest.raises(BadInput, match="no time zone"):
        quote(book, "openai", "gpt-5.4", {"input": 1}, naive)


def test_nothing_used_costs_nothing(book: Book) -> None:
    """No quantity, or a quantity of zero, is an amount of zero and not a lack."""
    assert quote(book, "openai", "gpt-5.4", {}, day(11, 2)).amount == 0
    assert quote(book, "openai", "gpt-5.4", {"input": 0}, day(11, 2)).unpriced == ()
