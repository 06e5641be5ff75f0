"""Calibration: what each feature's use costs once usage times price is scaled to the invoice, and how sure that is.

Within a place (account, model, token class) every feature keeps its part; together they are what was billed for usage.
What is uncertain of it - usage that no event tells of, attempts that timed out, what nothing explains - is given in
the same parts. The band runs from none of it to twice that part: of attempts that timed out, to all that the feature's
own may have used.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from outlay.cost.reconciling.causes import Cell
from outlay.cost.reconciling.cells import Group, Place, from_pico, valued
from outlay.cost.reconciling.gather import World


@dataclass(slots=True)
class Calibrated:
    """A feature's use of one model in 1e-12 of the currency."""

    estimated: int = 0
    calibrated: int = 0
    low: int = 0
    high: int = 0


@dataclass(slots=True)
class _Sums:
    billed: int = 0
    unheard: int = 0
    unsure: int = 0


def rows(world: World, cells: Sequence[Cell], marks: Mapping[str, object]) -> Iterator[dict[str, object]]:
    """Return rows of `calibrated_cost`: only where there is a bill to scale to."""
    sums: dict[Place, _Sums] = {}
    for cell in cells:
        its = sums.setdefault(cell.place, _Sums())
        its.billed += cell.billed
        its.unheard += cell.timed_out
        its.unsure += cell.unseen + max(0, cell.rest - cell.rounding)
    found: dict[tuple[str, str, str, str | None, str], Calibrated] = {}
    for place, group in world.groups.items():
        if not group.lines or place not in sums:
            continue
        for feature, part in _parts(world, place, group, sums[place]):
            key = (place.provider, place.account, place.model, feature, place.currency)
            whole = found.setdefault(key, Calibrated())
            whole.estimated += part.estimated
            whole.calibrated += part.calibrated
            whole.low += part.low
            whole.high += part.high
    for (provider, account, model, feature, currency), one in sorted(found.items(), key=lambda item: str(item[0])):
        yield {
            **marks,
            "provider": provider,
            "sub_account": account,
            "model": model,
            "feature": feature,
            "currency": currency,
            "estimated": from_pico(one.estimated),
            "calibrated": from_pico(one.calibrated),
            "low": from_pico(one.low),
            "high": from_pico(one.high),
        }


def _parts(world: World, place: Place, group: Group, sums: _Sums) -> Iterator[tuple[str | None, Calibrated]]:
    mine = sorted(world.features.get(place, {}).items(), key=lambda item: (item[0] is None, item[0] or ""))
    weights = [found.estimated or found.quantity for _, found in mine]
    whole = sum(weights)
    if whole <= 0:
        return
    rate, given = group.rate(), 0
    done = 0
    for (feature, found), weight in zip(mine, weights, strict=True):
        done += weight
        upto = sums.billed * done // whole  # cumulative, so that the parts sum to what was billed
        mine_of_bill, given = upto - given, upto
        unsure = abs(sums.unsure) * weight // whole
        timed_out = sums.unheard * weight // whole
        possible = valued(found.unheard, rate) if rate else 0
        low = mine_of_bill - unsure - timed_out
        high = mine_of_bill + unsure + max(0, possible - timed_out)
        yield feature, Calibrated(found.estimated, mine_of_bill, min(low, mine_of_bill), max(high, mine_of_bill))
