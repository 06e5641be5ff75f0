"""Subscriptions: which plan a customer is on and whether it is active, one row of `customer` each.

A customer with several subscriptions is described by the best of them: an active one before a trial before one that
ended, of equals the newest.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from outlay.errors import Unreadable
from outlay.fetching.reading import Part
from outlay.revenue.contract import Asked, Line
from outlay.revenue.stripe.customers import Customers
from outlay.revenue.stripe.files import held
from outlay.terms.problem import Problem

#: Stripe's states, the best first.
_STATES = ("active", "past_due", "trialing", "unpaid", "paused", "incomplete", "canceled", "incomplete_expired")
#: What they are called here, where another word is.
_CALLED = {"trialing": "trial", "canceled": "churned", "incomplete_expired": "churned"}
_SEGMENT = "segment"


def read(paths: Sequence[Path], asked: Asked) -> Iterator[Line]:
    """Yield what each subscription became: its customer, or a skip where another describes it better.

    Raises:
        BadInput: An option cannot be used.
        Unreadable: A file is not Stripe's JSON.
    """
    found = held(paths)
    customers = Customers.asked(asked.options)
    listed = found.objects["subscription"]
    best: dict[str, tuple[tuple[int, int], int]] = {}
    named: list[str | None] = []
    for number, (_, one) in enumerate(listed):
        who = customers.of(one)
        named.append(who)
        rank = (-_rank(one), one.count("created"))
        if who is not None and (who not in best or best[who][0] < rank):
            best[who] = (rank, number)
    for number, (place, one) in enumerate(listed):
        yield _line(place, number, one, named[number], best, asked)
    yield from found.missing_pages()
    yield Line(1, 0, notes=customers.notes())


def _line(
    place: int,
    number: int,
    one: Part,
    who: str | None,
    best: dict[str, tuple[tuple[int, int], int]],
    asked: Asked,
) -> Line:
    if who is None:
        fix = "give the subscription a customer at Stripe"
        problem = Problem("no-customer", asked.files[place - 1], number + 1, "id", one.text("id"), None, None, fix)
        return Line(place, number + 1, problem=problem)
    if best[who][1] != number:
        return Line(place, number + 1, skipped="another subscription describes the customer")
    customer = one.part("customer") if isinstance(one.fields.get("customer"), dict) else Part({}, "")
    state = one.text("status") or ""
    row = {
        "customer": who,
        "name": customer.text("name"),
        "segment": customer.part("metadata").text(asked.options.get(_SEGMENT, _SEGMENT)),
        "plan": _plan(one),
        "status": _CALLED.get(state, state) or None,
    }
    return Line(place, number + 1, [row])


def _rank(one: Part) -> int:
    state = one.text("status") or ""
    return _STATES.index(state) if state in _STATES else len(_STATES)


def _plan(one: Part) -> str | None:
    """Return what a subscription's first item is called: its price's nickname, lookup key or id."""
    try:
        item = next(one.part("items").parts("data"), Part({}, ""))
    except Unreadable:
        return None
    for part in (item.part("price"), item.part("plan")):
        for name in ("nickname", "lookup_key", "id"):
            if found := part.text(name):
                return found
    return None
