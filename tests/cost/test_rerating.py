"""March is told once: what was corrected later moves it only when somebody re-rates it, and is reported then."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from outlay import flow
from outlay.errors import BadInput, UnknownName
from outlay.store import Row, Store
from tests.laws.world import MONTH, NOW, PRICES, emptied, event, laid, model_charge, price, published, read

_MIDNIGHT = datetime(2026, 10, 15, tzinfo=UTC)
_LATER = NOW + timedelta(days=365)
#: The large model's input costs 2 dollars a million until the 15th, 3 from its first instant on.
_CHANGED = (
    price("m-large", "input", "2", valid_to=_MIDNIGHT),
    price("m-large", "input", "3", valid_from=_MIDNIGHT),
    *(one for one in PRICES if (one["model"], one["unit"]) != ("m-large", "input")),
)


def _correction(amount: str, **own: Any) -> Row:  # noqa: ANN401
    """Return a record, learnt half a year later, of what input had cost all along."""
    learnt = NOW + timedelta(days=180)
    return price("m-large", "input", amount, recorded_at=learnt, correction=True, **own)


def _told(store: Store) -> list[tuple[object, Decimal]]:
    rows = read(store, 'SELECT "day", estimated_cost FROM rollup_day ORDER BY "day"')
    return [(row["day"], row["estimated_cost"]) for row in rows]  # type: ignore[misc] # a money column


@pytest.fixture
def world(shared: Store) -> Store:
    """A month of three events around a change of price at midnight, and its ledger."""
    emptied(shared)
    before = {"day": 14, "hour": 23, "minute": 59, "second": 59}
    laid(
        shared,
        charges=[model_charge(1, "1")],
        usage=[
            event(1, **before, feature="a", customer="x", output=0, input=1_000_000),
            event(2, day=15, hour=0, feature="a", customer="y", output=0, input=1_000_000),
            event(3, day=16, feature="b", model="m-small", output=0, input=1_000_000),
        ],
        prices=_CHANGED,
    )
    published(shared)
    return shared


def test_a_price_changes_at_midnight(world: Store) -> None:
    """The last second of the 14th costs the old price, the first instant of the 15th the new one."""
    assert [amount for _, amount in _told(world)] == [Decimal(2), Decimal(3), Decimal("0.1")]


def test_march_replayed_in_a_year_gives_marchs_number(world: Store) -> None:
    """Another run, a year and a correction later, says the same and how many corrections it left out."""
    told = _told(world)
    world.insert("price", [_correction("4")])
    again = published(world, now=_LATER)
    assert _told(world) == told
    assert again.waiting == 1
    assert again.moved is None


def test_what_had_no_price_gets_one_without_re_rating(world: Store) -> None:
    """A price learnt later for what had none is no correction, and the next run uses it."""
    world.insert("usage", [event(4, day=20, model="m-new", output=0, input=1_000_000)])
    assert published(world, now=NOW + timedelta(hours=1)).unpriced_quantity == 1_000_000
    world.insert("price", [price("m-new", "input", "7", recorded_at=NOW + timedelta(days=1))])
    assert published(world, now=_LATER).unpriced_quantity == 0
    assert [amount for _, amount in _told(world)] == [Decimal(2), Decimal(3), Decimal("0.1"), Decimal(7)]


def test_re_rating_says_what_moved_for_whom_and_why(world: Store) -> None:
    """The report holds each feature and customer that moved, the price that did it, and sums to the change."""
    world.insert("price", [_correction("4", valid_from=_MIDNIGHT)])
    (done,) = flow.rerate(world, MONTH, now=_LATER)
    assert done.moved is not None
    (row,) = done.moved.usage
    assert (row["feature"], row["customer"], row["model"]) == ("a", "y", "m-large")
    assert (row["before"], row["after"], row["change"]) == (Decimal(3), Decimal(4), Decimal(1))
    assert done.moved.change == {"USD": Decimal(1)}
    (changed,) = done.moved.prices
    assert (changed["provider"], changed["model"], changed["unit"]) == ("acme-ai", "m-large", "input")
    assert (changed["before"], changed["after"], changed["per"]) == (Decimal(3), Decimal(4), 1_000_000)
    assert changed["valid_from"] == _MIDNIGHT
    assert changed["source"] == "acme-ai list"
    assert [amount for _, amount in _told(world)] == [Decimal(2), Decimal(4), Decimal("0.1")]


def test_re_rating_says_which_tokens_cost_another_price(world: Store) -> None:
    """A correction that makes only later tokens dearer is reported with the first token it is for."""
    world.insert("price", [_correction("5", size_from=600_001, marginal=True, valid_from=_MIDNIGHT)])
    (done,) = flow.rerate(world, MONTH, now=_LATER)
    assert done.moved is not None
    (changed,) = done.moved.prices
    assert (changed["unit"], changed["tokens_from"]) == ("input", 600_001)
    assert (changed["before"], changed["after"]) == (Decimal(3), Decimal(5))
    assert done.moved.change == {"USD": Decimal("0.8")}


def test_what_was_re_rated_stays_so(world: Store) -> None:
    """Later runs keep the correction that was taken up, and wait with the next one."""
    world.insert("price", [_correction("4")])
    flow.rerate(world, MONTH, now=_LATER)
    told = _told(world)
    assert [amount for _, amount in told] == [Decimal(4), Decimal(4), Decimal("0.1")]
    world.insert("price", [_correction("5") | {"recorded_at": _LATER + timedelta(days=1)}])
    assert published(world, now=_LATER + timedelta(days=2)).waiting == 1
    assert _told(world) == told


def test_one_provider_is_re_rated_alone(world: Store) -> None:
    """Corrections of other providers go on waiting, also in the runs after it."""
    other: dict[str, Any] = {"provider": "other-ai", "model": "o", "pattern": "o"}
    world.insert("usage", [event(5, day=20, provider="other-ai", model="o", output=0, input=1_000_000)])
    world.insert("price", [price("o", "input", "1") | other, _correction("4"), _correction("9") | other])
    published(world, now=NOW + timedelta(hours=1))
    (done,) = flow.rerate(world, MONTH, now=_LATER, provider="other-ai")
    assert done.moved is not None
    assert [row["provider"] for row in done.moved.usage] == ["other-ai"]
    assert [amount for _, amount in _told(world)] == [Decimal(2), Decimal(3), Decimal("0.1"), Decimal(9)]
    assert done.waiting == 1
    again = published(world, now=_LATER + timedelta(days=1))
    assert [amount for _, amount in _told(world)] == [Decimal(2), Decimal(3), Decimal("0.1"), Decimal(9)]
    assert again.waiting == 1


def test_a_month_that_goes_on_is_not_told_yet(shared: Store) -> None:
    """Until a month has ended every run uses what is known by then, corrections too."""
    emptied(shared)
    laid(shared, usage=[event(1, output=0, input=1_000_000)])
    published(shared, now=datetime(2026, 10, 10, tzinfo=UTC))
    learnt = datetime(2026, 10, 11, tzinfo=UTC)
    shared.insert("price", [_correction("4") | {"recorded_at": learnt}])
    assert published(shared, now=datetime(2026, 10, 12, tzinfo=UTC)).waiting == 0
    assert [amount for _, amount in _told(shared)] == [Decimal(4)]


def test_only_what_was_told_can_be_re_rated(shared: Store) -> None:
    """A month without a ledger, and a provider nobody knows, are refused with what to do."""
    emptied(shared)
    laid(shared, usage=[event(1)])
    with pytest.raises(BadInput, match="no ledger of 2026-10") as refused:
        flow.rerate(shared, MONTH, now=_LATER)
    assert "outlay run --period 2026-10" in refused.value.fix
    published(shared)
    with pytest.raises(UnknownName, match="acme-io"):
        flow.rerate(shared, MONTH, now=_LATER, provider="acme-io")
