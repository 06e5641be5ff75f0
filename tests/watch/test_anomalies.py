from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.anomalies_made import Hand, hand, table
from bench.anomalies_score import as_series, score
from outlay.errors import BadInput
from outlay.watch.anomalies import KINDS, SEVERITIES, Anomaly, Strictness, anomalies
from outlay.watch.anomalies.judging.chance import chances, discoveries
from outlay.watch.series import DailySeries, Line, gathered

FIRST = date(2026, 3, 1)  # a Sunday
#: What an office spends from Sunday on, and a little noise that comes again every eleven days.
WEEK = [30, 90, 100, 105, 100, 95, 35]
NOISE = [1.0, 1.03, 0.98, 1.01, 0.97, 1.02, 0.99, 1.04, 0.96, 1.0, 1.01]
Change = Callable[[int, float], float]


def office(days: int = 100, change: Change = lambda _, amount: amount) -> list[float]:
    """Return what an office spends, each day as it is or as somebody changed it."""
    return [round(change(at, WEEK[at % 7] * NOISE[at % 11]), 2) for at in range(days)]


def series(**given: Sequence[float | Decimal]) -> DailySeries:
    """Put series side by side that begin on 1 March 2026; a number of NaN is a day without a row."""
    found = gathered(
        Line(name, None, FIRST + timedelta(days=at), Decimal(str(amount)))
        for name, amounts in given.items()
        for at, amount in enumerate(amounts)
        if amount == amount  # noqa: PLR0124 - NaN is what differs from itself
    )
    assert found
    return found


def told(amounts: Sequence[float | Decimal], how: Strictness | None = None) -> list[tuple[int, str]]:
    """Return day and kind of what stands out of one series."""
    return [((one.day - FIRST).days, one.kind) for one in anomalies(series(one=amounts), how)]


def test_an_ordinary_office_has_no_anomaly() -> None:
    """Weekends, and noise of some percent, are not told of."""
    assert told(office(200)) == []


@pytest.mark.parametrize("growth", [0.004, 0.01, -0.008])
def test_growth_is_no_anomaly(growth: float) -> None:
    """What grows or shrinks at the same pace all the time does nothing unusual."""
    assert told(office(150, lambda at, amount: amount * np.exp(growth * at))) == []


def test_one_dear_day_is_a_spike() -> None:
    """It is told of once, with what was expected of that day and what would have been ordinary."""
    amounts = office(100, lambda at, amount: amount * 3 if at == 71 else amount)
    (found,) = anomalies(series(one=amounts))
    assert (found.day, found.kind, found.severity) == (FIRST + timedelta(days=71), "spike", "high")
    assert found.actual == Decimal(str(amounts[71]))
    assert float(found.expected) == pytest.approx(WEEK[1], rel=0.05)
    assert found.low < found.expected < found.high < found.actual


def test_one_cheap_day_is_a_drop() -> None:
    """Less than expected is told of as more is; coming back is not."""
    assert told(office(100, lambda at, amount: amount * 0.3 if at == 72 else amount)) == [(72, "drop")]


def test_a_weekend_day_as_dear_as_a_weekday_is_a_spike() -> None:
    """A day is held against days of its own weekday."""
    assert told(office(100, lambda at, amount: 100 if at == 76 else amount)) == [(76, "spike")]


def test_a_new_level_is_told_of_for_some_days_and_then_is_ordinary() -> None:
    """Three days, the last of which is called a shift; what follows, and a return to the old level, is no news."""
    assert told(office(130, lambda at, amount: amount * (2 if 70 <= at < 100 else 1))) == [
        (70, "spike"),
        (71, "spike"),
        (72, "shift"),
    ]


def test_what_ends_has_vanished() -> None:
    """Nothing at all is told of for three days, and not again every day after."""
    assert told(office(100, lambda at, amount: 0 if at >= 72 else amount)) == [
        (72, "drop"),
        (73, "drop"),
        (74, "vanished"),
    ]


def test_a_series_without_rows_at_the_end_has_vanished() -> None:
    """A day without a row costs nothing, as long as other series go on."""
    found = anomalies(series(gone=office(70), going=office(100)))
    assert [(one.series, one.kind) for one in found] == [("gone", "drop"), ("gone", "drop"), ("gone", "vanished")]


def test_what_returns_at_its_old_level_is_no_news() -> None:
    """After an outage things are as they were."""
    assert {day for day, _ in told(office(120, lambda at, amount: 0 if 70 <= at < 80 else amount))} == {70, 71, 72}


def test_a_leak_is_told_of_while_it_is_small() -> None:
    """Two percent a day are found within three weeks, though no single day stands out."""
    found = told(office(120, lambda at, amount: amount * np.exp(0.02 * max(0, min(at - 70, 30)))))
    assert found[0][1] == "leak"
    assert 77 <= found[0][0] <= 91


def test_a_new_pattern_of_the_week_is_told_of_and_then_is_ordinary() -> None:
    """When Sunday becomes a working day, the first Sunday is told of; what is like a week ago is no news."""
    found = told(office(140, lambda at, amount: amount * 3 if at % 7 == 0 and at >= 70 else amount))
    assert found == [(70, "spike")]


def test_a_week_that_is_turned_round_is_a_new_pattern() -> None:
    """Days that are too dear and days that are too cheap, three in a week, are told of as one thing."""
    found = told(office(140, lambda at, amount: amount * (0.4 if at % 7 in (1, 3) else 2) if at >= 70 else amount))
    assert "pattern" in {kind for _, kind in found}
    assert {day for day, _ in found} <= set(range(70, 84))


def test_a_job_of_a_month_is_told_of_once() -> None:
    """What ran on the last day of a month before is expected on the next."""

    def job(at: int, amount: float) -> float:
        return amount + 300 if (FIRST + timedelta(days=at + 1)).day == 1 else amount

    assert told(office(150, job)) == []  # the first time, the series is a month old at most


def test_a_job_of_the_last_business_day_is_known_again() -> None:
    """May ends on a Sunday in 2026: the job runs on Friday the 29th, as it ran on 30 April."""
    days = {date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 29), date(2026, 6, 30)}
    assert told(office(130, lambda at, amount: amount + 300 if FIRST + timedelta(days=at) in days else amount)) == []


def test_a_holiday_may_be_quiet() -> None:
    """A day that the table calls a holiday may cost less; the same day without that is a drop."""
    amounts = office(100, lambda at, amount: amount * 0.3 if at == 72 else amount)
    lines = [
        Line("one", None, FIRST + timedelta(days=at), Decimal(str(amount)), holiday=at == 72)
        for at, amount in enumerate(amounts)
    ]
    found = gathered(lines)
    assert found
    assert anomalies(found) == []


def test_a_sparse_series_is_told_of_for_its_size_only() -> None:
    """Where most days cost nothing, days that cost something are no spikes, and those that do not are no drops."""
    amounts = [40 + at % 5 if at % 9 in (2, 3) or at % 17 == 5 else 0 for at in range(150)]
    assert told(amounts) == []
    amounts[121] = 900
    assert told(amounts) == [(121, "spike")]


def test_a_large_newcomer_is_told_of_once() -> None:
    """It is told of on its first day, and not before it is judged again three weeks later."""
    small, large = [[float("nan")] * 60 + [size] * 40 for size in (2, 50)]
    found = anomalies(series(old=office(), older=office(), small=small, large=large))
    assert [(one.series, one.kind, (one.day - FIRST).days) for one in found] == [("large", "new", 60)]


@pytest.mark.parametrize(
    "amounts",
    [
        pytest.param([5], id="one day"),
        pytest.param([0] * 90, id="nothing but zeros"),
        pytest.param([-amount for amount in office()], id="credits"),
        pytest.param([7] * 100, id="always the same"),
        pytest.param([0] * 60 + [3], id="its first cost"),
        pytest.param([5, -5] * 50, id="up and down"),
        pytest.param([1e14, 1e-9] * 40, id="large and small"),
    ],
)
def test_odd_series_have_no_anomaly(amounts: list[float]) -> None:
    """There is nothing to tell of what is too short, empty, negative or without any level."""
    assert told(amounts) == []


def test_a_credit_is_told_of() -> None:
    """A day below zero is a drop, with the amount as it is."""
    (found,) = anomalies(series(one=office(100, lambda at, amount: -500 if at == 70 else amount)))
    assert (found.kind, found.actual, found.severity) == ("drop", Decimal(-500), "high")


def test_a_release_is_named_beside_what_followed_it() -> None:
    """What was released on the day or the day before stands with the anomaly."""
    amounts = office(100, lambda at, amount: amount * 3 if at == 71 else amount)
    lines = [
        Line("one", None, FIRST + timedelta(days=at), Decimal(str(amount)), release="4.2" if at == 70 else None)
        for at, amount in enumerate(amounts)
    ]
    found = gathered(lines)
    assert found
    assert [one.release for one in anomalies(found)] == ["4.2"]


def test_floors_hold_small_things_back() -> None:
    """What is out of the ordinary by less than a floor is not told of."""
    amounts = office(100, lambda at, amount: amount * 1.5 if at == 71 else amount)
    assert told(amounts) == [(71, "spike")]
    assert told(amounts, Strictness(percent=60)) == []
    assert told(amounts, Strictness(money=Decimal(50))) == []


def test_among_many_series_one_has_to_stand_out_more() -> None:
    """Six spreads are enough among ten series, not among five thousand; there it is enough where many do it."""
    alone, among_many = np.zeros(10), np.zeros(5_000)
    alone[3] = among_many[3] = 6
    assert discoveries(chances(alone), 0.1).tolist() == (alone > 0).tolist()
    assert not discoveries(chances(among_many), 0.1).any()
    among_many[:60] = 6
    assert discoveries(chances(among_many), 0.1).sum() == 60


def test_two_days_off_to_one_side_count_together() -> None:
    """Neither is far enough by itself; the second is told of, and its amount is outside what is ordinary."""
    (found,) = anomalies(series(one=office(90, lambda at, amount: amount * (1.32 if at in (71, 72) else 1))))
    assert (found.day, found.kind) == (FIRST + timedelta(days=72), "spike")
    assert found.actual > found.high


@pytest.mark.parametrize("wrong", [{"percent": -1}, {"money": Decimal("NaN")}, {"false_share": 2}, {"warm_up_days": 0}])
def test_a_setting_that_can_never_hold_is_refused(wrong: dict[str, object]) -> None:
    """The message names it and says what may stand there."""
    with pytest.raises(BadInput, match=r"Fix: give"):
        Strictness(**wrong)  # type: ignore[arg-type]


def plainly(found: list[Anomaly], until: date) -> list[Anomaly]:
    """Return what was said of the days up to one."""
    return [one for one in found if one.day <= until]


@pytest.mark.parametrize("seed", [1, 4])
def test_later_days_change_nothing_that_was_said(seed: int) -> None:
    """What is said of a day is what was said in the evening of that day."""
    whole = as_series(table(hand(seed), 12, seed))
    for days in (60, 85):
        part = DailySeries(
            names=whole.names,
            currencies=whole.currencies,
            first=whole.first,
            amounts=whole.amounts[:, :days],
            born=whole.born,
            seen=whole.seen[:, :days],
            holidays=whole.holidays[:, :days],
        )
        until = whole.first + timedelta(days=days - 1)
        assert anomalies(part) == plainly(anomalies(whole), until)


@pytest.mark.parametrize("times", [0.001, 1e6])
def test_the_unit_of_money_does_not_matter(times: float) -> None:
    """Cents, dollars and millions have the same anomalies."""
    whole = as_series(table(Hand(), 12, 2))
    larger = as_series(table(Hand(), 12, 2), times=times)
    said, again = anomalies(whole), anomalies(larger)
    assert [(one.series, one.day, one.kind) for one in said] == [(one.series, one.day, one.kind) for one in again]
    assert said


amount = st.one_of(
    st.sampled_from([0, 0, 1, 100]), st.floats(-1e14, 1e14, allow_nan=False), st.floats(0, 10, allow_nan=False)
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(amount, min_size=1, max_size=70), min_size=1, max_size=4))
def test_whatever_the_amounts_there_is_an_answer(rows: list[list[float]]) -> None:
    """Every figure is a number, every kind and severity is a known one, and the interval holds what was expected."""
    found = anomalies(series(**{f"s{at}": row for at, row in enumerate(rows)}))
    for one in found:
        assert one.kind in KINDS
        assert one.severity in SEVERITIES
        assert one.actual.is_finite()
        assert one.low.is_finite()
        assert one.low <= one.expected <= one.high


@pytest.mark.parametrize(("how", "least", "most"), [(Hand(), 0.8, 0.05), (hand(1001), 0.75, 0.05)])
def test_most_of_what_is_wrong_is_found_and_little_else(how: Hand, least: float, most: float) -> None:
    """On generated tables: the balance of precision and recall, and false alarms per series and month."""
    made = table(how, 120, 9)
    result = score(made, anomalies(as_series(made)))
    assert result.f1 >= least
    assert result.false_alarms <= most
