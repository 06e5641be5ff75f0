"""The replay in SQL against the price of each attempt, worked out one by one in Python."""

from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any, cast

import pytest

from outlay.explain.whatif import Scenario, Swap, whatif
from outlay.prices.book import Book
from outlay.prices.quote import quote
from outlay.store import Row, Store
from outlay.terms.price import context_of
from outlay.terms.unit import PROMPT_UNITS, TOKEN_UNITS
from tests.laws.world import MONTH, NOW, PRICES, at, emptied, event, laid, price, published

_MILLION = 1_000_000
_ODD = "0.1234567"
_MORE = (
    *(price("m-long", unit, _ODD, size_from=0) for unit in ("input", "output")),
    *(price("m-long", unit, "0.7654321", size_from=size) for unit in ("input", "cache_read") for size in (0, 900)),
    price("m-long", "output", "3.3333333", size_from=900),
    price("m-long", "input", "0.0617283", context="processing=batch"),
    price("m-long", "output", "0.0617283", context="processing=batch"),
    price("m-long", "input_audio", "5", valid_from=at(15)),
    price("m-large", "input", "9.7654321", size_from=401, marginal=True),
    price("m-large", "input", "0.1111111", size_from=890, marginal=True),
    price("m-small", "output", "1.2345678", size_from=8, marginal=True),
    price("m-long", "output", "0.0101011", size_from=6, marginal=True),
    price("m-long", "output", "7", size_from=7, marginal=True, context="processing=batch"),
    price("m-large", "page", "0.0123", per=7),
    price("m-long", "page", "1", per=3),
)
#: What is done otherwise, and the same as (millionths cut, millionths from the cache, new model, share of batches).
_CHOICES: list[tuple[dict[str, Any], tuple[int, int | None, str | None, int]]] = [
    ({}, (0, None, None, 0)),
    ({"prompt_cut": Decimal("0.123456")}, (123_456, None, None, 0)),
    ({"cache_hit": Decimal("0.654321")}, (0, 654_321, None, 0)),
    ({"swaps": [Swap("m-large", "m-long")]}, (0, None, "m-long", 0)),
    (
        {"swaps": [Swap("m-large", "m-long")], "prompt_cut": Decimal("0.3"), "cache_hit": Decimal("0.5")},
        (300_000, 500_000, "m-long", 0),
    ),
    ({"swaps": [Swap("m-large", "m-long")], "batch": Decimal(1)}, (0, None, "m-long", 1)),
]


def usage() -> list[Row]:
    """Return attempts of every kind: all units, sizes around the threshold, all outcomes."""
    chance = Random(11)
    rows = []
    for line in range(1, 120):
        tokens = {unit: chance.choice([0, 0, 1, 7, 450, 899]) for unit in TOKEN_UNITS}
        paged = chance.random() < 0.3
        rows.append(
            event(
                line,
                day=chance.randint(1, 31),
                feature=chance.choice(["a", "b", None]),
                model=chance.choice(["m-large", "m-small"]),
                state=chance.choice(["complete", "complete", "partial", "refused", "unknown", "not_sent"]),
                unit="page" if paged else None,
                quantity=Decimal(chance.randint(1, 10**6)).scaleb(-3) if paged else Decimal(0),
                **tokens,
            )
        )
    return rows


@pytest.fixture(scope="module")
def world(shared: Store) -> Store:
    """That usage, priced and published."""
    emptied(shared)
    laid(shared, usage=usage(), prices=(*PRICES, *_MORE))
    published(shared)
    return shared


def one_by_one(
    book: Book, rows: list[Row], cut: int, hit: int | None, new: str | None, *, batch: bool
) -> tuple[Decimal, Decimal]:
    """Return what the attempts cost after a change, and how many tokens and units have no price then."""
    amount = lacking = Decimal(0)
    for row in rows:
        if row["state"] in ("refused", "not_sent"):
            continue
        tokens = {unit: cast(int, row[unit]) for unit in TOKEN_UNITS}
        for unit in PROMPT_UNITS:
            tokens[unit] -= tokens[unit] * cut // _MILLION
        if hit is not None:
            text = tokens["input"] + tokens["cache_read"]
            tokens["cache_read"] = text * hit // _MILLION
            tokens["input"] = text - tokens["cache_read"]
        quantities: dict[str, Decimal | int] = {unit: count for unit, count in tokens.items() if count}
        if row["unit"]:
            quantities[str(row["unit"])] = cast(Decimal, row["quantity"])
        model = new if new and row["model"] == "m-large" else str(row["model"])
        context = context_of(str(row["context"]))
        if batch and model == "m-long":
            context["processing"] = "batch"
        found = quote(book, "acme-ai", model, quantities, cast(datetime, row["time"]), context)
        amount += found.amount
        lacking += sum((lack.quantity for lack in found.unpriced), Decimal(0))
    return amount, lacking


@pytest.mark.parametrize(("said", "means"), _CHOICES)
def test_every_attempt_is_priced_on_its_own(
    world: Store, said: dict[str, Any], means: tuple[int, int | None, str | None, int]
) -> None:
    """The replay is the sum over attempts of what a quote of each says, to the last digit, and lacks as much."""
    cut, hit, new, batch = means
    book = Book.load(world, known_at=NOW)
    answer = cast("dict[str, Any]", whatif(world, MONTH, Scenario(**said), by=("feature", "provider", "model")))
    expected, lacking = one_by_one(book, usage(), cut, hit, new, batch=bool(batch))
    assert (answer["counterfactual"], answer["left_out"]) == (expected, 0)
    assert sum(u["quantity"] for u in answer["unpriced"]) == lacking
    before, _ = one_by_one(book, usage(), 0, None, None, batch=False)
    assert answer["actual"] == before
