from decimal import Decimal
from typing import Any

import pytest

from outlay.store import Row, Store
from tests.laws.world import MONTH, PRICES, ZERO, emptied, event, laid, price, priced, published, read, total


def costs(store: Store, *usage: Row, prices: tuple[Row, ...] = PRICES) -> list[Row]:
    """Price usage and return what each event costs, by id."""
    emptied(store)
    laid(store, usage=usage, prices=prices)
    priced(store, roll_up=True)
    return read(
        store,
        "SELECT id, amount, unpriced_quantity, unpriced_bound, unbounded_quantity, reason FROM estimate ORDER BY id",
    )


def test_an_unknown_model_costs_at_most_what_the_dearest_neighbour_does(shared: Store) -> None:
    """Its tokens are counted as unpriced and bounded by the provider's dearest token, not taken for nothing."""
    (row,) = costs(shared, event(1, model="m-unheard-of"))
    assert (row["amount"], row["unpriced_quantity"], row["reason"]) == (ZERO, Decimal(110), "unknown-model")
    assert row["unpriced_bound"] == 110 * Decimal("0.000008")
    assert row["unbounded_quantity"] == 0


def test_an_unknown_provider_has_no_bound_and_says_so(shared: Store) -> None:
    """With no price nearby the quantity is unbounded; the bound of nothing is not shown as a bound of zero."""
    (row,) = costs(shared, event(1, provider="nobody-we-know"))
    assert (row["unpriced_quantity"], row["unbounded_quantity"]) == (Decimal(110), Decimal(110))
    assert row["reason"] == "unknown-provider"


def test_an_unknown_unit_is_unpriced_beside_tokens_that_are(shared: Store) -> None:
    """Tokens of a known model are priced although its pages are not."""
    rows = costs(
        shared, event(1, unit="page", quantity=Decimal("2.5")), event(2, model="m-page", unit="fax", quantity=3)
    )
    assert next((r["id"], r["amount"]) for r in rows) == ("e1", Decimal("0.00028"))
    assert rows[0]["unpriced_quantity"] == Decimal("2.5")
    assert rows[1]["unpriced_quantity"] == 113, "tokens and faxes of a model that has neither price"


@pytest.mark.parametrize("unit", ["cache_write_1h", "output_image"])
def test_a_token_without_a_price_of_its_own_costs_what_the_wider_unit_does(shared: Store, unit: str) -> None:
    """Cached tokens are input and images of an answer are output until a price says otherwise; never free."""
    (row,) = costs(shared, event(1, **{"input": 0, "output": 0, unit: 1000}))
    assert row["amount"] == 1000 * Decimal("0.000002" if unit.startswith("cache") else "0.000008")


@pytest.mark.parametrize("state", ["refused", "not_sent"])
def test_what_was_refused_or_never_sent_costs_nothing(shared: Store, state: str) -> None:
    """A call the provider turned away is neither billed nor unpriced, with and without a price."""
    rows = costs(shared, event(1, state=state), event(2, state=state, model="m-unheard-of"))
    assert total(rows) == ZERO
    assert total(rows, "unpriced_quantity") == ZERO
    assert total(rows, "unpriced_bound") == ZERO


@pytest.mark.parametrize("state", ["partial", "unknown", "complete"])
def test_what_was_cut_off_or_lost_costs_what_was_counted(shared: Store, state: str) -> None:
    """A stream that broke and an answer that never came are paid for."""
    assert total(costs(shared, event(1, state=state))) == Decimal("0.00028")


def test_a_free_model_is_free_and_not_unpriced(shared: Store) -> None:
    """A price of zero that somebody states is a price."""
    free = (*PRICES, price("m-free", "input", "0"), price("m-free", "output", "0"))
    (row,) = costs(shared, event(1, model="m-free"), prices=free)
    assert (row["amount"], row["unpriced_quantity"], row["reason"]) == (ZERO, ZERO, None)


def test_every_event_is_priced_or_counted_as_unpriced(shared: Store) -> None:
    """Of every combination of model, unit, tier and outcome nothing disappears between usage and estimate."""
    shapes: list[dict[str, Any]] = [
        {"model": model, "unit": unit, "quantity": Decimal(2) if unit else ZERO, "context": context}
        for model in ("m-large", "m-page", "m-unheard-of", None)
        for unit in (None, "page", "fax")
        for context in ("", "tier=flex")
    ]
    rows = costs(shared, *(event(number, **shape) for number, shape in enumerate(shapes, start=1)))
    assert len(rows) == len(shapes)
    for row, shape in zip(sorted(rows, key=lambda r: int(str(r["id"])[1:])), shapes, strict=True):
        paid = 110 if shape["model"] == "m-large" and not shape["context"] else 0
        paid += 2 if (shape["model"], shape["unit"], shape["context"]) == ("m-page", "page", "") else 0
        assert row["unpriced_quantity"] == 110 + shape["quantity"] - paid, shape
        assert (row["amount"] != 0) == bool(paid), shape


def test_a_run_shows_what_it_could_not_price(shared: Store) -> None:
    """The quantity and the most it may cost are part of what a run publishes."""
    emptied(shared)
    laid(shared, usage=[event(1), event(2, model="m-unheard-of"), event(3, model="m-unheard-of", state="refused")])
    run = published(shared)
    assert (run.unpriced_quantity, run.unpriced_bound) == (Decimal(110), Decimal("0.00088"))
    assert run.run.month == MONTH
