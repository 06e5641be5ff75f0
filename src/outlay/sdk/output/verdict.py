"""Verdict: what an answer means for the events of a request. Every receiver reads its own answers into one of these."""

from email.utils import parsedate_to_datetime
from enum import Enum
from time import time

from outlay.sdk.output.connection import Answer

_LONGEST_WAIT_S = 3600


class Kind(Enum):
    """What to do with the events of the request."""

    TAKEN = "taken"
    """They arrived, but for those in `bad`."""
    MEND = "mend"
    """None arrived, because of those in `bad`: send the others again."""
    SPLIT = "split"
    """They were too many at once."""
    REFUSED = "refused"
    """They will never be taken."""
    STOP = "stop"
    """The key is not accepted, and will not be next time."""
    AWAY = "away"
    """Later, perhaps."""


class Verdict:
    """An answer, understood.

    Args:
        kind: What to do.
        bad: Why an event was not taken, by its index in the request.
        lost: How many were not taken, where the answer does not say which.
        wait_s: How long the receiver wants to be left alone, in seconds.
        why: For people.
    """

    def __init__(
        self, kind: Kind, *, bad: dict[int, str] | None = None, lost: int = 0, wait_s: float = 0, why: str = ""
    ) -> None:
        self.kind = kind
        self.bad = bad or {}
        self.lost = lost
        self.wait_s = wait_s
        self.why = why


def by_status(answer: Answer) -> Verdict:
    """Return what a status alone means, whatever the body says."""
    why = f"status {answer.status}"
    match answer.status:
        case 401 | 403:
            return Verdict(Kind.STOP, why=why)
        case 413:
            return Verdict(Kind.SPLIT, why=why)
        case 400 | 409 | 422:
            return Verdict(Kind.REFUSED, why=why)
        case _:
            return Verdict(Kind.AWAY, wait_s=_wait_s(answer), why=why)


def _wait_s(answer: Answer) -> float:
    """Return what `Retry-After` asks for, in seconds: given as such, or as a date."""
    given = answer.headers.get("retry-after", "").strip()
    if given.isdecimal() and given.isascii():
        return min(int(given[:9]), _LONGEST_WAIT_S)
    try:
        return min(max(0.0, parsedate_to_datetime(given).timestamp() - time()), _LONGEST_WAIT_S)
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0
