"""OpenTelemetry's own instrumentation of OpenAI and Anthropic; the latter's library also reports by itself."""

from typing import Any

from tests.dialects.emitters.sending import play_both


def _instrument(_: Any) -> None:
    from opentelemetry.instrumentation.genai.anthropic import AnthropicInstrumentor
    from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor

    OpenAIInstrumentor().instrument()
    AnthropicInstrumentor().instrument()


if __name__ == "__main__":
    play_both(_instrument)
