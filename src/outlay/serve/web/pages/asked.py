"""Asked: what the address of a page beside the overview asks for, and the address of the same with changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from outlay.errors import BadInput, UnknownName
from outlay.exchange.conversion import InCurrency
from outlay.exchange.rates import DEFAULT_DAYS
from outlay.serve.asked import where_of
from outlay.terms.period import Period

_LEAST, _MOST = 1, 100
_PARAMETERS = ("period", "where", "most", "currency")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a page.

    Args:
        path: Of the page.
        period: The period shown.
        where: Value by dimension; the empty text asks for what names none.
        most: How many of a list.
        currency: What amounts are shown in; None for their own.
        currency_is_asked: Whether the address names it.
    """

    path: str
    period: Period
    where: Mapping[str, str]
    most: int
    currency: InCurrency | None = None
    currency_is_asked: bool = False

    @classmethod
    def of(
        cls,
        path: str,
        asked: Mapping[str, str],
        published: Sequence[Period],
        *,
        where: Sequence[str],
        usual: int,
        reporting: InCurrency | None = None,
    ) -> "Asked":
        """Read a query string; what it leaves out is the newest published month.

        Args:
            path: Of the page.
            asked: Its parameters, `where` aside.
            published: The months that have a ledger, at least one, in order.
            where: Its filters, `DIM=VALUE`.
            usual: How many of a list where the address does not say.
            reporting: The currency where the address does not say.

        Raises:
            Refused: A value cannot be read.
        """
        for name in asked:
            if name not in _PARAMETERS:
                raise UnknownName("query parameter", name, _PARAMETERS)
        most = asked.get("most") or str(usual)
        if not most.isdecimal() or not _LEAST <= int(most) <= _MOST:
            raise BadInput(f"`most={most}` is not a number of rows", fix=f"write one from {_LEAST} to {_MOST}")
        period = Period.parse(asked["period"]) if asked.get("period") else published[-1]
        named = asked.get("currency")
        days = reporting.most_days if reporting else DEFAULT_DAYS
        currency = InCurrency(named, days) if named else reporting
        return cls(path, period, where_of(where), int(most), currency, bool(named))

    def url(self, **changes: Any) -> str:
        """Return the address of this page with changes to it (`period`, `where`, `most`)."""
        one = replace(self, **changes)
        own = f"&currency={one.currency.currency}" if one.currency and one.currency_is_asked else ""
        return f"{one.path}?{one.query}{own}"

    @property
    def query(self) -> str:
        """Return what the API has to be asked for the same."""
        return address(self.period, self.where, self.most)

    @property
    def data(self) -> str:
        """Return the same without how many."""
        return address(self.period, self.where)

    def narrowed(self, **values: object) -> str:
        """Return the address of this page for some values of dimensions."""
        return self.url(where={**self.where, **{n: "" if v is None else str(v) for n, v in values.items()}})

    def widened(self, name: str) -> str:
        """Return the address of this page without one of its filters."""
        return self.url(where={key: value for key, value in self.where.items() if key != name})


def address(period: Period, where: Mapping[str, str], most: int | None = None) -> str:
    """Return a period and filters as a query string.

    >>> address(Period.month("2026-10"), {"team": "growth"}, 5)
    'period=2026-10&where=team=growth&most=5'
    """
    pairs: list[tuple[str, object]] = [("period", period.name)]
    pairs += [("where", f"{name}={value}") for name, value in where.items()]
    pairs += [("most", most)] if most is not None else []
    return urlencode(pairs, safe="=")
