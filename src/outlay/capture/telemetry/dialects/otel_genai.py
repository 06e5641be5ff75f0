"""OpenTelemetry's own conventions for generative AI, as its own instrumentations write them, new names and old.

Totals hold their parts: input holds what was read from and written to a cache, output holds the reasoning. What is
zero is left out.
"""

from outlay.capture.telemetry.dialect import Dialect

DIALECT = Dialect(
    sensor="otel-genai",
    scopes=(
        "opentelemetry.instrumentation.genai",
        "opentelemetry.instrumentation.openai_v2",
        "opentelemetry.instrumentation.openai_agents",
        "opentelemetry.instrumentation.google_genai",
        "opentelemetry.instrumentation.botocore",
        "opentelemetry.util.genai",
    ),
    slots={
        "gen_ai.operation.name": "operation",
        "gen_ai.provider.name": "provider",
        "gen_ai.system": "system",
        "gen_ai.request.model": "asked_model",
        "gen_ai.response.model": "model",
        "gen_ai.response.id": "response_id",
        "gen_ai.usage.input_tokens": "asked",
        "gen_ai.usage.output_tokens": "answered",
        "gen_ai.usage.cache_read.input_tokens": "read",
        "gen_ai.usage.cache_write.input_tokens": "written",
        "gen_ai.usage.cache_creation.input_tokens": "written",  # its name before it was renamed
        "gen_ai.usage.reasoning.output_tokens": "reasoning",
        "gen_ai.usage.audio.input_tokens": "asked_audio",
        "gen_ai.usage.audio.output_tokens": "answered_audio",
        "gen_ai.usage.audio.cache_read.input_tokens": "read_audio",
        "gen_ai.usage.image.input_tokens": "asked_image",
        "gen_ai.usage.image.output_tokens": "answered_image",
        "gen_ai.usage.image.cache_read.input_tokens": "read_image",
        "gen_ai.request.stream": "streamed",
        "gen_ai.prompt.name": "prompt",
        "gen_ai.prompt.version": "prompt_version",
        "openai.response.service_tier": "tier",
        "gen_ai.openai.response.service_tier": "tier",
        "event.name": "detail",
    },
    fields={"gen_ai.conversation.id": "session"},
    tags={"gen_ai.agent.name": "agent", "gen_ai.workflow.name": "workflow"},
)
