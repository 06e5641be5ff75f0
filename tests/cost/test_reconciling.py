"""How a gap is cut, case by case, with small bills and few events."""

from decimal import Decimal
from typing import Any, cast

from outlay.cost.reconciling.cells import Group, Line, Place
from outlay.cost.reconciling.timing import Hours, Shift, net, shifts
from outlay.explain.gap import CAUSES, reconcile
from outlay.store import Row, Store
from tests.laws.world import MONTH, at, committed, emptied, event, laid, model_charge, price, published

NANO, PICO = 10**9, 10**12
#: One unit is one dollar, so that quantities read as money.
FLAT = (
    price("m-large", "input", "1", per=1),
    price("m-large", "cache_read", "0.1", per=1),
    price("m-large", "output", "1", per=1),
    price("m-large", "input", "0.5", per=1, context="processing=batch"),
)


def billed(line: int, cost: str, quantity: int, meter: str = "Input", *, day: int = 5, **own: object) -> Row:
    """Return a line that says what it counts."""
    counted = {"sku_meter": meter, "consumed_quantity": Decimal(quantity), "consumed_unit": "Tokens"}
    return {**model_charge(line, cost, day=day), **counted, **own}


def causes(store: Store, charges: list[Row], usage: list[Row], **asked: Any) -> dict[str, Decimal]:  # noqa: ANN401
    """Run the month and return the causes that are not zero."""
    emptied(store)
    laid(store, charges=charges, usage=usage, prices=FLAT)
    published(store)
    found = cast(dict[str, Any], reconcile(store, MONTH, **asked))
    for row in found["rows"]:
        assert row["gap"] == sum((row[name] for name in CAUSES), Decimal(0))
    return {cause["cause"]: cause["amount"] for cause in found["causes"] if cause["amount"]}


def test_accounts_are_told_apart_by_project_and_environment(duck: Store) -> None:
    """What one account lacks is not made up by another; an account that nobody reports is unseen by its name."""
    lines = [
        billed(1, "100", 100, sub_account_id="p1", sub_account_name="Production"),
        billed(2, "30", 30, sub_account_name="staging"),
        billed(3, "7", 7, sub_account_name="notebooks"),
    ]
    usage = [event(1, output=0, context="project=p1"), event(2, input=50, output=0, environment="Staging")]
    found = causes(duck, lines, usage, by=["sub_account"])
    assert found == {"unseen": 7, "not_billed": -20}
    rows = cast(list[Row], reconcile(duck, MONTH, ["sub_account"])["rows"])
    assert {row["sub_account"]: row["gap"] for row in rows} == {"Production": 0, "staging": -20, "notebooks": 7}


def test_prompts_billed_as_cached_are_a_matter_of_context(duck: Store) -> None:
    """Events say 100 fresh tokens, the bill 60 fresh and 40 cached: nothing is unseen, and nothing unbilled."""
    lines = [billed(1, "60", 60), billed(2, "4", 40, "Cached input")]
    assert causes(duck, lines, [event(1, output=0)]) == {"context": -36}


def test_a_batch_on_the_bill_is_context_and_another_price_is_price(duck: Store) -> None:
    """A batch at the book's batch price is context; on the next day, a dearer ordinary line is price."""
    lines = [billed(1, "50", 100, "Batch input"), billed(2, "130", 100, day=6)]
    assert causes(duck, lines, [event(1, output=0), event(2, output=0, day=6)]) == {"context": -50, "price": 30}


def test_a_batch_at_another_price_is_both(duck: Store) -> None:
    """What the book says of batches is context; what the bill asks beyond that is price."""
    assert causes(duck, [billed(1, "60", 100, "Batch input")], [event(1, output=0)]) == {"context": -50, "price": 10}


def test_reasoning_is_in_the_output_of_a_bill_that_does_not_count_it(duck: Store) -> None:
    """40 of output and 60 of reasoning are the 100 that are billed as output."""
    usage = [event(1, input=0, output=40, output_reasoning=60)]
    assert causes(duck, [billed(1, "100", 100, "Output tokens")], usage) == {}


def test_a_day_that_is_posted_late_is_timing(duck: Store) -> None:
    """Saturday's calls stand on Monday's bill: both days say so, and the month's sum is zero."""
    days = range(5, 16)
    lines = [
        billed(day, "200" if day == 12 else "100", 200 if day == 12 else 100, day=day) for day in days if day != 10
    ]
    usage = [event(day * 2 + late, output=0, input=50, day=day, hour=6 + 12 * late) for day in days for late in (0, 1)]
    assert causes(duck, lines, usage) == {}
    rows = cast(list[Row], reconcile(duck, MONTH, ["day"])["rows"])
    assert {row["day"].day: row["timing"] for row in rows if row["timing"]} == {10: -100, 12: 100}  # type: ignore[attr-defined]
    evidence = cast(list[Row], reconcile(duck, MONTH)["evidence"])
    assert {row["cause"] for row in evidence} == {"timing"}


def test_an_invoice_that_is_mended_explains_no_gap(duck: Store) -> None:
    """A change towards what was seen leaves nothing to explain; one away from it is the whole gap."""
    for first, then, expected in (("80", "100", {}), ("100", "120", {"restatement": 20})):
        emptied(duck)
        laid(duck, charges=[billed(1, first, int(first))], usage=[event(1, output=0)], prices=FLAT)
        duck.insert("charge", [{**billed(1, then, int(then)), "take_in": "again"}])
        key = {"provider": "acme-ai", "billing_account_id": "111", "billing_period_start": at(1)}
        duck.insert("supersession", [{**key, "take_in": "bill", "replaced_by": "again"}])
        committed(duck, "again", taken_at=at(40))
        published(duck)
        found = cast(list[Row], reconcile(duck, MONTH)["causes"])
        assert {row["cause"]: row["amount"] for row in found if row["amount"]} == expected


def test_a_bill_without_quantities_leaves_the_rest(duck: Store) -> None:
    """Price and quantity cannot be told apart, and it says so."""
    line = model_charge(1, "130", sku_meter="Input", consumed_quantity=None)
    assert causes(duck, [line], [event(1, output=0)]) == {"rest": 30}
    evidence = cast(list[Row], reconcile(duck, MONTH)["evidence"])
    assert "no quantity" in str(evidence[0]["means"])


def test_what_no_event_counts_is_unmetered(duck: Store) -> None:
    """A line of storage of a model whose tokens match explains nothing of the tokens."""
    lines = [billed(1, "100", 100), billed(2, "9", 3, "Storage")]
    assert causes(duck, lines, [event(1, output=0)]) == {"unmetered": 9}


def test_equal_calls_now_and_then_are_not_called_twins(duck: Store) -> None:
    """One pair among many calls of a service is chance; a service that reports every call twice is not."""
    calls = [event(n, output=0, input=n, trace=f"t{n}", service="chat") for n in range(1, 21)]
    pair = event(21, output=0, input=20, trace="t20", service="chat")
    exact = [billed(1, "230", 230)]
    assert causes(duck, exact, [*calls, pair]) == {}
    twice = [{**call, "id": f"again-{call['id']}", "line": 100 + cast(int, call["line"])} for call in calls]
    assert causes(duck, [billed(1, "210", 210)], [*calls, *twice]) == {"counted_twice": -210}


def test_calibrated_features_sum_to_what_was_billed(duck: Store) -> None:
    """Parts keep their proportions; what was unseen is the width of the band."""
    usage = [event(1, output=0, input=75, feature="chat"), event(2, output=0, input=25, feature="search")]
    causes(duck, [billed(1, "120", 120)], usage)
    found = cast(list[Row], reconcile(duck, MONTH)["calibrated"])
    told = [(row["feature"], row["estimated"], row["calibrated"], row["low"], row["high"]) for row in found]
    assert told == [("chat", 75, 90, 75, 105), ("search", 25, 30, 25, 35)]
    assert reconcile(duck, MONTH)["coverage"] == Decimal("0.8333")


def test_a_clock_that_is_behind_is_found_to_the_hour() -> None:
    """Days that end seven hours late explain each day's bill exactly, and only that shift does."""
    place = Place("p", "", "m", "input", "USD")
    days, weights = 6, [1, 1, 1, 1, 1, 2, 3, 5, 6, 7, 7, 6, 6, 7, 8, 8, 8, 7, 5, 4, 3, 2, 1, 1]
    by_hour = {hour: weights[hour % 24] * NANO for hour in range((days + 2) * 24)}
    group = Group()
    for day in range(days):
        group.seen[day], group.estimated[day] = 101 * NANO, 101 * PICO
        first, end = day * 24 + (7 if day in (3, 4) else 0), (day + 1) * 24 + (7 if day in (2, 3) else 0)
        quantity = sum(by_hour[hour + 24] for hour in range(first, end))
        group.held = {**group.held, day: [Line(quantity * 1000, quantity, 1, (), "")]}
    assert shifts({place: group}, Hours(days, {place: by_hour})) == [Shift(3, 7), Shift(4, 7)]


def test_netting_moves_no_ordinary_noise() -> None:
    """Days that differ by chance stay; a day that lacks a fifth is made up by the one that has it too much."""
    billed_ = dict.fromkeys(range(9), 100 * NANO)
    noise = {day: (5 + day % 3) * NANO for day in range(9)}
    assert net(noise, billed_, 9) == {}
    late = {**noise, 4: noise[4] - 20 * NANO, 5: noise[5] + 20 * NANO}
    moved = net(late, billed_, 9)
    assert sum(moved.values()) == 0
    assert 18 * NANO <= moved[5] <= 22 * NANO
