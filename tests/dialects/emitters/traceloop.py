"""OpenLLMetry's instrumentation of OpenAI and Anthropic; the latter's library also reports by itself."""

from tests.dialects.emitters.sending import (
    anthropic_calls,
    anthropic_client,
    at_work,
    openai_calls,
    openai_client,
    provider,
    sending,
)


def main() -> None:
    """Play all scenarios."""
    from opentelemetry.instrumentation.anthropic import AnthropicInstrumentor
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor

    to = sending()
    own = provider(to.collector)
    OpenAIInstrumentor().instrument()
    AnthropicInstrumentor().instrument()
    calls = {**openai_calls(openai_client(to.llm)), **anthropic_calls(anthropic_client(to.llm))}
    to.play(calls, own.force_flush, at_work)


if __name__ == "__main__":
    main()
