from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from outlay.revenue.contract import Asked, Line
from outlay.revenue.metrics.overlaps import refuse
from outlay.revenue.stripe.spread import by_month
from outlay.store import Store

_BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
_INSTANTS = st.integers(0, 3 * 365 * 24 * 60).map(lambda minutes: _BEGAN + timedelta(minutes=minutes))
_AMOUNTS = st.decimals(-(10**9), 10**9, places=3, allow_nan=False, allow_infinity=False)
_HOURS = st.tuples(st.integers(0, 60), st.integers(1, 30))


@given(_AMOUNTS, st.tuples(_INSTANTS, _INSTANTS).map(sorted))
@settings(max_examples=300, deadline=None)
def test_the_parts_of_a_line_are_the_line(amount: Decimal, period: list[datetime]) -> None:
    """To the last digit, whatever amount and period; each month gets its days' worth, within a rounding."""
    first, end = period
    parts = by_month(amount, first, end)
    assert sum(parts.values()) == amount
    days = (end.date() - first.date()).days
    for month, part in parts.items():
        following = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
        own = (min(following, end.date()) - max(month, first.date())).days if days else 1
        assert abs(part - amount * own / (days or 1)) < Decimal("0.00000000001")
    assert list(parts) == sorted(parts)


@given(st.lists(_HOURS, max_size=12))
@settings(max_examples=60, deadline=None)
def test_no_instant_of_a_metric_is_taken_in_twice(duck: Store, spans: list[tuple[int, int]]) -> None:
    """Of any periods, those that stay are the same or apart; and nothing is refused that overlaps none before it."""
    asked = Asked("", None, _BEGAN, {}, Path(), ["m.csv"])
    lines = []
    for number, (start, hours) in enumerate(spans, start=2):
        starts_at = _BEGAN + timedelta(hours=start)
        row = {"metric": "m", "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=hours)}
        lines.append(Line(1, number, [row]))
    kept: list[tuple[object, object]] = []
    for line, before in zip(refuse(duck, lines, asked), lines, strict=True):
        (said,) = before.rows
        own = (said["starts_at"], said["ends_at"])
        beside = [other for other in kept if other[0] < own[1] and own[0] < other[1] and other != own]  # type: ignore[operator]
        assert (line.problem is not None) is bool(beside)
        if line.problem is None:
            kept.append(own)
