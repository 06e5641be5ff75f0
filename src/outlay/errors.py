"""The error tree. Every failure a caller can meet is one of these; nothing foreign leaks.

    OutlayError
    ├── Refused          the caller can mend it
    │   ├── BadConfig    a setting or rule file
    │   ├── BadInput     a value, file or date that was given
    │   └── UnknownName  no such thing; names the nearest
    ├── SourceFailed     a vendor or a file failed
    │   └── Unreadable   its format is not what it claims to be
    ├── EngineFailed     the database failed, is full or corrupt
    │   └── StoreHeld    another process has it
    └── Broken           a law of ours is violated: always a bug

Exit codes and HTTP statuses are assigned where people meet them (`cli`, `serve`), not here.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path


class OutlayError(Exception):
    """The root: says what happened and where, and how to mend it.

    Args:
        message: What happened and where, one sentence without a full stop at its end.
        fix: What to do about it, one sentence.
        code: A stable slug that programs may rely on.
    """

    code = "error"

    def __init__(self, message: str, *, fix: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        """Return the message, then the fix when there is one."""
        return f"{self.message}. Fix: {self.fix}" if self.fix else self.message


class Refused(OutlayError):
    """What was asked cannot be done as asked; the caller can mend it."""

    code = "refused"


class BadConfig(Refused):
    """A setting or a rule file does not say something usable."""

    code = "bad-config"


class BadInput(Refused):
    """A value, date, file or option that was given cannot be used."""

    code = "bad-input"


class UnknownName(Refused):
    """There is no such thing; the nearest names are shown.

    >>> print(UnknownName("importer", "focsu", ["focus", "aws_cur"]))
    no importer named 'focsu'. Fix: did you mean focus? Known: aws_cur, focus
    """

    code = "unknown-name"

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        choices = sorted(known)
        near = get_close_matches(name, choices, n=3, cutoff=0.4)
        meant = f"did you mean {', '.join(near)}? " if near else ""
        super().__init__(f"no {kind} named {name!r}", fix=f"{meant}Known: {', '.join(choices) or 'none'}")


class SourceFailed(OutlayError):
    """A vendor or a file failed while it was read."""

    code = "source-failed"


class Unreadable(SourceFailed):
    """A source is not in the format it claims to be."""

    code = "unreadable"


class EngineFailed(OutlayError):
    """The database failed: held by another process, full, corrupt or not reachable."""

    code = "engine-failed"


class StoreHeld(EngineFailed):
    """Another process holds the database.

    Args:
        message: As `OutlayError`.
        fix: As `OutlayError`.
        note: The file in which a server that holds it says whom to ask instead; it may be absent.
    """

    code = "store-held"

    def __init__(self, message: str, *, fix: str, note: Path) -> None:
        super().__init__(message, fix=fix)
        self.note = note


class Broken(OutlayError):
    """A law of ours is violated. Nothing was published; this is always a bug of Outlay."""

    code = "broken-law"
