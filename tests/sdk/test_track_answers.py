import gzip
import json
import tracemalloc
import zlib
from importlib import import_module
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outlay.sdk.instrument.reading.answer import HELD, Answer, shortened
from outlay.sdk.instrument.reading.estimate import asked_of, output_of
from outlay.sdk.instrument.reading.quick import units_of
from outlay.wire.dialects import read
from tests.sdk import fake_llm

USAGE = {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}
EVENTS = {"content-type": "text/event-stream"}


def event(**fields: object) -> bytes:
    """Return one event of a stream."""
    return b"data: " + json.dumps({"id": "c-1", "model": "m-1", **fields}).encode() + b"\n\n"


def delta(text: str) -> bytes:
    """Return an event with a piece of text."""
    return event(choices=[{"delta": {"content": text}}], usage=None)


def taken(pieces: list[bytes], headers: dict[str, str]) -> tuple[Answer, Any]:
    """Return an answer that came in these pieces, and what it said."""
    answer = Answer(headers)
    for piece in pieces:
        answer.sift(piece)
    return answer, answer.finish()


def split(data: bytes, at: list[int]) -> list[bytes]:
    """Cut bytes into pieces."""
    places = sorted({0, len(data), *(place % (len(data) + 1) for place in at)})
    return [data[a:b] for a, b in pairwise(places)]


@given(st.lists(st.integers(0, 10_000), max_size=30), st.lists(st.text(min_size=1, max_size=20), max_size=20))
@settings(max_examples=60, deadline=None)
def test_however_a_stream_is_cut_into_pieces_it_says_the_same(at: list[int], texts: list[str]) -> None:
    """Counters, end, number of pieces and their bytes do not depend on where the network cuts."""
    data = b"".join([*map(delta, texts), event(choices=[], usage=USAGE), b"data: [DONE]\n\n"])
    whole, said = taken([data], EVENTS)
    parts, again = taken(split(data, at), EVENTS)
    assert read("openai", said).units == read("openai", again).units == {"input": 12, "output": 5}
    assert (whole.ended, whole.count()) == (parts.ended, parts.count())
    assert whole.count()[0] == len(texts)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw deflate", "br", "zstd", "gzip, br", "identity"])
def test_every_encoding_a_client_can_read_is_read(encoding: str) -> None:
    """Compressed answers are understood in any pieces, with the packages that are installed."""
    plain = json.dumps({"object": "chat.completion", "model": "m", "usage": USAGE}).encode()
    raw = zlib.compressobj(wbits=-15)
    makers: dict[str, Any] = {
        "gzip": lambda: gzip.compress(plain),
        "deflate": lambda: zlib.compress(plain),
        "raw deflate": lambda: raw.compress(plain) + raw.flush(),
        "br": lambda: import_module("brotli").compress(plain),
        "zstd": lambda: import_module("backports.zstd").compress(plain),
        "gzip, br": lambda: import_module("brotli").compress(gzip.compress(plain)),
        "identity": lambda: plain,
    }
    made = makers[encoding]()
    headers = {"content-type": "application/json", "content-encoding": encoding.removeprefix("raw ")}
    _, said = taken(split(made, [3, 20, 40]), headers)
    assert said == json.loads(plain)


def test_a_stream_without_end_is_not_held() -> None:
    """Of 20 MB of events, and of a line without end, only what may hold counters stays in memory."""
    answer = Answer(EVENTS)
    answer.sift(event(choices=[{"delta": {"role": "assistant"}}]))
    piece = delta("four score and seven years ago " * 60) * 30
    tracemalloc.start()
    try:
        for _ in range(20_000_000 // len(piece)):
            answer.sift(piece)
        for _ in range(50):
            answer.sift(b"x" * 100_000)
        answer.sift(b"\n\n" + event(choices=[], usage=USAGE) + b"data: [DONE]\n\n")
        said = answer.finish()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3_000_000
    assert answer.ended
    assert read("openai", said).units == {"input": 12, "output": 5}


def test_a_long_document_says_its_counters_without_being_decoded() -> None:
    """Ten megabytes of embeddings keep neither memory nor time: names and counters stand at the edges."""
    told = {"model": "te-3", "usage": {"prompt_tokens": 8, "total_tokens": 8}}
    body = json.dumps({"object": "list", "data": [{"embedding": [0.5] * 1_500_000}], **told}).encode()
    assert len(body) > 7_000_000
    _, said = taken(split(body, list(range(0, len(body), HELD))), {"content-type": "application/json"})
    assert said == {"object": "list", **told}


def test_a_bomb_is_let_go_of() -> None:
    """A compressed answer that would fill the memory is decoded up to a bound, and nothing is raised."""
    bomb = gzip.compress(b"0" * 200_000_000)
    tracemalloc.start()
    try:
        _, said = taken([bomb], {"content-type": "application/json", "content-encoding": "gzip"})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 60_000_000
    assert said == {} or said is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**13) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KINDS = [
    "text/event-stream",
    "application/json",
    "application/x-ndjson",
    "application/vnd.amazon.eventstream",
    "audio/mpeg",
]


@given(st.binary(max_size=400) | JSON.map(lambda found: json.dumps(found).encode()), st.sampled_from(KINDS))
@settings(max_examples=150, deadline=None)
def test_whatever_comes_is_read_without_an_exception(data: bytes, kind: str) -> None:
    """Any bytes of any kind are an answer that says something or nothing."""
    for text in (data, b"data: " + data, b'data: {"usage": {' + data):
        answer, said = taken(split(text + b"\n", [7, 30]), {"content-type": kind})
        read("openai", said)
        assert answer.count()[0] >= 0
        shortened(text)


@given(st.binary(max_size=400) | JSON.map(lambda found: json.dumps(found).encode()))
@settings(max_examples=150, deadline=None)
def test_whatever_was_asked_is_bounded(body: bytes) -> None:
    """For any request, the expected quantity lies between its bounds."""
    asked = asked_of(body)
    assert asked.prompt.low >= 0
    assert asked.prompt.high is not None
    assert asked.prompt.expected <= asked.prompt.high
    found = output_of(asked, 3, 40)
    assert found.low <= found.expected
    assert found.high is None or found.expected <= found.high


COUNT = st.integers(0, 2000)
MAYBE = st.none() | COUNT | st.sampled_from([-1, 1.5, "7", True, 10**13])
TIERS: st.SearchStrategy[Any] = st.sampled_from([None, "default", "auto", "flex", "priority", 5, {}])


def usages(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Draw usage objects, most of them usual, with some that add up."""
    parts: dict[str, Any] = dict.fromkeys(names, COUNT | MAYBE)
    details = {
        "prompt_tokens_details": ("cached_tokens", "audio_tokens", "text_tokens", "cache_write_tokens"),
        "input_tokens_details": ("cached_tokens", "audio_tokens", "unknown_tokens"),
        "completion_tokens_details": ("reasoning_tokens", "audio_tokens", "rejected_prediction_tokens"),
        "output_tokens_details": ("reasoning_tokens", "thinking_tokens"),
        "cache_creation": ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"),
        "server_tool_use": ("web_search_requests",),
    }
    for name, inner in details.items():
        if name in names:
            parts[name] = st.none() | st.fixed_dictionaries({}, optional=dict.fromkeys(inner, st.integers(0, 300)))
    for name in {"service_tier", "inference_geo"} & set(names):
        parts[name] = TIERS
    return st.fixed_dictionaries({}, optional=parts).map(_totalled)


def _totalled(usage: dict[str, Any]) -> dict[str, Any]:
    for first, second in (("prompt_tokens", "completion_tokens"), ("input_tokens", "output_tokens")):
        one, two = usage.get(first), usage.get(second)
        if type(one) is int and type(two) is int and "total_tokens" in usage and one % 5:
            usage["total_tokens"] = one + two
    return usage


ITEMS = st.sampled_from([{"type": "message"}, {"type": "web_search_call"}, 5])
EMBEDDING = {"object": st.just("list"), "model": st.just("te"), "usage": usages("prompt_tokens", "total_tokens")}
BODIES = st.one_of(
    st.fixed_dictionaries(
        {
            "object": st.just("chat.completion"),
            "model": st.sampled_from(["gpt-4o", "gpt-4o-search-preview", None]),
            "usage": usages(
                *("prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details"),
                *("completion_tokens_details", "x_tokens"),
            ),
            "service_tier": TIERS,
        }
    ),
    st.fixed_dictionaries(
        {
            "object": st.just("response"),
            "model": st.just("gpt-5"),
            "output": st.none() | st.lists(ITEMS, max_size=2),
            "usage": usages(
                *("input_tokens", "output_tokens", "total_tokens", "input_tokens_details", "output_tokens_details")
            ),
            "service_tier": TIERS,
        }
    ),
    st.fixed_dictionaries(EMBEDDING),
    st.fixed_dictionaries(
        {
            "type": st.just("message"),
            "model": st.just("claude"),
            "usage": usages(
                *("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"),
                *("cache_creation", "server_tool_use", "output_tokens_details", "service_tier", "inference_geo"),
            ),
        }
    ),
)  # fmt: skip


def test_usual_answers_are_read_the_quick_way() -> None:
    """What OpenAI and Anthropic usually answer is understood without asking the dialects."""
    assert units_of("openai", fake_llm.chat("gpt-4o")) == fake_llm.CHAT_UNITS
    assert units_of("azure", fake_llm.response("gpt-5")) == fake_llm.CHAT_UNITS
    assert units_of("anthropic", fake_llm.message("claude")) == fake_llm.MESSAGE_UNITS
    assert units_of("openai", fake_llm.embeddings("te")) == {"input": 8}
    assert units_of("groq", fake_llm.chat("gpt-4o")) is None


@given(BODIES, st.sampled_from(["openai", "azure", "anthropic", "groq"]))
@settings(max_examples=1500, deadline=None)
def test_the_quick_reading_is_that_of_the_dialects(body: dict[str, Any], provider: str) -> None:
    """Whatever the quick way understands, the dialects understand in the same way and without a flaw."""
    found = units_of(provider, body)
    if found is not None:
        vector = read(provider, body)
        assert (dict(vector.units), vector.flaws, dict(vector.context), vector.also) == (found, (), {}, ())
        assert vector.model == body["model"]
