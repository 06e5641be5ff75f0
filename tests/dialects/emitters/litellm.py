"""LiteLLM: its spans of OpenTelemetry, and its callback that posts what it logs."""

import os
from collections.abc import Callable

from tests.dialects.emitters.sending import SERVICE, Calls, sending


def main() -> None:
    """Play all scenarios."""
    to = sending()
    os.environ.update(
        LITELLM_LOCAL_MODEL_COST_MAP="True",
        GENERIC_LOGGER_ENDPOINT=f"{to.collector}/v1/litellm",
        OTEL_SERVICE_NAME=SERVICE["service.name"],
        OTEL_ENVIRONMENT_NAME="production",
    )
    import asyncio

    import litellm
    from litellm.integrations.generic_api.generic_api_callback import GenericAPILogger
    from litellm.integrations.opentelemetry import OpenTelemetry, OpenTelemetryConfig
    from opentelemetry import trace

    traces = OpenTelemetry(OpenTelemetryConfig(exporter="otlp_http", endpoint=f"{to.collector}/v1/traces"))
    about = {
        "spend_logs_metadata": {"feature": "onboarding.document_import"},
        "tags": ["customer:acme", "plan:enterprise"],
    }
    asked = [{"role": "user", "content": "Say hi."}]

    loop = asyncio.new_event_loop()

    async def callback() -> GenericAPILogger:
        return GenericAPILogger(endpoint=f"{to.collector}/v1/litellm")

    posts = loop.run_until_complete(callback())
    litellm.callbacks = [traces, posts]

    async def ask(**given: object) -> None:
        try:
            found = await litellm.acompletion(messages=asked, num_retries=0, api_key="none", **given)
            if given.get("stream"):
                async for _ in found:
                    pass
        except Exception:  # noqa: BLE001, S110 - a refused call raises, as in any program
            pass
        await asyncio.sleep(0.5)  # what it logs is logged beside the call
        await posts.async_send_batch()

    def played(**given: object) -> Callable[[], object]:
        return lambda: loop.run_until_complete(ask(**given))

    def flush() -> None:
        trace.get_tracer_provider().force_flush()  # type: ignore[attr-defined] # the one that the integration made

    gpt = {"model": "openai/gpt-4o", "api_base": f"{to.llm}/v1"}
    claude = {"model": "anthropic/claude-sonnet-4-5", "api_base": to.llm, "max_tokens": 400}
    calls: Calls = {
        "chat": played(**gpt),
        "chat_at_work": played(**gpt, user="u-17", metadata=about),
        "chat_stream": played(**gpt, stream=True, stream_options={"include_usage": True}),
        "chat_refused": played(**{**gpt, "model": "openai/refuse-429"}),
        "message": played(**claude),
    }
    to.play(calls, flush)


if __name__ == "__main__":
    main()
