"""Attributes: which of them matter, and for what. All others are passed over without being decoded.

Comes in: an attribute's name, and its value as OTLP encodes it. Goes out: the part it belongs to, its name there, and
its value. Equal attributes come again and again, so what an encoded one says is remembered.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from struct import unpack_from
from typing import TypeVar

import msgspec

from outlay.capture.telemetry.dialect import NUMBERS, SLOTS, USUAL, Dialect
from outlay.capture.telemetry.dialects import dialects
from outlay.capture.telemetry.span import FACT, MAP, OTHER, OWN, SELDOM, TAG, UNREAD, Parts, Value
from outlay.errors import Broken
from outlay.wire import values
from outlay.wire.content import is_content
from outlay.wire.flaw import Flawed

Role = tuple[int, str]
Found = tuple[int, str, Value]
Item = TypeVar("Item")
#: Beginnings of our own names; what follows is a field of the attribution, or a tag.
_OWN = ("app.", "cost.", "outlay.")
#: What fields of the attribution are called where people name them themselves.
_FIELDS = {
    name: field
    for field, names in {
        "feature": ("feature", "feature_name", "featureName"),
        "customer": (
            "customer",
            "customer_id",
            "customerId",
            "customer.id",
            "tenant",
            "tenant_id",
            "tenantId",
            "tenant.id",
        ),
        "team": ("team", "team_id", "teamId", "team.id", "team.name"),
        "user": ("user", "user_id", "userId", "user.id"),
        "session": ("session", "session_id", "sessionId", "session.id"),
        "environment": ("environment", "env"),
        "service": ("service", "service_name"),
        "release": ("release",),
        "endpoint": ("endpoint",),
        "prompt": ("prompt_name", "prompt_template"),
    }.items()
    for name in names
}
#: What they are called in OpenTelemetry's conventions.
_CONVENTIONS = {
    "feature": "feature",
    "customer": "customer",
    "customer.id": "customer",
    "tenant.id": "customer",
    "team": "team",
    "team.id": "team",
    "user.id": "user",
    "enduser.id": "user",
    "session.id": "session",
    "deployment.environment.name": "environment",
    "deployment.environment": "environment",
    "service.name": "service",
    "service.version": "release",
}
_CALLS = {"http.route": "route", "http.request.method": "method", "http.method": "method", "error.type": "error"}
_CALLS |= {"exception.type": "exception"}
_CALLS |= {"http.response.status_code": "status", "http.status_code": "status"}
_LONGEST = values.LONGEST
#: The longest map of dimensions, and the longest usage object, that is opened.
_LONGEST_MAP = 1 << 16
#: What SDKs write when nobody said what the service is called.
_UNKNOWN_SERVICE = "unknown_service"
_LONGEST_TAG = values.LONGEST_NAME
_MOST_TAGS = 50
_MOST_ROLES = 20_000
_MOST_KNOWN = 8_192
#: Slots that hold objects.
_OPENED = frozenset({"usage"})
#: Slots and fields whose values hardly come twice: remembering them would only crowd out what does come again.
_ONCE = NUMBERS | {"response_id", "litellm_call", "usage", "detail", "session", "user"}
#: Those whose texts are looked at more closely.
_CLOSELY = frozenset({"tier", "speed", "region", "service", "usage"})
_CONTEXT = frozenset({"tier", "speed", "region"})
_ORDINARY = frozenset({*values.ORDINARY, "on_demand", "global", "not_available"})
#: Where OpenInference says, among what users say, which tools a server ran.
_TOOLS = "server_tool_use"
#: What an attribute says that nobody asked for.
NOTHING: Found = (UNREAD, "", "")
#: How AnyValue tags its fields, in OTLP's encoding.
_TEXT, _BOOL, _INT, _DOUBLE, _ARRAY = 0x0A, 0x10, 0x18, 0x21, 0x2A
_BYTE = 0x80
#: Bytes of the shortest attribute with a value, and what a whole number of 21 bits takes at most with its tags.
_SHORTEST, _SMALL = 4, 6
#: How KeyValue tags its value.
_VALUE = 0x12


class Attributes:
    """Knows what each attribute is for.

    Args:
        known: The dialects, by name.
    """

    def __init__(self, known: Mapping[str, Dialect]) -> None:
        self._roles: dict[bytes | str, Role] = {}
        self._free: list[str] = []
        self._known: dict[bytes, Found] = {}
        #: Returns what an encoded attribute is known to say; None when it has not been seen.
        self.remembered = self._known.get
        exact: dict[str, Role] = {name: (OTHER, field) for name, field in _CONVENTIONS.items()}
        exact |= {name: _fact(slot) for name, slot in _CALLS.items()}
        for dialect in known.values():
            self._free += dialect.free
            told: dict[str, Role] = {name: _fact(slot) for name, slot in dialect.slots.items()}
            told |= {name: (OTHER, field) for name, field in dialect.fields.items()}
            told |= {name: (TAG, tag) for name, tag in dialect.tags.items()}
            told |= {name: (MAP, name) for name in dialect.maps}
            for name, role in told.items():
                if exact.setdefault(name, role) != role or (role[0] in (FACT, SELDOM) and role[1] not in SLOTS):
                    raise Broken(f"{dialect.sensor} gives the attribute {name} another meaning than others do")
        self._exact = exact
        self._free.sort(key=len, reverse=True)

    def role(self, name: bytes | str) -> Role:
        """Return the part an attribute belongs to and its name there; its name may be given in UTF-8.

        >>> attributes().role(b"app.feature")[1], attributes().role(b"gen_ai.input.messages")[1]
        ('feature', '')
        """
        found = self._roles.get(name)
        if found is None:
            try:
                found = self._classified(name if isinstance(name, str) else name.decode())
            except UnicodeDecodeError:
                found = (UNREAD, "")
            if len(self._roles) >= _MOST_ROLES:
                self._roles.clear()
            self._roles[name] = found
        return found

    def _classified(self, name: str) -> Role:
        if (found := self._exact.get(name)) is not None:
            return found
        for beginnings, part in ((_OWN, OWN), (self._free, OTHER)):
            for beginning in beginnings:
                rest = name.removeprefix(beginning)
                if rest != name and rest:
                    return self.dimension(rest, part)
        return (UNREAD, "")

    def dimension(self, name: str, part: int = OTHER) -> Role:
        """Return the role of a dimension that the user named."""
        if field := _FIELDS.get(name):
            return (part, field)
        return (UNREAD, "") if is_content(name) or len(name) > _LONGEST_TAG else (TAG, name)

    def decoded(self, raw: bytes) -> Found:
        """Return what an encoded attribute says: its part, its name there, its value.

        Raises:
            Flawed: It is not encoded as OTLP has it, or says something that no event may hold.
        """
        size = len(raw)
        # Nearly always the key comes first, and all lengths fit into one byte; what does not is decoded with care.
        name = raw[2 : 2 + raw[1]] if size > _SHORTEST and raw[0] == _TEXT and raw[1] < _BYTE else b""
        at = len(name) + 2
        if not name or at + _SHORTEST > size or raw[at] != _VALUE or raw[at + 1] != size - at - 2:
            return self._slowly_decoded(raw)
        part, known_as = self._roles.get(name) or self.role(name)
        if not part:
            found = NOTHING
        elif raw[at + 2] == _TEXT and raw[at + 3] == size - at - 4 < _BYTE:
            try:
                text = raw[at + 4 :].decode()
            except UnicodeDecodeError as error:
                raise Flawed("bad-encoding", name.decode(), None, "send texts in UTF-8") from error
            if part <= OTHER and text and text[0] != '"' and known_as not in _CLOSELY and "\x00" not in text:
                found = (part, known_as, text)
            else:
                found = self.kept(part, known_as, text)
            if known_as in _ONCE:
                return found
        elif raw[at + 2] == _INT and known_as in NUMBERS and size - at <= _SMALL and raw[-1] < _BYTE:
            number = _small(raw, at + 3)
            return (part, known_as, number) if number >= 0 else self._slowly_decoded(raw)
        else:
            return self._slowly_decoded(raw)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[raw] = found
        return found

    def _slowly_decoded(self, raw: bytes) -> Found:
        name, at = _name(raw)
        if not name:
            raw = _key_first(raw)
            name, at = _name(raw)
        part, known_as = self.role(name)
        return self.kept(part, known_as, _value(raw, at, name)) if part else NOTHING

    def kept(self, part: int, name: str, value: Value | None) -> Found:
        """Return a value that was decoded, as far as it may be kept.

        Raises:
            Flawed: It is too long, or holds a character that no engine keeps.
        """
        if value is None or value == "":
            return NOTHING
        if part == MAP or name in _OPENED:
            return NOTHING if isinstance(value, str) and len(value) > _LONGEST_MAP else (part, name, value)
        if type(value) is str:
            return _kept_text(part, name, value)
        if type(value) is list:
            return NOTHING
        if part <= SELDOM and name in NUMBERS:
            return (part, name, value)
        return (part, name, ("true" if value else "false") if type(value) is bool else str(value))

    def sorted_out(
        self, encoded: Iterable[Item], known: Callable[[Item], Found | None], decode: Callable[[Item], Found]
    ) -> Parts:
        """Return what attributes say, sorted by what they are for.

        Names of our own win over all others; of those, what stands first. What maps hold comes after what is said
        outright.

        Args:
            encoded: The attributes, however they come.
            known: Returns what one is known to say, None when that is to be found out.
            decode: Finds it out.

        Raises:
            Flawed: One of them says something that no event may hold.
        """
        facts: dict[str, Value] = {}
        said: dict[str, Value] = {}
        rest: list[Found] = []
        seldom = False
        for item in encoded:
            found = known(item) or decode(item)
            part, name, value = found
            if part == FACT:
                facts[name] = value
            elif part == OTHER:
                said.setdefault(name, value)
            elif part == SELDOM:
                facts[name] = value
                seldom = True
            elif part:
                rest.append(found)
        sorted_parts = Parts(facts, said, {}, seldom)
        if rest:
            self._sort_rest(rest, sorted_parts)
        return sorted_parts

    def _sort_rest(self, rest: Iterable[Found], parts: Parts) -> None:
        own = {name: value for part, name, value in rest if part == OWN}
        parts.said.update(own)
        for part, name, value in rest:
            if part == TAG and len(parts.tags) < _MOST_TAGS:
                parts.tags[name] = value
        for part, _, value in rest:
            if part == MAP:
                self._open(value, parts)

    def _open(self, held: Value, parts: Parts) -> None:
        """Sort the dimensions that a map or a list of labels holds into parts; what is said outright stays."""
        for name, value in _pairs(held):
            if name == _TOOLS and isinstance(value, dict):
                if isinstance(searches := value.get("web_search_requests"), int) and searches:
                    parts.facts["web_searches"] = searches
                    parts.seldom = True
                continue
            part, known_as = self.dimension(name)
            if part and isinstance(value, (str, int, float, bool)) and len(parts.tags) < _MOST_TAGS:
                part, known_as, kept = self.kept(part, known_as, value)
                if part:
                    (parts.tags if part == TAG else parts.said).setdefault(known_as, kept)


@cache
def attributes() -> Attributes:
    """Return what is known about attributes, from all dialects together."""
    return Attributes(dialects())


def _fact(slot: str) -> Role:
    return (FACT if slot in USUAL else SELDOM, slot)


def _pairs(value: Value) -> list[tuple[str, object]]:
    if type(value) is list:
        cut = [(label, ":" if ":" in label else "=") for label in value]
        return [(label.partition(by)[0], label.partition(by)[2]) for label, by in cut]
    try:
        found = msgspec.json.decode(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return []
    if isinstance(found, list):
        return _pairs([label for label in found if isinstance(label, str)])
    return list(found.items()) if isinstance(found, dict) else []


def _kept_text(part: int, name: str, value: str) -> Found:
    if part > SELDOM:
        if value[0] == '"':
            value = _unquoted(value)
        if name == "service" and value.startswith(_UNKNOWN_SERVICE):
            return NOTHING
        if part == TAG and (len(value) > _LONGEST_TAG or "\n" in value):
            return NOTHING
    elif name in _CONTEXT and value.lower() in _ORDINARY:
        return NOTHING
    if len(value) > _LONGEST or "\x00" in value:
        values.text(name, value)  # raises, with the words it always has
    return (part, name, value)


def _unquoted(value: str) -> str:
    try:
        return msgspec.json.decode(value, type=str)
    except ValueError:
        return value


def _name(raw: bytes) -> tuple[bytes, int]:
    """Return the key of an encoded KeyValue, and where its value begins."""
    if len(raw) > 1 and raw[0] == _TEXT and raw[1] < _BYTE:
        end = 2 + raw[1]
        return raw[2:end], end
    if len(raw) > 2 and raw[0] == _TEXT:  # noqa: PLR2004 - a tag and a length of two bytes
        size, at = _varint(raw, 1)
        return raw[at : at + size], at + size
    return b"", len(raw)


def _small(raw: bytes, at: int) -> int:
    """Return the whole number that an attribute ends with; -1 when more stands there."""
    # Seven bits in each byte, the lowest first; all but the last are marked, and the last byte of all is not.
    number, place = raw[at], at + 1
    while raw[place - 1] >= _BYTE:
        number += (raw[place] - 1) << 7 * (place - at)
        place += 1
    return number if place == len(raw) else -1


def _key_first(raw: bytes) -> bytes:
    """Return a KeyValue with its key in front, where nearly everybody writes it."""
    try:
        if raw and raw[0] == _VALUE:
            size, at = _varint(raw, 1)
            if at + size < len(raw) and raw[at + size] == _TEXT:
                return raw[at + size :] + raw[: at + size]
    except (IndexError, ValueError):
        pass
    return b""


def _value(raw: bytes, at: int, name: bytes) -> Value | None:
    """Return the value of an encoded KeyValue; None when it has none that matters."""
    shown = name.decode("utf-8", "replace")
    try:
        if at >= len(raw):
            return None
        size, start = (raw[at + 1], at + 2) if raw[at + 1] < _BYTE else _varint(raw, at + 1)
        if raw[at] == _VALUE and start + size == len(raw):
            return _any(raw, start) if size else None
    except UnicodeDecodeError as error:
        raise Flawed("bad-encoding", shown, None, "send texts in UTF-8") from error
    except (IndexError, ValueError, ArithmeticError):
        pass
    raise Flawed("bad-attribute", shown, None, "encode attributes as OTLP 1 has them")


def _any(raw: bytes, at: int) -> Value | None:
    tag = raw[at]
    if tag == _TEXT:
        size, at = (raw[at + 1], at + 2) if raw[at + 1] < _BYTE else _varint(raw, at + 1)
        text = raw[at : at + size]
        if len(text) != size:
            raise IndexError
        return text.decode()
    if tag == _INT:
        found, _ = _varint(raw, at + 1)
        return found - (1 << 64) if found >> 63 else found
    if tag == _BOOL:
        return raw[at + 1] != 0
    if tag == _DOUBLE:
        number: float = unpack_from("<d", raw, at + 1)[0] if len(raw) >= at + 9 else 0.0
        return number
    return _texts(raw, at) if tag == _ARRAY else None


def _texts(raw: bytes, at: int) -> list[str]:
    """Return the texts of an encoded array; whatever else is in it is left out."""
    size, at = _varint(raw, at + 1)
    end, found = at + size, []
    if end > len(raw):
        raise IndexError
    while at < end:
        if raw[at] != _TEXT:
            break
        size, at = _varint(raw, at + 1)
        if size and raw[at] == _TEXT:
            text = _any(raw[: at + size], at)
            found.append(str(text))
        at += size
    return found


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    found = shift = 0
    while True:
        byte = raw[at]
        at += 1
        found |= (byte & 0x7F) << shift
        if byte < _BYTE:
            if found >> 64:
                raise ValueError(found)
            return found, at
        shift += 7
        if shift > 63:  # noqa: PLR2004 - no number has more bits
            raise ValueError(found)
