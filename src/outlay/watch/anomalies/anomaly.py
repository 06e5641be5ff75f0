"""An anomaly: one day of one series that is not as the days before it led to expect.

Comes in: nothing. Goes out: `Anomaly`, a frozen value.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

#: What an anomaly can be; docs/anomalies.md tells them apart.
KINDS: Final = ("spike", "drop", "shift", "pattern", "leak", "new", "vanished")
SEVERITIES: Final = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One day of one series that stands out.

    Args:
        series: Name of the series.
        currency: Currency of the amounts; None where the table names none.
        day: The day, in UTC.
        actual: What it cost.
        expected: What was expected of it, from the days before.
        low: The least that would have been ordinary.
        high: The most that would have been ordinary.
        kind: One of `KINDS`.
        severity: One of `SEVERITIES`: by the difference, held against what an ordinary day of the series costs.
        release: What was released on that day or the day before; None for nothing known.
    """

    series: str
    currency: str | None
    day: date
    actual: Decimal
    expected: Decimal
    low: Decimal
    high: Decimal
    kind: str
    severity: str
    release: str | None = None
