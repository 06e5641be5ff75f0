"""Groq: chat, speech and compound systems.

Input and output are totals that hold their parts. A compound system states what each of its models used; then each is a
vector of its own, because each has its own price.
"""

from collections.abc import Mapping

from outlay.wire.dialects import Dialect, UsageVector
from outlay.wire.dialects._inclusive import count_inclusive, states_counts
from outlay.wire.dialects._reading import Reading

_TOOLS = {
    "search": "web_search",
    "web_search": "web_search",
    "browser_search": "web_search",
    "visit": "web_fetch",
    "visit_website": "web_fetch",
    "python": "code_execution",
    "code_execution": "code_execution",
    "code_interpreter": "code_execution",
}


def _read(reading: Reading, body: Mapping[object, object]) -> UsageVector | None:
    mark = reading.part("x_groq")
    reading.response_id = reading.response_id or mark.text("id")
    reading.say("tier", body.get("service_tier"))
    if not states_counts(body):
        return _from_stream(reading, body) or _heard(reading)
    usage = reading.part("usage")
    total = count_inclusive(reading, usage)
    usage.close()
    _count_tools(reading)
    return reading.vector(None if _is_split_by_model(reading, total) else total)


def _from_stream(reading: Reading, body: Mapping[object, object]) -> UsageVector | None:
    """Read the last event of a stream, whose usage stands in Groq's own part of it."""
    mark = body.get("x_groq")
    if not isinstance(mark, Mapping) or not states_counts(mark):
        return None
    usage = reading.part("x_groq").part("usage")
    total = count_inclusive(reading, usage)
    usage.close()
    return reading.vector(total, "x_groq.usage.total_tokens")


def _heard(reading: Reading) -> UsageVector | None:
    """Read a transcription, which states how long the recording was and no more."""
    if not reading.says("duration") or not reading.says("text", "segments"):
        return None
    reading.add("audio_second", reading.amount("duration"))
    return reading.vector()


def _count_tools(reading: Reading) -> None:
    for choice in reading.each("choices"):
        for tool in choice.part("message").each("executed_tools"):
            kind = tool.text("type") or ""
            if kind in _TOOLS:
                reading.add(_TOOLS[kind], 1)


def _is_split_by_model(reading: Reading, total: int | None) -> bool:
    """Give each model of a compound system its own vector, if together they are what the response states."""
    found: list[UsageVector] = []
    for item in reading.part("usage_breakdown").each("models"):
        one = Reading(reading.dialect, {"model": item.text("model"), "id": reading.response_id}, reading.context)
        usage = item.part("usage")
        found.append(one.vector(count_inclusive(one, usage), usage.at("total_tokens")))
    if not found:
        return False
    together = sum(vector.tokens for vector in found)
    if total is not None and together != total:
        reading.note("parts-differ", "usage_breakdown", together - total)
        return False
    # The whole is in the parts now; what is left here are the calls of tools.
    reading.units = {unit: n for unit, n in reading.units.items() if unit in _TOOLS.values()}
    reading.also.extend(found)
    return True


def _marks(body: Mapping[object, object]) -> bool:
    return "x_groq" in body or "usage_breakdown" in body


DIALECT = Dialect(also=("groqcloud",), marks=_marks, read=_read)
