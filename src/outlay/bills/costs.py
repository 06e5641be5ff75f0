"""Costs other than the billed one: kept apart, and each met with what its file holds.

Comes in: an import that landed. Goes out: what landed of each cost, and what the files hold of it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypedDict

from outlay.bills.importer import Importer
from outlay.bills.reading.sheet import Sheet
from outlay.bills.restating import sum_by_currency
from outlay.store import Store


class Costs(TypedDict):
    """What landed and what the files hold, by cost and currency."""

    costs: Mapping[str, Mapping[str, Decimal]]
    control_costs: Mapping[str, Mapping[str, Decimal]]


def costs_of(store: Store, importer: Importer, ident: str, sheets: Sequence[Sheet]) -> Costs:
    """Return the costs that the format keeps apart; nothing where it keeps none.

    Args:
        store: Where the import is.
        importer: The format.
        ident: The import.
        sheets: Its files.
    """
    if not importer.costs:
        return Costs(costs={}, control_costs={})
    landed = store.rows("bills/landed_costs", {"take_in": ident})
    controls: dict[str, dict[str, Decimal]] = {}
    for cost in importer.costs:
        total: dict[str, Decimal] = defaultdict(Decimal)
        for sheet in sheets:
            held = [row for row in sheet.controls if cost in row and not row["skip"]]
            for currency, amount in sum_by_currency(held, cost).items():
                total[currency] += amount
        controls[cost] = dict(total)
    return Costs(costs={cost: sum_by_currency(landed, cost) for cost in importer.costs}, control_costs=controls)
