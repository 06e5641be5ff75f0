"""Trust: why the page may be believed. Who owns how much, what is left over, what bills say, and that it adds up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from outlay.exchange.conversion import Conversion, InCurrency
from outlay.explain import gap
from outlay.explain.converted import usage_worth
from outlay.explain.rows import usage
from outlay.explain.states import STATES, by_provider
from outlay.serve.ledger import ownership
from outlay.serve.web.figures import Figures, permille, ratio_of
from outlay.serve.web.state import State
from outlay.serve.web.words import CAUSES, MEASURED, heading
from outlay.store import Row, Store
from outlay.terms.attribution import ATTRIBUTION

_ZERO = Decimal(0)
#: Filters that usage understands; bills and usage name providers differently.
_IN_USAGE = frozenset({*MEASURED, "currency"})


@dataclass(frozen=True, slots=True)
class Owned:
    """How much names one dimension.

    Args:
        dimension: What it is called.
        named: The amount that names one.
        unnamed: The amount that does not.
        part: The first of both, 0 to 1; None of nothing.
        length: Of its bar, 0 to 1000.
        url: The view of what names none.
    """

    dimension: str
    named: Decimal
    unnamed: Decimal
    part: Decimal | None
    length: int
    url: str


@dataclass(frozen=True, slots=True)
class Remainders:
    """What is left over, each under its own name.

    Args:
        unallocated: Billed, and no rule says who answers for it.
        idle: Paid for and not used.
        unattributed: Shared out, but to no feature.
        unpriced_quantity: Tokens and units without a price; None where the filters do not fit usage.
        unpriced_bound: The most that they may cost.
    """

    unallocated: Decimal
    idle: Decimal
    unattributed: Decimal
    unpriced_quantity: Decimal | None
    unpriced_bound: Decimal | None


@dataclass(frozen=True, slots=True)
class Proof:
    """Billed against the shares of the whole ledger, over the months of the period.

    Args:
        currency: Of every amount.
        figures: Writes them.
        rows: By provider: `provider`, `billed`, `allocated`, `idle`, `unallocated`, `off_by`.
        sums: The same over all providers.
    """

    currency: str
    figures: Figures
    rows: Sequence[Row]
    sums: Mapping[str, Decimal]


def coverage(store: Store, state: State) -> tuple[list[Owned], Remainders] | None:
    """Return how much of the period has an owner, by dimension, and what is left over; None when nothing is billed."""
    conversion = Conversion(store, state.period, state.wanted) if state.wanted else None
    found = ownership(store, state.period, state.filters, conversion=conversion)
    row = next((row for row in found if row["currency"] == state.currency), None)
    if row is None:
        return None
    total, named = cast(Decimal, row["total"]), cast("dict[str, Decimal]", row["named"])
    owned = []
    for name in ATTRIBUTION:
        if name in state.where:
            continue
        url = state.url(where={**state.where, name: ""})
        part = ratio_of(named[name], total)
        owned.append(Owned(heading(name), named[name], total - named[name], part, permille(named[name], total), url))
    idle, unallocated = cast(Decimal, row["idle"]), cast(Decimal, row["unallocated"])
    unattributed = total - named["feature"] - idle - unallocated
    return owned, Remainders(unallocated, idle, unattributed, *_unpriced(store, state))


def _unpriced(store: Store, state: State) -> tuple[Decimal | None, Decimal | None]:
    if not set(state.filters) <= _IN_USAGE:
        return None, None
    if state.wanted:
        made = usage_worth(store, Conversion(store, state.period, state.wanted), state.period, (), state.filters)
        rows = [row for row in made.rows if "reason" not in row]
    else:
        rows = usage(store, state.period, (), state.filters)
    quantity = sum((cast(Decimal, row["unpriced_quantity"]) for row in rows), _ZERO)
    return quantity, sum((cast(Decimal, row["unpriced_bound"]) for row in rows), _ZERO)


def reconciliation(store: Store, state: State) -> dict[str, Any] | None:
    """Return bills against usage times price in the page's currency, whatever else is filtered; None without either."""
    wanted = state.wanted or (InCurrency(state.currency) if state.currency else None)
    answer: dict[str, Any] = gap.reconcile(store, state.period, currency=wanted)
    answer["rows"] = [row for row in answer["rows"] if "reason" not in row]
    if not answer["rows"]:
        return None
    largest = max((abs(cause["amount"]) for cause in answer["causes"]), default=_ZERO)
    answer["causes"] = [
        {
            **cause,
            **dict(zip(("label", "means"), CAUSES[cause["cause"]], strict=True)),
            "length": permille(cause["amount"], largest),
            "kind": "up" if cause["amount"] > 0 else "down",
        }
        for cause in answer["causes"]
    ]
    answer["ratio"] = ratio_of(answer["gap"], answer["billed"])
    answer["of_state"] = {
        state: found
        for state in reversed(STATES)
        if (found := [name for name, its in by_provider(answer["states"]).items() if its == state])
    }
    return answer


def proofs(months: Sequence[Row], state: State) -> list[Proof]:
    """Return billed against the shares, over the published months that the period touches, one for each currency."""
    rows: dict[tuple[object, object], dict[str, Any]] = {}
    for month in months:
        inside = month["first"] < state.period.end and state.period.first < month["end"]  # type: ignore[operator]
        if not inside or month["published"] is None:
            continue
        for row in cast("list[Row]", cast("Row", month["published"])["conserved"]):
            key = (row["currency"], row["provider"])
            one = rows.setdefault(key, {"currency": row["currency"], "provider": row["provider"]})
            for name in ("billed", "allocated", "idle", "unallocated", "off_by"):
                one[name] = one.get(name, _ZERO) + cast(Decimal, row[name])
    listed = sorted(rows.values(), key=lambda row: (-row["billed"], row["provider"]))
    names = ("billed", "allocated", "idle", "unallocated", "off_by")
    found = []
    for currency in sorted({row["currency"] for row in listed}, key=lambda name: (name != state.currency, name)):
        own = [row for row in listed if row["currency"] == currency]
        sums = {name: sum((row[name] for row in own), _ZERO) for name in names}
        found.append(Proof(currency, Figures(currency, sums["billed"]), own, sums))
    return found
