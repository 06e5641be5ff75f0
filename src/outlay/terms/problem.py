"""Problems: one bad line among many, as a value that says where it is and what it costs."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that could not be taken in, and how to mend it.

    Args:
        code: Stable slug, for example `bad-amount`.
        file: Name of the file, as given.
        line: Line in that file, the header being line 1; None when the whole file is meant.
        column: Column or field at fault; None when the whole line is.
        value: What stood there, cut to 80 characters; None when nothing did.
        amount: Money at stake on that line, where it can still be read; else None.
        currency: Currency of `amount`, where it can still be read.
        fix: What to do, one sentence.
    """

    code: str
    file: str
    line: int | None
    column: str | None
    value: str | None
    amount: Decimal | None
    currency: str | None
    fix: str
