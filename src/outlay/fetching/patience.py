"""Patience: how often a vendor is asked again, and how long is waited between.

Comes in: what went wrong and what the vendor asks for. Goes out: another try, or the error.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from outlay.errors import BadInput, SourceFailed

Answer = TypeVar("Answer")
#: Who does not answer at all has a wrong address more often than a bad moment.
UNREACHED = 3
#: Options of every source that is asked over the network.
PATIENCE = ("tries", "retry_s")


class Busy(Exception):
    """A vendor that would answer later.

    Args:
        error: What is raised when it is asked no more.
        wait_s: How long it asks to be left alone; None when it does not say.
        tries: How often it is worth trying in all; None for as long as one has patience.
    """

    def __init__(self, error: SourceFailed, wait_s: int | None = None, *, tries: int | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait_s = wait_s
        self.tries = tries


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one waits for a vendor.

    Args:
        tries: How often one request is sent at most.
        first_s: Seconds before the second try; each further one doubles them.
        most_s: Seconds waited at most; a vendor that asks for more is asked another day.
        sleep: What waits.
    """

    tries: int = 6
    first_s: int = 1
    most_s: int = 120
    sleep: Callable[[int], None] = time.sleep

    @classmethod
    def asked(cls, options: Mapping[str, str]) -> "Patience":
        """Return the patience that `--option tries=` and `--option retry_s=` ask for.

        >>> Patience.asked({"tries": "2"}).tries
        2
        """
        usual = cls()
        return cls(whole(options, "tries", usual.tries, least=1), whole(options, "retry_s", usual.first_s))

    def until(self, ask: Callable[[], Answer]) -> Answer:
        """Return what `ask` returns; while it raises `Busy`, wait and ask again.

        Raises:
            SourceFailed: It was busy to the last, or asks for a longer wait than one has patience for.
        """
        for tried in range(1, self.tries + 1):
            try:
                return ask()
            except Busy as busy:
                wait_s = min(self.first_s << (tried - 1), self.most_s) if busy.wait_s is None else busy.wait_s
                if tried >= min(self.tries, busy.tries or self.tries) or wait_s > self.most_s:
                    raise busy.error from busy.__cause__
                self.sleep(wait_s)
        raise AssertionError(self.tries)  # pragma: no cover - a loop of at least one try has returned or raised


def seconds_to_wait(text: str | None, now: datetime) -> int | None:
    """Read a `Retry-After` header: seconds, or an instant.

    Args:
        text: The header; None when there is none.
        now: What the vendor's own clock says, or ours.

    >>> seconds_to_wait("7", datetime(2026, 11, 2, tzinfo=UTC))
    7
    >>> seconds_to_wait("Mon, 02 Nov 2026 00:00:30 GMT", datetime(2026, 11, 2, tzinfo=UTC))
    30
    """
    found = (text or "").strip()
    if found.isascii() and found.isdecimal():
        return int(found)
    try:
        later = parsedate_to_datetime(found)
    except ValueError:
        return None
    return max(0, int((later.astimezone(UTC) - now).total_seconds()))


def whole(options: Mapping[str, str], name: str, usual: int, *, least: int = 0) -> int:
    """Read a whole number from options.

    Raises:
        BadInput: It is none, or smaller than `least`.
    """
    text = options.get(name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdecimal()) or int(text) < least:
        raise BadInput(
            f"--option {name}={text} is not a whole number from {least} on",
            fix=f"give a number, such as --option {name}={usual}",
            code="bad-option",
        )
    return int(text)
