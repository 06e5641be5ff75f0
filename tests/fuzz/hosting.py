"""What the SDK reads within other people's programs: headers of their requests, answers of providers and collectors.

Law 12 holds here: most of these may not raise anything at all.
"""

import json
from collections.abc import Iterable

from outlay.sdk.headers import baggage, traceparent
from outlay.sdk.headers.names import SIGNED_HEADER, may_travel, value_of
from outlay.sdk.headers.signed import checked, claims, sign_context
from outlay.sdk.instrument.reading.answer import Answer as Passing
from outlay.sdk.output.collector import Collector
from outlay.sdk.output.connection import Answer
from outlay.sdk.output.otlp import Otlp, request
from outlay.sdk.output.settings import Settings
from outlay.sdk.output.spool import Spool
from outlay.sdk.output.verdict import Verdict
from outlay.sdk.propagate import carriers
from outlay.sdk.web.door import Door
from outlay.terms.usage_event import UsageEvent
from outlay.wire.event import from_json
from outlay.wire.text import to_json
from tests.fuzz.collecting import EVENT
from tests.fuzz.parser import Parser, among, placed

_NOW_S = 1_790_000_000
_KEYS: dict[str, str | bytes] = {"2026-10": "s" * 32}
_TOKEN = sign_context(_KEYS, now_s=_NOW_S, customer="acme", user="u-1", plan="pro")
_TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_BAGGAGE = "app.customer=acme,other=1;p, outlay.feature = search.answer;q=2,outlay.plan=a%2Bb+c"
_STATUSES = (200, 202, 204, 301, 400, 401, 403, 413, 415, 422, 429, 500, 503)
_RETRY = ("", "5", "Wed, 21 Oct 2026 07:28:00 GMT", "-1", "1e9", "9" * 5000, "٣", "Wed, 99 Oct 0000 99:99:99 +9999")
_SENT = 3


def check_baggage(body: bytes) -> None:
    """What is read may travel; what is written is read again; other members are kept as far as there is room."""
    text = body.decode("latin-1")
    found = baggage.read(text)
    assert all(may_travel(name) or name == "trace" for name in found)
    assert all(value_of(name, value) == value for name, value in found.items())
    assert baggage.read(baggage.write(found)) == found
    joined = baggage.joined(text, found)
    assert len(joined) <= baggage.MOST_BYTES
    assert {**baggage.read(joined), **found} == baggage.read(joined)


def check_traceparent(body: bytes) -> None:
    """What is read is a trace to the letter, and is written as it was read."""
    text = body.decode("latin-1")
    found = traceparent.read(text)
    if found is not None:
        assert traceparent.is_trace(found.trace)
        assert traceparent.write(found.trace, found.parent, found.flags)[3:55] == text[3:55]


def check_message(body: bytes) -> None:
    """The headers of a message, in whichever form a broker hands them over, never raise."""
    pairs = [line.partition(b":")[::2] for line in body.splitlines()]
    carriers.read([(name.decode("latin-1"), value) for name, value in pairs])
    carriers.read({name.decode("latin-1"): value.decode("utf-8", "replace") for name, value in pairs})


def check_door(body: bytes) -> None:
    """Whatever headers say, a request has a trace; where signed contexts are wanted, no header says a customer."""
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, _, value in (line.partition(b":") for line in body.splitlines())
    }
    for door in _DOORS:
        wanted = {name: value for name, value in headers.items() if name in door.wanted}
        said, doubt = door.said(wanted)
        assert traceparent.is_trace(str(said["trace"]))
        door.refusal(said, doubt, "GET", "/")
        if door.trust == "signed" and doubt is not None:
            assert "customer" not in said


_DOORS = (Door(mode="required"), Door(mode="required", trust="signed", keys=_KEYS, unsigned=("feature",)))


def check_signed(body: bytes) -> None:
    """Only the one text that was signed is believed."""
    token = body.decode("latin-1")
    found, doubt = claims(token, checked(_KEYS), now_s=_NOW_S)
    assert (doubt is None) == (token == _TOKEN)
    assert found == ({"customer": "acme", "user": "u-1", "plan": "pro"} if doubt is None else {})


def check_verdict(body: bytes) -> None:
    """Whatever answers, there is a verdict, about no other events than those that were sent."""
    status, rest = among(body, _STATUSES)
    retry, rest = among(rest, _RETRY)
    answer = Answer(status, {"retry-after": retry, "content-type": "application/json"}, rest)
    for receiver in (Collector("http://127.0.0.1:8321", "k"), Otlp("http://127.0.0.1:4318", {})):
        verdict = receiver.verdict(answer, _SENT)
        assert isinstance(verdict, Verdict)
        assert verdict.bad.keys() <= set(range(_SENT))
        assert 0 <= verdict.lost <= _SENT
        assert 0 <= verdict.wait_s <= 3600


def check_spans(body: bytes) -> None:
    """Every event that is valid can be written as a span."""
    try:
        event = from_json(json.loads(body))
    except (ValueError, RecursionError):
        return
    if isinstance(event, UsageEvent):
        assert request([to_json(event).encode()])


def check_passing(body: bytes) -> None:
    """Whatever a provider answers, and in whatever pieces, watching it never raises; nor does understanding it."""
    media, rest = among(body, _MEDIA)
    encoding, rest = among(rest, ("", "gzip", "deflate", "gzip, deflate"))
    for size in (len(rest) or 1, 7):
        passing = Passing({"content-type": media, "content-encoding": encoding})
        for place in range(0, len(rest), size):
            passing.sift(rest[place : place + size])
        found = passing.finish()
        deltas, letters = passing.count()
        assert passing.bytes == len(rest)
        assert 0 <= deltas <= letters
        assert found is None or isinstance(found, (dict, list, str, int, float))


_MEDIA = (
    *("text/event-stream", "application/json", "application/vnd.amazon.eventstream", "application/x-ndjson"),
    *("application/x-payloads", "audio/mpeg", ""),
)


def check_settings(body: bytes) -> None:
    """No environment keeps a program from starting; an address that is none is named, not used."""
    values = body.decode("utf-8", "replace").split("\n")
    names = ("COLLECTOR", "OTLP", "OTLP_HEADERS", "SPOOL", "EVENTS", "METRICS", "HASH_USERS", "KEY")
    found = Settings({}, {f"OUTLAY_{name}": value for name, value in zip(names, values, strict=False)})
    for name in ("collector", "otlp"):
        address = getattr(found, name)
        assert address is None or address.lower().startswith(("http://", "https://"))
        assert not (address and name in found.bad)


def check_spool(body: bytes) -> None:
    """A file that somebody left in the spool is read: whole events are sent, the rest is set aside and counted."""
    with placed(body, "00000000000000000001-1-ab.ndjson") as path:
        claimed = Spool(path.parent, 1 << 26).claim()
        assert claimed is not None
        _, good, bad = claimed
        assert all(isinstance(json.loads(line)["id"], str) for line in good)
        assert len(good) + bad == len([line for line in body.split(b"\n") if line])


def _headers() -> Iterable[bytes]:
    yield f"baggage: {_BAGGAGE}\ntraceparent: {_TRACE}".encode()
    plain = "x-feature-context:search.answer\nx-customer-id:acme"
    yield f"{plain}\n{SIGNED_HEADER}:{_TOKEN}\ntraceparent:{_TRACE}".encode()


def _answers() -> Iterable[bytes]:
    taken = {"accepted": 2, "duplicates": 0, "conflicts": [{"index": 1, "id": "e"}], "problems": []}
    bad = {"index": 0, "field": "usage", "code": "missing-usage", "fix": "say it"}
    yield bytes([0, 0]) + json.dumps(taken).encode()
    yield bytes([4, 1]) + json.dumps({**taken, "accepted": 0, "problems": [bad]}).encode()
    yield bytes([0, 2]) + bytes.fromhex("0a06080212026e6f")


def _passing() -> Iterable[bytes]:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    event = {"id": "c-1", "choices": [{"delta": {"content": 'a "word"'}}], "usage": None}
    stream = b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in (event, {**event, "usage": usage}))
    yield bytes([0, 0]) + stream + b"data: [DONE]\n\n"
    yield bytes([1, 0]) + json.dumps({**event, "usage": usage}).encode()
    payload = json.dumps({"bytes": "eyJ0eXBlIjoibWVzc2FnZV9zdG9wIn0="}).encode()
    size = 16 + len(payload)
    yield bytes([2, 0]) + size.to_bytes(4, "big") + bytes(8) + payload + bytes(4)
    yield bytes([3, 0]) + b'{"response": "hi"}\n{"done": true, "eval_count": 5}\n'


PARSERS = (
    Parser("baggage", check_baggage, lambda: [_BAGGAGE.encode()]),
    Parser("traceparent", check_traceparent, lambda: [_TRACE.encode(), f"01{_TRACE[2:]}-more".encode()]),
    Parser("message", check_message, _headers),
    Parser("door", check_door, _headers),
    Parser("signed", check_signed, lambda: [_TOKEN.encode()]),
    Parser("verdict", check_verdict, _answers),
    Parser("spans", check_spans, lambda: [json.dumps(EVENT).encode()]),
    Parser("passing", check_passing, _passing),
    Parser(
        "settings", check_settings, lambda: [b"http://c:8321\nhttps://[::1]:4318/v1\na=b,c=d\noff\n/tmp/x\n1\nk\nk"]
    ),
    Parser("spool", check_spool, lambda: [(json.dumps(EVENT) + "\n").encode() * 2 + b'{"id": "torn'], 100),
)
