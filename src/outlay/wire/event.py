"""A usage event as a JSON object (docs/events.md), plain or as a CloudEvents 1.0 envelope.

Only `id`, `time` and either `usage` or `state` are mandatory. Unknown top-level fields become tags. What people or
models said is never kept: fields known to carry it are dropped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from outlay.terms.unit import TOKEN_UNITS
from outlay.terms.usage_event import STATES, UsageEvent

#: Fields that carry what people or models said; they are dropped, unread.
CONTENT = frozenset(
    (
        *("messages", "input_messages", "output_messages", "system_instructions", "prompt_text", "completion"),
        *("content", "input", "output", "response", "arguments", "result"),
    )
)
_TEXTS = (
    *("model", "operation", "feature", "customer", "team", "user", "environment", "service", "release", "endpoint"),
    *("prompt", "session", "trace", "span", "parent", "call", "response_id", "error"),
)
_OWN = {
    *_TEXTS,
    *("id", "time", "provider", "usage", "attempt", "state", "context", "duration_ms", "reported_cost"),
    *("currency", "sensor", "tags"),
}
_CONTEXT = ("tier", "processing", "region")
#: What the ordinary context is called; the same as not saying.
_ORDINARY = ("default", "standard", "auto", "realtime")
_TOKENS = frozenset(TOKEN_UNITS)
_LONGEST = 4096
_PLACES = 9


@dataclass(frozen=True, slots=True)
class Flaw:
    """What makes an event unusable.

    Args:
        code: Stable slug.
        field: The field at fault.
        value: What stood there, cut to 80 characters.
        fix: What to do, one sentence.
    """

    code: str
    field: str
    value: str | None
    fix: str


class _Flawed(Exception):
    """Carries a flaw out of the reading of a field."""

    def __init__(self, code: str, name: str, value: object, fix: str) -> None:
        super().__init__(code)
        self.flaw = Flaw(code, name, None if value is None else str(value)[:80], fix)


def from_json(found: object) -> UsageEvent | Flaw:
    """Read a decoded JSON object as a usage event.

    Args:
        found: Numbers may be `int`, `float` or `Decimal`; an envelope of CloudEvents 1.0 is opened.

    Returns:
        The event, or the first flaw that makes it unusable.

    >>> from_json({"id": "e1", "time": "2026-10-03T12:00:00Z", "usage": {"input": 3}}).usage
    {'input': 3}
    >>> from_json({"id": "e1", "time": "2026-10-03T12:00:00Z"}).code
    'missing-usage'
    """
    try:
        return _event(_opened(found))
    except _Flawed as flawed:
        return flawed.flaw


def _opened(found: object) -> Mapping[str, object]:
    if not isinstance(found, dict):
        raise _Flawed("not-an-object", "event", found, "write one JSON object per event")
    if "specversion" in found:
        data = found.get("data")
        if not isinstance(data, dict):
            raise _Flawed("not-an-object", "data", data, "put the usage event into `data` of the CloudEvent")
        envelope = {"id": f"{found.get('source', '')}/{found.get('id', '')}", "time": found.get("time")}
        return {**data, **envelope, "customer": data.get("customer") or found.get("subject")}
    return found


def _event(found: Mapping[str, object]) -> UsageEvent:
    texts = {name: _text(name, found[name]) for name in _TEXTS if found.get(name) is not None}
    state = found.get("state")
    usage = _usage(found.get("usage"), state)
    if state is not None and state not in STATES:
        raise _Flawed("unknown-state", "state", state, f"use one of {', '.join(STATES)}")
    ident = _text("id", found.get("id"))
    if not ident:
        raise _Flawed("missing-id", "id", None, "give every event an id of its own, the same when it is sent again")
    return UsageEvent(
        id=ident,
        time=_time(found.get("time")),
        provider=_text("provider", found.get("provider")) or "",
        usage=usage,
        attempt=_count("attempt", found.get("attempt"), 1) or 1,
        state=str(state or "complete"),
        context=_context(found.get("context")),
        duration_ms=_count("duration_ms", found.get("duration_ms"), 0),
        reported_cost=_money(found.get("reported_cost")),
        currency=_text("currency", found.get("currency")) or "USD",
        sensor=_text("sensor", found.get("sensor")) or "",
        tags=_tags(found),
        **texts,
    )


def _text(name: str, value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise _Flawed("bad-text", name, value, "write it as text")
    text = str(value)
    if len(text) > _LONGEST:
        raise _Flawed("field-too-long", name, text, f"shorten it to {_LONGEST} characters")
    return text or None


def _time(value: object) -> datetime:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None:
        code = "missing-time" if value is None else "bad-time"
        raise _Flawed(code, "time", value, "write an ISO 8601 time with its zone, such as 2026-10-03T12:00:00.123Z")
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _usage(value: object, state: object) -> dict[str, int | Decimal]:
    if value is None:
        if state is None:
            raise _Flawed("missing-usage", "usage", None, "say what was used, or say the state when that is not known")
        return {}
    if not isinstance(value, dict):
        raise _Flawed("bad-usage", "usage", value, 'write quantities by unit, such as {"input": 200, "output": 17}')
    found: dict[str, int | Decimal] = {}
    for unit, quantity in value.items():
        if quantity is None:
            continue
        amount = _number(f"usage.{unit}", quantity)
        if unit in _TOKENS and amount != int(amount):
            raise _Flawed("bad-quantity", f"usage.{unit}", quantity, "tokens are whole numbers")
        if amount < 0:
            raise _Flawed("bad-quantity", f"usage.{unit}", quantity, "a quantity cannot be negative")
        if isinstance(amount, Decimal) and amount != round(amount, _PLACES):
            raise _Flawed("bad-quantity", f"usage.{unit}", quantity, f"round it to {_PLACES} decimal places")
        if amount >= 1 << 62:
            raise _Flawed("bad-quantity", f"usage.{unit}", quantity, "no call uses that much; check the unit")
        found[str(unit)] = int(amount) if unit in _TOKENS else amount
    return found


def _number(name: str, value: object) -> int | Decimal:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        found = Decimal(str(value)) if not isinstance(value, bool) else Decimal("NaN")
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise _Flawed("bad-quantity", name, value, "write a plain number")
    return found


def _count(name: str, value: object, least: int) -> int | None:
    if value is None:
        return None
    found = _number(name, value)
    if found < least:
        raise _Flawed("bad-quantity", name, value, f"write a number from {least} up")
    return int(found)


def _money(value: object) -> Decimal | None:
    return None if value is None else round(Decimal(_number("reported_cost", value)), 12)


def _context(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _Flawed("bad-context", "context", value, 'write {"tier": "flex"}')
    texts = {name: _text(f"context.{name}", value.get(name)) for name in _CONTEXT}
    return {name: text for name, text in texts.items() if text and text not in _ORDINARY}


def _tags(found: Mapping[str, object]) -> dict[str, str]:
    own = found.get("tags") or {}
    if not isinstance(own, dict):
        raise _Flawed("bad-tags", "tags", own, 'write {"plan": "enterprise"}')
    free = {name: value for name, value in found.items() if name not in _OWN}
    return {
        str(name): str(value)[:_LONGEST]
        for name, value in {**free, **own}.items()
        if value is not None and name not in CONTENT and not isinstance(value, (dict, list))
    }
