"""Causes: each cell's gap, cut into parts that sum to it exactly. Quantity first, then price.

Of the quantity billed more than seen, what has evidence of its own is taken out first: calls reported twice, usage
billed on another day, attempts that timed out. What is left was not seen (or, where less is billed, not billed). Then
every line is held against our price: in its context where it names one, else as it stands.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from outlay.cost.reconciling.cells import Counts, Group, Line, Place, cost_of, quantity_of, valued
from outlay.cost.reconciling.timing import net
from outlay.terms.unit import PROMPT_UNITS

Rate = tuple[int, int]
#: What rounding to a cent may make of one line, in 1e-12; what a line differs by less than that says nothing.
_HALF_CENT = 5 * 10**9
#: A line may also differ by one millionth, as vendors round unit prices.
_MILLIONTH = 10**6
#: What our price book says one unit costs in a context, at a place on a day; None when it does not know.
Known = Callable[[Place, int, tuple[tuple[str, str], ...]], "Rate | None"]


@dataclass(slots=True)
class Cell:
    """One place on one day, its gap cut into parts; all in 1e-12 of the currency, quantities in 1e-9."""

    place: Place
    day: int
    billed: int = 0
    estimated: int = 0
    unseen: int = 0
    timed_out: int = 0
    counted_twice: int = 0
    not_billed: int = 0
    timing: int = 0
    price: int = 0
    context: int = 0
    restatement: int = 0
    unmetered: int = 0
    credits_and_tax: int = 0
    rest: int = 0
    billed_usage: int = 0
    billed_quantity: int = 0
    seen_quantity: int = 0
    left: int = 0
    rounding: int = 0

    @property
    def gap(self) -> int:
        """Return what was billed more than estimated."""
        return self.billed - self.estimated

    def settle(self) -> None:
        """Put into the rest what no other part explains."""
        named = self.unseen + self.timed_out + self.counted_twice + self.not_billed + self.timing
        named += self.price + self.context + self.restatement + self.unmetered + self.credits_and_tax
        self.rest = self.gap - named


def cut(place: Place, group: Group, days: int, rate: Rate | None, known: Known) -> list[Cell]:
    """Cut the gaps of a place into parts, day by day.

    Args:
        place: What is compared.
        group: Both sides of it.
        days: Days of the month.
        rate: What it costs by our price where nothing of it was seen on a day; None when that is not known.
        known: What the price book says of other contexts.
    """
    lines, restated = group.held, group.restated
    rates = {day: _rate(group, day, rate) for day in range(days)}
    quantity = {day: _counted(lines.get(day, []), rates[day]) for day in range(days)}
    kept: Counts = {}  # what is billed more than seen, once what has evidence is taken out
    for day in range(days):
        seen = group.seen.get(day, 0) - group.twins.get(day, 0) + group.moved.get(day, 0)
        kept[day] = quantity[day] - seen
    netted = net(kept, quantity, days)
    for day, moved in netted.items():
        kept[day] -= moved
    heard = _timed_out(kept, group.unheard, days)
    cells = []
    for day in range(days):
        now, then = group.lines.get(day, []), lines.get(day, [])
        if not now and not then and not group.seen.get(day, 0) and not group.estimated.get(day, 0):
            continue
        cell = Cell(place, day, cost_of(now), group.estimated.get(day, 0))
        cell.seen_quantity, cell.billed_quantity = group.seen.get(day, 0), quantity_of(now) or 0
        cell.restatement = restated.get(day, 0)
        ours = rates[day]
        if ours is None:
            # Nothing of it was seen in the whole month, or it has no price: what is billed is what we did not see.
            cell.unseen = cost_of([line for line in then if not line.foreign])
            cell.billed_usage, cell.left = cell.unseen, kept[day]
        else:
            cell.left = left = kept[day] - heard.get(day, 0)
            cell.counted_twice = -valued(group.twins.get(day, 0), ours)
            cell.timing = valued(group.moved.get(day, 0) + netted.get(day, 0), ours)
            cell.timed_out = valued(heard.get(day, 0), ours)
            cell.billed_usage = valued(quantity[day], ours)
            if quantity_of(then) is None:
                pass  # the bill says no quantity, so what is left is neither unseen nor a matter of price
            elif left > 0:
                cell.unseen = valued(left, ours)
            else:
                cell.not_billed = valued(left, ours)
            _prices(cell, then, ours, known)
        cell.unmetered = cost_of([line for line in then if line.foreign])
        cell.settle()
        cells.append(cell)
    return cells


def join_caches(cells: Iterable[Cell]) -> None:
    """Find prompts that the bill counts in another class than events do, as cached or not, and call that context.

    What one class of a model lacks on a day and another one has too much of was counted differently, not unseen.
    """
    together: dict[tuple[str, str, str, str, int], list[Cell]] = {}
    for cell in cells:
        place = cell.place
        if place.token_class in PROMPT_UNITS and cell.left:
            key = (place.provider, place.account, place.model, place.currency, cell.day)
            together.setdefault(key, []).append(cell)
    for its in together.values():
        over = [cell for cell in its if cell.left > 0 and cell.unseen > 0]
        under = [cell for cell in its if cell.left < 0 and cell.not_billed < 0]
        more, less = sum(cell.left for cell in over), -sum(cell.left for cell in under)
        both = min(more, less)
        for cell in over if both else ():
            moved = cell.unseen * both // more
            cell.unseen, cell.context = cell.unseen - moved, cell.context + moved
        for cell in under if both else ():
            moved = -(-cell.not_billed * both // less)
            cell.not_billed, cell.context = cell.not_billed - moved, cell.context + moved


def _rate(group: Group, day: int, rate: Rate | None) -> Rate | None:
    """Return our price on a day: that of what was seen, else the month's, else the one given."""
    if group.seen.get(day, 0) > 0:
        return group.estimated.get(day, 0), group.seen[day]
    return group.rate() or rate


def _counted(lines: list[Line], rate: Rate | None) -> int:
    """Return how much lines count; where they say no quantity, how much their cost buys at our price."""
    found = quantity_of(lines)
    if found is not None:
        return found
    if rate is None or rate[0] <= 0:
        return 0
    return cost_of([line for line in lines if not line.foreign]) * rate[1] // rate[0]


def choose_lines(groups: Iterable[Group]) -> None:
    """Choose the lines that causes are looked for in, and say by how much a change of the invoice moved each day.

    A change that brings the bill nearer to what was seen mends it, and explains no gap; then the lines are those in
    force. One that leads away from it is a part of the gap, and the rest is explained as the bill was before.

    Args:
        groups: Those of one model of a provider, for which this is decided at once.
    """
    listed = list(groups)
    days = {day for group in listed if group.before for day in {*group.lines, *group.before} if _differs(group, day)}
    away = bool(days) and _leads_away(listed, days)
    for group in listed:
        group.held, group.restated = group.lines, {}
        its = [day for day in days if group.before and _differs(group, day)] if away else []
        if its:
            moved = {d: cost_of(group.lines.get(d, [])) - cost_of(group.before.get(d, [])) for d in its}
            group.held = {day: group.before.get(day, []) if day in moved else found for day, found in _every(group)}
            group.restated = moved


def _leads_away(groups: list[Group], days: set[int]) -> bool:
    """Say whether the bill was nearer to what was seen before it was changed on some days."""
    seen = sum(group.estimated.get(day, 0) for group in groups for day in days)
    others = [(group, day) for group in groups for day in group.lines if day not in days and group.estimated.get(day)]
    usual = (sum(cost_of(g.lines[day]) for g, day in others), sum(g.estimated[day] for g, day in others))
    wanted = seen * usual[0] // usual[1] if usual[0] > 0 and usual[1] > 0 else seen
    was = sum(cost_of((group.before or group.lines).get(day, [])) for group in groups for day in days)
    is_now = sum(cost_of(group.lines.get(day, [])) for group in groups for day in days)
    return abs(is_now - wanted) >= abs(was - wanted)


def _every(group: Group) -> list[tuple[int, list[Line]]]:
    return [(day, group.lines.get(day, [])) for day in {*group.lines, *group.before}]


def _differs(group: Group, day: int) -> bool:
    now, then = group.lines.get(day, []), group.before.get(day, [])
    return (cost_of(now), quantity_of(now)) != (cost_of(then), quantity_of(then))


def _timed_out(kept: Counts, unheard: Counts, days: int) -> Counts:
    """Return how much of what is billed more than seen was used by attempts that timed out.

    Each may have used what a later try of the same call did, so that much is theirs on the day; what is too much on
    another day of the month is theirs too, as long as they may have used as much.
    """
    own = {day: max(0, min(kept.get(day, 0), unheard.get(day, 0))) for day in range(days)}
    room = sum(unheard.values()) - sum(own.values())
    over = {day: max(0, kept.get(day, 0) - own[day]) for day in range(days) if unheard.get(day, 0) > 0}
    spare = sum(over.values())
    if 0 < spare <= room:  # only where it explains all of it: else calls went unseen
        for day, more in over.items():
            own[day] += more
    return {day: quantity for day, quantity in own.items() if quantity}


def _prices(cell: Cell, lines: list[Line], ours: Rate, known: Known) -> None:
    """Hold each line against our price, and put the difference where it belongs."""
    for line in lines:
        if line.foreign or line.quantity is None:
            continue
        off = line.cost - valued(line.quantity, ours)
        if _is_rounding(line, off):
            cell.rounding += off
        elif line.context:
            stated = known(cell.place, cell.day, line.context)
            wrong = line.cost - valued(line.quantity, stated) if stated else 0
            if _is_rounding(line, wrong):
                wrong = 0
            cell.context += off - wrong
            cell.price += wrong
        else:
            ordinary = known(cell.place, cell.day, ())
            fits = ordinary is not None and _is_rounding(line, line.cost - valued(line.quantity, ordinary))
            if fits:  # the line is at our ordinary price, and events told of another context
                cell.context += off
            else:
                cell.price += off


def _is_rounding(line: Line, off: int) -> bool:
    return abs(off) <= _HALF_CENT * line.lines + abs(line.cost) // _MILLIONTH
