"""State: what the page shows, all of it in the query string, so that every view has an address to share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from outlay.errors import UnknownName
from outlay.exchange.conversion import InCurrency
from outlay.exchange.rates import DEFAULT_DAYS, reporting
from outlay.serve.asked import where_of
from outlay.serve.web.pages.asked import address
from outlay.serve.web.words import DIMENSIONS, NEXT
from outlay.terms.period import Period

#: What `before` says when nothing is to be compared with.
NOTHING = "none"
ALL = "all"
_LONGEST_DAILY = 190


@dataclass(frozen=True, slots=True)
class State:
    """What is asked of the page.

    Args:
        period: The period shown.
        before: The period it is compared with; None when there is none.
        by: The dimension of the tables.
        where: Value by dimension; the empty text asks for what names none.
        currency: The one currency of every amount; None when nothing is billed.
        currency_is_asked: Whether the address names it.
        wanted: What amounts are converted into; None where all of them are in that currency already.
        whole: Whether tables show all their rows.
    """

    period: Period
    before: Period | None
    by: str
    where: Mapping[str, str]
    currency: str | None
    currency_is_asked: bool
    whole: bool
    wanted: InCurrency | None = None

    @classmethod
    def of(cls, asked: Mapping[str, str], where: Sequence[str], published: Sequence[Period]) -> "State":
        """Read a query string; what it leaves out is the newest published month against the one before it.

        Args:
            asked: Its parameters, `where` aside.
            where: Its filters, `DIM=VALUE`.
            published: The months that have a ledger, at least one, in order.

        Raises:
            Refused: A value cannot be read.
        """
        period = Period.parse(asked["period"]) if asked.get("period") else published[-1]
        by = asked.get("by") or "feature"
        if by not in DIMENSIONS:
            raise UnknownName("dimension of the page", by, DIMENSIONS)
        if asked.get("before") == NOTHING:
            before = None
        elif asked.get("before"):
            before = Period.parse(asked["before"])
        else:
            before = _preceding(period, published)
        currency = asked.get("currency") or None
        return cls(period, before, by, where_of(where), currency, currency is not None, asked.get("show") == ALL)

    @property
    def filters(self) -> Mapping[str, str]:
        """Return the filters of every question about money."""
        return self.where

    @property
    def span(self) -> Period:
        """Return both periods as one where they meet (and are not too long to draw), else the period shown."""
        if self.before and self.before.end == self.period.first:
            both = Period(self.before.first, self.period.end)
            return both if both.days <= _LONGEST_DAILY else self.period
        return self.period

    def priced_in(self, currencies: Sequence[str], usual: InCurrency | None = None) -> "State":
        """Return the state with its currency settled: as the address says, else as usual, else what most is billed in.

        Args:
            currencies: Those of the periods, the one with the largest total first.
            usual: The reporting currency, where there is one.

        Raises:
            BadInput: The address names what is no currency.
        """
        named = self.currency or (usual.currency if usual else None)
        name = named or next(iter(currencies), None)
        if name is None or not set(currencies) - {name}:
            return replace(self, currency=reporting(name) if name else None)
        return replace(self, currency=name, wanted=InCurrency(name, usual.most_days if usual else DEFAULT_DAYS))

    def url(self, **changes: Any) -> str:
        """Return the address of this view, with changes to it (`period`, `by`, `where`, `whole`, ...)."""
        one = replace(self, **changes)
        pairs = [("period", one.period.name), ("before", one.before.name if one.before else NOTHING), ("by", one.by)]
        pairs += [("where", f"{name}={value}") for name, value in one.where.items()]
        pairs += [("currency", one.currency)] if one.currency and one.currency_is_asked else []
        pairs += [("show", ALL)] if one.whole else []
        return f"/?{urlencode(pairs, safe='=')}"

    def narrowed(self, value: object) -> str:
        """Return the address of this view for one row of its dimension, cut by the dimension to ask about next."""
        by = next(name for name in (*NEXT[self.by], self.by) if name not in self.where)
        return self.url(where={**self.where, self.by: "" if value is None else str(value)}, by=by, whole=False)

    def origin(self, value: object = NOTHING) -> str:
        """Return the address that says where the money of one row comes from; without a row, all of the view's."""
        own = {} if value is NOTHING else {self.by: "" if value is None else str(value)}
        return f"/trace-back?{address(self.period, {**self.filters, **own})}"

    def widened(self, name: str) -> str:
        """Return the address of this view without one of its filters."""
        return self.url(where={key: value for key, value in self.where.items() if key != name})


def _preceding(period: Period, published: Sequence[Period]) -> Period | None:
    """Return the month before a month, or as many days before other periods, where a ledger covers any of it."""
    earlier = [one for one in published if one.first < period.first]
    if not earlier:
        return None
    if period in published or period.name == f"{period.first:%Y-%m}":
        return earlier[-1] if earlier[-1].end == period.first else None
    first = period.first - (period.end - period.first)
    return Period(first, period.first) if first >= earlier[0].first else None
