import gc
import json
from collections.abc import Iterator
from typing import Any

import anthropic
import boto3
import botocore.config
import pytest
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError
from urllib3.exceptions import HTTPError

import outlay
from outlay.testing import recorded
from tests.sdk.fake_bedrock import UNITS, WORDS, serve

ASKED: Any = [{"role": "user", "content": [{"text": "xylophone " * 10}]}]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Serve as Bedrock does."""
    found, server = serve()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a tracked client of Bedrock."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    made = boto3.client(
        "bedrock-runtime",
        endpoint_url=address,
        region_name="eu-west-1",
        aws_access_key_id="k",
        aws_secret_access_key="s",
        config=botocore.config.Config(retries={"total_max_attempts": 2, "mode": "standard"}),
    )
    assert outlay.track(made) is made
    yield made
    made.close()
    outlay.uninstrument()


def test_a_conversation_is_one_event(client: Any) -> None:  # noqa: ANN401 - botocore's clients have no class to name
    """Converse states its counters: disjoint units, the model that was asked, Amazon's id of the request."""
    with recorded() as events, outlay.context(feature="search.answer"):
        answer = client.converse(modelId="eu.amazon.nova-pro-v1:0", messages=ASKED)
    assert answer["output"]["message"]["content"][0]["text"] == "".join(WORDS)
    (event,) = events
    assert event.usage == UNITS
    assert (event.provider, event.model, event.operation) == ("aws", "eu.amazon.nova-pro-v1:0", "chat")
    assert (event.state, event.response_id, event.feature) == ("complete", "request-1", "search.answer")
    assert event.tags == {"region": "eu-west-1"}


def test_streams_are_one_event_each(client: Any) -> None:  # noqa: ANN401
    """Streams of both kinds are recorded once they are read, and every piece of them reaches the program."""
    with recorded() as events:
        answer = client.converse_stream(modelId="amazon.nova", messages=ASKED)
        assert type(answer["stream"]).__name__ == "EventStream"
        pieces = [
            event["contentBlockDelta"]["delta"]["text"] for event in answer["stream"] if "contentBlockDelta" in event
        ]
        other = client.invoke_model_with_response_stream(modelId="anthropic.claude-x", body=b"{}")
        inner = [json.loads(event["chunk"]["bytes"]) for event in other["body"]]
    assert (pieces, inner[-1]["type"]) == (WORDS, "message_stop")
    first, second = events
    assert (first.usage, first.model, first.state) == (UNITS, "amazon.nova", "complete")
    assert (second.usage, second.state, second.response_id) == (UNITS, "complete", "msg_b")
    assert second.model == "anthropic.claude-x"


def test_a_model_that_counts_in_headers_is_metered(client: Any) -> None:  # noqa: ANN401
    """An invoked model that says nothing of usage itself is counted by Amazon, and its body is left unread."""
    with recorded() as events:
        answer = client.invoke_model(modelId="amazon.titan-text", body=b'{"inputText": "x"}')
    assert json.loads(answer["body"].read())["results"]
    assert [(event.usage, event.model) for event in events] == [({"input": 12, "output": 7}, "amazon.titan-text")]


def test_a_stream_that_is_left_is_partial(client: Any) -> None:  # noqa: ANN401
    """A stream that is left or that breaks is partial, with an estimate of both sides."""
    with recorded() as events:
        stream = client.converse_stream(modelId="amazon.nova", messages=ASKED, inferenceConfig={"maxTokens": 60})[
            "stream"
        ]
        for event in stream:
            if "contentBlockDelta" in event:
                break
        stream.close()
        del stream
        gc.collect()
        with pytest.raises((BotoCoreError, HTTPError)):
            list(client.converse_stream(modelId="amazon.nova!cut", messages=ASKED)["stream"])
    assert [event.state for event in events] == ["partial", "partial"]
    assert events[0].tags["output_high"] == "60"
    assert all(event.usage["input"] > 20 and event.usage["output"] >= 1 for event in events)
    assert not any("xylophone" in repr(event) for event in events)


def test_retries_are_attempts_of_one_call(client: Any) -> None:  # noqa: ANN401
    """What botocore repeats is seen as attempts, refused by name."""
    with recorded() as events, pytest.raises(ClientError):
        client.converse(modelId="amazon.nova!429", messages=ASKED)
    assert [(event.attempt, event.state, event.error) for event in events] == [
        (1, "refused", "ThrottlingException"),
        (2, "refused", "ThrottlingException"),
    ]
    assert len({event.call for event in events}) == 1


def test_where_nothing_answers_nothing_was_sent() -> None:
    """Without a connection nothing was sent."""
    client = boto3.client(
        "bedrock-runtime",
        endpoint_url="http://127.0.0.1:9",
        region_name="eu-west-1",
        aws_access_key_id="k",
        aws_secret_access_key="s",
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )
    outlay.track(client)
    with recorded() as events, pytest.raises(BotoCoreError) as raised:
        client.converse(modelId="amazon.nova", messages=ASKED)
    assert not isinstance(raised.value, ReadTimeoutError)
    assert [event.state for event in events] == ["not_sent"]
    outlay.uninstrument()


def test_anthropics_client_for_bedrock_is_tracked(address: str) -> None:
    """The client that signs for Amazon itself asks through httpx, streams in Amazon's encoding included."""
    with anthropic.AnthropicBedrock(
        base_url=address, aws_access_key="k", aws_secret_key="s", aws_region="eu-west-1"
    ) as client:
        outlay.track(client)
        with recorded() as events:
            asked: Any = [{"role": "user", "content": "hello"}]
            stream = client.messages.create(model="anthropic.claude-x", max_tokens=90, messages=asked, stream=True)
            assert next(iter([event.type for event in stream])) == "message_start"
    (event,) = events
    assert (event.provider, event.usage, event.state) == ("aws", UNITS, "complete")
