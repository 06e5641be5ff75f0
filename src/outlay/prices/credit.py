"""Credits: sums that a vendor lets us use up. Kept with their dates in the price book, and never worked into a price.

Comes in: records of table `price` whose unit is `credit NAME`; the latest record of a name is the credit.
"""

from collections.abc import Iterable

from outlay.terms.price import Price

CREDIT = "credit "

#: A record and the pattern of the models it is for.
Credit = tuple[Price, str]


def is_credit(unit: str) -> bool:
    """Say whether a record is a credit.

    >>> is_credit("credit startup programme"), is_credit("input")
    (True, False)
    """
    return unit.startswith(CREDIT)


def latest(records: Iterable[Credit]) -> tuple[Credit, ...]:
    """Return the credits that records make, oldest knowledge first: a later record of a name replaces the earlier."""
    return tuple({(price.provider, price.unit): (price, pattern) for price, pattern in records}.values())
