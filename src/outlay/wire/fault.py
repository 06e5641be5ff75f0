"""Fault: what is wrong with one event, before anybody knows the file or request it came in."""

from dataclasses import dataclass

_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an event cannot be taken.

    Args:
        code: Stable slug, for example `bad-quantity`.
        field: Field at fault, for example `usage.input`; None when the event as a whole is.
        value: What stood there, cut to 80 characters; None when nothing did or it may be content.
        fix: What to do, one sentence.
    """

    code: str
    field: str | None
    value: str | None
    fix: str


class Faulty(Exception):  # noqa: N818 - carries a fault to the nearest reader; it never leaves a room
    """Raised by a check of one value; readers turn it into the `Fault` it carries."""

    def __init__(self, code: str, field: str | None, value: object, fix: str) -> None:
        super().__init__(code)
        self.fault = Fault(code, field, None if value is None else str(value)[:_SHOWN], fix)
