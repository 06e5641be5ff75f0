"""OpenInference's instrumentation of OpenAI and Anthropic; the latter's library also reports by itself."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from tests.dialects.emitters.sending import (
    anthropic_calls,
    anthropic_client,
    openai_calls,
    openai_client,
    provider,
    sending,
)


@contextmanager
def _known() -> Iterator[None]:
    from openinference.instrumentation import using_attributes

    about = {"feature": "onboarding.document_import", "customer": "acme", "plan": "enterprise"}
    with using_attributes(session_id="s-9", user_id="u-17", metadata=about, tags=["beta"]):
        yield


def _around(name: str) -> AbstractContextManager[object]:
    return _known() if name.endswith("_at_work") else nullcontext()


def main() -> None:
    """Play all scenarios."""
    from openinference.instrumentation.anthropic import AnthropicInstrumentor
    from openinference.instrumentation.openai import OpenAIInstrumentor

    to = sending()
    own = provider(to.collector)
    OpenAIInstrumentor().instrument(tracer_provider=own)
    AnthropicInstrumentor().instrument(tracer_provider=own)
    calls = {**openai_calls(openai_client(to.llm)), **anthropic_calls(anthropic_client(to.llm))}
    to.play(calls, own.force_flush, _around)


if __name__ == "__main__":
    main()
