"""Steps: marginal prices in the one text that a vector keeps them in, empty where there are none.

The text is a list in JSON, one `[place, before, more]` for each: the place of the token unit from 1, how many of its
tokens go before, and by how much each one after them differs in price from those before, in 1e-18 of the currency.
"""

import json
from collections.abc import Mapping
from itertools import pairwise

from outlay.terms.price import Price
from outlay.terms.unit import TOKEN_UNITS

#: For each unit, how many tokens go before a step and by how much each one after them differs in price.
Steps = dict[str, list[tuple[int, int]]]


def steps_of(prices: Mapping[str, Price | None]) -> str:
    """Write the marginal prices of some units."""
    found: Steps = {
        unit: [(step.size_from - 1, step.atto - before.atto) for before, step in pairwise((price, *price.steps))]
        for unit, price in prices.items()
        if price is not None
    }
    return to_json(found)


def to_json(steps: Steps) -> str:
    """Write steps as a vector keeps them.

    >>> to_json({"input": [(200_000, 3)]}), to_json({})
    ('[[1,200000,3]]', '')
    """
    found = [
        [place, before, more] for place, unit in enumerate(TOKEN_UNITS, start=1) for before, more in steps.get(unit, ())
    ]
    return json.dumps(found, separators=(",", ":")) if found else ""


def from_json(text: str) -> Steps:
    """Read steps as a vector keeps them.

    >>> from_json("[[6,100,-2]]")
    {'output': [(100, -2)]}
    """
    found: Steps = {}
    for place, before, more in json.loads(text) if text else ():
        found.setdefault(TOKEN_UNITS[place - 1], []).append((before, more))
    return found
