"""The meter: what providers really counted, and therefore who really caused what.

Comes in: every piece of work the providers did, seen by telemetry or not. Goes out: quantities by day for the
invoices, and money by feature and customer for the truth. Amounts are whole pico-dollars.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import msgspec

from outlay.demo.cast import GPU_HOUR_PRICE, PAGE_PRICE, READ_UNIT_PRICE, TOKEN_PRICES

#: Who caused what nobody attributed.
NOBODY = "unattributed"
#: Milliseconds of GPU time in a node-hour.
_GPU_HOUR = 3_600_000


class Cause(msgspec.Struct, frozen=True):
    """Who really caused a piece of work; None where no telemetry says so.

    Args:
        day: Day of use (UTC).
        feature: The feature.
        customer: The customer.
        project: The provider's project (sub account) whose key was used.
    """

    day: date
    feature: str | None = None
    customer: str | None = None
    project: str = "production"


@dataclass(slots=True)
class Meter:
    """Running sums of everything that providers did.

    Args:
        tokens: (provider, billed day, project, model, unit) -> tokens.
        counts: (thing, day) -> pages, read units or GPU milliseconds.
        features: (month, feature) -> pico-dollars.
        customers: (month, customer) -> pico-dollars.
        notes: Named extras of the story -> pico-dollars.
        seen: Named extras of the story -> how often.
    """

    tokens: Counter[tuple[str, date, str, str, str]] = field(default_factory=Counter)
    counts: Counter[tuple[str, date]] = field(default_factory=Counter)
    features: Counter[tuple[str, str]] = field(default_factory=Counter)
    customers: Counter[tuple[str, str]] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)

    def model(
        self,
        cause: Cause,
        provider: str,
        model: str,
        units: Mapping[str, int],
        billed_on: date | None = None,
        *,
        batch: str = "",
    ) -> int:
        """Count a model call.

        Args:
            cause: Who caused it.
            provider: The provider, as in usage events.
            model: The model.
            units: Tokens by disjoint unit.
            billed_on: The day on whose invoice line it appears, when not the day of use.
            batch: What stands before a unit on the invoice when it is billed as a batch, at half the price.

        Returns:
            Its cost at list price, in pico-dollars.
        """
        prices, cost = TOKEN_PRICES[model], 0
        day = billed_on or cause.day
        for unit, tokens in units.items():
            cost += prices[unit] * tokens
            # Invoices do not tell reasoning from other output.
            name = "output" if unit == "output_reasoning" else unit
            self.tokens[provider, day, cause.project, model, batch + name] += tokens
        self._caused(cause, cost // 2 if batch else cost)
        return cost

    def pages(self, cause: Cause, pages: int) -> None:
        """Count pages read by OCR."""
        self.counts["page", cause.day] += pages
        self._caused(cause, pages * PAGE_PRICE)

    def reads(self, cause: Cause, read_units: int) -> None:
        """Count read units of the vector index."""
        self.counts["read_unit", cause.day] += read_units
        self._caused(cause, read_units * READ_UNIT_PRICE)

    def gpu(self, cause: Cause, milliseconds: int) -> None:
        """Count GPU time held on our own nodes."""
        self.counts["gpu_ms", cause.day] += milliseconds
        self._caused(cause, milliseconds * GPU_HOUR_PRICE // _GPU_HOUR)

    def note(self, name: str, cost: int) -> None:
        """Remember an extra of the story, and that it happened once more."""
        self.notes[name] += cost
        self.seen[name] += 1

    def _caused(self, cause: Cause, cost: int) -> None:
        month = cause.day.isoformat()[:7]
        self.features[month, cause.feature or NOBODY] += cost
        self.customers[month, cause.customer or NOBODY] += cost
