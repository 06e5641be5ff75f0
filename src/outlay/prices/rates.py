"""Rates: all that is known about the prices of one model, and which of them is in force."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from outlay.prices.source import is_list
from outlay.terms.price import HOURS, ORDINARY, Price, context_of, window_of
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
}
#: Units whose prices bound what an unpriced token may cost.
TOKENS = frozenset(TOKEN_UNITS)
#: How sensors and bills write the ordinary tier and processing.
_ORDINARY_VALUES = {
    "tier": {"", "default", "standard", "auto", "on_demand", "on-demand"},
    "processing": {"", "realtime", "real_time", "real-time", "online", "standard", "default"},
}
_DAY = timedelta(days=1)


def wanted(context: Mapping[str, str | None]) -> dict[str, str]:
    """Return what of a context is out of the ordinary.

    >>> wanted({"tier": "Flex", "processing": "realtime", "region": None})
    {'tier': 'flex'}
    """
    lowered = {key: (value or "").strip().lower() for key, value in context.items()}
    return {k: v for k, v in lowered.items() if v not in _ORDINARY_VALUES.get(k, {""})}


@dataclass(slots=True)
class Rates:
    """The prices of one model.

    Args:
        provider: Who is paid.
        name: The model's own name in the price book.
        pattern: The names it goes by.
        listed: Whether a price list knows it, or only an agreement of ours.
        agreed: Agreed prices by unit and context, in the order in which they were learnt.
        published: List prices, likewise.
    """

    provider: str
    name: str
    pattern: str
    listed: bool = False
    agreed: dict[tuple[str, str], list[Price]] = field(default_factory=dict)
    published: dict[tuple[str, str], list[Price]] = field(default_factory=dict)

    def add(self, price: Price, pattern: str) -> None:
        """Take in a price, not older in knowledge than those before it."""
        by_list = is_list(price.source)
        if by_list or not self.listed:
            self.pattern = pattern
        self.listed = self.listed or by_list
        (self.published if by_list else self.agreed).setdefault((price.unit, price.context), []).append(price)

    def records(self) -> Iterator[Price]:
        """Yield every record."""
        for side in (self.agreed, self.published):
            for records in side.values():
                yield from records

    def contexts(self) -> list[str]:
        """Return every context it has prices in, those that say most first."""
        return _by_detail(tuple(sorted({context for side in (self.agreed, self.published) for _, context in side})))

    def applicable(self, asked: Mapping[str, str], used_at: datetime) -> list[str]:
        """Return the contexts whose prices hold for a use, the one to prefer first and the ordinary one last."""
        return [context for context in self.contexts() if _holds(context, asked, used_at)]

    def knows(self, asked: Mapping[str, str], used_at: datetime, *, elsewhere: bool = False) -> bool:
        """Say whether it has prices then for everything that is out of the ordinary (a region may go without).

        Args:
            asked: What is out of the ordinary.
            used_at: When.
            elsewhere: Whether another provider sells the model, whose tiers and batches nobody has stated.
        """
        open_ = {(k, v) for k, v in asked.items() if k != "region"}
        for context in self.applicable(asked, used_at) if open_ and not elsewhere else ():
            if any(p.context == context and p.valid_from <= used_at < p.valid_to for p in self.records()):
                open_ -= set(context_of(context).items())
        return not open_

    def find(self, unit: str, contexts: Sequence[str], used_at: datetime, size: int) -> Price | None:
        """Return the price in force, or None.

        Its own unit is looked for in every context before a wider unit is; within a context an agreed price goes
        before the list, for every size; of several records the latest learnt one holds.

        Args:
            unit: What is priced.
            contexts: As `applicable` returns them.
            used_at: When.
            size: Tokens of the prompt, cached ones included.
        """
        for name in WIDER.get(unit, (unit,)):
            for context in contexts:
                for side in (self.agreed, self.published):
                    if records := side.get((name, context)):
                        held = {p.size_from: p for p in records if p.valid_from <= used_at < p.valid_to}
                        if sizes := [size_from for size_from in held if size_from <= size]:
                            return held[max(sizes)]
        return None

    def in_force(self, used_at: datetime) -> bool:
        """Say whether any price of it holds then."""
        return any(p.valid_from <= used_at < p.valid_to for p in self.records())


@cache
def _by_detail(contexts: tuple[str, ...]) -> list[str]:
    return sorted(contexts, key=lambda text: (text == ORDINARY, HOURS in context_of(text), -text.count("="), text))


def _holds(context: str, asked: Mapping[str, str], used_at: datetime) -> bool:
    return context == ORDINARY or all(
        within(value, used_at) if key == HOURS else asked.get(key) == value
        for key, value in context_of(context).items()
    )


def within(hours: str, used_at: datetime) -> bool:
    """Say whether an instant is in a daily window; one that ends before it begins goes over midnight."""
    window = window_of(hours)
    if window is None:
        return False
    since = timedelta(hours=used_at.hour, minutes=used_at.minute, seconds=used_at.second)
    first, end = window
    return first <= since < end if first <= end else since >= first or since < end


def daily_edges(hours: str, first: datetime, end: datetime) -> Iterator[datetime]:
    """Yield every instant of `[first, end)` at which a daily window opens or closes."""
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    while midnight < end:
        for edge in window_of(hours) or ():
            if first < midnight + edge < end:
                yield midnight + edge
        midnight += _DAY
