"""What every emitter does alike: calls with real clients, one scenario after the other, each flushed before the next.

The emitters run in environments of their own, where the libraries are that they need; nothing of Outlay is there.
"""

import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any

_ASKED: Any = [{"role": "user", "content": "Say hi."}]
_GPT, _CLAUDE, _ADA = "gpt-4o", "claude-sonnet-4-5", "text-embedding-3-small"
#: What the service says about itself, and what a span of the application says about the work it does.
SERVICE = {"service.name": "ai-service", "service.version": "2026.10.1", "deployment.environment.name": "production"}
WORK = {"app.feature": "onboarding.document_import", "app.customer": "acme", "app.team": "growth", "user.id": "u-17"}
Calls = dict[str, Callable[[], object]]


class Sending:
    """Where an emitter sends.

    Args:
        llm: Address of the server that answers as OpenAI and Anthropic do.
        collector: Address of the receiver.
    """

    def __init__(self, llm: str, collector: str) -> None:
        self.llm = llm
        self.collector = collector

    @contextmanager
    def scenario(self, name: str, flush: Callable[[], object]) -> Iterator[None]:
        """Say that a scenario begins; what was gathered is sent when it ends."""
        request = urllib.request.Request(f"{self.collector}/begin/{name}", data=b"", method="POST")  # noqa: S310
        urllib.request.urlopen(request).close()  # noqa: S310 - both addresses are on the loopback interface
        yield
        flush()

    def play(
        self,
        calls: Calls,
        flush: Callable[[], object],
        around: Callable[[str], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """Make calls, each a scenario. A call that is refused raises, as it does in any program.

        Args:
            calls: Scenario to call.
            flush: Sends what was gathered.
            around: Opens what is to be around a call of that name.
        """
        for name, call in calls.items():
            with self.scenario(name, flush), suppress(Exception), around(name):
                call()


def sending() -> Sending:
    """Return where to send, as the command line says."""
    return Sending(sys.argv[1], sys.argv[2])


def provider(collector: str) -> Any:
    """Return a tracer provider that sends to the receiver when it is flushed, and make it everybody's."""
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    found = TracerProvider(resource=Resource(SERVICE))
    exporter = OTLPSpanExporter(endpoint=f"{collector}/v1/traces")
    found.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=600_000))
    trace.set_tracer_provider(found)
    return found


def at_work(name: str) -> AbstractContextManager[object]:
    """Open a span of the application around a scenario whose name ends in `_at_work`."""
    if not name.endswith("_at_work"):
        return nullcontext()
    from opentelemetry import trace

    return trace.get_tracer("app").start_as_current_span("handle", attributes=WORK)


def openai_client(llm: str) -> Any:
    """Return a client of OpenAI's library."""
    import openai

    return openai.OpenAI(base_url=f"{llm}/v1", api_key="none", max_retries=0)


def anthropic_client(llm: str) -> Any:
    """Return a client of Anthropic's library."""
    import anthropic

    return anthropic.Anthropic(base_url=llm, api_key="none", max_retries=0)


def openai_calls(client: Any) -> Calls:
    """Return what is asked of OpenAI."""
    chat, responses = client.chat.completions, client.responses
    told = {"include_usage": True}
    return {
        "chat": lambda: chat.create(model=_GPT, messages=_ASKED),
        "chat_stream": lambda: list(chat.create(model=_GPT, messages=_ASKED, stream=True, stream_options=told)),
        "chat_stream_without_usage": lambda: list(chat.create(model=_GPT, messages=_ASKED, stream=True)),
        "chat_refused": lambda: chat.create(model="refuse-429", messages=_ASKED),
        "chat_at_work": lambda: chat.create(model=_GPT, messages=_ASKED),
        "responses": lambda: responses.create(model=_GPT, input="Say hi."),
        "responses_stream": lambda: list(responses.create(model=_GPT, input="Say hi.", stream=True)),
        "embeddings": lambda: client.embeddings.create(model=_ADA, input="hi"),
    }


def anthropic_calls(client: Any) -> Calls:
    """Return what is asked of Anthropic."""
    asked = {"model": _CLAUDE, "max_tokens": 400, "messages": _ASKED}

    def stream() -> None:
        with client.messages.stream(**asked) as found:
            found.get_final_message()

    return {
        "message": lambda: client.messages.create(**asked),
        "message_stream": lambda: list(client.messages.create(**asked, stream=True)),
        "message_stream_helper": stream,
        "message_refused": lambda: client.messages.create(**{**asked, "model": "refuse-429"}),
        "message_at_work": lambda: client.messages.create(**asked),
    }


def play_both(
    instrument: Callable[[Any], object], around: Callable[[str], AbstractContextManager[object]] = at_work
) -> None:
    """Play everything that is asked of OpenAI and of Anthropic, with their clients instrumented.

    Args:
        instrument: Instruments both libraries; is given the tracer provider that sends to the receiver.
        around: Opens what is to be around a call of that name.
    """
    to = sending()
    own = provider(to.collector)
    instrument(own)
    calls = {**openai_calls(openai_client(to.llm)), **anthropic_calls(anthropic_client(to.llm))}
    to.play(calls, own.force_flush, around)
