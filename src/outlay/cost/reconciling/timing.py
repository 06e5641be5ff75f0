"""Timing: what was used on one day and billed on another.

Two ways to find it. A *shifted day's end*: a provider whose day ends at another hour than ours (another time zone, an
evening posted a day late) bills exactly what was seen in the hours between; which shift of which day's end explains a
provider's days best is looked for over all of them at once. And *netting*: what is too much on one day and missing on
one close by was posted there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import median

from outlay.cost.reconciling.cells import Counts, Group, Place, quantity_of, valued

#: Hours by which a day may end early or late: the zones that there are.
_SHIFTS = tuple(range(-12, 15))
#: What a shifted day's end has to explain of the days next to it, in percent of a day: of both, and of one at the edge.
_WORTH, _AT_EDGE = 5, 3
#: And so many times what days differ by anyway.
_NOISE, _NOISE_AT_EDGE = 6, 4
#: Days within which a late posting is looked for.
_NEAR = 3
#: What differs by less than this part of a day, in millionths, is no late posting while calls go unseen on all days.
_UNUSUAL = 50_000
_UNUSUAL_NOISE = 3
_HOURS = 24


@dataclass(frozen=True, slots=True)
class Shift:
    """A day whose end is not where ours is.

    Args:
        day: The day that begins there, counted from 0; its number is also that of the day's end before it.
        hours: By how many hours later (or earlier) the provider's day begins.
    """

    day: int
    hours: int


@dataclass(frozen=True, slots=True)
class Hours:
    """What was seen hour by hour, from a day before the month to a day after it.

    Args:
        days: Days of the month.
        by_place: Quantity by place and hour.
    """

    days: int
    by_place: Mapping[Place, Counts]

    def between(self, place: Place, first: int, end: int) -> int:
        """Return what was seen from one hour of the month to another, which may lie outside it."""
        found = self.by_place.get(place, {})
        return sum(found.get(hour + _HOURS, 0) for hour in range(first, end))


def uneven(groups: Mapping[Place, Group], days: int) -> bool:
    """Say whether the days of a provider differ in how much of what is billed is seen, so that a shift may be why."""
    rates = {place: rate for place, group in groups.items() if (rate := group.rate()) and rate[0] > 0}
    billed = [_billed(groups, rates, day) for day in range(days)]
    seen = [
        sum(valued(groups[place].seen.get(day, 0) - groups[place].twins.get(day, 0), rates[place]) for place in rates)
        for day in range(days)
    ]
    both = [day for day in range(days) if billed[day] > 0 and seen[day] > 0]
    if not both:
        return False
    cover = int(median(billed[day] * 10**6 // seen[day] for day in both))
    return any(abs(billed[day] - seen[day] * cover // 10**6) * 200 > _AT_EDGE * billed[day] for day in range(days))


def shifts(groups: Mapping[Place, Group], hours: Hours) -> list[Shift]:
    """Return the days of one provider that end at another hour than ours.

    Args:
        groups: Its places in one currency.
        hours: What was seen when.
    """
    rates = {place: rate for place, group in groups.items() if (rate := group.rate()) and rate[0] > 0}
    by_hour = [0] * ((hours.days + 2) * _HOURS)
    for place, rate in rates.items():
        for hour, quantity in hours.by_place.get(place, {}).items():
            if 0 <= hour < len(by_hour):
                by_hour[hour] += valued(quantity, rate)
    until = [0, *accumulate(by_hour)]
    billed = [_billed(groups, rates, day) for day in range(hours.days)]

    def seen(day: int, begins: int, ends: int) -> int:
        return until[(day + 2) * _HOURS + ends] - until[(day + 1) * _HOURS + begins]

    ordinary = [seen(day, 0, 0) for day in range(hours.days)]
    both = [day for day in range(hours.days) if ordinary[day] > 0 and billed[day] > 0]
    if not both:
        return []
    # In millionths: how much of what is billed is seen on an ordinary day, and by how much days differ from that.
    cover = int(median(billed[day] * 10**6 // ordinary[day] for day in both))
    noise = int(median(abs(billed[day] - ordinary[day] * cover // 10**6) * 10**6 // billed[day] for day in both))
    inner, edge = max(_WORTH * 10**4, _NOISE * noise), max(_AT_EDGE * 10**4, _NOISE_AT_EDGE * noise)
    ends = [0, *billed, 0]
    worth = [_fee(ends[day], ends[day + 1], inner, edge) for day in range(hours.days + 1)]

    def off(day: int, begins: int, ends: int) -> int:
        if billed[day] == 0:
            return 0  # not billed yet, so nothing is known of where it ends
        return abs(billed[day] - seen(day, begins, ends) * cover // 10**6)

    return _best(hours.days, off, worth)


def _fee(before: int, after: int, inner: int, edge: int) -> int:
    """Return what a shifted end between two days has to explain; at the edge of what is billed, only one of them is."""
    if before > 0 and after > 0:
        return min(before, after) * inner // 10**6
    return max(before, after, 0) * edge // 10**6


def _best(days: int, off: Callable[[int, int, int], int], worth: Sequence[int]) -> list[Shift]:
    """Choose every day's end so that all days together are off by least; each shifted one has to be worth it."""
    cost = {shift: (0 if shift == 0 else worth[0]) for shift in _SHIFTS}
    chosen: list[dict[int, int]] = []
    for day in range(days):
        found: dict[int, tuple[int, int]] = {}
        for ends in _SHIFTS:
            fee = worth[day + 1] if ends else 0
            # A clock that is behind on a day is as far behind at both of its ends.
            options = (
                (held + off(day, begins, ends) + fee * (2 if 0 != begins != ends else 1), abs(begins), begins)
                for begins, held in cost.items()
            )
            best = min(options)
            found[ends] = best[0], best[2]
        cost = {ends: total for ends, (total, _) in found.items()}
        chosen.append({ends: begins for ends, (_, begins) in found.items()})
    end = min(cost, key=lambda shift: (cost[shift], abs(shift), shift))
    path = [end]
    for step in reversed(chosen):
        path.append(step[path[-1]])
    return [Shift(day, hours) for day, hours in enumerate(reversed(path)) if hours]


def move(groups: Mapping[Place, Group], hours: Hours, found: Sequence[Shift]) -> dict[Shift, int]:
    """Move what was seen between our day's end and the provider's to the day that it is billed on.

    Returns:
        What each shift moved, at our price.
    """
    moved: dict[Shift, int] = {}
    for shift in found:
        at = shift.day * _HOURS
        first, end = (at, at + shift.hours) if shift.hours > 0 else (at + shift.hours, at)
        before, after = (shift.day - 1, shift.day) if shift.hours > 0 else (shift.day, shift.day - 1)
        for place, group in groups.items():
            quantity = hours.between(place, first, end)
            rate = group.rate()
            if not quantity or not rate:
                continue
            for day, sign in ((before, 1), (after, -1)):
                if 0 <= day < hours.days:
                    group.moved[day] = group.moved.get(day, 0) + sign * quantity
            moved[shift] = moved.get(shift, 0) + valued(quantity, rate)
    return moved


def _billed(groups: Mapping[Place, Group], rates: Mapping[Place, tuple[int, int]], day: int) -> int:
    whole = 0
    for place, rate in rates.items():
        quantity = quantity_of(groups[place].held.get(day, []))
        # Attempts that timed out are billed and not seen, each day others: without them days differ by less.
        whole += valued(quantity - groups[place].unheard.get(day, 0), rate) if quantity else 0
    return whole


def net(surplus: Counts, billed: Counts, days: int) -> Counts:
    """Return how much of each day's surplus was used on another day nearby, as quantities that sum to zero.

    Args:
        surplus: What is billed more than seen, by day; negative where less is billed.
        billed: What is billed, by day.
        days: Days of the month.
    """
    ratios = [surplus.get(day, 0) * 10**6 // billed[day] for day in range(days) if billed.get(day, 0) > 0]
    usual = max(0, int(median(ratios))) if ratios else 0
    unusual = (
        max(_UNUSUAL, _UNUSUAL_NOISE * int(median(abs(ratio - usual) for ratio in ratios))) if ratios else _UNUSUAL
    )
    left = {day: surplus.get(day, 0) for day in range(days)}
    moved: Counts = {}
    for day in range(days):
        lacking = _lacking(left[day], billed.get(day, 0), usual, unusual)
        for other in _nearby(day, days) if lacking else ():
            spare = left[other] - usual * billed.get(other, 0) // 10**6
            taken = max(0, min(lacking, spare))
            if taken:
                left[other] -= taken
                left[day] += taken
                lacking -= taken
                moved[other] = moved.get(other, 0) + taken
                moved[day] = moved.get(day, 0) - taken
    return moved


def _lacking(surplus: int, billed: int, usual: int, unusual: int) -> int:
    """Return how much less is billed on a day than was to be expected; 0 when that is nothing unusual."""
    missing = usual * billed // 10**6 - surplus
    return missing if surplus < 0 or missing * 10**6 > unusual * billed > 0 else 0


def _nearby(day: int, days: int) -> list[int]:
    """Return the days near one, the next ones first."""
    near = [day + sign * step for step in range(1, _NEAR + 1) for sign in (1, -1)]
    return [other for other in near if 0 <= other < days]
