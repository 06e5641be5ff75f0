from decimal import Decimal
from typing import Any, cast

from hypothesis import example, given
from hypothesis import strategies as st

from outlay.explain.change import change
from outlay.explain.decompose import EFFECTS, Segment, decompose
from outlay.explain.gap import CAUSES, reconcile
from outlay.store import Row, Store
from outlay.terms.period import Period
from tests.laws.guesses import bills, events, few
from tests.laws.world import MONTH, ZERO, charge, emptied, event, laid, model_charge, published, total

_MONEY = st.one_of(
    st.just(ZERO),
    st.integers(-(10**4), 10**4).map(lambda pico: Decimal(pico).scaleb(-12)),
    st.integers(-(10**20), 10**20).map(lambda pico: Decimal(pico).scaleb(-12)),
)
_CALLS = st.one_of(st.just(0), st.integers(1, 5), st.integers(1, 10**12))
_QUANTITY = st.one_of(st.just(ZERO), st.integers(0, 10**15).map(lambda milli: Decimal(milli).scaleb(-3)))
#: Segments with money, calls and quantity before and after; any of them may be absent: new, retired, free, credited.
SEGMENTS = st.lists(
    st.builds(
        lambda cost, calls, quantity: Segment(("a",), cost, calls, quantity),
        st.tuples(_MONEY, _MONEY),
        st.tuples(_CALLS, _CALLS),
        st.tuples(_QUANTITY, _QUANTITY),
    ),
    min_size=1,
    max_size=6,
)
OCTOBER = (Period.parse("2026-10-01..2026-10-11"), Period.parse("2026-10-11..2026-11-01"))


@given(segments=SEGMENTS, days=st.tuples(st.integers(1, 366), st.integers(1, 366)))
@example(segments=[Segment(("a",), (Decimal(1), Decimal(1)), (3, 3), (Decimal(1), Decimal(1)))], days=(31, 28))
@few(300)
def test_effects_sum_to_the_change_of_every_segment(segments: list[Segment], days: tuple[int, int]) -> None:
    """New, retired, free, negative or of another length: the effects sum to the change to the last digit."""
    for segment, effects in zip(segments, decompose(segments, days), strict=True):
        assert tuple(effects) == EFFECTS
        assert sum(effects.values(), ZERO) == segment.cost[1] - segment.cost[0]
        assert all(value == value.quantize(Decimal("1e-12")) for value in effects.values())


@given(calls=st.integers(1, 10**6), factor=st.integers(2, 9))
@few(20)
def test_what_only_grew_in_calls_is_an_effect_of_calls_alone(calls: int, factor: int) -> None:
    """The same mix, size and price at more calls: everything is the effect of calls."""
    cost = Decimal(calls) / 8
    grown = Segment(("a",), (cost, cost * factor), (calls, calls * factor), (Decimal(calls), Decimal(calls * factor)))
    (effects,) = decompose([grown], (30, 30))
    assert effects == {**dict.fromkeys(EFFECTS, ZERO), "calls": cost * (factor - 1)}


@given(bill=bills(), used=events(), by=st.sampled_from([["feature"], ["provider"], ["team", "model"], ["day"], []]))
@few(8)
def test_an_explained_change_sums_from_the_ledger_on(
    duck: Store, bill: list[Row], used: list[Row], by: list[str]
) -> None:
    """End to end: effects sum over segments and in total to after minus before, in each currency."""
    emptied(duck)
    laid(duck, charges=bill, usage=used)
    published(duck)
    for currency in sorted({str(line["billing_currency"]) for line in bill}):
        hold_change(duck, by, currency)


def hold_change(store: Store, by: list[str], currency: str) -> dict[str, Any]:
    """Explain the change between two parts of the month and add it up again."""
    found = cast(dict[str, Any], change(store, *OCTOBER, by, where={"currency": currency}))
    assert found["change"] == found["after"]["amount"] - found["before"]["amount"]
    assert sum(found["effects"].values(), ZERO) == found["change"]
    assert total(found["segments"], "change") == found["change"]
    for segment in found["segments"]:
        assert sum(segment["effects"].values(), ZERO) == segment["change"] == segment["after"] - segment["before"]
    return found


@given(bill=bills(), used=events())
@few(8)
def test_causes_sum_to_the_gap(duck: Store, bill: list[Row], used: list[Row]) -> None:
    """Whatever was billed and seen, the named causes sum to billed minus estimated, in every row and in total."""
    emptied(duck)
    laid(duck, charges=bill, usage=used)
    published(duck)
    hold_gap(duck)


def hold_gap(store: Store) -> dict[str, Any]:
    """Add up the causes of a gap again."""
    found = cast(dict[str, Any], reconcile(store, MONTH, ("provider", "model", "day")))
    assert found["gap"] == found["billed"] - found["estimated"] == total(found["causes"])
    for row in found["rows"]:
        assert row["gap"] == row["billed"] - row["estimated"] == sum((row[name] for name in CAUSES), ZERO)
    return found


def test_both_sums_hold_on_clickhouse(click: Store) -> None:
    """A month with all causes of a gap and a change, on the other engine."""
    emptied(click)
    laid(
        click,
        charges=[
            model_charge(1, "5", day=5, consumed_quantity=Decimal(200)),
            model_charge(2, "7", day=20, consumed_quantity=Decimal(100)),
            model_charge(3, "0.000000000001", day=21, model="m-never-seen"),
            model_charge(4, "-1", day=20, charge_category="Credit"),
            charge(5, "3", day=20, tags={"team": "a"}),
        ],
        usage=[event(1, day=5, feature="chat"), event(2, day=20, feature="chat"), event(3, day=28, model="m-small")],
    )
    published(click)
    found = hold_change(click, ["feature"], "USD")
    assert found["change"] == Decimal("4.000000000001")
    gap = hold_gap(click)
    named = {row["cause"] for row in gap["causes"] if row["amount"]}
    assert named == {"unseen", "not_billed", "price", "credits_and_tax"}
