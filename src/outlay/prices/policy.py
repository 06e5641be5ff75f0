"""Policy: what counts in place of a price of the book.

A provider's own statement of what a call cost counts where an overlay says so (`[[reported]]`); it is kept beside our
amount in any case. What a cache of our own answered asked no provider, and costs nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from outlay.prices.pattern import compiled
from outlay.prices.vector import Row
from outlay.terms.price import Price
from outlay.terms.unit import TOKEN_UNITS

#: The unit of a record that says whether reported cost counts: its amount is 1 when it does, 0 when it does not.
REPORTED = "reported cost"
#: The kind of processing in which no provider was asked, and where its price of nothing comes from.
LOCAL_CACHE = "local_cache"
CACHED = "answered from a cache of our own, no provider was asked"

Policies = Sequence[tuple[Price, str]]


def reported_counts(policies: Policies, model: str, used_at: datetime) -> bool:
    """Say whether what the provider says a call cost counts: of several records the one learnt last decides.

    Args:
        policies: Those of the provider, oldest knowledge first.
        model: As usage names it.
        used_at: When.
    """
    said = [
        price.amount != 0
        for price, pattern in policies
        if price.valid_from <= used_at < price.valid_to and compiled(pattern).fullmatch(model)
    ]
    return bool(said and said[-1])


def cut(rows: Sequence[Row], policies: Policies, model: str) -> Iterator[Row]:
    """Yield vectors with whether reported cost counts, cut where that changes."""
    edges = sorted({edge for price, _ in policies for edge in (price.valid_from, price.valid_to)})
    for row in rows:
        since, until = row["valid_from"], row["valid_to"]
        assert isinstance(since, datetime)  # noqa: S101 - the vector's own column
        assert isinstance(until, datetime)  # noqa: S101 - the vector's own column
        inside = [since, *(edge for edge in edges if since < edge < until), until]
        for begins, ends in pairwise(inside):
            counts = int(reported_counts(policies, model, begins))
            yield {**row, "valid_from": begins, "valid_to": ends, "reported_counts": counts}


def is_cached(asked: Mapping[str, str]) -> bool:
    """Say whether a context is that of an answer out of a cache of our own."""
    return asked.get("processing") == LOCAL_CACHE


def free() -> Row:
    """Return the part of a vector in which everything is free because no provider was asked."""
    return {
        "price_model": None,
        "reason": None,
        "source": CACHED,
        **{f"{unit}_atto": 0 for unit in TOKEN_UNITS},
        "steps": "",
        "unit_amount": 0,
        "unit_per": 1,
    }
