"""The seen side: what events tell of, as units by day, account and model, with what they cost at the run's prices."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import cast

from outlay.cost.reconciling.cells import money_of, nano
from outlay.store import Row
from outlay.terms.price import PROJECT, context_of
from outlay.terms.unit import TOKEN_UNITS

_NANO, _ATTO_IN_PICO = 10**9, 10**6


@dataclass(frozen=True, slots=True)
class Seen:
    """So much of one unit.

    Args:
        provider: As usage names it.
        model: As usage names it.
        accounts: What may name the account on the bill: the project in the context, then the environment.
        currency: Of the estimate.
        unit: What is counted.
        quantity: In 1e-9.
        estimated: What it costs at the run's prices, in 1e-12.
        attempts: How many attempts it is of, on the first unit of a row; 0 on the others.
        context: Tier, processing and the like, as events say.
        source: Where its price comes from.
    """

    provider: str
    model: str
    accounts: tuple[str, ...]
    currency: str
    unit: str
    quantity: int
    estimated: int = 0
    attempts: int = 0
    context: str = ""
    source: str = ""


def read(rows: Iterable[Row], vectors: Mapping[int, Row]) -> Iterator[tuple[Row, list[Seen]]]:
    """Read rows of `seen_days` or `seen_features`, cut into units; the parts of a row sum to its estimate exactly."""
    for row in rows:
        vector = vectors.get(cast(int, row["vector"]), {})
        parts = {u: cast(int, row[u]) for u in TOKEN_UNITS if row[u]}
        costs = {u: _rounded(n * cast(int, vector.get(f"{u}_atto") or 0)) for u, n in parts.items()}
        quantities = {u: n * _NANO for u, n in parts.items()}
        unit, whole = str(row["unit_name"]), money_of(row, "estimated")
        if unit:
            quantities[unit] = nano(cast(Decimal, row["quantity"]))
            costs[unit] = 0
        if quantities:
            # What rounding, marginal prices and reported costs leave; all of a unit that is not a token.
            taker = unit or max(costs, key=lambda name: (costs[name], name))
            costs[taker] += whole - sum(costs.values())
        yield row, list(_named(row, quantities, costs, str(vector.get("source") or "")))


def _named(row: Row, quantities: Mapping[str, int], costs: Mapping[str, int], source: str) -> Iterator[Seen]:
    attempts = cast(int, row.get("attempts", 0))
    for unit, quantity in quantities.items():
        yield Seen(
            str(row["provider"]),
            str(row["model_name"]),
            accounts_of(row),
            str(row.get("currency", "")),
            unit,
            quantity,
            costs.get(unit, 0),
            attempts,
            str(row["context"]),
            source,
        )
        attempts = 0


def units(row: Row, *, unit: str = "") -> list[Seen]:
    """Read a row that counts tokens by unit, and perhaps one more unit, and prices nothing."""
    quantities = {name: cast(int, row[name]) * _NANO for name in TOKEN_UNITS if row[name]}
    if unit:
        quantities[unit] = nano(cast(Decimal, row["quantity"]))
    return list(_named(row, quantities, {}, ""))


def accounts_of(row: Row) -> tuple[str, ...]:
    """Return what of a row of usage may name an account on the bill, surest first."""
    project = context_of(str(row["context"])).get(PROJECT, "")
    return tuple(text.lower() for text in (project, str(row["environment_name"])) if text)


def hours_of(rows: Sequence[Row], since: datetime) -> Iterator[tuple[int, Seen]]:
    """Yield what each hour saw, hours counted from an instant."""
    for row in rows:
        hour = hour_of(row, "seen_hour", since)
        for one in units(row, unit=str(row["unit_name"])):
            yield hour, one


def _rounded(atto: int) -> int:
    return (atto + _ATTO_IN_PICO // 2) // _ATTO_IN_PICO


def hour_of(row: Row, name: str, since: datetime) -> int:
    """Return the hour of a row, counted from an instant."""
    return (cast(datetime, row[name]) - since) // timedelta(hours=1)


def day_of(row: Row, name: str, first: date) -> int:
    """Return the day of a row within the month, from 0."""
    return (cast(date, row[name]) - first).days
