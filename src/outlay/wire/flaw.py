"""Flaw: what is wrong with one event, before anybody knows the file or request it came in."""

from dataclasses import dataclass

_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Flaw:
    """What makes an event unusable.

    Args:
        code: Stable slug.
        field: The field at fault.
        value: What stood there, cut to 80 characters; None when nothing did or it may be content.
        fix: What to do, one sentence.
    """

    code: str
    field: str
    value: str | None
    fix: str


class Flawed(Exception):
    """Raised by the check of one value. Who reads the event returns the `Flaw`; this never leaves the room."""

    def __init__(self, code: str, name: str, value: object, fix: str) -> None:
        super().__init__(code)
        shown = None if value is None or isinstance(value, (dict, list)) else str(value)[:_SHOWN]
        self.flaw = Flaw(code, name, shown, fix)
