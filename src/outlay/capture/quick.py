"""Quick: the ordinary event, checked while it is decoded.

Most events hold only fields we know, tokens only, and nothing out of bounds. For those, typed decoding does in a few
microseconds what `wire.event` does in many. Anything else is left to `wire.event`, which also says what is wrong; an
event that both take becomes the same row.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from outlay.terms.currency import CURRENCIES
from outlay.terms.price import context_text
from outlay.terms.unit import TOKEN_UNITS
from outlay.terms.usage_event import UsageEvent
from outlay.wire import values
from outlay.wire.flaw import Flawed

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=values.LONGEST)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=values.LONGEST_NAME)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=values.MOST)]
_TOKENS = frozenset(TOKEN_UNITS)
#: How many different tags and contexts are remembered before starting over.
_REMEMBERED = 10_000
_NOTHING = msgspec.Raw()
_encode = msgspec.json.Encoder().encode
_decode_context = msgspec.json.Decoder(dict[str, str | None] | None).decode
_decode_tags = msgspec.json.Decoder(dict[_Text, _Text] | None).decode


class Landing(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """An event on its way into `usage`: its fields are columns, except `usage`.

    `context` and `tags` stay as they stand until they are looked up; once checked, `context` is one text, `tags` texts
    by name. What is UNSET is left out.
    """

    id: _Text
    time: str | None  # once checked, an instant
    provider: _Text | None = None
    model: _Text | None = None
    operation: _Text | None = None
    feature: _Text | None = None
    customer: _Text | None = None
    team: _Text | None = None
    user: _Text | None = None
    session: _Text | None = None
    environment: _Text | None = None
    service: _Text | None = None
    endpoint: _Text | None = None
    prompt: _Name | None = None
    release: _Text | None = None
    trace: _Text | None = None
    span: _Text | None = None
    parent: _Text | None = None
    call: _Text | None = None
    attempt: Annotated[int, msgspec.Meta(ge=1, le=values.MOST)] | None = None
    response_id: _Text | None = None
    state: Literal["complete", "partial", "refused", "unknown", "not_sent"] | None = None
    error: _Name | None = None
    duration_ms: _Count | None = None
    reported_cost: Decimal | None = None
    currency: str | None = None
    sensor: _Text | None = None
    usage: dict[str, _Count] | None = None
    context: msgspec.Raw = _NOTHING
    tags: msgspec.Raw = _NOTHING


_NAMES = tuple(name for name in Landing.__struct_fields__ if name not in ("context", "tags", "usage"))


class Quick:
    """Reads ordinary events; remembers the few different tags and contexts that they have."""

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(Landing).decode
        self._tags: dict[bytes, object] = {}
        self._contexts: dict[bytes, object] = {}

    def read(self, record: bytes | dict[str, object]) -> Landing | None:
        """Return an ordinary event, checked but for the character NUL; None when it is not one.

        Args:
            record: The event's JSON, or decoded already.
        """
        try:
            event = self._decode(record if isinstance(record, bytes) else _encode(record))
            when = datetime.fromisoformat(event.time or "")
            if event.reported_cost is not None:
                event.reported_cost = values.money(event.reported_cost)
            if not _is_ordinary(event, when):
                return None
            if event.context is not _NOTHING:
                said = bytes(event.context)
                known = self._contexts.get(said)
                event.context = _context(self._contexts, said) if known is None else known  # type: ignore[assignment]
            if event.tags is not _NOTHING:
                said = bytes(event.tags)
                known = self._tags.get(said)
                event.tags = _tags(self._tags, said) if known is None else known  # type: ignore[assignment]
        except (ValueError, OverflowError, RecursionError, TypeError, Flawed):  # the decoder's errors are ValueErrors
            return None
        event.time = when  # type: ignore[assignment] # encoded in the one form that engines read
        if event.attempt is None:
            event.attempt = 1
        if event.state is None:
            event.state = "complete"
        if event.currency is None:
            event.currency = "USD"
        return event


def landing_of(event: UsageEvent) -> Landing:
    """Return an event that was read the careful way as what the quick way makes of it."""
    found = Landing(**{name: getattr(event, name) for name in _NAMES})
    found.usage = dict(event.usage)  # type: ignore[arg-type] # quantities of other units may be decimals
    found.context = context_text(event.context) or msgspec.UNSET  # type: ignore[assignment] # the column is text
    found.tags = dict(event.tags) or msgspec.UNSET  # type: ignore[assignment] # the column is a map
    return found


def _is_ordinary(event: Landing, when: datetime) -> bool:
    """Say whether nothing is left that only the careful way can decide."""
    return (
        when.tzinfo is UTC
        and when.year in values.YEARS
        and (event.usage is not None or event.state is not None)
        and (event.usage is None or event.usage.keys() <= _TOKENS)
        and (event.currency is None or event.currency in CURRENCIES)
        and (event.endpoint is None or "?" not in event.endpoint)
        and (event.prompt is None or "\n" not in event.prompt)
        and (event.error is None or "\n" not in event.error)
    )


def _context(known: dict[bytes, object], said: bytes) -> object:
    return _remember(known, said, context_text(values.context(_decode_context(said))) or msgspec.UNSET)


def _tags(known: dict[bytes, object], said: bytes) -> object:
    return _remember(known, said, values.tags(_decode_tags(said)) or msgspec.UNSET)


def _remember(known: dict[bytes, object], key: bytes, found: object) -> object:
    if len(known) >= _REMEMBERED:
        known.clear()
    known[key] = found
    return found
