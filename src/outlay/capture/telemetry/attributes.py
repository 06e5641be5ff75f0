"""Attributes: which of them matter, and for what. All others are passed over without being decoded.

Comes in: an attribute's name, and its value. Goes out: the part it belongs to, its name there, and its value as far as
it may be kept.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import NamedTuple, TypeVar

import msgspec

from outlay.capture.telemetry.dialect import NUMBERS, SLOTS, USUAL, Dialect
from outlay.capture.telemetry.dialects import dialects
from outlay.capture.telemetry.span import FACT, MAP, OTHER, OWN, SELDOM, TAG, UNREAD, Parts, Value
from outlay.errors import Broken
from outlay.wire import values
from outlay.wire.content import is_content

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
#: How many names are remembered before starting over.
MOST_ROLES = 20_000
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


class Role(NamedTuple):
    """What the attributes of one name are for.

    Args:
        part: The part of what a span says.
        name: Their name there.
        once: Whether their values hardly come twice.
        plain: Whether their texts are taken as they stand, when they are short and neither quoted nor empty.
        number: Whether numbers are kept as numbers.
    """

    part: int
    name: str
    once: bool = False
    plain: bool = False
    number: bool = False


#: The role of what nobody asked for.
UNKNOWN = Role(UNREAD, "")


class Attributes:
    """Knows what each attribute is for.

    Args:
        known: The dialects, by name.
    """

    def __init__(self, known: Mapping[str, Dialect]) -> None:
        #: What has been found out, by name.
        self.roles: dict[str, Role] = {}
        self._free: list[str] = []
        exact: dict[str, tuple[int, str]] = {name: (OTHER, field) for name, field in _CONVENTIONS.items()}
        exact |= {name: _fact(slot) for name, slot in _CALLS.items()}
        for dialect in known.values():
            self._free += dialect.free
            told: dict[str, tuple[int, str]] = {name: _fact(slot) for name, slot in dialect.slots.items()}
            told |= {name: (OTHER, field) for name, field in dialect.fields.items()}
            told |= {name: (TAG, tag) for name, tag in dialect.tags.items()}
            told |= {name: (MAP, name) for name in dialect.maps}
            for name, role in told.items():
                if exact.setdefault(name, role) != role or (role[0] in (FACT, SELDOM) and role[1] not in SLOTS):
                    raise Broken(f"{dialect.sensor} gives the attribute {name} another meaning than others do")
        self._exact = exact
        self._free.sort(key=len, reverse=True)

    def role(self, name: str) -> Role:
        """Return what an attribute is for, by its name.

        >>> attributes().role("app.feature").name, attributes().role("gen_ai.input.messages").name
        ('feature', '')
        """
        found = self.roles.get(name)
        if found is None:
            part, known_as = self._classified(name)
            number = part in (FACT, SELDOM) and known_as in NUMBERS
            plain = UNREAD < part <= OTHER and known_as not in _CLOSELY
            found = Role(part, known_as, known_as in _ONCE, plain, number)
            if len(self.roles) >= MOST_ROLES:
                self.roles.clear()
            self.roles[name] = found
        return found

    def _classified(self, name: str) -> tuple[int, str]:
        if (found := self._exact.get(name)) is not None:
            return found
        for beginnings, part in ((_OWN, OWN), (self._free, OTHER)):
            for beginning in beginnings:
                rest = name.removeprefix(beginning)
                if rest != name and rest:
                    return self.dimension(rest, part)
        return (UNREAD, "")

    def dimension(self, name: str, part: int = OTHER) -> tuple[int, str]:
        """Return the part that a dimension belongs to which the user named, and its name there."""
        if field := _FIELDS.get(name):
            return (part, field)
        return (UNREAD, "") if is_content(name) or len(name) > _LONGEST_TAG else (TAG, name)

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

    def sorted_out(self, items: Iterable[Item], read: Callable[[Item], Found]) -> Parts:
        """Return what attributes say, sorted by what they are for.

        Names of our own win over all others; of those, what stands first. What maps hold comes after what is said
        outright.

        Args:
            items: The attributes, however they come.
            read: Returns what one of them says.

        Raises:
            Flawed: One of them says something that no event may hold.
        """
        facts: dict[str, Value] = {}
        said: dict[str, Value] = {}
        own: dict[str, Value] = {}
        rest: list[Found] = []
        seldom = False
        for item in items:
            found = read(item)
            part, name, value = found
            if part == FACT:
                facts[name] = value
            elif part == OWN:
                own[name] = value
            elif part == OTHER:
                said.setdefault(name, value)
            elif part == SELDOM:
                facts[name] = value
                seldom = True
            elif part:
                rest.append(found)
        if own:
            said.update(own)
        parts = Parts(facts, said, {}, seldom)
        if rest:
            self._add(rest, parts)
        return parts

    def _add(self, rest: Iterable[Found], parts: Parts) -> None:
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


def _fact(slot: str) -> tuple[int, str]:
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
