"""Recurring revenue by month, from what subscriptions say today: prices, quantities, intervals, discounts, pauses.

A subscription is told as it is now. What it was before its price or quantity changed, Stripe does not say of it, so the
months before carry today's terms. Invoices say what was charged; where there is one, it counts and this does not.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from outlay.errors import Unreadable
from outlay.fetching.reading import Part
from outlay.revenue.contract import Asked, Line
from outlay.revenue.stripe import amounts
from outlay.revenue.stripe.customers import Customers
from outlay.revenue.stripe.files import held
from outlay.revenue.stripe.terms import Terms, Untold, spans, terms
from outlay.revenue.stripe.window import window
from outlay.terms.period import Period, next_month
from outlay.terms.problem import Problem

#: The kind of revenue that this is; `current_revenue` takes it only where nothing else is known.
KIND = "recurring"
_NEVER = ("incomplete", "incomplete_expired")
_PLACES = 12
#: More than this a month is no subscription, and one from before Stripe was is none either.
_MOST = 10**15
_FIRST = date(2010, 1, 1)
_FIXES = {
    "no-customer": "give the subscription a customer at Stripe",
    "unknown-currency": "use a currency of ISO 4217",
    "tiered-price": "import this customer's invoices; what tiers come to depends on the quantity of each period",
    "price-unknown": "export subscriptions with their items and prices",
    "discount-unknown": "export subscriptions with expand[]=data.discounts, and /v1/coupons with them",
    "not-as-documented": "export the subscription from Stripe's API as it is",
}


def read(paths: Sequence[Path], asked: Asked) -> Iterator[Line]:
    """Yield what each subscription comes to in each month.

    Raises:
        BadInput: An option cannot be used.
        Unreadable: A file is not Stripe's JSON.
    """
    found = held(paths)
    customers = Customers.asked(asked.options)
    coupons = {coupon.text("id") or "": coupon for _, coupon in found.objects["coupon"]}
    metered = inclusive = 0
    counts: dict[int, int] = {}
    for place, one in found.objects["subscription"]:
        counts[place] = number = counts.get(place, 0) + 1
        try:
            told = terms(one, coupons)
            metered += told.metered
            inclusive += told.is_tax_in
            yield _line(place, number, one, told, customers, asked)
        except (Untold, Unreadable) as error:
            code = error.code if isinstance(error, Untold) else "not-as-documented"
            shown = str(one.fields.get("id"))[:80]
            problem = Problem(code, asked.files[place - 1], number, "id", shown, None, None, _FIXES[code])
            yield Line(place, number, problem=problem)
    yield from found.missing_pages()
    notes = customers.notes()
    if metered:
        notes.append(f"{metered} metered prices have no amount before they are used; they are left out")
    if inclusive:
        notes.append(f"{inclusive} subscriptions have prices with tax in them; it is not taken out")
    yield Line(1, 0, notes=notes)


def _line(place: int, number: int, one: Part, told: Terms, customers: Customers, asked: Asked) -> Line:
    who, code = customers.of(one), amounts.currency(one)
    if who is None:
        raise Untold("no-customer")
    if code is None:
        raise Untold("unknown-currency")
    if (one.text("status") or "") in _NEVER:
        return Line(place, number, skipped="subscription that never began")
    if not told.prices:
        return Line(place, number, skipped="nothing that recurs")
    rows = [
        {"customer": who, "month": month.first, "kind": KIND, "amount": amount, "currency": code}
        for month in _months(one, asked)
        for amount in [_in_month(told, month, amounts.major(1, code))]
    ]
    return Line(place, number, rows, skipped="" if rows else "not in force in these months")


def _months(one: Part, asked: Asked) -> list[Period]:
    """Return the months that a subscription is asked about: from its start to this one, within the window.

    Months after its end are among them, with nothing: an earlier import may have said otherwise.
    """
    began = one.unix("start_date" if one.fields.get("start_date") is not None else "created").date()
    if began < _FIRST:
        raise Untold("not-as-documented")
    this = asked.now.astimezone(UTC).date().replace(day=1)
    reach = window(asked)
    first = max(began.replace(day=1), reach.first) if reach else began.replace(day=1)
    end = min(next_month(this), reach.end) if reach else next_month(this)
    return Period(first, end).months() if first < end else []


def _in_month(told: Terms, month: Period, smallest: Decimal) -> Decimal:
    """Return what a subscription comes to in a month: each day a part of its month's amount, rounded once.

    Args:
        told: Its terms.
        month: The month.
        smallest: What the currency's smallest unit is.
    """
    found = Fraction(0)
    for first, end in spans(told, month):
        found += told.monthly(_noon(first)) * Fraction((end - first).days, month.days)
    scaled = round(found * Fraction(smallest) * 10**_PLACES)
    if abs(scaled) >= _MOST * 10**_PLACES:
        raise Untold("not-as-documented")
    return Decimal(scaled).scaleb(-_PLACES)


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(hours=12)
