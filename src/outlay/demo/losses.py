"""Losses: faults as they happen between telemetry and invoices, injected one by one, each with its true amount.

Comes in: which ones. Goes out: what the story does differently. Nothing is injected unless it is asked for, and then
the story's own small faults that depend on luck (timeouts, streams cut off) stay out, so that each amount is exactly
known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from outlay.demo.focus import dollars
from outlay.demo.meter import Meter

#: What each fault is called in a reconciliation, in the order in which they are told.
FAULTS = ("unseen", "price", "counted_twice", "timed_out", "context", "restatement", "timing")
#: Notes of the meter under which the amounts of faults are kept.
NOTE = "loss "


@dataclass(frozen=True, slots=True)
class Losses:
    """The faults of a story.

    Args:
        unseen: Model calls in a thousand that no sensor reports.
        timeouts: Model calls in a thousand that time out, are billed all the same, and are tried again.
        doubled: A service whose calls are reported twice, once without the answer's id.
        batch: A feature whose calls are billed as batches at half price, which no event says.
        dearer: A model whose prices rise, by percent, on a day; no price book knows it.
        restated: A model of which an invoice is changed afterwards: so many tokens in a hundred more, over some days.
        zone: A provider and a day that it bills by a clock seven hours behind UTC.
    """

    unseen: int = 0
    timeouts: int = 0
    doubled: str = ""
    batch: str = ""
    dearer: tuple[str, int, date] | None = None
    restated: tuple[str, int, date, date] | None = None
    zone: tuple[str, date] | None = None

    @property
    def any(self) -> bool:
        """Say whether there is one at all."""
        return self != NONE

    def price(self, model: str, unit: str, day: date, price: int) -> int:
        """Return what a token costs on an invoice, given its list price."""
        if self.dearer and self.dearer[0] == model and day >= self.dearer[2] and not unit.startswith(BATCH):
            return price * (100 + self.dearer[1]) // 100
        return price

    def billed_on(self, provider: str, day: date, hour: int) -> date:
        """Return the day that an hour's use is billed on."""
        if self.zone and self.zone[0] == provider and hour < _BEHIND and day - self.zone[1] in (_SAME, _NEXT):
            return day - _NEXT
        return day

    def restates(self, model: str, day: date) -> int:
        """Return how many tokens in a hundred a changed invoice adds."""
        if self.restated and self.restated[0] == model and self.restated[2] <= day < self.restated[3]:
            return self.restated[1]
        return 0


#: How a unit of a batch is written on an invoice, and by how many hours the other clock is behind.
BATCH = "batch "
_BEHIND = 7
_SAME, _NEXT = timedelta(0), timedelta(days=1)
NONE = Losses()
#: Every fault at once, in the story's second month.
ALL = Losses(
    unseen=50,
    timeouts=30,
    doubled="export-service",
    batch="analytics.insights",
    dearer=("gpt-5.4", 20, date(2026, 10, 14)),
    restated=("claude-sonnet-5", 8, date(2026, 10, 5), date(2026, 10, 9)),
    zone=("openai", date(2026, 10, 9)),
)


def truth(meter: Meter) -> Mapping[str, Decimal]:
    """Return the true amount of every fault that was injected, in USD; of `timing`, what was moved."""
    found = {name: meter.notes[NOTE + name] for name in FAULTS if meter.seen[NOTE + name]}
    return {name: dollars(amount) for name, amount in found.items()}
