"""Terms: what a Stripe subscription costs a month, and from when to when.

Source: Stripe's API reference of subscriptions, prices, discounts and coupons, in the shapes before and since the
spring of 2025.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from fractions import Fraction
from itertools import pairwise

from outlay.fetching.reading import Part
from outlay.terms.period import Period

#: Months in one interval: a year has 12, and a day is the 365th part of one.
_INTERVALS = {"day": Fraction(12, 365), "week": Fraction(84, 365), "month": Fraction(1), "year": Fraction(12)}
#: What pausing collection does to invoices; those that are kept as drafts are asked for later.
_FORGOES = ("void", "mark_uncollectible")
_NOON = time(12)
_FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
#: Coupons by their ids.
Coupons = Mapping[str, Part]


class Untold(Exception):
    """A subscription that does not say what it comes to; `code` says what is missing."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Discount:
    """What comes off.

    Args:
        percent: Of what is left after the discounts before it.
        amount: Smallest units a month.
        starts_at: From when.
        ends_at: Up to when.
    """

    percent: Fraction
    amount: Fraction
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """What a subscription says of money.

    Args:
        prices: Smallest units a month of each item, with the discounts of that item.
        discounts: Of the subscription as a whole, in their order.
        in_force: Half-open spans outside which nothing is due.
        metered: How many items are paid by use.
        is_tax_in: Whether a price has tax in it.
    """

    prices: Sequence[tuple[Fraction, Sequence[Discount]]]
    discounts: Sequence[Discount]
    in_force: Sequence[tuple[datetime, datetime]]
    metered: int
    is_tax_in: bool

    def monthly(self, when: datetime) -> Fraction:
        """Return smallest units a month at an instant; nothing while it is not in force."""
        if not any(starts <= when < ends for starts, ends in self.in_force):
            return Fraction(0)
        whole = sum((_less(amount, own, when) for amount, own in self.prices), Fraction(0))
        return _less(whole, self.discounts, when)


def _less(amount: Fraction, discounts: Sequence[Discount], when: datetime) -> Fraction:
    for each in discounts:
        if each.starts_at <= when < each.ends_at:
            amount = max(amount - amount * each.percent / 100 - each.amount, Fraction(0))
    return amount


def terms(one: Part, coupons: Coupons) -> Terms:
    """Read a subscription.

    Args:
        one: The subscription, as it is now.
        coupons: Coupons by their ids, for discounts that only name theirs.

    Raises:
        Untold: It does not say what it comes to.
        Unreadable: It is not as documented.
    """
    prices: list[tuple[Fraction, Sequence[Discount]]] = []
    metered, is_tax_in, interval = 0, False, Fraction(1)
    for item in one.part("items").parts("data"):
        price = item.part("price") if item.part("price").fields else item.part("plan")
        recurring = price.part("recurring") if price.part("recurring").fields else price
        if recurring.text("usage_type") == "metered":
            metered += 1
            continue
        interval = _interval(recurring)
        prices.append((_amount(item, price) / interval, tuple(_discounts(item, interval, coupons))))
        is_tax_in |= price.text("tax_behavior") == "inclusive"
    return Terms(prices, tuple(_discounts(one, interval, coupons)), tuple(_in_force(one)), metered, is_tax_in)


def spans(told: Terms, month: Period) -> Iterator[tuple[date, date]]:
    """Yield the days of a month, cut wherever something begins or ends. A day belongs to what holds at its noon."""
    edges = {month.first, month.end}
    own = [each for _, discounts in told.prices for each in discounts]
    for each in (*own, *told.discounts):
        edges |= {_day(each.starts_at), _day(each.ends_at)}
    for starts, ends in told.in_force:
        edges |= {_day(starts), _day(ends)}
    inside = sorted(edge for edge in edges if month.first <= edge <= month.end)
    yield from pairwise(inside)


def _day(when: datetime) -> date:
    """Return the first day whose noon is not before an instant."""
    is_later = when.time() > _NOON and when.date() < date.max
    return date.fromordinal(when.toordinal() + is_later)


def _interval(recurring: Part) -> Fraction:
    name = recurring.text("interval") or ""
    if name not in _INTERVALS:
        raise Untold("price-unknown")
    several = recurring.count("interval_count") if recurring.fields.get("interval_count") is not None else 1
    return _INTERVALS[name] * max(several, 1)


def _amount(item: Part, price: Part) -> Fraction:
    """Return smallest units an interval."""
    if price.text("billing_scheme") == "tiered":
        raise Untold("tiered-price")
    for name in ("unit_amount_decimal", "unit_amount", "amount_decimal", "amount"):
        if (unit := price.amount(name)) is not None:
            break
    else:
        raise Untold("price-unknown")
    quantity = item.count("quantity") if item.fields.get("quantity") is not None else 1
    packed = price.part("transform_quantity")
    if packed.fields:
        size = max(packed.count("divide_by"), 1)
        quantity = -(-quantity // size) if packed.text("round") == "up" else quantity // size
    return Fraction(unit) * quantity


def _discounts(of: Part, interval: Fraction, coupons: Coupons) -> Iterator[Discount]:
    """Yield the discounts of a subscription or item that recur, in their order."""
    listed = of.fields.get("discounts")
    found = listed if isinstance(listed, list) and listed else [of.fields.get("discount")]
    for place, said in enumerate(found):
        if said is None:
            continue
        if not isinstance(said, dict):
            raise Untold("discount-unknown")
        discount = Part(said, f"{of.where}.discounts[{place}]")
        coupon = discount.fields.get("coupon") or discount.part("source").fields.get("coupon")
        held = Part(coupon, f"{discount.where}.coupon") if isinstance(coupon, dict) else coupons.get(str(coupon))
        if held is None:
            raise Untold("discount-unknown")
        yield from _of_coupon(held, discount, interval)


def _of_coupon(coupon: Part, discount: Part, interval: Fraction) -> Iterator[Discount]:
    if coupon.text("duration") == "once":
        return  # one invoice is not what recurs
    starts_at = discount.unix("start") if discount.fields.get("start") is not None else datetime(1970, 1, 1, tzinfo=UTC)
    ends_at = discount.unix("end") if discount.fields.get("end") is not None else _FOREVER
    percent, amount = (Fraction(coupon.amount(name) or 0) for name in ("percent_off", "amount_off"))
    yield Discount(percent, amount / interval, starts_at, ends_at)


def _in_force(one: Part) -> Iterator[tuple[datetime, datetime]]:
    """Yield the spans for which a subscription is due: after its trial, before its end, not while it is paused."""
    begins = one.unix("start_date" if one.fields.get("start_date") is not None else "created")
    if one.fields.get("trial_end") is not None:
        begins = max(begins, one.unix("trial_end"))
    ends = _ends(one)
    status, paused = one.text("status"), one.part("pause_collection")
    if status == "paused":
        return  # a trial that ended without a way to pay
    if status == "unpaid" or paused.text("behavior") in _FORGOES:
        # Stripe does not say when that began: it is taken to be the billing period that it is in.
        since = _period_start(one, begins)
        yield begins, min(ends, max(since, begins))
        if status != "unpaid" and paused.fields.get("resumes_at") is not None:
            yield max(begins, paused.unix("resumes_at")), ends
        return
    yield begins, ends


def _ends(one: Part) -> datetime:
    """Return when it ends. `canceled_at` is when somebody asked for that, which may be long before."""
    for name in ("ended_at", "cancel_at"):
        if one.fields.get(name) is not None:
            return one.unix(name)
    if one.text("status") == "canceled" and one.fields.get("canceled_at") is not None:
        return one.unix("canceled_at")
    return _FOREVER


def _period_start(one: Part, otherwise: datetime) -> datetime:
    """Return when the billing period began: the subscription says it, and since the spring of 2025 its items do."""
    for part in (one, *one.part("items").parts("data")):
        if part.fields.get("current_period_start") is not None:
            return part.unix("current_period_start")
    return otherwise
