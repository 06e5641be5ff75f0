"""The stage that reconciles a month: both sides in, cells, evidence and calibrated costs out."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import cast

from outlay.cost.reconciling import calibration, causes, evidence, gather, seen, timing
from outlay.cost.reconciling.causes import Cell, Rate
from outlay.cost.reconciling.cells import Group, Place, from_nano, from_pico
from outlay.cost.reconciling.gather import World
from outlay.prices.book import Book
from outlay.store import Row, Store
from outlay.store.tables.reconciled import PARTS
from outlay.terms.money import pico
from outlay.terms.price import Unpriced

_DAY = timedelta(days=1)
#: A prompt as long as this has every long-context price.
_LONG = 10**9
_Context = tuple[tuple[str, str], ...]
Load = Callable[[bool], Book]


class Prices:
    """What the price book says one unit costs, at a place on a day, asked once each.

    Args:
        load: Loads prices as the run knows them (False), or with all corrections that are known (True).
        first: First day of the month.
    """

    def __init__(self, load: Load, first: date) -> None:
        self._load, self._first = load, first
        self._books: dict[bool, Book] = {}
        self._held: dict[tuple[Place, int, _Context], Rate | None] = {}

    def known(self, place: Place, day: int, context: _Context) -> Rate | None:
        """Return our price in a context; `knowledge` in it asks for what was learnt too late for the run."""
        key = (place, day, context)
        if key not in self._held:
            self._held[key] = self._ask(place, day, dict(context))
        return self._held[key]

    def _ask(self, place: Place, day: int, context: dict[str, str]) -> Rate | None:
        if not place.token_class:
            return None
        newest = context.pop("knowledge", "") != ""
        if newest not in self._books:
            self._books[newest] = self._load(newest)
        book = self._books[newest]
        size = _LONG if context.pop("size", "") else 0
        used_at = datetime(self._first.year, self._first.month, self._first.day, 12, tzinfo=UTC) + day * _DAY
        found = book.price_at(place.provider, place.model, place.token_class, used_at, context, size)
        if isinstance(found, Unpriced) or found.currency != place.currency:
            return None
        return pico(found.amount), found.per * 10**9


def reconcile(store: Store, load: Load, values: Mapping[str, object]) -> None:
    """Hold what AI providers billed against usage times price, and name the parts of the gap.

    Args:
        store: Holds the bills and the priced usage of this run.
        load: Loads prices as the run knows them (False), or with all corrections that are known (True).
        values: `run`, `month`, `starts_at` and `ends_at`.
    """
    first, end = cast(date, values["month"]), cast(datetime, values["ends_at"])
    marks: dict[str, object] = {"run": values["run"], "month": values["month"]}
    days = (end.date() - first).days
    asked = {**values, "since": cast(datetime, values["starts_at"]) - _DAY, "until": end + _DAY}
    vectors = {cast(int, row["vector"]): row for row in store.rows("cost/vectors_used", asked)}
    changed = store.rows("cost/bills_changed", asked)
    world = gather.world(
        first,
        days,
        now=store.rows("cost/billed_lines", asked),
        before=store.rows("cost/billed_before", asked) if changed else (),
        used=list(seen.read(store.rows("cost/seen_days", asked), vectors)),
    )
    world.take_features(seen.read(store.rows("cost/seen_features", asked), vectors))
    world.take_twins(store.rows("cost/twins", asked))
    world.take_unheard(store.rows("cost/unheard", asked))
    models: dict[tuple[str, str, str], list[Group]] = {}
    for place, group in world.groups.items():
        models.setdefault((place.provider, place.model, place.currency), []).append(group)
    for groups in models.values():
        causes.choose_lines(groups)
    shifted = list(_shifted(store, world, asked))
    prices = Prices(load, first)
    cells = list(_cells(world, prices))
    causes.join_caches(cells)
    cells += _others(world)
    store.insert("reconciliation", (_row(cell, first, marks) for cell in cells))
    found = evidence.gather(world, cells, shifted, changed, prices.known)
    store.insert("gap_evidence", evidence.rows(found, world, marks))
    store.insert("calibrated_cost", calibration.rows(world, cells, marks))


def _shifted(store: Store, world: World, asked: Mapping[str, object]) -> Iterator[tuple[Place, timing.Shift, int]]:
    """Find the days that end at another hour, and move what was seen between to the day that it is billed on."""
    together: dict[tuple[str, str], dict[Place, Group]] = {}
    for place, group in world.groups.items():
        together.setdefault((place.provider, place.currency), {})[place] = group
    uneven = {key: groups for key, groups in together.items() if timing.uneven(groups, world.days)}
    if not uneven:
        return
    by_place: dict[Place, dict[int, int]] = {}
    wanted = {provider for provider, _ in uneven}
    rows = [r for r in store.rows("cost/seen_hours", asked) if world.provider(str(r["provider"])) in wanted]
    for hour, one in seen.hours_of(rows, cast(datetime, asked["since"])):
        counts = by_place.setdefault(world.place(one), {})
        counts[hour] = counts.get(hour, 0) + one.quantity
    for place, counts in by_place.items():
        for hour, twins in world.group(place).twin_hours.items():
            counts[hour + 24] = counts.get(hour + 24, 0) - twins
    hours = timing.Hours(world.days, by_place)
    for (provider, currency), groups in sorted(uneven.items()):
        found = timing.shifts(groups, hours)
        for shift, moved in timing.move(groups, hours, found).items():
            yield Place(provider, "", "", "", currency), shift, moved


def _cells(world: World, prices: Prices) -> Iterator[Cell]:
    """Cut every place's gaps."""
    rates: dict[tuple[str, str, str, str], list[Rate]] = {}
    for place, group in world.groups.items():
        if rate := group.rate():
            key = (place.provider, place.model, place.token_class, place.currency)
            rates.setdefault(key, []).append(rate)
    for place, group in sorted(world.groups.items()):
        known = rates.get((place.provider, place.model, place.token_class, place.currency), [])
        elsewhere = (sum(money for money, _ in known), sum(of for _, of in known)) if known else None
        yield from causes.cut(place, group, world.days, elsewhere, prices.known)


def _others(world: World) -> Iterator[Cell]:
    """Return the lines that pay for no usage, and corrections, as cells of their own."""
    held: dict[tuple[Place, int], Cell] = {}
    for other in world.others:
        place = Place(other.provider, other.account, "", "", other.currency)
        cell = held.setdefault((place, other.day), Cell(place, other.day))
        cell.billed += other.cost
        if other.correction:
            cell.restatement += other.cost
        else:
            cell.credits_and_tax += other.cost
    yield from held.values()


def _row(cell: Cell, first: date, marks: Mapping[str, object]) -> Row:
    return {
        **marks,
        "day": first + cell.day * _DAY,
        "provider": cell.place.provider,
        "sub_account": cell.place.account,
        "model": cell.place.model,
        "token_class": cell.place.token_class,
        "currency": cell.place.currency,
        **{name: from_pico(cast(int, getattr(cell, name))) for name in ("billed", "estimated", *PARTS)},
        "billed_usage": from_pico(cell.billed_usage),
        "billed_quantity": _small(cell.billed_quantity),
        "seen_quantity": _small(cell.seen_quantity),
    }


def _small(quantity: int) -> Decimal:
    return from_nano(quantity)
