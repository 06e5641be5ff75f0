"""Cells: both sides of a comparison, by provider, account, model, token class, currency and day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from outlay.terms.money import EXACT, pico

#: Quantities are whole numbers of 1e-9.
_PLACES = 9
Counts = dict[int, int]


def nano(quantity: Decimal) -> int:
    """Return a quantity in 1e-9 of its unit, rounded down."""
    return int(quantity.scaleb(_PLACES, context=EXACT))


def from_nano(quantity: int) -> Decimal:
    """Return a quantity given in 1e-9 of its unit."""
    return Decimal(quantity).scaleb(-_PLACES, context=EXACT)


def from_pico(amount: int) -> Decimal:
    """Return an amount given in 1e-12 of its currency."""
    return Decimal(amount).scaleb(-12, context=EXACT)


@dataclass(frozen=True, slots=True)
class Line:
    """Lines of a bill for one day that say the same, together.

    Args:
        cost: In 1e-12 of the currency.
        quantity: In 1e-9 of the unit; None when the bill says none.
        lines: How many there are, which bounds what rounding makes.
        context: What the lines say about tier, batch and the like.
        meter: What they call it, for people.
        foreign: Whether they count something that usage has no unit for.
    """

    cost: int
    quantity: int | None
    lines: int
    context: tuple[tuple[str, str], ...]
    meter: str
    foreign: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """What is compared: everything about a cell but its day."""

    provider: str
    account: str
    model: str
    token_class: str
    currency: str


@dataclass(slots=True)
class Group:
    """One place over the days of a month; days count from 0.

    Args:
        lines: What was billed for usage, by day.
        before: The same before an invoice was changed whose period was over; empty when none was.
        seen: What events tell of, by day.
        estimated: That times price.
        twins: What was reported twice of it; `twin_hours` the same by hour of the month.
        unheard: What attempts may have used that timed out.
        moved: By how much more (or less) of what was seen is billed on a day, because of a shifted day's end.
        held: The lines that causes are looked for in: those in force, or those before the invoice was changed.
        restated: By how much that change moved each day, where it is a cause.
    """

    lines: dict[int, list[Line]] = field(default_factory=dict)
    before: dict[int, list[Line]] = field(default_factory=dict)
    seen: Counts = field(default_factory=dict)
    estimated: Counts = field(default_factory=dict)
    twins: Counts = field(default_factory=dict)
    twin_hours: Counts = field(default_factory=dict)
    unheard: Counts = field(default_factory=dict)
    moved: Counts = field(default_factory=dict)
    held: Mapping[int, list[Line]] = field(default_factory=dict)
    restated: Counts = field(default_factory=dict)

    def rate(self) -> tuple[int, int] | None:
        """Return what it is estimated to cost over the month, and for how much of it; None when nothing was seen."""
        quantity = sum(self.seen.values())
        return (sum(self.estimated.values()), quantity) if quantity > 0 else None

    def billed(self) -> int:
        """Return what was billed for it in the month."""
        return sum(line.cost for lines in self.lines.values() for line in lines)


@dataclass(frozen=True, slots=True)
class Other:
    """Lines that pay for no usage: credits, tax, purchases, adjustments, and corrections of usage."""

    provider: str
    account: str
    currency: str
    day: int
    category: str
    correction: bool
    cost: int


def cost_of(lines: list[Line]) -> int:
    """Return what lines cost together."""
    return sum(line.cost for line in lines)


def quantity_of(lines: list[Line]) -> int | None:
    """Return how much lines count together; None when one of them that costs something says no quantity."""
    own = [line for line in lines if not line.foreign]
    if any(line.quantity is None and line.cost for line in own):
        return None
    return sum(line.quantity or 0 for line in own)


def valued(quantity: int, rate: tuple[int, int]) -> int:
    """Return what a quantity costs at a rate of so much money for so much, rounded half away from zero."""
    money, of = rate
    whole, sign = abs(money * quantity), 1 if (money < 0) == (quantity < 0) else -1
    return sign * ((2 * whole + of) // (2 * of))


def add(counts: Counts, day: int, number: int) -> None:
    """Add to one day's number."""
    counts[day] = counts.get(day, 0) + number


def money_of(row: Mapping[str, object], name: str) -> int:
    """Return a column of money in 1e-12."""
    found = row[name]
    return pico(found) if isinstance(found, Decimal) else 0
