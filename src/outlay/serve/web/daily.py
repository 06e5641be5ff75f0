"""Daily: what each day cost, stacked by the dearest values of a dimension, with the releases of those days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import cast

from outlay.exchange.conversion import Conversion
from outlay.explain.converted import ledger_worth
from outlay.explain.rows import ledger
from outlay.serve.web.state import State
from outlay.serve.web.words import DIMENSIONS, value_of
from outlay.store import Row, Store
from outlay.terms.period import Period

_SERIES = 6
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Series:
    """One layer of the stack.

    Args:
        name: As shown.
        tone: How it is coloured: `culprit`, a number from 1 to 6, `rest` or `nobody`.
        url: The view of it alone; None when it stands for several.
        amounts: One per day.
    """

    name: str
    tone: str
    url: str | None
    amounts: Sequence[Decimal]


@dataclass(frozen=True, slots=True)
class Daily:
    """What each day cost.

    Args:
        days: The days, in order.
        series: The layers, from the bottom of the stack.
        totals: One per day.
        releases: What went out in those days: the day and the release, each pair once, however many services took it.
        compared_until: The first day of the period shown, where the days before it are the earlier one.
    """

    days: Sequence[date]
    series: Sequence[Series]
    totals: Sequence[Decimal]
    releases: Sequence[tuple[date, str]]
    compared_until: date | None

    def to_json(self) -> dict[str, object]:
        """Return what the chart is drawn from."""
        return {
            "days": self.days,
            "series": [
                {"name": one.name, "tone": one.tone, "url": one.url, "amounts": one.amounts} for one in self.series
            ],
            "releases": [{"day": day, "release": release} for day, release in self.releases],
            "compared_until": self.compared_until,
        }


def daily(store: Store, state: State, culprit: object) -> Daily:
    """Return what each day of the state's span cost.

    Args:
        store: Holds the ledger.
        state: What is shown.
        culprit: The value that carries the change; it lies at the bottom of the stack, where its shape shows.
    """
    span, by = state.span, state.by
    found: dict[object, dict[date, Decimal]] = {}
    for row in _costs(store, span, ["day", by], state):
        own = found.setdefault(row[by], {})
        own[cast(date, row["day"])] = own.get(cast(date, row["day"]), _ZERO) + cast(Decimal, row["amount"])
    days = [span.first + timedelta(days=number) for number in range(span.days)]
    released = store.rows("explain/releases", {"starts_at": span.starts_at, "ends_at": span.ends_at})
    went_out = [(cast(datetime, row["released_at"]).date(), cast(str, row["release"])) for row in released]
    return Daily(
        days=days,
        series=_layers(state, found, days, culprit),
        totals=[sum((own.get(day, _ZERO) for own in found.values()), _ZERO) for day in days],
        releases=list(dict.fromkeys(went_out)),
        compared_until=state.period.first if span != state.period else None,
    )


def _costs(store: Store, span: Period, by: Sequence[str], state: State) -> list[Row]:
    """Return what the span cost, in the page's currency."""
    if state.wanted is None:
        return ledger(store, span, by, state.filters)
    found = ledger_worth(store, Conversion(store, span, state.wanted), span, by, state.filters)
    return [row for row in found.rows if "reason" not in row]


def _layers(
    state: State, found: dict[object, dict[date, Decimal]], days: Sequence[date], culprit: object
) -> list[Series]:
    """Stack the culprit, the dearest others, the rest as one, and what names none."""
    dearest = sorted(
        (value for value in found if value is not None),
        key=lambda value: (value != culprit, -sum(found[value].values(), _ZERO), str(value)),
    )
    shown, rest = dearest[:_SERIES], dearest[_SERIES:]
    layers = [
        Series(
            value_of(state.by, value),
            "culprit" if value == culprit else str(place),
            state.narrowed(value),
            [found[value].get(day, _ZERO) for day in days],
        )
        for place, value in enumerate(shown, start=1)
    ]
    if rest:
        together = [sum((found[value].get(day, _ZERO) for value in rest), _ZERO) for day in days]
        layers.append(Series(f"{len(rest)} more {DIMENSIONS[state.by].many}", "rest", None, together))
    if None in found:
        nobody = [found[None].get(day, _ZERO) for day in days]
        layers.append(Series(value_of(state.by, None), "nobody", state.narrowed(None), nobody))
    return layers
