"""Spans: the period that a metric was measured over, and how much it was, read from text. Nothing is guessed."""

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from outlay.terms.money import EXACT
from outlay.terms.period import next_month

#: Lengths of a period by name. A month has the length of that month.
LENGTHS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "month": None}
#: Places of a quantity, and the least that no longer fits before the point.
_PLACES = Decimal(1).scaleb(-15)
_TOO_MUCH = Decimal(10) ** 22
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


class Untaken(ValueError):
    """A value that cannot be taken in.

    Args:
        code: Stable slug.
        fix: What to do about it.
    """

    def __init__(self, code: str, fix: str) -> None:
        super().__init__(fix)
        self.code = code
        self.fix = fix


def span(start: str, end: str, every: str, now: datetime) -> tuple[datetime, datetime]:
    """Read the period of a metric.

    Args:
        start: `YYYY-MM`, `YYYY-MM-DD` or an ISO 8601 time; no zone means UTC.
        end: The same, not included; empty leaves the length to `every`, or to the form of `start`.
        every: hour, day, month, or empty.
        now: The instant of the import.

    Returns:
        Start and end, UTC.

    Raises:
        Untaken: Either is no time, the end is not after the start, or the start is yet to come.

    >>> from datetime import UTC, datetime
    >>> [str(each) for each in span("2026-10", "", "", datetime(2026, 11, 2, tzinfo=UTC))]
    ['2026-10-01 00:00:00+00:00', '2026-11-01 00:00:00+00:00']
    """
    begins = _instant(start)
    if begins > now:
        raise Untaken("in-the-future", "the period has not begun; check the clock and zone of who wrote it")
    ends = _instant(end) if end else _after(begins, every or _form(start))
    if ends <= begins:
        raise Untaken("bad-period", "give an end after the start; it is not part of the period")
    return begins, ends


def quantity(text: str, *, rounded: bool = False) -> Decimal:
    """Read how much was measured: a plain or scientific number, not negative.

    Args:
        text: The number.
        rounded: Whether more than 15 decimal places are rounded, half to even, rather than refused.

    Raises:
        Untaken: It is no number, not finite, negative, or too long.

    >>> quantity("1.5e+06"), quantity("0.30000000000000004", rounded=True)
    (Decimal('1500000'), Decimal('0.3'))
    """
    if text.strip("+-").lower() in ("nan", "inf", "infinity"):
        raise Untaken("not-a-number", "the source measured no number here; mend its query or its exporter")
    if not _NUMBER.fullmatch(text):
        raise Untaken("bad-value", "write a plain decimal number, such as 1234.5")
    try:
        exact = Decimal(text)
        if abs(exact) >= _TOO_MUCH:
            raise Untaken("bad-value", "write a number of at most 22 digits before the point")
        fitting = exact.quantize(_PLACES, rounding=ROUND_HALF_EVEN, context=EXACT)
    except InvalidOperation as error:
        raise Untaken("bad-value", "write a plain decimal number, such as 1234.5") from error
    if exact < 0:
        raise Untaken("negative-quantity", "a quantity is not negative; write the quantity of the period itself")
    if fitting != exact and not rounded:
        raise Untaken("bad-value", "write a number of at most 15 decimal places")
    return Decimal(format(fitting.normalize(context=EXACT), "f"))


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(f"{text}-01" if _MONTH.fullmatch(text) else text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Untaken("bad-value", "write a month, a day or an ISO 8601 time, such as 2026-10-08T14:00:00Z") from error


def _form(start: str) -> str:
    """Return the length that the form of a start says."""
    return "month" if _MONTH.fullmatch(start) else "day" if _DAY.fullmatch(start) else ""


def _after(begins: datetime, every: str) -> datetime:
    """Return the end of a period of a named length; it must begin where such a period does."""
    if every not in LENGTHS:
        raise Untaken("bad-period", "say when the period ends: a column for ends_at, or --option every=hour")
    midnight = begins.replace(hour=0, minute=0, second=0, microsecond=0)
    first = {
        "hour": begins.replace(minute=0, second=0, microsecond=0),
        "day": midnight,
        "month": midnight.replace(day=1),
    }[every]
    if begins != first:
        raise Untaken("bad-period", f"a period of a {every} begins where a {every} of UTC does; or say when it ends")
    length = LENGTHS[every]
    if length is None:
        end = next_month(begins.date())
        return begins.replace(year=end.year, month=end.month)
    return begins + length
