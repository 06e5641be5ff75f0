"""xAI: chat, responses, live search, images, voice.

Reasoning stands beside the output of a chat and inside that of a response; the total tells which. It states what each
response cost, in ticks of which 10,000,000,000 are a dollar, after every discount and with its tools.
"""

from collections.abc import Mapping
from decimal import Decimal

from outlay.wire.dialects import Dialect, UsageVector
from outlay.wire.dialects._inclusive import count_inclusive, states_counts
from outlay.wire.dialects._reading import Reading, plain

_TICKS = -10
_TOOLS = {
    "web_search_calls": "web_search",
    "x_search_calls": "social_search",
    "code_interpreter_calls": "code_execution",
    "file_search_calls": "storage_search",
    "document_search_calls": "storage_search",
    "collections_search_calls": "storage_search",
    "attachment_search_calls": "attachment_search",
    "image_generation_calls": "image_generation",
    "x_posts_fetched": "x_post",
    "x_users_fetched": "x_user",
}


def _read(reading: Reading, body: Mapping[object, object]) -> UsageVector | None:
    usage = reading.part("usage")
    reading.say("tier", body.get("service_tier"))
    ticks = usage.stated("cost_in_usd_ticks")
    reading.cost = None if ticks is None else plain(Decimal(ticks).scaleb(_TICKS))
    total = None
    if states_counts(body):
        total = count_inclusive(reading, usage, reasoning_beside=usage.says("prompt_tokens"))
    elif isinstance(body.get("data"), list):
        reading.add("image", sum(1 for _ in reading.each("data")))
    elif not usage.says("cost_in_usd_ticks", "billable_audio_seconds"):
        return None
    # Live search was billed by the source; it counts none where tools have taken its place.
    reading.add("search_source", usage.count("num_sources_used"))
    tools = usage.part("server_side_tool_usage_details")
    for name, unit in _TOOLS.items():
        reading.add(unit, tools.count(name))
    reading.add("audio_second", usage.amount("billable_audio_seconds"))
    reading.add("input_text_message", usage.count("input_text_messages"))
    usage.leave("prompt_text_tokens", "prompt_image_tokens")
    usage.close()
    return reading.vector(total)


def _marks(body: Mapping[object, object]) -> bool:
    usage = body.get("usage")
    return isinstance(usage, Mapping) and ("cost_in_usd_ticks" in usage or "num_sources_used" in usage)


DIALECT = Dialect(also=("x_ai", "grok"), marks=_marks, read=_read)
