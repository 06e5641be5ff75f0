"""Rates: all that is known about the prices of one model, and which of them is in force."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache

from outlay.prices.contexts import LENIENT
from outlay.prices.source import is_list
from outlay.terms.price import (
    ANY,
    DAYS,
    HOURS,
    ORDINARY,
    PROJECT,
    TIMED,
    Price,
    context_of,
    context_text,
    days_of,
    window_of,
)
from outlay.terms.unit import TOKEN_UNITS

#: A token that has no price of its own costs what the wider unit costs: cached tokens are input, reasoning is output.
WIDER = {
    "cache_read": ("cache_read", "input"),
    "cache_write_5m": ("cache_write_5m", "cache_write", "input"),
    "cache_write_1h": ("cache_write_1h", "cache_write", "input"),
    "cache_write": ("cache_write", "input"),
    "output_reasoning": ("output_reasoning", "output"),
    "output_rejected": ("output_rejected", "output"),
    "input_audio": ("input_audio", "input"),
    "cache_read_audio": ("cache_read_audio", "cache_read", "input_audio", "input"),
    "output_audio": ("output_audio", "output"),
    "input_image": ("input_image", "input"),
    "output_image": ("output_image", "output"),
    "input_video": ("input_video", "input"),
    # Tokens without a column of their own: they travel as a unit and a quantity.
    "cache_read_image": ("cache_read_image", "cache_read", "input_image", "input"),
    "cache_read_video": ("cache_read_video", "cache_read", "input_video", "input"),
    "output_video": ("output_video", "output"),
    "output_citation": ("output_citation", "output"),
}
#: Units whose prices bound what an unpriced token may cost.
TOKENS = frozenset(TOKEN_UNITS)
_DAY = timedelta(days=1)


@dataclass(slots=True)
class Rates:
    """The prices of one model.

    Args:
        provider: Who is paid.
        name: The model's own name in the price book.
        pattern: The names it goes by.
        listed: Whether a price list knows it, or only an agreement of ours.
        agreed: Agreed prices by unit and context, in the order in which they were learnt.
        discounted: List prices less an agreed percentage, likewise; an agreed price goes before them.
        published: List prices, likewise.
    """

    provider: str
    name: str
    pattern: str
    listed: bool = False
    agreed: dict[tuple[str, str], list[Price]] = field(default_factory=dict)
    discounted: dict[tuple[str, str], list[Price]] = field(default_factory=dict)
    published: dict[tuple[str, str], list[Price]] = field(default_factory=dict)
    _contexts: list[str] | None = field(default=None, init=False, repr=False, compare=False)
    _projects: set[str] | None = field(default=None, init=False, repr=False, compare=False)
    _by_project: dict[str, "Rates"] = field(default_factory=dict, init=False, repr=False, compare=False)

    def add(self, price: Price, pattern: str) -> None:
        """Take in a price, not older in knowledge than those before it."""
        by_list = is_list(price.source)
        if by_list or not self.listed:
            self.pattern = pattern
        self.listed = self.listed or by_list
        self._contexts = None
        self._projects = None
        self._by_project.clear()
        (self.published if by_list else self.agreed).setdefault((price.unit, price.context), []).append(price)

    @property
    def sides(self) -> tuple[dict[tuple[str, str], list[Price]], ...]:
        """Return its prices by unit and context, those that go before the others first."""
        return self.agreed, self.discounted, self.published

    def records(self) -> Iterator[Price]:
        """Yield every record."""
        for side in self.sides:
            for records in side.values():
                yield from records

    def contexts(self) -> list[str]:
        """Return every context it has prices in, those that say most first."""
        if self._contexts is None:
            self._contexts = sorted({context for side in self.sides for _, context in side}, key=_detail)
        return self._contexts

    def applicable(self, asked: Mapping[str, str], used_at: datetime) -> list[str]:
        """Return the contexts whose prices hold for a use, the one to prefer first and the ordinary one last."""
        return [context for context in self.contexts() if _holds(context, asked, used_at)]

    def knows(self, asked: Mapping[str, str], used_at: datetime, *, elsewhere: bool = False) -> bool:
        """Say whether it has prices then for everything that is out of the ordinary.

        A region, a route and a kind of search may go without, where none of its prices differs by them; a project may
        in any case. Two contexts that both hold, and price the same unit differently, leave open what the two together
        cost: that is unknown.

        Args:
            asked: What is out of the ordinary.
            used_at: When.
            elsewhere: Whether another provider sells the model, whose tiers and batches nobody has stated.
        """
        rest = asked.keys() - {PROJECT}
        if elsewhere or not rest:
            return rest <= LENIENT
        in_force = {p.context for p in self.records() if p.valid_from <= used_at < p.valid_to}
        holding = [context for context in self.applicable(asked, used_at) if context in in_force]
        said = {pair for context in holding for pair in _said(context).items()}
        stated = {key for context in in_force for key in _said(context)}
        open_ = {key for key in rest if not {(key, asked[key]), (key, ANY)} & said}
        return open_ <= LENIENT - stated and not self._undecided(holding, used_at)

    def _undecided(self, holding: Sequence[str], used_at: datetime) -> bool:
        special = [context for context in holding if _rest(context) and not TIMED & _said(context).keys()]
        if len(special) <= 1:
            return False
        for unit in {unit for side in self.sides for unit, _ in side}:
            held = {c: found for c in special if (found := self._amounts(unit, c, used_at))}
            most = [context for context in held if not any(_is_wider(context, other) for other in held)]
            if any(held[context] != held[most[0]] for context in most):
                return True
        return False

    def _amounts(self, unit: str, context: str, used_at: datetime) -> dict[int, tuple[Fraction, str, bool]]:
        """Return what one unit costs in one context then, by prompt size."""
        for side in self.sides:
            records = [p for p in side.get((unit, context), ()) if p.valid_from <= used_at < p.valid_to]
            if records:
                return {p.size_from: (Fraction(p.amount) / p.per, p.currency, p.marginal) for p in records}
        return {}

    def find(self, unit: str, contexts: Sequence[str], used_at: datetime, size: int) -> Price | None:
        """Return the price in force, as it is stated, or None; what tokens above a step cost is in `priced`.

        Its own unit is looked for in every context before a wider unit is; within a context an agreed price goes
        before the list, for every size; of several records the latest learnt one holds.

        Args:
            unit: What is priced.
            contexts: As `applicable` returns them.
            used_at: When.
            size: Tokens of the prompt, cached ones included.
        """
        found = self._held(unit, contexts, used_at, size)
        return found[0] if found else None

    def priced(self, unit: str, contexts: Sequence[str], used_at: datetime, size: int) -> Price | None:
        """Return the price in force with the marginal prices of later tokens in it, or None; arguments as of `find`.

        Marginal prices go with the price they are stated beside, or with the next one that holds where none is.
        """
        found = self._held(unit, contexts, used_at, size)
        if found is None or not found[1]:
            return found[0] if found else None
        # Only tokens that have a column are counted by token; a price that counts them is none for anything else.
        usable = unit in TOKENS and all(step.currency == found[0].currency for step in found[1])
        return replace(found[0], steps=found[1]) if usable else None

    def _held(
        self, unit: str, contexts: Sequence[str], used_at: datetime, size: int
    ) -> tuple[Price, tuple[Price, ...]] | None:
        steps: tuple[Price, ...] = ()
        for name in WIDER.get(unit, (unit,)):
            for context in contexts:
                for side in self.sides:
                    if records := side.get((name, context)):
                        held = {p.size_from: p for p in records if p.valid_from <= used_at < p.valid_to}
                        steps = steps or tuple(held[place] for place in sorted(held) if held[place].marginal)
                        if sizes := [place for place, p in held.items() if place <= size and not p.marginal]:
                            return held[max(sizes)], steps
        return None

    def for_project(self, project: str = "") -> "Rates":
        """Return what of it is for one project, or for those that are not named; agreements with others are left out.

        What it costs is found in these alone, so that a thousand agreements for projects cost no time.
        """
        if self._projects is None:
            self._projects = {said[PROJECT] for context in self.contexts() if PROJECT in (said := _said(context))}
        if not self._projects:
            return self
        whose = project if {project, ANY} & self._projects else ""
        if whose not in self._by_project:
            sides = [{key: held for key, held in side.items() if _is_for(key[1], whose)} for side in self.sides]
            agreed, discounted, published = sides
            self._by_project[whose] = replace(self, agreed=agreed, discounted=discounted, published=published)
        return self._by_project[whose]

    def in_force(self, used_at: datetime) -> bool:
        """Say whether any price of it holds then."""
        return any(p.valid_from <= used_at < p.valid_to for p in self.records())


@cache
def _said(context: str) -> Mapping[str, str]:
    return context_of(context)


def _detail(context: str) -> tuple[bool, bool, int, int, str, int, str]:
    """Rank what says most first, what is a matter of the clock after that, and the ordinary context last.

    Of contexts that differ by the project only, the one that names it goes before the one for any and that for all.
    """
    said = _rest(context)
    anything = sum(value == ANY for value in said.values())
    whose = ["", ANY].index(found) if (found := _said(context).get(PROJECT, "")) in ("", ANY) else 2
    return not said, not TIMED.isdisjoint(said), -len(said), anything, context_text(said), -whose, context


def _is_wider(context: str, other: str) -> bool:
    """Say whether a context holds wherever the other does, and elsewhere too; whose use it is comes last."""
    said, more = _rest(context), _rest(other)
    if said == more:
        said, more = _said(context), _said(other)
    return said != more and all(key in more and value in (more[key], ANY) for key, value in said.items())


@cache
def _rest(context: str) -> Mapping[str, str]:
    """Return what a context says beside the project."""
    return {key: value for key, value in _said(context).items() if key != PROJECT}


def _is_for(context: str, project: str) -> bool:
    """Say whether a context is for a project, which is empty for those that nobody named, or for every one."""
    return _said(context).get(PROJECT, project) == project or (bool(project) and _said(context)[PROJECT] == ANY)


def project_of(asked: Mapping[str, str]) -> dict[str, str]:
    """Return what of a context says whose use it is."""
    return {key: value for key, value in asked.items() if key == PROJECT}


def _holds(context: str, asked: Mapping[str, str], used_at: datetime) -> bool:
    return context == ORDINARY or all(
        within(key, value, used_at) if key in TIMED else key in asked and value in (asked[key], ANY)
        for key, value in _said(context).items()
    )


def within(key: str, text: str, used_at: datetime) -> bool:
    """Say whether an instant is in the hours or on the days that a context names.

    Args:
        key: `hours` or `days`.
        text: As the context says; a window that ends before it begins goes over midnight.
        used_at: The instant.
    """
    if key == DAYS:
        return used_at.weekday() in (days_of(text) or ())
    window = window_of(text)
    if window is None:
        return False
    since = timedelta(hours=used_at.hour, minutes=used_at.minute, seconds=used_at.second)
    first, end = window
    return first <= since < end if first <= end else since >= first or since < end


def timed_edges(context: str, first: datetime, end: datetime) -> Iterator[datetime]:
    """Yield every instant of `[first, end)` at which a context may begin or cease to hold."""
    said = context_of(context)
    of_day = {*(window_of(said.get(HOURS, "")) or ()), *([timedelta()] if DAYS in said else [])}
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    while of_day and midnight < end:
        yield from (midnight + edge for edge in of_day if first < midnight + edge < end)
        midnight += _DAY
