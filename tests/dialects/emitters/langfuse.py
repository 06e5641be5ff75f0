"""Langfuse's SDK, sending its spans to us: its own client of OpenAI, and a generation written by hand."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from tests.dialects.emitters.sending import Calls, openai_calls, sending


@contextmanager
def _known() -> Iterator[None]:
    from langfuse import get_client, propagate_attributes

    about = {"feature": "onboarding.document_import", "customer": "acme"}
    with (
        get_client().start_as_current_observation(name="handle", as_type="span"),
        propagate_attributes(user_id="u-17", session_id="s-9", metadata=about, tags=["plan:enterprise"]),
    ):
        yield


def _around(name: str) -> AbstractContextManager[object]:
    return _known() if name.endswith("_at_work") else nullcontext()


def main() -> None:
    """Play all scenarios."""
    from langfuse import Langfuse
    from langfuse.openai import OpenAI
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    to = sending()
    exporter = OTLPSpanExporter(endpoint=f"{to.collector}/v1/traces")
    langfuse = Langfuse(
        public_key="pk",
        secret_key="sk",
        base_url=to.collector,
        span_exporter=exporter,
        environment="production",
        release="2026.10.1",
    )
    client = OpenAI(base_url=f"{to.llm}/v1", api_key="none", max_retries=0)

    def by_hand() -> None:
        with langfuse.start_as_current_observation(
            name="answer", as_type="generation", model="claude-sonnet-4-5"
        ) as own:
            own.update(
                output="hi",
                usage_details={"input": 200, "cache_read_input_tokens": 1000, "output": 300},
                cost_details={"input": 0.0006, "output": 0.0045},
            )

    calls: Calls = {**openai_calls(client), "generation": by_hand}
    to.play(calls, langfuse.flush, _around)


if __name__ == "__main__":
    main()
