"""The clocks of two machines: ours decides what is settled, and may be wrong.

Comes in: our instant and the `Date` of answers. Goes out: the instant that is safe to count with, and a problem.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from outlay.terms.problem import Problem

_SKEW = timedelta(minutes=5)


@dataclass(slots=True)
class Clock:
    """Our instant beside the vendor's.

    Args:
        now: The instant of the import, by our clock.
        ahead: How far our clock is ahead of the vendor's; negative when it is behind. Zero while they agree.
    """

    now: datetime
    ahead: timedelta = timedelta(0)
    _started_s: float = field(default_factory=time.monotonic)

    def hear(self, date: str | None) -> None:
        """Take note of the `Date` header of an answer."""
        try:
            theirs = parsedate_to_datetime(date or "").astimezone(UTC)
        except ValueError:
            return
        ours = self.now + timedelta(seconds=time.monotonic() - self._started_s)
        self.ahead = ours - theirs if abs(ours - theirs) > _SKEW else timedelta(0)

    @property
    def settled_by(self) -> datetime:
        """Return the earlier of both instants: what either calls today may still change."""
        return self.now - max(self.ahead, timedelta(0))

    def problem(self, source: str) -> Problem | None:
        """Return what is wrong; None while the clocks agree."""
        if not self.ahead:
            return None
        minutes = abs(self.ahead) // timedelta(minutes=1)
        way = "ahead of" if self.ahead > timedelta(0) else "behind"
        return Problem(
            code="clock-skew",
            file=source,
            line=None,
            column=None,
            value=f"this machine's clock is {minutes} minutes {way} the vendor's",
            amount=None,
            currency=None,
            fix="set the clock of this machine; days that one of both clocks calls unfinished were taken as such",
        )
