"""OpenAI and whoever copies it: chat, responses, embeddings, batches, audio, images, realtime.

Input and output are totals that hold their parts. Calls of tools that are billed by the call stand in the answer, not
in its usage. What is counted there is their kind and number, never what they were asked or found.
"""

from collections.abc import Mapping

from outlay.wire.dialects import Dialect, UsageVector
from outlay.wire.dialects._inclusive import count_inclusive, states_counts
from outlay.wire.dialects._reading import Counts, Reading

#: Items of an answer that are billed by the call.
_TOOLS = {"file_search_call": "storage_search", "image_generation_call": "image_generation"}
#: Chat models that search the web in every request.
_SEARCHING = ("-search-preview", "-search-api")


def _read(reading: Reading, body: Mapping[object, object]) -> UsageVector | None:
    if body.get("object") == "batch":
        reading.say("processing", "batch")
    reading.say("tier", body.get("service_tier"))
    usage = reading.part("usage")
    if usage.value("type") == "duration" or (usage.says("seconds") and not states_counts(body)):
        reading.add("audio_second", usage.amount("seconds"))
        return reading.vector()
    if states_counts(body):
        total = count_inclusive(reading, usage, rest=_made(reading, body))
    elif isinstance(body.get("data"), list) and "created" in body:
        # An image model that is paid by the image states no usage at all.
        total = None
        reading.add("image", sum(1 for _ in reading.each("data")))
    else:
        return None
    usage.close()
    _count_tools(reading)
    _count_drawing(reading)
    return reading.vector(total)


def _made(reading: Reading, body: Mapping[object, object]) -> str:
    """Return the unit of output that is not said to be text."""
    kind = reading.text("type")
    if kind in {"image_generation.completed", "image_edit.completed"}:
        return "output_image"
    if kind == "speech.audio.done":
        return "output_audio"
    drawn = isinstance(body.get("data"), list) and "created" in body and "object" not in body
    usage = body.get("usage")
    split = isinstance(usage, Mapping) and usage.get("output_tokens_details") is not None
    return "output_image" if drawn and not split else "output"


def _count_tools(reading: Reading) -> None:
    """Count the calls of tools that an answer lists, and the search that some models make in every request."""
    containers: set[str] = set()
    for place, item in enumerate(reading.each("output")):
        kind = item.value("type")
        if item.value("status") == "failed":
            continue
        if kind == "web_search_call" and _searches(item):
            reading.add("web_search", 1)
        elif kind == "code_interpreter_call":
            # What is billed is the container, however often it is used.
            containers.add(item.text("container_id") or str(place))
        elif isinstance(kind, str) and kind in _TOOLS:
            reading.add(_TOOLS[kind], 1)
    reading.add("code_execution", len(containers))
    if reading.model and any(mark in reading.model for mark in _SEARCHING):
        reading.add("web_search", 1)


def _searches(item: Counts) -> bool:
    """Say whether a call of the web tool was a search; opening a page and looking through it is free."""
    return item.part("action").text("type") in {None, "search"}


def _count_drawing(reading: Reading) -> None:
    """Count what a second model used to write a drawing."""
    drawing = reading.part("svg_usage")
    if not drawing:
        return
    second = Reading(reading.dialect, {"model": drawing.text("model"), "id": reading.response_id}, reading.context)
    answer, reasoning = drawing.count("output_tokens"), drawing.count("reasoning_tokens")
    second.add("input", drawing.count("input_tokens"))
    second.add("output", answer - reasoning, "svg_usage.output_tokens")
    second.add("output_reasoning", reasoning)
    reading.also.append(second.vector(drawing.stated("total_tokens"), "svg_usage.total_tokens"))


DIALECT = Dialect(
    also=(
        *("azure", "azure_openai", "azure_ai_openai", "az_ai_openai", "az_ai_inference", "azure_ai_inference"),
        *("arcee", "avian", "baseten", "cerebras", "cloudflare", "databricks", "doubleword", "fireworks"),
        *("fireworks_ai", "github_copilot", "huggingface", "hyperbolic", "jina", "meta", "minimax", "modal"),
        *("moonshotai", "moonshot", "nebius", "novita", "nscale", "nvidia", "ovhcloud", "sambanova", "together"),
        *("together_ai", "typesafe", "zai", "zhipuai"),
    ),
    marks=states_counts,
    common=True,
    read=_read,
)
