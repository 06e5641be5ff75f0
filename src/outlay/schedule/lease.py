"""Lease: of several processes on one store, one does a task, and another takes over when it no longer says so.

The oldest claim that still holds wins. Two that claim at the same instant may both win until they look again, a round
later; so a task must bear being done twice, as an import does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from outlay.store import Store

#: How long a claim holds unless it is renewed, and while an import goes on.
HOLDS, HOLDS_AT_WORK = timedelta(minutes=10), timedelta(hours=2)
#: What is said later is newer, also where the clock stood still.
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Lease:
    """One process's part in a task.

    Args:
        store: Where claims are.
        task: The task.
        holder: The process.
    """

    store: Store
    task: str
    holder: str

    def take(self, now: datetime, holds: timedelta = HOLDS) -> str | None:
        """Claim the task, or renew the claim.

        Args:
            now: The instant.
            holds: How long the claim shall hold.

        Returns:
            None when the task is this process's, else who has it.
        """
        claims = self._claims(now)
        own = next((claim for claim in claims if claim.holder == self.holder), None)
        if claims and claims[0].holder != self.holder:
            return claims[0].holder
        said_at = max(now, own.said_at + _TICK) if own else now
        self._say(said_at, own.since if own else now, now + holds)
        first = self._claims(now)[0].holder
        return None if first == self.holder else first

    def let_go(self, now: datetime) -> None:
        """Let another process do the task from now on."""
        self.store.delete("lease", task=self.task, holder=self.holder)
        self._say(now, now, now)

    def _claims(self, now: datetime) -> list["_Claim"]:
        """Return the claims that hold, the one that wins first."""
        rows = self.store.rows("schedule/claims", {"task": self.task, "now": now})
        return [
            _Claim(cast(str, row["holder"]), cast(datetime, row["since"]), cast(datetime, row["said_at"]))
            for row in rows
        ]

    def _say(self, said_at: datetime, since: datetime, until: datetime) -> None:
        row = {"task": self.task, "holder": self.holder, "said_at": said_at, "since": since, "until": until}
        self.store.insert("lease", [row])


@dataclass(frozen=True, slots=True)
class _Claim:
    """Who claims the task, since when, and when that was said last."""

    holder: str
    since: datetime
    said_at: datetime
