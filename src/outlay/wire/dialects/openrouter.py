"""OpenRouter: every shape it passes on, with what it charged; and its record of a generation, in native tokens.

Input and output are totals that hold their parts, except where it passes on Anthropic's shape. With a key of one's own
the cost stated is the router's fee alone, and the provider behind it bills the rest.
"""

from collections.abc import Mapping

from outlay.wire.dialects import Dialect, UsageVector
from outlay.wire.dialects._exclusive import count_exclusive, states_messages
from outlay.wire.dialects._inclusive import Answer, Prompt, count_inclusive, states_counts
from outlay.wire.dialects._reading import Counts, Reading


def _read(reading: Reading, body: Mapping[object, object]) -> UsageVector | None:
    if _is_record(body):
        return _record(reading)
    if not _is_answer(body):
        return None
    usage = reading.part("usage")
    reading.say("tier", body.get("service_tier") or usage.value("service_tier"))
    reading.say("speed", usage.value("speed"))
    reading.cost = usage.money("cost")
    total = None
    if states_counts(body):
        total = count_inclusive(reading, usage)
        tools = usage.part("server_tool_use", "server_tool_use_details")
        reading.add("web_search", tools.count("web_search_requests"))
    elif states_messages(body):
        count_exclusive(reading, usage)
    reading.add("audio_second", usage.amount("seconds"))
    upstream = usage.part("cost_details").money("upstream_inference_cost")
    if usage.value("is_byok") is True and upstream:
        reading.note("billed-elsewhere", usage.at("cost_details.upstream_inference_cost"), -upstream)
    usage.close()
    return reading.vector(total)


def _record(reading: Reading) -> UsageVector:
    """Read what the router remembers of a generation."""
    data: Counts = reading.part("data")
    reading.model, reading.response_id = data.text("model"), data.text("id")
    reading.say("tier", data.value("service_tier"))
    reading.cost = data.money("total_cost")
    asked = Prompt(
        data.count("native_tokens_prompt", "tokens_prompt"),
        data.at("native_tokens_prompt"),
        cached=data.count("native_tokens_cached"),
    )
    parts = {
        "output_reasoning": data.count("native_tokens_reasoning"),
        "output_image": data.count("native_tokens_completion_images"),
    }
    made = data.count("native_tokens_completion", "tokens_completion")
    given = Answer(made, data.at("native_tokens_completion"), parts)
    asked.count_into(reading)
    given.count_into(reading)
    upstream = data.money("upstream_inference_cost")
    if data.value("is_byok") is True and upstream:
        reading.note("billed-elsewhere", data.at("upstream_inference_cost"), -upstream)
    return reading.vector()


def _is_record(body: Mapping[object, object]) -> bool:
    data = body.get("data")
    return isinstance(data, Mapping) and ("native_tokens_prompt" in data or "tokens_prompt" in data)


def _is_answer(body: Mapping[object, object]) -> bool:
    usage = body.get("usage")
    return isinstance(usage, Mapping) and (states_counts(body) or "cost" in usage or "seconds" in usage)


def _marks(body: Mapping[object, object]) -> bool:
    usage = body.get("usage")
    return _is_record(body) or (isinstance(usage, Mapping) and "is_byok" in usage)


DIALECT = Dialect(also=("open_router",), marks=_marks, read=_read)
