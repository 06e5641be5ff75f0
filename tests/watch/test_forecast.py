from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.forecast_cases import HELD_OUT, STYLES, cases
from outlay.errors import BadInput
from outlay.watch.forecast.answer import Outlook, forecast
from outlay.watch.series import DailySeries, Line, gathered

FIRST = date(2026, 3, 1)
Amounts = Sequence[float | int | Decimal]


def series(**given: Amounts) -> DailySeries:
    """Put series side by side that begin on 1 March 2026, a Sunday; a number may be a currency's, as `a_EUR`."""
    found = gathered(
        Line(name, None, FIRST + timedelta(days=number), Decimal(str(amount)))
        for name, amounts in given.items()
        for number, amount in enumerate(amounts)
    )
    assert found
    return found


def told(table: DailySeries, days: int) -> Outlook:
    """Forecast so many days."""
    return forecast(table, table.last + timedelta(days=days), daily=True)


def total(table: DailySeries, days: int) -> float:
    """Return the total of the first series over so many days."""
    return float(told(table, days).forecasts[0].total)


def test_what_never_changes_goes_on() -> None:
    """A constant amount is told to the cent, and zeros stay zero."""
    found = told(series(flat=[7] * 60, nothing=[0] * 60), 30).forecasts
    assert [(one.series, int(one.total)) for one in found] == [("flat", 210), ("nothing", 0)]
    assert not any((found[1].low80, found[1].high80))


def test_weekdays_come_again() -> None:
    """A week that rests on two days does so in the days to come."""
    week = [1, 9, 9, 9, 9, 9, 1]  # from Sunday
    assert total(series(office=week * 9), 7) == pytest.approx(sum(week), rel=0.02)
    weekend = told(series(office=week * 9), 1).forecasts[0]
    assert float(weekend.total) == pytest.approx(1, rel=0.1)


def test_a_job_at_the_end_of_a_month_comes_again() -> None:
    """What the last days of two months had is told of the third, and only there."""
    amounts = [50 if (FIRST + timedelta(days=n + 1)).day == 1 else 10 for n in range(31 + 30 + 20)]
    found = told(series(job=amounts), 11).forecasts[0]
    assert float(found.total) == pytest.approx(11 * 10 + 40, rel=0.03)
    assert float(found.daily[-1]) == pytest.approx(50, rel=0.05)


def test_a_job_on_a_day_of_the_month_comes_again() -> None:
    """A subscription of the 12th is told of the next 12th."""
    amounts = [300 if (FIRST + timedelta(days=n)).day == 12 else 10 for n in range(31 + 30 + 5)]
    assert total(series(job=amounts), 10) == pytest.approx(10 * 10 + 290, rel=0.03)


@pytest.mark.parametrize(
    "due",
    [
        lambda day: day.day == 1,
        lambda day: day.day == 5,
        lambda day: (day + timedelta(days=1)).day == 1,
    ],
)
def test_a_monthly_charge_comes_every_month(due: Callable[[date], bool]) -> None:
    """A subscription that is the only amount of its series is told when its day comes, and not before."""
    days = [FIRST + timedelta(days=n) for n in range(31 + 30 + 31)]
    amounts = [90 if due(day) else 0 for day in days]
    table = series(monthly=amounts)
    assert total(table, 30) == pytest.approx(90, rel=0.05)
    assert total(table, 61) == pytest.approx(180, rel=0.05)


@pytest.mark.parametrize("days", [12, 40, 90])
def test_what_ended_does_not_come_again(days: int) -> None:
    """A series that never paused and has had no amount for a while is over with."""
    assert total(series(retired=[10] * 100 + [0] * days, other=[1] * (100 + days)), 20) in (0, 20)
    assert told(series(retired=[10] * 100 + [0] * days), 20).forecasts[0].total == 0


def test_a_spike_does_not_come_again() -> None:
    """One day of a hundred times the usual amount leaves the forecast nearly where it was."""
    amounts: list[float] = [10] * 60
    amounts[52] = 1000
    assert total(series(spike=amounts), 20) == pytest.approx(200, rel=0.1)


def test_a_new_level_is_believed() -> None:
    """Some days after everything doubled, so does the forecast."""
    assert total(series(shift=[10] * 50 + [20] * 8), 20) == pytest.approx(400, rel=0.1)


def test_growth_goes_on_for_a_while() -> None:
    """What grew by one percent a day is told to grow on, within a month."""
    amounts = [10 * 1.01**n for n in range(120)]
    came = sum(10 * 1.01**n for n in range(120, 141))
    assert total(series(growth=amounts), 21) == pytest.approx(came, rel=0.06)


def test_a_holiday_to_come_is_told_of() -> None:
    """A day that is known to be a holiday costs what holidays did."""
    lines = [
        Line("office", None, FIRST + timedelta(days=n), Decimal(2 if n in (20, 40) else 10), n in (20, 40))
        for n in range(60)
    ]
    coming = [Line("office", None, FIRST + timedelta(days=62), None, holiday=True)]
    found = gathered([*lines, *coming])
    assert found
    daily = [float(one) for one in told(found, 5).forecasts[0].daily]
    assert daily[2] < 6 < daily[1]


@pytest.mark.parametrize("days", [1, 2, 5, 12])
def test_few_days_are_enough_for_an_answer(days: int) -> None:
    """One day of history is told on, with a band that is wide."""
    one = told(series(new=[8] * days), 20).forecasts[0]
    assert float(one.total) == pytest.approx(160, rel=0.05)
    assert one.low80 < one.total < one.high80


def test_credits_may_be_negative() -> None:
    """A series of credits is told as such, and its band may be below zero."""
    one = told(series(credit=[-3, -4] * 30), 10).forecasts[0]
    assert float(one.total) == pytest.approx(-35, rel=0.05)
    assert one.low80 <= one.total <= one.high80 < 0


def test_twelve_months_have_a_wider_band() -> None:
    """The further away, the wider the band is, as a part of the total."""
    rng = np.random.default_rng(1)
    amounts = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.03, 200))), 2).tolist()
    near, far = (told(series(a=amounts), days).forecasts[0] for days in (20, 365))
    assert (far.high80 - far.low80) / far.total > (near.high80 - near.low80) / near.total


def test_the_whole_is_the_sum_of_its_series() -> None:
    """Its total is theirs to the last digit, by currency; its band is narrower than theirs together."""
    rng = np.random.default_rng(2)
    lines = [
        Line(f"s{name}", "EUR" if name == 3 else "USD", FIRST + timedelta(days=n), Decimal(str(round(amount, 2))))
        for name in range(4)
        for n, amount in enumerate(rng.gamma(4, 25, 90))
    ]
    table = gathered(lines)
    assert table
    found = told(table, 20)
    for whole in found.whole:
        parts = [one for one in found.forecasts if one.currency == whole.currency]
        assert whole.total == sum(one.total for one in parts)
        assert whole.low80 <= whole.total <= whole.high80
    dollars = next(one for one in found.whole if one.currency == "USD")
    wide = sum(one.high80 - one.low80 for one in found.forecasts if one.currency == "USD")
    assert dollars.high80 - dollars.low80 < wide


@pytest.mark.parametrize("days", [0, -5, 800])
def test_a_day_that_is_not_to_come_is_refused(days: int) -> None:
    """So is one years ahead."""
    with pytest.raises(BadInput) as refused:
        told(series(a=[1, 2, 3]), days)
    assert refused.value.fix


_AMOUNT = st.one_of(
    st.just(0),
    st.integers(-100, 10_000),
    st.floats(-1e3, 1e14, allow_nan=False).map(lambda amount: round(amount, 4)),
    st.floats(-1e-9, 1e-9, allow_nan=False),
)
_HISTORIES = st.lists(st.lists(_AMOUNT, min_size=1, max_size=70), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(histories=_HISTORIES, days=st.sampled_from([1, 20, 45]))
def test_every_history_has_a_forecast_within_its_band(histories: list[list[float]], days: int) -> None:
    """Whatever the amounts: numbers, in order, and never less than nothing where nothing ever was."""
    found = told(series(**{f"s{number}": amounts for number, amounts in enumerate(histories)}), days)
    for one in found.forecasts:
        assert one.total.is_finite()
        assert one.low80 <= one.total <= one.high80
        assert len(one.daily) == days
        if min(histories[int(one.series[1:])]) >= 0:
            assert one.low80 >= 0


@settings(max_examples=15, deadline=None)
@given(
    amounts=st.lists(st.integers(0, 1000), min_size=2, max_size=60),
    size=st.sampled_from([Decimal("0.001"), Decimal(1000)]),
)
def test_the_unit_of_money_does_not_matter(amounts: list[int], size: Decimal) -> None:
    """Amounts so many times as large have a forecast so many times as large."""
    one, other = (told(series(a=[amount * by for amount in amounts]), 20).forecasts[0] for by in (1, size))
    for name in ("total", "low80", "high80"):
        assert float(getattr(other, name)) == pytest.approx(float(getattr(one, name) * size), rel=1e-6, abs=1e-9)


Scored = Callable[[dict[str, float], int], tuple[float, float, float]]


@pytest.fixture(scope="module")
def scored() -> Scored:
    """Forecasts of made-up months from their 10th day: coverage, our error, that of the last week again."""

    def score(styles: dict[str, float], seed: int) -> tuple[float, float, float]:
        covered, ours, naive = [], [], []
        for number, month in enumerate((4, 7, 9)):
            start, end = date(2026, month, 1), date(2026, month + 1, 1)
            first = start - timedelta(days=110)
            days = [first + timedelta(days=n) for n in range((end - first).days)]
            made, _ = cases(seed + number, 120, days, styles)
            known = (start - first).days + 10
            table = gathered(
                Line(f"{place:03}", None, days[n], Decimal(str(amount)))
                for place, one in enumerate(made)
                for n, amount in enumerate(one.amounts[:known].tolist())
            )
            assert table
            for one in forecast(table, days[-1]).forecasts:
                amounts = made[int(one.series)].amounts
                came, month_total = amounts[known:].sum(), abs(amounts[known - 10 :].sum())
                week = np.resize(amounts[known - 7 : known], len(days) - known).sum()
                if month_total > 0:
                    covered.append(float(one.low80) <= came <= float(one.high80))
                    ours.append(min(abs(float(one.total) - came) / month_total, 5))
                    naive.append(min(abs(week - came) / month_total, 5))
        return float(np.mean(covered)), float(np.mean(ours)), float(np.mean(naive))

    return score


@pytest.mark.parametrize(("styles", "seed"), [(STYLES, 300), (HELD_OUT, 400)])
def test_bands_hold_and_totals_beat_the_last_week(scored: Scored, styles: dict[str, float], seed: int) -> None:
    """Four totals of five are within their band, give or take the chance of 360; errors are well below the naive."""
    coverage, ours, naive = scored(styles, seed)
    assert 0.74 <= coverage <= 0.87
    assert ours < 0.85 * naive
