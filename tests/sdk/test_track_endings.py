import gc
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx2
import openai
import pytest

import outlay
from outlay.testing import recorded
from tests.sdk.fake_llm import CHAT_UNITS, MESSAGE_UNITS, PIECES, SECRET, Fake, serve

ASKED: Any = [{"role": "user", "content": SECRET}]


@pytest.fixture(scope="module")
def fake() -> Iterator[Fake]:
    """Serve as OpenAI and Anthropic do."""
    found, server = serve()
    yield found
    found.hold.set()
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


def streamed(client: openai.OpenAI, model: str = "gpt-4o", **options: Any) -> Any:  # noqa: ANN401 - a stream
    """Ask for a stream."""
    return client.chat.completions.create(model=model, messages=ASKED, stream=True, **options)


def test_a_stream_without_usage_is_estimated_and_never_nothing(client: openai.OpenAI) -> None:
    """A whole stream that states no usage has expected quantities, and in its tags what they are at least and most."""
    with recorded() as events:
        list(streamed(client))
    (event,) = events
    letters = len("".join(PIECES))
    assert event.state == "complete"
    assert event.usage == {"input": 11, "output": -(-letters // 4)}
    assert event.tags["metering"] == "estimated"
    assert (event.tags["output_low"], event.tags["output_high"]) == (str(len(PIECES)), str(letters))
    assert int(event.tags["input_low"]) <= 11 <= int(event.tags["input_high"])


def test_a_limit_in_the_request_bounds_the_output(client: openai.OpenAI) -> None:
    """The most an answer may have, as the request says, is the upper bound of what it had."""
    with recorded() as events:
        list(streamed(client, max_completion_tokens=777))
    assert events[0].tags["output_high"] == "777"


def closed(stream: Any) -> None:  # noqa: ANN401 - a stream
    """Read four pieces, and close it."""
    for place, _ in enumerate(stream):
        if place == 3:
            stream.close()
            return


def raising(stream: Any) -> None:  # noqa: ANN401 - a stream
    """Raise while reading."""

    def consume() -> None:
        for place, _ in enumerate(stream):
            if place == 3:
                raise KeyError

    with pytest.raises(KeyError):
        consume()


def abandoned(stream: Any) -> None:  # noqa: ANN401 - a stream
    """Read four pieces and let go of it."""
    pieces = iter(stream)
    for _ in range(4):
        next(pieces)


@pytest.mark.parametrize("leave", [closed, raising, abandoned], ids=["closed", "raising", "abandoned"])
def test_a_stream_that_is_left_is_partial(fake: Fake, leave: Any) -> None:  # noqa: ANN401
    """Closed, left by an exception or let go of: one event, partial, with what had come so far."""
    transport = httpx2.HTTPTransport()
    http = httpx2.Client(transport=transport)
    client = outlay.track(openai.OpenAI(base_url=fake.openai, api_key="k", http_client=http), provider="openai")
    with recorded() as events:
        leave(streamed(client))
        gc.collect()
        assert len(events) == 1
    client.close()
    (event,) = events
    assert (event.state, event.error) == ("partial", "closed")
    assert event.response_id == "chatcmpl-2"
    assert event.tags["metering"] == "estimated"
    assert event.usage["output"] >= 3
    assert len(events) == 1


def test_an_anthropic_stream_that_is_left_keeps_the_input_it_was_told(other: anthropic.Anthropic) -> None:
    """The first event of a stream says all of the input; the output is counted by what came."""
    with recorded() as events, other.messages.stream(model="claude", max_tokens=500, messages=ASKED) as stream:
        for place, _ in enumerate(stream.text_stream):
            if place == 3:
                break
    (event,) = events
    known = {unit: quantity for unit, quantity in MESSAGE_UNITS.items() if unit != "output"}
    assert {unit: quantity for unit, quantity in event.usage.items() if unit != "output"} == known
    assert 4 <= event.usage["output"] < 300
    assert (event.state, event.tags["output_high"]) == ("partial", "500")
    assert "input_low" not in event.tags


def test_a_stream_that_breaks_is_partial(client: openai.OpenAI, other: anthropic.Anthropic) -> None:
    """A connection that is lost and an error that the stream itself tells: partial, with the name of what happened."""
    with recorded() as events:
        with pytest.raises(openai.APIConnectionError):
            list(streamed(client, "gpt-4o!cut"))
        with pytest.raises(anthropic.APIStatusError):
            list(other.messages.create(model="claude!error", max_tokens=9, messages=ASKED, stream=True))
    assert [(event.state, event.error) for event in events] == [
        ("partial", "RemoteProtocolError"),
        ("partial", "overloaded_error"),
    ]
    assert all(event.usage["output"] for event in events)


def test_retries_are_attempts_of_one_call(fake: Fake) -> None:
    """Every attempt of a call that a client repeats is an event: the same call, and attempts 1, 2 and 3."""
    fake.asked.clear()
    with (
        openai.OpenAI(base_url=fake.openai, api_key="k", max_retries=2) as client,
        recorded() as events,
    ):
        outlay.track(client, provider="openai")
        client.chat.completions.create(model="gpt-4o!twice500", messages=ASKED)
        client.chat.completions.create(model="gpt-4o", messages=ASKED)
    assert [(event.attempt, event.state) for event in events] == [
        (1, "unknown"),
        (2, "unknown"),
        (3, "complete"),
        (1, "complete"),
    ]
    assert len({event.call for event in events[:3]}) == 1
    assert events[3].call != events[0].call
    assert events[2].usage == CHAT_UNITS
    assert all(event.usage == {} for event in events[:2])


def test_anthropics_retries_are_attempts_too(fake: Fake) -> None:
    """The other client tells its attempts in the same way."""
    fake.asked.clear()
    with (
        anthropic.Anthropic(base_url=fake.address, api_key="k", max_retries=2) as client,
        recorded() as events,
    ):
        outlay.track(client, provider="anthropic")
        client.messages.create(model="claude!twice529", max_tokens=9, messages=ASKED)
    assert [(event.attempt, event.state) for event in events] == [(1, "refused"), (2, "refused"), (3, "complete")]
    assert len({event.call for event in events}) == 1


TURNED_AWAY = [(status, "refused") for status in (400, 401, 404, 429, 503)] + [(500, "unknown"), (504, "unknown")]


@pytest.mark.parametrize(("status", "state"), TURNED_AWAY)
def test_what_a_server_turns_away_costs_nothing(client: openai.OpenAI, status: int, state: str) -> None:
    """4xx and overload are refused; of other failures nobody knows. Each has a short name, the model, and no usage."""
    with recorded() as events, pytest.raises(openai.APIStatusError):
        client.chat.completions.create(model=f"gpt-4o!{status}", messages=ASKED)
    (event,) = events
    assert (event.state, event.error, event.model) == (state, f"code_{status}", f"gpt-4o!{status}")
    assert event.usage == {}


def test_a_timeout_is_unknown_with_the_prompt_as_expected(client: openai.OpenAI) -> None:
    """What was sent and never answered may have been done: its prompt is expected, its output bounded."""
    with recorded() as events:
        with pytest.raises(openai.APITimeoutError):
            client.with_options(timeout=0.2).chat.completions.create(
                model="gpt-4o!hang", messages=ASKED, max_completion_tokens=64
            )
        with pytest.raises(openai.APIConnectionError):
            client.chat.completions.create(model="gpt-4o!reset", messages=ASKED)
    assert [(event.state, event.error) for event in events] == [
        ("unknown", "ReadTimeout"),
        ("unknown", "RemoteProtocolError"),
    ]
    assert events[0].usage == {"input": 11}
    assert (events[0].tags["output_low"], events[0].tags["output_high"]) == ("0", "64")


def test_what_finds_no_server_was_not_sent() -> None:
    """Where no connection can be made nothing was sent, in every attempt."""
    with (
        openai.OpenAI(base_url="http://127.0.0.1:9/v1", api_key="k", max_retries=1) as client,
        recorded() as events,
    ):
        outlay.track(client, provider="openai")
        with pytest.raises(openai.APIConnectionError):
            client.chat.completions.create(model="gpt-4o", messages=ASKED)
    assert [(event.state, event.error, event.attempt) for event in events] == [
        ("not_sent", "ConnectError", 1),
        ("not_sent", "ConnectError", 2),
    ]
    assert events[0].call == events[1].call


def test_a_response_in_the_background_is_unknown(client: openai.OpenAI) -> None:
    """What is only queued has not been made: its prompt is expected, and how it ends is not known."""
    with recorded() as events:
        client.responses.create(model="gpt-5", input=SECRET, background=True)
    assert [(event.state, event.response_id, event.tags["metering"]) for event in events] == [
        ("unknown", "resp_1", "estimated")
    ]


def test_an_answer_that_is_never_read_is_partial(client: openai.OpenAI) -> None:
    """An answer that is closed unread was made all the same: its prompt is expected, and it is no complete event."""
    with recorded() as events, client.chat.completions.with_streaming_response.create(model="gpt-4o", messages=ASKED):
        pass
    (event,) = events
    assert (event.state, event.tags["metering"]) == ("partial", "estimated")
    assert event.usage == {"input": 11}
