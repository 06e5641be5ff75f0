"""A span as far as it matters here: where it stands, what it says about usage, and what about who caused it."""

import msgspec

Value = str | int | float | bool | list[str]

#: What an attribute is for: nothing, a fact that most calls state, one that few do, attribution under a name of our own
#: or under anybody's, a further dimension, or a map that holds such.
UNREAD, FACT, SELDOM, OWN, OTHER, TAG, MAP = range(7)


class Parts(msgspec.Struct, gc=False):
    """What the attributes of one span, log record or resource say, sorted by what they are for.

    Args:
        facts: About the call, under the names of `outlay.capture.telemetry.dialect.SLOTS`.
        said: Attribution: fields of a usage event.
        tags: Further dimensions.
        seldom: Whether there are facts beyond `outlay.capture.telemetry.dialect.USUAL`.
    """

    facts: dict[str, Value]
    said: dict[str, Value]
    tags: dict[str, Value]
    seldom: bool = True


class Span(msgspec.Struct, gc=False):
    """One span, or one log record that says what a span would.

    Args:
        index: Its place in the request, from 0.
        trace: Trace id, 32 hex digits.
        id: Span id, 16 hex digits.
        parent: Span id of its parent; empty when there is none.
        name: What it is called, or a record's event, in UTF-8.
        kind: 2 where a request came in, 3 where one went out.
        start: When it began, in nanoseconds since 1970.
        end: When it ended, likewise.
        failed: Whether its status says so.
        message: What its status says beside that.
        scope: Who made it: the name of the instrumentation's scope.
        service: What the resource says about itself.
        parts: What its attributes say.
        whole: The usage event that our own SDK made of the call and put into the span, but for its time.
        units: What it used, where the provider's own usage object says that; else its facts do.
        flaw: How that object contradicts itself.
        event: The usage event it is, once that is known.
        sensor: Who saw that event.
    """

    index: int
    trace: str
    id: str
    parent: str = ""
    name: bytes = b""
    kind: int = 0
    start: int = 0
    end: int = 0
    failed: bool = False
    message: str = ""
    scope: str = ""
    service: Parts = msgspec.field(default_factory=lambda: Parts({}, {}, {}))
    parts: Parts = msgspec.field(default_factory=lambda: Parts({}, {}, {}))
    whole: dict[str, object] | None = None
    units: dict[str, int] | None = None
    flaw: str | None = None
    event: dict[str, object] | None = None
    sensor: str = ""
