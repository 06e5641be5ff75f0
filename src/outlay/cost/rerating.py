"""Re-rating: what a run that knows newer prices moves, for whom, and which prices did it.

Comes in: two runs of one month, the one in force and the one that will replace it. Goes out: a report; nothing is
written here. Corrections of past prices wait until somebody re-rates, so that what was published stays.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast

from outlay.prices.steps import from_json
from outlay.store import Row, Store
from outlay.terms.money import EXACT, rounded
from outlay.terms.unit import TOKEN_UNITS

#: Prices of tokens are shown for so many.
_PER = 1_000_000
_ATTO = Decimal(1).scaleb(-18)
_NAMED = ("provider", "model", "context", "unit")


@dataclass(frozen=True, slots=True)
class Moved:
    """What replacing one run by another moves.

    Args:
        replaced: The run that was in force.
        run: The run that replaces it.
        usage: One row per feature, customer, provider, model and currency whose usage times price differs: `before`,
            `after`, `change`; largest change first.
        shares: One row per feature, customer and currency whose part of the bill differs, likewise.
        prices: One row per price of something used that differs: `provider`, `model`, `context`, `unit`, `before` and
            `after` for `per` units (None where there was none), `valid_from`, `valid_to`, `size_from`, `source`; of a
            marginal price `tokens_from`, the first of the unit's tokens it is for.
    """

    replaced: str
    run: str
    usage: list[Row]
    shares: list[Row]
    prices: list[Row]

    @property
    def change(self) -> dict[str, Decimal]:
        """Return by how much usage times price changes in all, by currency."""
        sums: dict[str, Decimal] = {}
        for row in self.usage:
            currency = cast(str, row["currency"])
            sums[currency] = sums.get(currency, Decimal(0)) + cast(Decimal, row["change"])
        return sums


def compare(store: Store, replaced: str, run: str) -> Moved:
    """Compare two runs of one month, while the rows of both are there."""
    runs = {"replaced": replaced, "run": run}
    usage = [_with_change(row) for row in store.rows("cost/moved_usage", runs)]
    shares = [_with_change(row) for row in store.rows("cost/moved_shares", runs)]
    prices = _prices(store.rows("cost/vectors_of", runs), replaced)
    used = {(row["provider"], row["model_name"]): row for row in store.rows("cost/tokens_of", runs)}
    return Moved(replaced, run, usage, shares, [row for row in prices if _is_used(row, used)])


def _is_used(price: Row, used: Mapping[tuple[object, object], Row]) -> bool:
    """Say whether there are any of the unit; one price changes those of all units that have none of their own."""
    unit, tokens = cast(str, price["unit"]), used.get((price["provider"], price["model"]), {})
    return unit not in TOKEN_UNITS or bool(tokens.get(unit))


def _with_change(row: Row) -> Row:
    return {**row, "change": cast(Decimal, row["after"]) - cast(Decimal, row["before"])}


def _prices(vectors: list[Row], replaced: str) -> Iterator[Row]:
    """Yield every price that differs where a vector of each run hold together, over the time and sizes they share."""
    by_use: dict[tuple[object, ...], tuple[list[Row], list[Row]]] = {}
    for vector in vectors:
        pair = by_use.setdefault(tuple(vector[name] for name in _NAMED), ([], []))
        pair[vector["run"] != replaced].append(vector)
    for was, now in by_use.values():
        seen: list[Row] = []
        for old in was:
            for new in now:
                if (span := _shared(old, new)) is not None:
                    seen += [{**row, **span} for row in _differences(old, new)]
        yield from _joined(seen)


def _shared(old: Row, new: Row) -> dict[str, object] | None:
    since, until = max(_at(old, "valid_from"), _at(new, "valid_from")), min(_at(old, "valid_to"), _at(new, "valid_to"))
    size = max(cast(int, old["size_from"]), cast(int, new["size_from"]))
    size_to = min(cast(int, old["size_to"]), cast(int, new["size_to"]))
    if since >= until or size >= size_to:
        return None
    return {"valid_from": since, "valid_to": until, "size_from": size}


def _at(vector: Row, name: str) -> datetime:
    return cast(datetime, vector[name])


def _differences(old: Row, new: Row) -> Iterator[Row]:
    named = {name: new[name] for name in ("provider", "model", "context", "currency", "source")}
    for unit in TOKEN_UNITS:
        column = f"{unit}_atto"
        if old[column] != new[column]:
            before, after = _per_million(old[column]), _per_million(new[column])
            yield {**named, "unit": unit, "before": before, "after": after, "per": _PER}
    was, is_now = from_json(cast(str, old["steps"])), from_json(cast(str, new["steps"]))
    for unit in (unit for unit in TOKEN_UNITS if was.get(unit) != is_now.get(unit)):
        for first in sorted({before + 1 for before, _ in (*was.get(unit, ()), *is_now.get(unit, ()))}):
            then, now = (_per_million(_token(vector, unit, first)) for vector in (old, new))
            yield {**named, "unit": unit, "before": then, "after": now, "per": _PER, "tokens_from": first}
    if new["unit"] and (old["unit_amount"], old["unit_per"]) != (new["unit_amount"], new["unit_per"]):
        yield {**named, "unit": new["unit"], "before": _for_one(old), "after": _for_one(new), "per": 1}


def _per_million(atto: object) -> Decimal | None:
    return None if atto is None else Decimal(cast(int, atto)) * _PER * _ATTO


def _token(vector: Row, unit: str, place: int) -> int | None:
    """Return the price of one of a unit's tokens, counted from 1, in 1e-18."""
    first = cast("int | None", vector[f"{unit}_atto"])
    steps = from_json(cast(str, vector["steps"])).get(unit, ())
    return None if first is None else first + sum(more for before, more in steps if before < place)


def _for_one(vector: Mapping[str, object]) -> Decimal | None:
    amount = cast("Decimal | None", vector["unit_amount"])
    return None if amount is None else rounded(EXACT.divide(amount, Decimal(cast(int, vector["unit_per"]))))


def _joined(rows: list[Row]) -> Iterator[Row]:
    """Yield rows in order of their unit and time, those of the same prices whose times meet as one."""
    held: Row | None = None
    for row in sorted(
        rows,
        key=lambda r: (
            str(r["unit"]),
            cast(int, r["size_from"]),
            cast(int, r.get("tokens_from", 0)),
            _at(r, "valid_from"),
        ),
    ):
        if held and held["valid_to"] == row["valid_from"] and _same(held, row):
            held["valid_to"] = row["valid_to"]
            continue
        if held:
            yield held
        held = row
    if held:
        yield held


def _same(one: Row, other: Row) -> bool:
    return all(
        one.get(name) == other.get(name) for name in ("unit", "size_from", "tokens_from", "before", "after", "source")
    )
