import asyncio
import gc
import json
from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import httpx
import httpx2
import openai
import pytest

import outlay
from outlay.testing import recorded
from tests import apart
from tests.sdk.fake_llm import ANSWER, CHAT_UNITS, MESSAGE_UNITS, SECRET, Fake, serve

ASKED: Any = [{"role": "user", "content": SECRET}]


@pytest.fixture(scope="module")
def fake() -> Iterator[Fake]:
    """Serve as OpenAI and Anthropic do."""
    found, server = serve()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(fake: Fake) -> Iterator[openai.OpenAI]:
    """Return a tracked client of OpenAI's."""
    with openai.OpenAI(base_url=fake.openai, api_key="k", max_retries=0) as found:
        yield outlay.track(found, provider="openai")


@pytest.fixture
def other(fake: Fake) -> Iterator[anthropic.Anthropic]:
    """Return a tracked client of Anthropic's."""
    with anthropic.Anthropic(base_url=fake.address, api_key="k", max_retries=0) as found:
        yield outlay.track(found, provider="anthropic")


def chat(client: openai.OpenAI) -> None:
    """Ask for a chat completion."""
    assert client.chat.completions.create(model="gpt-4o", messages=ASKED).choices[0].message.content == ANSWER


def chat_streamed(client: openai.OpenAI) -> None:
    """Ask for a chat completion, piece by piece, with its usage."""
    usage: Any = {"include_usage": True}
    for _ in client.chat.completions.create(model="gpt-4o", messages=ASKED, stream=True, stream_options=usage):
        pass


def chat_stream_context(client: openai.OpenAI) -> None:
    """Ask for a chat completion through the context that parses events."""
    with client.chat.completions.stream(
        model="gpt-4o", messages=ASKED, stream_options={"include_usage": True}
    ) as events:
        for _ in events:
            pass


def chat_raw(client: openai.OpenAI) -> None:
    """Ask for a raw answer."""
    answer = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=ASKED)
    assert json.loads(answer.http_response.content)["usage"]["total_tokens"] == 1500


def chat_streaming_response(client: openai.OpenAI) -> None:
    """Ask for an answer that is read line by line."""
    with client.chat.completions.with_streaming_response.create(model="gpt-4o", messages=ASKED) as answer:
        assert "".join(answer.iter_lines())


def chat_gzip(client: openai.OpenAI) -> None:
    """Ask a server that compresses with gzip."""
    client.chat.completions.create(model="gpt-4o!gzip", messages=ASKED)


def chat_brotli(client: openai.OpenAI) -> None:
    """Ask a server that compresses with brotli."""
    client.chat.completions.create(model="gpt-4o!br", messages=ASKED)


def chat_streamed_gzip(client: openai.OpenAI) -> None:
    """Ask for a stream that is compressed."""
    usage: Any = {"include_usage": True}
    for _ in client.chat.completions.create(model="gpt-4o!gzip", messages=ASKED, stream=True, stream_options=usage):
        pass


def response(client: openai.OpenAI) -> None:
    """Ask for a response."""
    assert client.responses.create(model="gpt-4o", input=SECRET).output_text == ANSWER


def response_streamed(client: openai.OpenAI) -> None:
    """Ask for a response, piece by piece."""
    for _ in client.responses.create(model="gpt-4o", input=SECRET, stream=True):
        pass


def response_stream_context(client: openai.OpenAI) -> None:
    """Ask for a response through the context that parses events."""
    with client.responses.stream(model="gpt-4o", input=SECRET) as events:
        for _ in events:
            pass


OPENAI = [
    *(chat, chat_streamed, chat_stream_context, chat_raw, chat_streaming_response, chat_gzip, chat_brotli),
    *(chat_streamed_gzip, response, response_streamed, response_stream_context),
]


@pytest.mark.parametrize("ask", OPENAI, ids=[ask.__name__ for ask in OPENAI])
def test_every_way_to_ask_openai_is_one_event(client: openai.OpenAI, ask: Callable[[openai.OpenAI], None]) -> None:
    """Parsed, raw, streamed, compressed: one event with disjoint units, the answer's model and id, and the scope."""
    with recorded() as events, outlay.context(feature="search.answer", customer="acme"):
        ask(client)
    (event,) = events
    assert event.usage == CHAT_UNITS
    assert (event.provider, event.model, event.operation, event.state) == (
        *("openai", "gpt-4o-2024-08-06", "chat"),
        "complete",
    )
    assert (event.feature, event.customer, event.attempt, event.sensor) == ("search.answer", "acme", 1, "sdk")
    assert event.response_id in {"chatcmpl-1", "chatcmpl-2", "resp_1"}
    assert event.call
    assert event.error is None
    assert not event.tags


def message(client: anthropic.Anthropic) -> None:
    """Ask for a message."""
    client.messages.create(model="claude-opus-5", max_tokens=900, messages=ASKED)


def message_streamed(client: anthropic.Anthropic) -> None:
    """Ask for a message, piece by piece."""
    for _ in client.messages.create(model="claude-opus-5", max_tokens=900, messages=ASKED, stream=True):
        pass


def message_stream_context(client: anthropic.Anthropic) -> None:
    """Ask for a message through the context that gathers text."""
    with client.messages.stream(model="claude-opus-5", max_tokens=900, messages=ASKED) as events:
        assert "".join(events.text_stream).strip() == ANSWER


def message_raw(client: anthropic.Anthropic) -> None:
    """Ask for a raw answer."""
    client.messages.with_raw_response.create(model="claude-opus-5", max_tokens=900, messages=ASKED)


ANTHROPIC = [message, message_streamed, message_stream_context, message_raw]


@pytest.mark.parametrize("ask", ANTHROPIC, ids=[ask.__name__ for ask in ANTHROPIC])
def test_every_way_to_ask_anthropic_is_one_event(
    other: anthropic.Anthropic, ask: Callable[[anthropic.Anthropic], None]
) -> None:
    """Parsed, raw and streamed: one event, in which input, caches and their lifetimes stand apart."""
    with recorded() as events:
        ask(other)
    (event,) = events
    assert event.usage == MESSAGE_UNITS
    assert (event.provider, event.model, event.operation) == ("anthropic", "claude-opus-5", "chat")
    assert (event.state, event.response_id, event.tags) == ("complete", "msg_1", {})


def test_asynchronous_clients_are_tracked_in_the_scope_of_each_task(fake: Fake) -> None:
    """Tasks that interleave on one client, plain and streamed, are recorded for the customer of each."""
    usage: Any = {"include_usage": True}

    async def run() -> None:
        client = openai.AsyncOpenAI(base_url=fake.openai, api_key="k", max_retries=0)
        assert outlay.track(client, provider="openai") is client
        other = outlay.track(anthropic.AsyncAnthropic(base_url=fake.address, api_key="k"), provider="anthropic")

        async def work(customer: str) -> None:
            with outlay.context(customer=customer):
                await client.chat.completions.create(model="gpt-4o", messages=ASKED)
                stream = await client.chat.completions.create(
                    model="gpt-4o", messages=ASKED, stream=True, stream_options=usage
                )
                async for _ in stream:
                    pass
                async with other.messages.stream(model="claude", max_tokens=9, messages=ASKED) as events:
                    async for _ in events.text_stream:
                        pass

        await asyncio.gather(*(work(name) for name in ("a", "b", "c", "d")))
        await client.close()
        await other.close()

    with recorded() as events:
        apart.run(run())
    assert len(events) == 12
    for customer in ("a", "b", "c", "d"):
        found = events.matching(customer=customer)
        assert sorted(event.provider or "" for event in found) == ["anthropic", "openai", "openai"]
        assert [event.usage for event in found if event.provider == "openai"] == [CHAT_UNITS] * 2


def test_a_stream_belongs_to_the_scope_it_was_asked_in(client: openai.OpenAI) -> None:
    """A stream that is read elsewhere, in another scope, is recorded for who asked for it."""
    with recorded() as events:
        with outlay.context(feature="search.answer"):
            stream = client.chat.completions.create(model="gpt-4o", messages=ASKED, stream=True)
        with outlay.context(customer="of another scope"):
            list(stream)
    (event,) = events
    assert (event.feature, event.customer) == ("search.answer", None)


def test_embeddings_and_speech_are_metered_in_their_own_units(client: openai.OpenAI) -> None:
    """Embeddings have input alone; speech, which says nothing of usage, is metered by what was to be said."""
    with recorded() as events:
        client.embeddings.create(model="text-embedding-3-small", input="some text", encoding_format="float")
        client.audio.speech.create(model="tts-1", voice="alloy", input="say this").read()
    first, second = events
    assert (first.operation, dict(first.usage), first.response_id) == ("embeddings", {"input": 8}, None)
    assert (second.operation, second.model, dict(second.usage)) == ("speech", "tts-1", {"input_character": 8})


def test_models_in_the_clouds_are_paid_to_the_cloud(fake: Fake) -> None:
    """Azure's and Vertex's clients ask by deployment and by path: the cloud is paid, and the answer names the model."""
    azure = openai.AzureOpenAI(azure_endpoint=fake.address, azure_deployment="ours", api_version="1", api_key="k")
    vertex = anthropic.AnthropicVertex(region="r", project_id="p", access_token="t", base_url=fake.address)
    with recorded() as events, azure, vertex:
        outlay.track(azure).chat.completions.create(model="gpt-4o", messages=ASKED)
        outlay.track(vertex).messages.create(model="claude-opus-5", max_tokens=9, messages=ASKED)
        for _ in vertex.messages.create(model="claude-opus-5", max_tokens=9, messages=ASKED, stream=True):
            pass
    assert [(event.provider, event.usage) for event in events] == [
        ("azure", CHAT_UNITS),
        ("google", MESSAGE_UNITS),
        ("google", MESSAGE_UNITS),
    ]
    assert events[0].model == "gpt-4o-2024-08-06"


def test_what_nobody_is_billed_for_is_no_event(client: openai.OpenAI) -> None:
    """Lists of models, and paths that are not known to cost anything, leave nothing."""
    with recorded() as events:
        client.models.list()
        client.post("/files", cast_to=object, body={})
    assert list(events) == []


def inside(client: openai.OpenAI) -> tuple[object, object, type]:
    """Return what a client sends its requests with."""
    transport = client._client._transport  # noqa: SLF001 - what is looked at is that it stays the same
    return client._client, transport, type(transport)  # noqa: SLF001


def test_a_client_is_returned_as_it_was(fake: Fake) -> None:
    """`track` returns the same object, twice makes no second event, and every part keeps its class and identity."""
    client = openai.OpenAI(base_url=fake.openai, api_key="k", max_retries=0)
    before = inside(client)
    assert outlay.track(client, provider="openai") is client
    assert outlay.track(outlay.track(client), provider="openai") is client
    assert inside(client) == before
    with recorded() as events:
        chat(client)
        chat(client.with_options(timeout=5))
    client.close()
    assert len(events) == 2


def test_a_tracked_client_is_freed_like_any_other(fake: Fake) -> None:
    """Nothing of ours keeps a client or its transport alive; both go without the help of the collector."""
    import weakref  # noqa: PLC0415 - only here

    gc.collect()
    gc.disable()
    try:
        client = httpx2.Client(base_url=fake.openai)
        outlay.track(client, provider="openai")
        with recorded():
            client.post("/chat/completions", json={"model": "gpt-4o", "messages": ASKED})
        transport = weakref.ref(client._transport)  # noqa: SLF001 - nobody else has it
        client.close()
        del client
        assert transport() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("module", [httpx, httpx2], ids=["httpx", "httpx2"])
def test_clients_of_both_http_libraries_are_tracked(fake: Fake, module: Any) -> None:  # noqa: ANN401 - either of two
    """A plain client of httpx or httpx2, sync or not, records what it asks of a model, through redirections too."""

    async def asynchronous() -> None:
        async with module.AsyncClient(base_url=fake.openai) as client:
            outlay.track(client, provider="groq")
            await client.post("/chat/completions", json={"model": "gpt-4o", "messages": ASKED})

    with recorded() as events:
        with module.Client(base_url=fake.openai) as client:
            outlay.track(client, provider="groq")
            client.post("/chat/completions", json={"model": "gpt-4o", "messages": ASKED})
        apart.run(asynchronous())
    assert [(event.provider, event.usage) for event in events] == [("groq", CHAT_UNITS)] * 2
    assert len({event.call for event in events}) == 2


def test_a_transport_of_ones_own_is_tracked(fake: Fake) -> None:
    """A transport that its host wrote, around another that is tracked or not, makes one event and is left as it was."""

    class Own(httpx2.BaseTransport):
        def __init__(self) -> None:
            self.inner = httpx2.HTTPTransport()

        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            """Send it on."""
            return self.inner.handle_request(request)

        def close(self) -> None:
            """Close."""
            self.inner.close()

    outlay.instrument(hosts={fake.address: "elsewhere"})
    try:
        with openai.OpenAI(base_url=fake.openai, api_key="k", http_client=httpx2.Client(transport=Own())) as client:
            outlay.track(client, provider="openai")
            with recorded() as events:
                chat(client)
        assert [event.provider for event in events] == ["openai"]
    finally:
        outlay.uninstrument()


def test_neither_prompt_nor_answer_is_in_an_event(client: openai.OpenAI, other: anthropic.Anthropic) -> None:
    """No field and no tag of any event holds a word of what was asked or answered, however it ended."""
    with recorded() as events:
        for ask in OPENAI:
            ask(client)
        for tell in ANTHROPIC:
            tell(other)
        for mishap in ("429", "500", "cut", "reset"):
            with pytest.raises(openai.OpenAIError):
                list(client.chat.completions.create(model=f"gpt-4o!{mishap}", messages=ASKED, stream=True))
    assert len(events) == len(OPENAI) + len(ANTHROPIC) + 4
    for event in events:
        assert not any(word in repr(event) for word in ("xylophone", *ANSWER.split()))
