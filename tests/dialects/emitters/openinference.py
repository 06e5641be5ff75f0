"""OpenInference's instrumentation of OpenAI and Anthropic; the latter's library also reports by itself."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from tests.dialects.emitters.sending import play_both


@contextmanager
def _known() -> Iterator[None]:
    from openinference.instrumentation import using_attributes

    about = {"feature": "onboarding.document_import", "customer": "acme", "plan": "enterprise"}
    with using_attributes(session_id="s-9", user_id="u-17", metadata=about, tags=["beta"]):
        yield


def _around(name: str) -> AbstractContextManager[object]:
    return _known() if name.endswith("_at_work") else nullcontext()


def _instrument(own: Any) -> None:
    from openinference.instrumentation.anthropic import AnthropicInstrumentor
    from openinference.instrumentation.openai import OpenAIInstrumentor

    OpenAIInstrumentor().instrument(tracer_provider=own)
    AnthropicInstrumentor().instrument(tracer_provider=own)


if __name__ == "__main__":
    play_both(_instrument, _around)
