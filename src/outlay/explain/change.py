"""Change: why a period cost more or less than an earlier one, segment by segment, to the last digit.

The change is shown raw (after minus before). Segments are decomposed (`decompose`), the combinations that carry it are
named, and a verdict is proposed (`verdict`) with the numbers that argue for and against it.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import cast

from outlay.exchange.conversion import Conversion, InCurrency
from outlay.explain.converted import ledger_worth
from outlay.explain.decompose import EFFECTS, Segment, decompose
from outlay.explain.rows import bounds, distinct, in_both, ledger, only_currency, usage
from outlay.explain.verdict import Evidence, propose
from outlay.store import Row, Store
from outlay.terms.attribution import ATTRIBUTION
from outlay.terms.period import Period

#: Dimensions that the ledger and usage name alike.
_IN_BOTH = (*ATTRIBUTION, "model")
_CAUSES_BY = ("feature", "release", "model")
_CAUSES = 5
_ZERO = Decimal(0)
#: Costs of a period, as `rows.ledger` gives them.
_Costs = Callable[[Store, Period, Sequence[str], Mapping[str, str] | None], list[Row]]


def change(
    store: Store,
    before: Period,
    after: Period,
    by: Sequence[str] = ("feature",),
    *,
    where: Mapping[str, str] | None = None,
    currency: InCurrency | None = None,
) -> dict[str, object]:
    """Explain the change between two periods.

    Args:
        store: Holds the published ledger.
        before: The earlier period.
        after: The later one.
        by: Dimensions of the segments; calls and quantities are known for attribution and model.
        where: Value by dimension.
        currency: The currency of the answer, each day at its own rate; None leaves amounts in their own.

    Returns:
        `change` (after minus before), `before`, `after`, `currency`; `effects` that sum to the change exactly;
        `segments` with theirs, largest change first; `causes`: the combinations of feature, release and model that
        changed most; `verdict` with the numbers for and against; `notes` on what was normalised;
        `conversion` as in `Conversion.stated`: what has no rate is in neither period, and named there.

    Raises:
        BadInput: The ledger holds several currencies; ask for one with `where`.
    """
    where = where or {}
    periods = (before, after)
    conversion = Conversion(store, _both(periods), currency) if currency else None
    left: dict[str, Decimal] = {}
    used_currencies: set[str] = set()
    asked = _rated(conversion, left, used_currencies) if conversion else ledger
    costs = _in_both(asked, store, periods, by, where)
    said = conversion.stated(_both(periods), dict(left), set(used_currencies)) if conversion else None
    in_currency = only_currency(costs)
    used = _usage(store, periods, by, where)
    segments = _segments(by, costs, used)
    effects = decompose(segments, (before.days, after.days))
    listed = sorted(zip(segments, effects, strict=True), key=lambda pair: (-abs(_moved(pair[0])), str(pair[0].key)))
    causes = _causes(asked, store, periods, where)
    return {
        "before": {"period": str(before), "amount": sum((s.cost[0] for s in segments), _ZERO)},
        "after": {"period": str(after), "amount": sum((s.cost[1] for s in segments), _ZERO)},
        "currency": in_currency,
        "change": sum((_moved(s) for s in segments), _ZERO),
        "effects": {name: sum((e[name] for e in effects), _ZERO) for name in EFFECTS},
        "by": list(by),
        "segments": [_shown(by, segment, parts) for segment, parts in listed],
        "causes": causes,
        "verdict": propose(_evidence(asked, store, periods, where, causes)),
        "notes": _notes(before, after, by),
        "conversion": said,
    }


def _both(periods: tuple[Period, Period]) -> Period:
    """Return the span from the beginning of one period to the end of the other."""
    return Period(min(one.first for one in periods), max(one.end for one in periods))


def _rated(conversion: Conversion, left: dict[str, Decimal], used: set[str]) -> _Costs:
    """Return how to ask for costs in one currency; what has no rate is counted in `left`, and is in no row."""

    def asked(store: Store, period: Period, by: Sequence[str], where: Mapping[str, str] | None) -> list[Row]:
        found = ledger_worth(store, conversion, period, by, where or {})
        for name, amount in found.unrated.items():
            left[name] = left.get(name, _ZERO) + amount
        used.update(found.used)
        return [row for row in found.rows if "reason" not in row]

    return asked


def _in_both(
    asked: _Costs, store: Store, periods: tuple[Period, Period], by: Sequence[str], where: Mapping[str, str]
) -> tuple[list[Row], list[Row]]:
    """Ask for the costs of both periods; what is converted is rounded by period, so that each is what it is alone."""
    if asked is ledger:
        return in_both(ledger, store, periods, by, where)
    return asked(store, periods[0], by, where), asked(store, periods[1], by, where)


def _moved(segment: Segment) -> Decimal:
    return segment.cost[1] - segment.cost[0]


def _usage(
    store: Store, periods: tuple[Period, Period], by: Sequence[str], where: Mapping[str, str]
) -> tuple[list[Row], list[Row]]:
    """Return usage by the same dimensions; none when usage does not know them."""
    own = {name: value for name, value in where.items() if name != "currency"}
    if not {*by, *own} <= set(_IN_BOTH):
        return [], []
    return in_both(usage, store, periods, by, own)


def _segments(by: Sequence[str], costs: Sequence[list[Row]], used: Sequence[list[Row]]) -> list[Segment]:
    money: dict[tuple[object, ...], list[Decimal]] = {}
    for place, rows in enumerate(costs):
        for row in rows:
            money.setdefault(tuple(row[n] for n in by), [_ZERO, _ZERO])[place] += cast(Decimal, row["amount"])
    calls: dict[tuple[object, ...], list[int]] = {}
    quantity: dict[tuple[object, ...], list[Decimal]] = {}
    for place, rows in enumerate(used):
        for row in rows:
            key = tuple(row[n] for n in by)
            calls.setdefault(key, [0, 0])[place] += cast(int, row["calls"])
            quantity.setdefault(key, [_ZERO, _ZERO])[place] += cast(int, row["tokens"]) + cast(Decimal, row["units"])
    # A segment without money keeps its calls out of the total, or effects would not sum over segments that have some.
    return [
        Segment(
            key,
            (both[0], both[1]),
            cast("tuple[int, int]", tuple(calls.get(key, (0, 0)))),
            cast("tuple[Decimal, Decimal]", tuple(quantity.get(key, (_ZERO, _ZERO)))),
        )
        for key, both in money.items()
    ]


def _shown(by: Sequence[str], segment: Segment, effects: Mapping[str, Decimal]) -> dict[str, object]:
    return {
        **dict(zip(by, segment.key, strict=True)),
        "before": segment.cost[0],
        "after": segment.cost[1],
        "change": _moved(segment),
        "calls_before": segment.calls[0],
        "calls_after": segment.calls[1],
        "effects": dict(effects),
    }


def _causes(
    asked: _Costs, store: Store, periods: tuple[Period, Period], where: Mapping[str, str]
) -> list[dict[str, object]]:
    """Return the combinations of feature, release and model that changed most, in the direction of the change."""
    changed: dict[tuple[object, ...], Decimal] = {}
    for sign, rows in zip((-1, 1), _in_both(asked, store, periods, _CAUSES_BY, where), strict=True):
        for row in rows:
            key = tuple(row[name] for name in _CAUSES_BY)
            changed[key] = changed.get(key, _ZERO) + sign * cast(Decimal, row["amount"])
    whole = sum(changed.values(), _ZERO)
    same_way = [(key, moved) for key, moved in changed.items() if moved * whole > 0 and key[0] is not None]
    ranked = sorted(same_way, key=lambda pair: (-abs(pair[1]), str(pair[0])))[:_CAUSES]
    return [
        {**{n: v for n, v in zip(_CAUSES_BY, key, strict=True) if v is not None}, "change": moved}
        for key, moved in ranked
    ]


def _evidence(
    asked: _Costs,
    store: Store,
    periods: tuple[Period, Period],
    where: Mapping[str, str],
    causes: list[dict[str, object]],
) -> Evidence:
    """Gather what the verdict is argued with: about the feature that carries most of the change."""
    feature = cast("str | None", causes[0].get("feature")) if causes else None
    own = {name: value for name, value in where.items() if name in _IN_BOTH}
    about = {**own, "feature": feature} if feature else own
    used = in_both(usage, store, periods, (), about)
    who = in_both(distinct, store, periods, (), about)
    cost = _in_both(asked, store, periods, (), {**where, **about})
    whole = Period(periods[0].first, periods[1].end)
    daily = asked(store, whole, ("day",), {"feature": feature}) if feature else []
    return Evidence(
        feature=feature,
        release=cast("str | None", causes[0].get("release")) if causes else None,
        model=cast("str | None", causes[0].get("model")) if causes else None,
        days=(periods[0].days, periods[1].days),
        cost=_pair([sum((cast(Decimal, r["amount"]) for r in rows), _ZERO) for rows in cost]),
        calls=_pair([_sum(rows, "calls") for rows in used]),
        failures=_pair([_sum(rows, "failures") for rows in used]),
        quantity=_pair([_sum(rows, "tokens") + _sum(rows, "units") for rows in used]),
        customers=_pair([_sum(rows, "customers") for rows in who]),
        users=_pair([_sum(rows, "users") for rows in who]),
        daily={row["day"]: cast(Decimal, row["amount"]) for row in daily},
        releases=store.rows("explain/releases", bounds(whole)),
    )


def _pair(values: list[Decimal]) -> tuple[Decimal, Decimal]:
    return values[0], values[1]


def _sum(rows: list[Row], name: str) -> Decimal:
    return sum((Decimal(cast("int | Decimal", row[name])) for row in rows), _ZERO)


def _notes(before: Period, after: Period, by: Sequence[str]) -> list[str]:
    notes = []
    if before.days != after.days:
        notes.append(
            f"{before} has {before.days} days and {after} has {after.days}: the effect `days` holds what the difference"
            " in length makes at an unchanged daily rate, the other effects compare daily rates."
        )
    if not set(by) <= set(_IN_BOTH):
        notes.append(
            "Usage does not know these dimensions, so the change is not cut into calls, mix, quantity and price."
        )
    return notes
