"""Evidence: for every part of a gap, one sentence for each place that says what was found, where and since when."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context

from outlay.cost.reconciling.causes import Cell, Known
from outlay.cost.reconciling.cells import Place, cost_of, from_pico
from outlay.cost.reconciling.gather import World
from outlay.cost.reconciling.timing import Shift
from outlay.store import Row
from outlay.terms.money import plain

#: Parts that are told by place from the cells; the others have evidence of their own.
_BY_PLACE = ("unseen", "timed_out", "counted_twice", "not_billed", "price", "context")
#: What is less than this, in 1e-12 of the currency, is not worth a sentence.
_WORTH_SAYING = 10**10
_MILLION = 10**6
_DIGITS = Context(prec=4)
_PERCENT = 100
#: So many meters are named.
_METERS = 5


@dataclass(frozen=True, slots=True)
class Found:
    """One piece of evidence; days count from 0, the amount is in 1e-12 of the currency."""

    cause: str
    place: Place
    days: tuple[int, int]
    amount: int
    means: str


def gather(
    world: World,
    cells: Sequence[Cell],
    shifted: Iterable[tuple[Place, Shift, int]],
    changed: Sequence[Row],
    known: Known,
) -> list[Found]:
    """Return the evidence of a month, the largest amount of each cause first.

    Args:
        world: Both sides.
        cells: The gaps, cut into parts.
        shifted: Days that end at another hour, with what that moved; of the place only provider and currency are told.
        changed: Rows of `bills_changed`.
        known: Our prices.
    """
    found = [*_by_place(world, cells, known), *_timing(cells, shifted, world), *_restated(cells, changed, world)]
    found += [*_others(world), *_rest(world, cells)]
    return sorted(found, key=lambda one: (one.cause, -abs(one.amount), one.place, one.days))


def _by_place(world: World, cells: Sequence[Cell], known: Known) -> Iterator[Found]:
    together: dict[Place, list[Cell]] = {}
    for cell in cells:
        place = cell.place
        together.setdefault(Place(place.provider, place.account, place.model, "", place.currency), []).append(cell)
    for place, its in together.items():
        for cause in _BY_PLACE:
            parts = [cell for cell in its if getattr(cell, cause)]
            amount = sum(getattr(cell, cause) for cell in parts)
            if abs(amount) < _WORTH_SAYING:
                continue
            days = (min(cell.day for cell in parts), max(cell.day for cell in parts))
            yield Found(cause, place, days, amount, _TOLD[cause](world, place, parts, its, known))


def _unseen(world: World, place: Place, parts: Sequence[Cell], its: Sequence[Cell], _known: Known) -> str:
    if not any(cell.seen_quantity for cell in its):
        heard = any(
            p.provider == place.provider and p.account == place.account and g.seen for p, g in world.groups.items()
        )
        where = f"account {place.account}" if place.account and not heard else f"{place.model or 'this provider'}"
        return f"no event of the month tells of {where}: a key or a program that reports to nobody"
    usage = sum(cell.billed_usage for cell in its)
    part = sum(cell.unseen for cell in its) * 1000 // usage if usage else 0
    days = len({cell.day for cell in parts})
    when = "on 1 day" if days == 1 else f"on {days} days"
    return f"{when} more was billed than events tell of, {part // 10}.{part % 10} % of what was billed"


def _timed_out(world: World, place: Place, _parts: Sequence[Cell], _its: Sequence[Cell], _known: Known) -> str:
    attempts = world.unheard.get((place.provider, place.account, place.model), 0)
    return (
        f"{attempts:,} attempts timed out without an answer; what is billed more than seen is within what their calls"
        " used when they were tried again"
    )


def _twice(world: World, place: Place, _parts: Sequence[Cell], _its: Sequence[Cell], _known: Known) -> str:
    who = [
        f"{count:,} by sensor {sensor or '(unnamed)'} in service {service or '(unnamed)'}"
        for (provider, account, model, service, sensor), count in sorted(world.twins.items())
        if (provider, account, model) == (place.provider, place.account, place.model)
    ]
    return f"calls reported twice within one trace, with equal token counts at the same time: {', '.join(who)}"


def _not_billed(world: World, place: Place, parts: Sequence[Cell], _its: Sequence[Cell], _known: Known) -> str:
    billed = {day for p, g in world.groups.items() if p.provider == place.provider for day in g.lines}
    if not billed:
        return f"no bill of {place.provider} for this month was imported, or it is not billed by usage"
    if min(cell.day for cell in parts) > max(billed):
        return f"the bill of {place.provider} ends on {_day(world, max(billed))}"
    return "events tell of more than was billed, and nothing says that they were reported twice"


def _price(world: World, _place: Place, parts: Sequence[Cell], _its: Sequence[Cell], known: Known) -> str:
    worst = max(parts, key=lambda cell: abs(cell.price))
    lines = [
        line
        for line in world.groups[worst.place].lines.get(worst.day, [])
        if line.quantity and not line.foreign and not line.context
    ]
    quantity = sum(line.quantity or 0 for line in lines)
    if not quantity or not worst.seen_quantity:
        return "billed at another price than the price book's"
    theirs = _per_million(cost_of(lines), quantity)
    ours = _per_million(worst.estimated, worst.seen_quantity)
    if not worst.estimated:
        return (
            f"{worst.place.token_class or 'usage'} is billed at {theirs} per million, and the price book has no price"
        )
    since = _day(world, min(cell.day for cell in parts))
    stated = known(worst.place, worst.day, (("knowledge", "now"),))
    later = (
        "; a correction that was learnt since says the same: outlay rerate" if stated and _same(stated, lines) else ""
    )
    return (
        f"since {since} {worst.place.token_class or 'usage'} is billed at {theirs} per million"
        f" where the price book says {ours}{later}"
    )


def _same(rate: tuple[int, int], lines: Sequence[object]) -> bool:
    cost = sum(line.cost for line in lines)  # type: ignore[attr-defined]  # lines of a bill
    quantity = sum(line.quantity for line in lines)  # type: ignore[attr-defined]
    return abs(rate[0] * quantity - cost * rate[1]) * 1000 <= abs(cost * rate[1])


def _context(world: World, place: Place, parts: Sequence[Cell], _its: Sequence[Cell], _known: Known) -> str:
    said = {
        f"{key} {value}"
        for cell in parts
        for line in world.groups[cell.place].lines.get(cell.day, [])
        for key, value in line.context
    }
    told = sorted(text for text in world.contexts.get((place.provider, place.model), ()) if text)
    events = f"events say {', '.join(told)}" if told else "events say nothing of it"
    return f"billed as {', '.join(sorted(said)) or 'ordinary use'}; {events}"


_TOLD: dict[str, Callable[[World, Place, Sequence[Cell], Sequence[Cell], Known], str]] = {
    "unseen": _unseen,
    "timed_out": _timed_out,
    "counted_twice": _twice,
    "not_billed": _not_billed,
    "price": _price,
    "context": _context,
}


def _timing(cells: Sequence[Cell], shifted: Iterable[tuple[Place, Shift, int]], world: World) -> Iterator[Found]:
    explained: dict[tuple[str, str], int] = {}
    for place, shift, moved in shifted:
        day, hours = _day(world, shift.day), abs(shift.hours)
        before = _day(world, shift.day - 1)
        if shift.hours > 0:
            where = f"what was used on {day} before {hours:02d}:00 UTC is billed on {before}"
            means = f"{where}: that day ends {hours} h late"
        else:
            begins = 24 - hours
            where = f"what was used on {before} from {begins:02d}:00 UTC on is billed on {day}"
            means = f"{where}: that day ends {hours} h early"
        yield Found("timing", place, (max(0, shift.day - 1), min(world.days - 1, shift.day)), moved, means)
        key = (place.provider, place.currency)
        explained[key] = explained.get(key, 0) + moved
    posted: dict[Place, list[Cell]] = {}
    for cell in cells:
        if cell.timing:
            place = cell.place
            posted.setdefault(Place(place.provider, "", "", "", place.currency), []).append(cell)
    for place, its in posted.items():
        whole = sum(cell.timing for cell in its if cell.timing > 0)
        more = whole - explained.get((place.provider, place.currency), 0)
        if more * _PERCENT > whole and more > _WORTH_SAYING and (place.provider, place.currency) not in explained:
            days = (min(cell.day for cell in its), max(cell.day for cell in its))
            yield Found("timing", place, days, more, "what is missing on one day is billed within three days of it")


def _restated(cells: Sequence[Cell], changed: Sequence[Row], world: World) -> Iterator[Found]:
    together: dict[Place, list[Cell]] = {}
    for cell in cells:
        if cell.restatement:
            place = cell.place
            together.setdefault(Place(place.provider, place.account, place.model, "", place.currency), []).append(cell)
    for place, its in together.items():
        by = [row for row in changed if str(row["provider"]).lower() == place.provider.lower()]
        how = "; ".join(
            f"import {row['replaced_by']} of {row['changed_at']:%Y-%m-%d} replaced {row['take_in']}" for row in by
        )
        amount = sum(cell.restatement for cell in its)
        days = (min(cell.day for cell in its), max(cell.day for cell in its))
        yield Found("restatement", place, days, amount, how or "lines that correct an earlier invoice")
    for other in world.others:
        if other.correction:
            place = Place(other.provider, other.account, "", "", other.currency)
            means = "a line of the bill that corrects an earlier one"
            yield Found("restatement", place, (other.day, other.day), other.cost, means)


def _others(world: World) -> Iterator[Found]:
    sums: dict[tuple[Place, str], list[tuple[int, int]]] = {}
    for other in world.others:
        if not other.correction:
            place = Place(other.provider, other.account, "", "", other.currency)
            sums.setdefault((place, other.category), []).append((other.day, other.cost))
    for (place, category), parts in sums.items():
        days = (min(day for day, _ in parts), max(day for day, _ in parts))
        lines = "1 line" if len(parts) == 1 else f"{len(parts):,} lines"
        yield Found("credits_and_tax", place, days, sum(cost for _, cost in parts), f"{category}: {lines} of the bill")


def _rest(world: World, cells: Sequence[Cell]) -> Iterator[Found]:
    together: dict[Place, list[Cell]] = {}
    for cell in cells:
        place = cell.place
        together.setdefault(Place(place.provider, place.account, place.model, "", place.currency), []).append(cell)
    for place, its in together.items():
        days = (min(cell.day for cell in its), max(cell.day for cell in its))
        foreign = sum(cell.unmetered for cell in its)
        rounding = sum(cell.rounding for cell in its)
        if foreign:
            yield Found("unmetered", place, days, foreign, f"no event counts {_meters(world, place)}")
        if abs(rounding) >= _WORTH_SAYING:
            yield Found("rest", place, days, rounding, "the bill's lines are rounded")
        more = sum(cell.rest for cell in its) - rounding
        if abs(more) >= _WORTH_SAYING:
            yield Found("rest", place, days, more, "the bill says no quantity: price and quantity cannot be told apart")


def _meters(world: World, place: Place) -> str:
    """Return what a model's unmetered lines are called on the bill."""
    its = {
        line.meter or "what its lines say nothing of"
        for other, group in world.groups.items()
        if (other.provider, other.account, other.model) == (place.provider, place.account, place.model)
        for lines in group.lines.values()
        for line in lines
        if line.foreign
    }
    return ", ".join(sorted(its)[:_METERS])


def _day(world: World, day: int) -> date:
    return world.first + timedelta(days=day)


def _per_million(cost: int, quantity: int) -> str:
    """Return a unit price for people: of a million units, to four digits, as bills are rounded."""
    price = from_pico(cost * _MILLION * 10**9 // quantity)
    return plain(_DIGITS.create_decimal(price))


def rows(found: Sequence[Found], world: World, marks: dict[str, object]) -> Iterator[dict[str, object]]:
    """Return evidence as rows of `gap_evidence`."""
    for number, one in enumerate(found, start=1):
        yield {
            **marks,
            "place": number,
            "cause": one.cause,
            "provider": one.place.provider,
            "sub_account": one.place.account,
            "model": one.place.model,
            "token_class": one.place.token_class,
            "first_day": _day(world, one.days[0]),
            "last_day": _day(world, one.days[1]),
            "currency": one.place.currency,
            "amount": from_pico(one.amount),
            "means": one.means,
        }
