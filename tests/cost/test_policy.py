"""What counts in place of a price: what the provider says where policy has it so, and nothing for cached answers."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from outlay.capture.take_in import take_in
from outlay.errors import Refused
from outlay.prices.book import Book
from outlay.prices.learn import overlay
from outlay.prices.quote import quote
from outlay.store import Row, Store
from tests.laws.world import NOW, PRICES, emptied, event, laid, price, priced, read

_POLICY = """
[[reported]]
provider = "acme-ai"
counts = true
valid_from = 2026-10-10
source = "agreement 7"
correction = true
"""
_ZERO = Decimal(0)


def _costs(store: Store) -> list[Row]:
    priced(store)
    return read(store, "SELECT * FROM estimate ORDER BY line")


@pytest.fixture
def policed(shared: Store, tmp_path: Path) -> Store:
    """A store in which what acme-ai says its calls cost counts from the tenth on."""
    emptied(shared)
    laid(shared)
    path = tmp_path / "policy.toml"
    path.write_text(_POLICY, encoding="utf-8")
    assert overlay(shared, path, now=datetime(2026, 9, 1, tzinfo=UTC)) == 1
    return shared


def test_reported_cost_counts_from_the_day_on_that_policy_names(policed: Store) -> None:
    """Before that day ours counts; without a statement it does so later, too. Both are kept in any case."""
    said = Decimal("0.000500000001")
    policed.insert(
        "usage",
        [
            event(1, day=9, hour=23, minute=59, second=59, reported_cost=said),
            event(2, day=10, hour=0, reported_cost=said),
            event(3, day=11),
        ],
    )
    rows = _costs(policed)
    assert [row["amount"] for row in rows] == [Decimal("0.00028"), said, Decimal("0.00028")]
    assert [row["reported_cost"] for row in rows] == [said, said, None]
    assert [bool(row["reported_counts"]) for row in rows] == [False, True, False]


def test_reported_cost_is_no_unpriced_usage(policed: Store) -> None:
    """A model without a price costs what its provider says, in the provider's currency, and nothing is left open."""
    policed.insert("usage", [event(1, day=11, model="m-unheard-of", reported_cost=Decimal("0.25"), currency="EUR")])
    (row,) = _costs(policed)
    assert (row["amount"], row["currency"]) == (Decimal("0.25"), "EUR")
    assert (row["unpriced_quantity"], row["unpriced_bound"]) == (_ZERO, _ZERO)


def test_further_units_of_a_call_are_in_what_it_is_said_to_cost(policed: Store, tmp_path: Path) -> None:
    """A call of tokens and pages that its provider says cost 3 costs 3, not 3 and the pages."""
    path = tmp_path / "calls.ndjson"
    path.write_text(
        '{"id": "e", "time": "2026-10-12T00:00:00Z", "provider": "acme-ai", "model": "m-page", "reported_cost": "3",'
        ' "usage": {"input": 5, "page": 7, "fax": 2}}\n',
        encoding="utf-8",
    )
    assert not take_in(policed, [path], mapping=None, now=NOW).problems
    rows = _costs(policed)
    assert len(rows) == 2
    assert sum(row["amount"] for row in rows) == 3  # type: ignore[misc] # a money column
    assert all(row["unpriced_quantity"] == 0 for row in rows)


def test_a_policy_about_the_past_is_a_correction(shared: Store, tmp_path: Path) -> None:
    """Letting something else count for what happened already has to be called a correction."""
    emptied(shared)
    laid(shared)
    path = tmp_path / "policy.toml"
    path.write_text(_POLICY.replace("correction = true\n", ""), encoding="utf-8")
    with pytest.raises(Refused, match="agreement 7"):
        overlay(shared, path, now=NOW)
    assert overlay(shared, path, now=NOW, correction=True) == 1


def test_an_answer_from_a_cache_of_our_own_is_free_and_says_so(shared: Store) -> None:
    """No provider was asked: tokens and units cost nothing, of known and unknown models, and the source says why."""
    emptied(shared)
    cached: dict[str, Any] = {"context": "processing=local_cache"}
    unit: dict[str, Any] = {"unit": "page", "quantity": Decimal(3)}
    laid(shared, usage=[event(1, **cached), event(2, model="m-unheard-of", **cached, **unit), event(3)])
    rows = _costs(shared)
    assert [row["amount"] for row in rows] == [_ZERO, _ZERO, Decimal("0.00028")]
    assert [row["unpriced_quantity"] for row in rows] == [_ZERO] * 3
    sources = {row["source"] for row in read(shared, "SELECT * FROM price_vector WHERE context <> ''")}
    assert sources == {"answered from a cache of our own, no provider was asked"}
    told = quote(Book.load(shared, NOW), "acme-ai", "m-large", {"input": 9}, NOW, {"processing": "local_cache"})
    assert (told.amount, told.unpriced) == (_ZERO, ())
    assert told.parts[0].source == "answered from a cache of our own, no provider was asked"


def test_a_batch_is_priced_once_at_batch_rates_when_it_is_done(shared: Store) -> None:
    """What was handed in costs nothing yet; its result, read twice, costs the batch price once."""
    emptied(shared)
    own: dict[str, Any] = {"context": "processing=batch"}
    batch = [price("m-large", unit, amount) | own for unit, amount in (("input", "1"), ("output", "4"))]
    done = own | {"response_id": "r-1", "day": 6}
    laid(
        shared,
        usage=[
            event(1, day=5, state="not_sent", input=0, output=0, call="c-1"),
            event(2, call="c-1", **done),
            event(3, call="c-1", sensor="gateway", **done),
        ],
        prices=[*PRICES, *batch],
    )
    rows = _costs(shared)
    assert [(row["line"], row["amount"]) for row in rows] == [(1, _ZERO), (2, Decimal("0.00014"))]
