"""Logfire's instrumentation of OpenAI and Anthropic, sending to us and not to its own service."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from tests.dialects.emitters.sending import (
    WORK,
    anthropic_calls,
    anthropic_client,
    openai_calls,
    openai_client,
    sending,
)


@contextmanager
def _span() -> Iterator[None]:
    import logfire

    with logfire.span("handle", **{name.replace(".", "_"): value for name, value in WORK.items()}) as span:
        span.set_attributes(WORK)
        yield


def _around(name: str) -> AbstractContextManager[object]:
    return _span() if name.endswith("_at_work") else nullcontext()


def main() -> None:
    """Play all scenarios."""
    import logfire
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    to = sending()
    exporter = OTLPSpanExporter(endpoint=f"{to.collector}/v1/traces")
    logfire.configure(
        send_to_logfire=False,
        console=False,
        metrics=False,
        service_name="ai-service",
        service_version="2026.10.1",
        environment="production",
        inspect_arguments=False,
        additional_span_processors=[BatchSpanProcessor(exporter, schedule_delay_millis=600_000)],
    )
    openai, anthropic = openai_client(to.llm), anthropic_client(to.llm)
    logfire.instrument_openai(openai)
    logfire.instrument_anthropic(anthropic)
    to.play({**openai_calls(openai), **anthropic_calls(anthropic)}, logfire.force_flush, _around)


if __name__ == "__main__":
    main()
