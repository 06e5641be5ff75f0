import contextlib
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx2
import openai
import pytest

import outlay
from outlay.sdk.instrument import exchange, transports
from outlay.sdk.instrument.reading import told
from outlay.testing import recorded
from tests.sdk.fake_llm import SECRET, Fake, serve

ASKED: Any = [{"role": "user", "content": SECRET}]
USAGE: Any = {"include_usage": True}
#: What differs from one run to the next whether anybody looks or not.
_CHANGES = frozenset({"host", "x-stainless-read-timeout"})


@pytest.fixture(scope="module")
def fake() -> Iterator[Fake]:
    """Serve as OpenAI and Anthropic do."""
    found, server = serve()
    yield found
    found.hold.set()
    server.shutdown()
    server.server_close()


def scenario(fake: Fake, *, tracked: bool) -> list[object]:
    """Return everything that a program sees of calls of every kind, good and bad, in order."""
    seen: list[object] = []
    fake.asked.clear()
    fake.headers.clear()
    client = openai.OpenAI(base_url=fake.openai, api_key="k", max_retries=0)
    other = anthropic.Anthropic(base_url=fake.address, api_key="k", max_retries=0)
    if tracked:
        outlay.track(client, provider="openai")
        outlay.track(other, provider="anthropic")
    for mishap in ("", "!gzip", "!br"):
        raw = client.chat.completions.with_raw_response.create(model=f"gpt-4o{mishap}", messages=ASKED)
        seen += [raw.http_response.content, raw.parse().model_dump_json(), raw.headers.get("content-encoding")]
        seen.append(raw.http_response.num_bytes_downloaded)
    with client.chat.completions.with_streaming_response.create(model="gpt-4o!gzip", messages=ASKED) as answer:
        seen.append(list(answer.http_response.iter_raw()))
    for mishap in ("", "!gzip", "!cut", "!error"):
        seen += _pieces(
            lambda model: client.chat.completions.create(model=model, messages=ASKED, stream=True), f"gpt{mishap}"
        )
        seen += _pieces(lambda model: client.responses.create(model=model, input=SECRET, stream=True), f"gpt{mishap}")
        seen += _pieces(
            lambda model: other.messages.create(model=model, max_tokens=9, messages=ASKED, stream=True), f"c{mishap}"
        )
    seen.append(client.responses.create(model="gpt-5", input=SECRET).model_dump_json())
    seen.append(client.embeddings.create(model="te", input="x", encoding_format="float").model_dump_json())
    seen.append(client.audio.speech.create(model="tts-1", voice="alloy", input="x").content)
    seen.append(client.models.list().model_dump_json())
    for mishap in ("429", "500", "401", "reset"):
        try:
            client.chat.completions.create(model=f"gpt-4o!{mishap}", messages=ASKED)
        except openai.OpenAIError as error:
            seen.append((type(error), str(error), type(error.__cause__), getattr(error, "body", None)))
    client.close()
    other.close()
    seen.append(list(fake.asked))
    seen.append([{name: value for name, value in found.items() if name not in _CHANGES} for found in fake.headers])
    return seen


def _pieces(ask: Any, model: str) -> list[object]:  # noqa: ANN401 - any of the clients' methods
    """Return the events of a stream, and how it ended."""
    found: list[object] = []
    try:
        found += [event.model_dump_json() for event in ask(model)]
    except (openai.OpenAIError, anthropic.AnthropicError, httpx2.HTTPError) as error:
        found.append((type(error), str(error), type(error.__cause__)))
    return found


@pytest.fixture(scope="module")
def bare(fake: Fake) -> list[object]:
    """Return what a program sees when nobody looks."""
    return scenario(fake, tracked=False)


def test_a_program_sees_the_same_byte_by_byte(fake: Fake, bare: list[object]) -> None:
    """Bodies, events, exceptions with their causes, and every request that was sent: the same, tracked and not."""
    with recorded() as events:
        assert scenario(fake, tracked=True) == bare
    assert len(events) > 20
    events.assert_nothing_rejected()


BROKEN = [
    (transports, "Exchange"),
    (exchange.Exchange, "answered"),
    (exchange, "copy_context"),
    (exchange, "keep"),
    (exchange, "told"),
    (told, "read"),
    (told, "units_of"),
    (told, "asked_of"),
    (exchange, "Answer"),
]


@pytest.mark.parametrize(("where", "name"), BROKEN, ids=[name for _, name in BROKEN])
def test_whatever_breaks_in_us_a_program_does_not_notice(
    fake: Fake, bare: list[object], monkeypatch: pytest.MonkeyPatch, where: object, name: str
) -> None:
    """With any part of ours failing on every call, everything is as it would be, and what is lost is counted."""

    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError(name)

    before = outlay.dropped()
    with recorded():
        monkeypatch.setattr(where, name, fails)
        try:
            assert scenario(fake, tracked=True) == bare
        finally:
            monkeypatch.undo()
    assert outlay.dropped() > before


def test_failing_while_sifting_a_long_stream_loses_no_piece(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done while a stream passes may fail at any piece; the pieces go on."""
    monkeypatch.setattr(transports, "HELD", 1)
    with openai.OpenAI(base_url=fake.openai, api_key="k") as client:
        bare = [event.model_dump_json() for event in client.responses.create(model="gpt", input="x", stream=True)]
        outlay.track(client, provider="openai")
        with recorded() as events:
            found = [event.model_dump_json() for event in client.responses.create(model="gpt", input="x", stream=True)]
        assert found == bare
        assert [event.usage["input"] for event in events] == [200]

        def fails(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr("outlay.sdk.instrument.reading.answer.Answer.sift", fails)
        with recorded() as events, contextlib.suppress(StopIteration):
            found = [event.model_dump_json() for event in client.responses.create(model="gpt", input="x", stream=True)]
        assert found == bare
        assert len(events) == 1
