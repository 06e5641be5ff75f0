"""Between: what moved between two periods of the ledger, as a table of what happened and what was expected.

Comes in: two periods and dimensions. Goes out: an `Answer`; the earlier period is what was expected.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast

from outlay.errors import BadInput
from outlay.explain.localize.answer import Answer, localize
from outlay.explain.localize.table import Row as Leaf
from outlay.explain.localize.table import Table
from outlay.explain.rows import in_both, ledger, only_currency
from outlay.store import Row, Store
from outlay.terms.money import EXACT, rounded
from outlay.terms.period import Period

#: Who and what of the ledger may have caused a change; people and days are too many to be a cause worth naming.
DIMENSIONS = ("feature", "customer", "team", "environment", "service", "release", "model")
_NOTHING = Decimal(0)


def localize_change(
    store: Store,
    before: Period,
    after: Period,
    by: Sequence[str] = DIMENSIONS,
    *,
    where: Mapping[str, str] | None = None,
) -> tuple[Answer, str]:
    """Return which combinations of values carry the change between two periods of the ledger.

    When the periods differ in length, the earlier one is stretched to the length of the later: what is expected is
    what so many days would have cost at its daily rate.

    Args:
        store: Holds the published ledger.
        before: The earlier period: what was expected.
        after: The later one: what happened.
        by: Dimensions that a combination may name. None stands for nobody.
        where: Value by dimension.

    Returns:
        The answer, and its currency.

    Raises:
        BadInput: The ledger holds several currencies, ask for one with `where`; or nothing of these periods.
        UnknownName: There is no such dimension.
    """
    dimensions = list(dict.fromkeys(by))
    periods = in_both(ledger, store, (before, after), dimensions, where)
    currency = only_currency(periods)
    if currency is None:
        fix = "import bills or usage of these periods, then: outlay run"
        raise BadInput(f"there is no ledger of {before} and {after}", fix=fix, code="empty-table")
    stretch = (before.days, after.days)
    leaves = [
        *(_leaf(row, dimensions, expected=_stretched(cast(Decimal, row["amount"]), *stretch)) for row in periods[0]),
        *(_leaf(row, dimensions, actual=cast(Decimal, row["amount"])) for row in periods[1]),
    ]
    return localize(Table.of(dimensions, leaves, "the ledger")), currency


def _leaf(row: Row, by: Sequence[str], *, actual: Decimal = _NOTHING, expected: Decimal = _NOTHING) -> Leaf:
    return [None if row[name] is None else str(row[name]) for name in by], actual, expected


def _stretched(amount: Decimal, days: int, to_days: int) -> Decimal:
    return amount if days == to_days else rounded(EXACT.divide(EXACT.multiply(amount, Decimal(to_days)), Decimal(days)))
