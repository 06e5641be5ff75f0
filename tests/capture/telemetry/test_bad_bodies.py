import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlay.capture.telemetry import answer, read
from outlay.errors import BadInput
from outlay.wire.event import Flaw, from_json
from tests.capture.telemetry.making import CHAT, as_json, read_spans, request, span
from tests.dialects.made_of import RECORDINGS
from tests.dialects.playing import recorded
from tests.laws.guesses import few

GOOD = request(span(1, CHAT)).SerializeToString()
ALL = [sent for path in sorted(RECORDINGS.glob("*/*/expected.json")) for sent in recorded(path.parent)]


@pytest.mark.parametrize(
    ("own", "code"),
    [
        ({"said": {**CHAT, "gen_ai.usage.input_tokens": -1}}, "bad-quantity"),
        ({"said": {**CHAT, "gen_ai.usage.output_tokens": 10**13}}, "bad-quantity"),
        ({"said": {**CHAT, "gen_ai.usage.output_tokens": 1.5}}, "bad-quantity"),
        ({"said": {**CHAT, "gen_ai.usage.output_tokens": "many"}}, "bad-quantity"),
        ({"said": {**CHAT, "enduser.id": "u" * 10_000}}, "field-too-long"),
        ({"said": {**CHAT, "enduser.id": "u\0"}}, "bad-text"),
        ({"began": 0}, "missing-time"),
        ({"began": 9_000_000_000 * 10**9}, "bad-time"),
        ({"began": 1}, "missing-time"),
    ],
)
def test_a_span_that_cannot_be_taken_is_named_by_its_place(own: dict[str, Any], code: str) -> None:
    """The spans around it are kept."""
    found = read_spans(span(1, CHAT), span(2, **{"said": CHAT, **own}), span(3, {**CHAT, "gen_ai.response.id": "c"}))
    assert [(index, slug) for index, _, slug, _ in found.rejected] == [(1, code)]
    assert (found.places, found.seen) == ([0, 2], 3)
    assert [event["span"][-1] for event in found.events] == ["1", "3"]  # type: ignore[index] # texts


@pytest.mark.parametrize("field", ["trace_id", "span_id"])
@pytest.mark.parametrize("value", [b"", b"\1" * 4, b"\1" * 40, b"\0" * 16, b"\0" * 8])
def test_an_id_of_another_length_is_named(field: str, value: bytes) -> None:
    """Ids have 16 and 8 bytes, and are not zero."""
    made = request(span(1, CHAT), span(2, CHAT))
    setattr(made.resource_spans[0].scope_spans[1].spans[0], field, value)
    found = read("traces", made.SerializeToString(), "protobuf")
    assert [(index, name) for index, name, _, _ in found.rejected] == [(1, field)]
    assert (len(found.events), found.seen) == (1, 2)


def test_a_text_that_is_no_utf8_costs_its_own_span() -> None:
    """Also where the library that wrote it would refuse the whole request."""
    body = request(span(1, CHAT), span(2, {**CHAT, "app.customer": "ACME!!"})).SerializeToString()
    found = read("traces", body.replace(b"ACME!!", b"\xff\xfe\xfd\xfc\xfb\xfa"), "protobuf")
    assert [(index, field, code) for index, field, code, _ in found.rejected] == [(1, "app.customer", "bad-encoding")]
    assert len(found.events) == 1


def test_what_nobody_reads_may_be_anything() -> None:
    """Bytes, nested lists and broken texts in attributes that do not matter cost nothing."""
    body = request(span(1, {**CHAT, "somebody.else": "ACME!!", "list": [[["deep"]]]})).SerializeToString()
    assert len(read("traces", body.replace(b"ACME!!", b"\xff\xfe\xfd\xfc\xfb\xfa"), "protobuf").events) == 1


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"\xff\xff\xff", "protobuf"),
        (GOOD[:-5], "protobuf"),
        (b"{", "json"),
        (b"[]", "json"),
        (b'{"resourceSpans": 3}', "json"),
        (b'{"resourceSpans": ' + b"[" * 100_000, "json"),
        (b'{"resourceSpans": [{"scopeSpans": [{"scope": {"name": "\xff"}}]}]}', "json"),
    ],
)
def test_a_body_that_is_none_is_refused(body: bytes, media: str) -> None:
    """The message says what it is not, and how to mend it."""
    with pytest.raises(BadInput) as caught:
        read("traces", body, media)
    assert (caught.value.code, bool(caught.value.fix)) == ("bad-otlp", True)


@pytest.mark.parametrize("media", ["protobuf", "json"])
@pytest.mark.parametrize("kind", ["traces", "logs", "metrics"])
def test_an_empty_request_holds_nothing(kind: str, media: str) -> None:
    """It is a request all the same."""
    assert read(kind, b"{}" if media == "json" else b"", media).seen == 0


def test_one_span_in_json_that_is_malformed_costs_itself() -> None:
    """Wrong types, deep nesting and numbers that are none are named by the span's place."""
    whole = json.loads(as_json(request(span(1, CHAT), span(2, CHAT), span(3, CHAT), span(4, CHAT)).SerializeToString()))
    spans = [scope["spans"] for scope in whole["resourceSpans"][0]["scopeSpans"]]
    spans[0][0]["name"] = 7
    spans[1][0]["startTimeUnixNano"] = "soon"
    spans[2][0]["attributes"][5]["value"] = {"intValue": "12x"}
    found = read("traces", json.dumps(whole).encode(), "json")
    assert [(index, code) for index, _, code, _ in found.rejected] == [
        (0, "bad-span"),
        (1, "bad-time"),
        (2, "bad-attribute"),
    ]
    assert (len(found.events), found.seen) == (1, 4)


def test_what_was_rejected_is_answered() -> None:
    """In protobuf and JSON, with the place and the way to mend it; only the first few are spelled out."""
    rejected = [(n, "trace_id", "bad-trace-id", "send 16 bytes") for n in range(9)]
    told = json.loads(answer("traces", "json", rejected))["partialSuccess"]
    assert told["rejectedSpans"] == "9"
    assert told["errorMessage"].endswith("span 4: trace_id: bad-trace-id: send 16 bytes; and 4 more")
    assert b"span 0: trace_id" in answer("traces", "protobuf", rejected)
    assert json.loads(answer("metrics", "json", rejected[:1]))["partialSuccess"]["rejectedDataPoints"] == "1"
    assert (answer("traces", "protobuf", []), answer("logs", "json", [])) == (b"", b"{}")


def check(kind: str, body: bytes, media: str) -> None:
    """Read a body that may be anything; every event that comes of it can be taken in."""
    try:
        found = read(kind, body, media)
    except BadInput:
        return
    assert len(found.events) == len(found.places) <= found.seen
    assert not {index for index, *_ in found.rejected} & set(found.places)
    for index, field, code, fix in found.rejected:
        assert 0 <= index < found.seen
        assert field
        assert code
        assert fix
    for event in found.events:
        flaw = from_json(event)
        assert not isinstance(flaw, Flaw), (flaw, event)
    json.dumps(found.events).encode()
    answer(kind, media, found.rejected)


@given(chance=st.randoms(use_true_random=False))
@few(150)
def test_recordings_with_bytes_turned_are_read_or_refused(chance: Random) -> None:
    """Bytes of a real request changed, cut, repeated: it is read as far as it can be, never a failure of ours."""
    sent = chance.choice(ALL)
    body = bytearray(sent.body)
    for _ in range(chance.randrange(1, 12)):
        place = chance.randrange(len(body) or 1)
        match chance.randrange(4):
            case 0:
                body[place : place + 1] = chance.randbytes(1)
            case 1:
                del body[place : place + chance.randrange(1, 40)]
            case 2:
                body[place:place] = body[place : place + chance.randrange(1, 40)]
            case 3:
                body[place : place + 1] = bytes([body[place] ^ (1 << chance.randrange(8))]) if body else b""
        body = body or bytearray(b"\0")
    check(sent.kind, bytes(body), sent.media)


#: Values of any kind, some of them absurd.
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=30),
    st.sampled_from(["", "0", "-1", "chat", "x" * 5000, "\0", "1e999", "{}", "[]", '{"input": 1}', "{'a': 1}"]),
)
VALUE = st.one_of(
    ODD,
    st.fixed_dictionaries({"stringValue": ODD}),
    st.fixed_dictionaries({"intValue": ODD}),
    st.fixed_dictionaries({"doubleValue": ODD}),
    st.fixed_dictionaries({"arrayValue": st.fixed_dictionaries({"values": st.lists(ODD, max_size=3)})}),
)
NAMES = st.sampled_from(sorted({*CHAT, "langfuse.observation.usage_details", "langfuse.observation.type",
    "gen_ai.usage.raw", "metadata.usage_object", "ai.operationId", "metadata", "tag.tags", "duration", "app.x",
    "openinference.span.kind", "llm.token_count.prompt", "gen_ai.cost.total_cost", "gen_ai.prompt.name"}))  # fmt: skip
SCOPES = st.sampled_from(
    ["logfire", "langfuse", "litellm", "openinference.x", "gen_ai", "ai", "pydantic-ai", "app", ""]
)


@given(
    scope=SCOPES,
    said=st.lists(st.tuples(NAMES, VALUE), max_size=12),
    own=st.dictionaries(
        st.sampled_from(["name", "kind", "startTimeUnixNano", "status", "parentSpanId", "events"]), ODD
    ),
)
@few(200)
def test_spans_of_any_making_are_read_or_rejected(scope: str, said: list[tuple[str, Any]], own: dict[str, Any]) -> None:
    """Attributes that matter, with values that make no sense."""
    attributes = [{"key": name, "value": value} for name, value in said]
    made = {
        "traceId": "1" * 32,
        "spanId": "2" * 16,
        "startTimeUnixNano": "1791028800123456000",
        "attributes": attributes,
    }
    found = {"resourceSpans": [{"scopeSpans": [{"scope": {"name": scope}, "spans": [{**made, **own}]}]}]}
    check("traces", json.dumps(found).encode(), "json")
