"""The answer to what if: actual, counterfactual and change per group, what was assumed, and what has no price."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, cast

from outlay.errors import UnknownName
from outlay.explain import replay
from outlay.explain.model_names import is_meant
from outlay.explain.parts import PARTS
from outlay.explain.replay import Key, Known
from outlay.explain.whatif.assumptions import assumptions
from outlay.explain.whatif.choices import Choice, Lane, choices_of, lanes
from outlay.explain.whatif.scenario import Scenario
from outlay.prices.book import Book
from outlay.store import Store
from outlay.terms.money import EXACT, rounded
from outlay.terms.period import Period

_ZERO = Decimal(0)
_PRICED_BY = ("provider", "model")
BY = ("feature", "provider", "model")


class _Cell(NamedTuple):
    """What usage is told apart by while it is replayed: a group of the answer, a key and a currency."""

    group: tuple[object, ...]
    key: Key
    currency: str


@dataclass(slots=True)
class _Sum:
    """What one cell did cost, and what it would have."""

    actual: Decimal = _ZERO
    calls: int = 0
    tokens: int = 0
    lacking: tuple[int, Decimal] = (0, _ZERO)
    instead: Decimal = _ZERO
    unpriced: list[tuple[Choice, str, Decimal]] = field(default_factory=list)
    comparable: bool = True


def whatif(
    store: Store,
    period: Period,
    scenario: Scenario,
    *,
    by: Sequence[str] = BY,
) -> dict[str, object]:
    """Replay a period's usage through a scenario.

    Args:
        store: Holds published months.
        period: Whose usage.
        scenario: What is done otherwise.
        by: Dimensions of the rows.

    Returns:
        `actual`, `counterfactual` and `change` in `currency` (None, when there are several; `totals` has each), all
        usage times price, over what has a price both ways; `left_out`: what the rest did cost; `rows` per value of
        `by`, dearest first, which sum to the totals exactly; `unpriced`: what would have no price, and why;
        `assumptions`. Nothing changed gives the actual amount, to the last digit.

    Raises:
        BadInput: No month of the period is published, or shares of one model pass 100 %.
        UnknownName: A model or a dimension is not known.
    """
    known = replay.known_prices(store, period)
    cells = _actual(store, period, by, scenario.where)
    keys = list(dict.fromkeys(cell.key for cell in cells))
    book = known[-1].book
    _check((swap.old for swap in scenario.swaps), keys, book)
    chosen = {key: choices_of(key, scenario, known) for key in keys}
    after = {choice.key for choices in chosen.values() for choice in choices}
    _check((price.model for price in scenario.prices if price.model), after, book)
    for lane in lanes(chosen, scenario, known):
        _replay(store, period, by, scenario, lane, cells)
    rows = _rows(cells, by, scenario)
    totals = _totals(rows)
    only = next(iter(totals)) if len(totals) == 1 else None
    figures = totals[only] if only else dict.fromkeys(("actual", "counterfactual", "change", "left_out"))
    if not totals:
        figures = dict.fromkeys(("actual", "counterfactual", "change", "left_out"), _ZERO)
    return {
        "scenario": scenario.name,
        "period": str(period),
        "where": dict(scenario.where),
        "by": list(by),
        "currency": only,
        **figures,
        "totals": totals,
        "rows": rows,
        "unpriced": _unpriced(cells),
        "assumptions": assumptions(scenario, chosen, known, _months_missing(period, known)),
    }


def _actual(store: Store, period: Period, by: Sequence[str], where: Mapping[str, str]) -> dict[_Cell, _Sum]:
    cells: dict[_Cell, _Sum] = {}
    for row in replay.used(store, period, _all(by), where):
        cell = _Cell(tuple(row[name] for name in by), replay.key_of(row), cast(str, row["priced_in"]))
        found = cells.setdefault(cell, _Sum())
        found.actual += cast(Decimal, row["amount"])
        found.calls += cast(int, row["calls"])
        found.tokens += cast(int, row["tokens"])
        attempts, quantity = found.lacking
        lacks = cast(int, row["unpriced_attempts"]), cast(Decimal, row["unpriced_quantity"])
        found.lacking = attempts + lacks[0], quantity + lacks[1]
    return cells


def _replay(
    store: Store, period: Period, by: Sequence[str], scenario: Scenario, lane: Lane, cells: Mapping[_Cell, _Sum]
) -> None:
    """Add what the cells would cost as one lane has it, its part of the calls only."""
    hit = None if scenario.cache_hit is None else int(scenario.cache_hit * PARTS)
    cut = int(scenario.prompt_cut * PARTS)
    lacking: dict[_Cell, tuple[int, Decimal]] = {}
    by_group: dict[tuple[tuple[object, ...], Key], dict[str, _Cell]] = {}
    for cell in cells:
        by_group.setdefault((cell.group, cell.key), {})[cell.currency] = cell
    for row in replay.replay(store, period, lane.vectors, by=_all(by), where=scenario.where, cut=cut, hit=hit):
        vector = lane.vectors[cast(int, row["vector"])]
        key = Key(*(cast(str, vector[name]) for name in Key._fields))
        same = by_group[tuple(row[name] for name in by), key]
        cell = same.get(cast(str, vector["currency"])) or next(iter(same.values()))
        choice, found = lane.choices[key], cells[cell]
        found.instead = EXACT.add(found.instead, EXACT.multiply(cast(Decimal, row["amount"]), choice.part))
        if vector["currency"] != cell.currency and row["amount"]:
            found.comparable = False
            found.unpriced.append((choice, f"priced in {vector['currency']}", _ZERO))
        if quantity := cast(Decimal, row["unpriced_quantity"]):
            had = lacking.get(cell, (0, _ZERO))
            lacking[cell] = (had[0] + cast(int, row["unpriced_attempts"]), had[1] + quantity)
            found.unpriced.append((choice, cast("str | None", vector["reason"]) or "unknown-unit", quantity))
    for cell, (attempts, quantity) in lacking.items():
        had = cells[cell].lacking
        cells[cell].comparable &= attempts <= had[0] and quantity <= had[1]


def _rows(cells: Mapping[_Cell, _Sum], by: Sequence[str], scenario: Scenario) -> list[dict[str, object]]:
    groups: dict[tuple[tuple[object, ...], str], list[_Sum]] = {}
    for cell, found in cells.items():
        groups.setdefault((cell.group, cell.currency), []).append(found)
    rows = []
    for (group, currency), sums in groups.items():
        actual = sum((one.actual for one in sums if one.comparable), _ZERO)
        instead = rounded(EXACT.multiply(sum((one.instead for one in sums if one.comparable), _ZERO), scenario.traffic))
        rows.append(
            {
                **dict(zip(by, group, strict=True)),
                "currency": currency,
                "actual": actual,
                "counterfactual": instead,
                "change": instead - actual,
                "left_out": sum((one.actual for one in sums if not one.comparable), _ZERO),
                "calls": sum(one.calls for one in sums),
                "tokens": sum(one.tokens for one in sums),
                "unpriced_quantity": sum((quantity for one in sums for _, _, quantity in one.unpriced), _ZERO),
            }
        )
    return sorted(rows, key=lambda row: (-cast(Decimal, row["actual"]), str([row[name] for name in by])))


def _totals(rows: Sequence[Mapping[str, object]]) -> dict[str, dict[str, Decimal]]:
    totals: dict[str, dict[str, Decimal]] = {}
    for row in rows:
        own = totals.setdefault(
            cast(str, row["currency"]), dict.fromkeys(("actual", "counterfactual", "change", "left_out"), _ZERO)
        )
        for name in own:
            own[name] += cast(Decimal, row[name])
    return totals


def _unpriced(cells: Mapping[_Cell, _Sum]) -> list[dict[str, object]]:
    """Return what has no price in the scenario: as what it was used, as what it would be priced, and why."""
    found: dict[tuple[object, ...], dict[str, object]] = {}
    for cell, sums in cells.items():
        for choice, reason, quantity in sums.unpriced:
            named = (cell.key.provider, cell.key.model, *choice.key[:3], reason, cell.currency)
            one = found.setdefault(
                named,
                {
                    "provider": cell.key.provider,
                    "model": cell.key.model or None,
                    "as_provider": choice.key.provider,
                    "as_model": choice.key.model or None,
                    "as_context": choice.key.context or None,
                    "reason": reason,
                    "quantity": _ZERO,
                    "comparable": True,
                },
            )
            one["quantity"] = cast(Decimal, one["quantity"]) + quantity
            one["comparable"] = bool(one["comparable"]) and sums.comparable
    return sorted(found.values(), key=lambda one: (-cast(Decimal, one["quantity"]), str(one)))


def _check(names: Iterable[str], keys: Collection[Key], book: Book) -> None:
    """Refuse a name that no usage goes by: it would change nothing, and be taken for a saving of nothing."""
    for name in names:
        if not any(is_meant(name, key, book) for key in keys if key.model):
            raise UnknownName("model in this usage", name, {key.model for key in keys if key.model})


def _months_missing(period: Period, known: Sequence[Known]) -> list[str]:
    have: set[datetime] = {one.first for one in known}
    return [m.name for m in period.months() if max(m.starts_at, period.starts_at) not in have]


def _all(by: Sequence[str]) -> list[str]:
    return list(dict.fromkeys((*by, *_PRICED_BY)))
