"""Mistral: chat, embeddings, conversations with connectors, transcription and documents.

Input and output are totals that hold their parts, with two exceptions that the grand total shows: what connectors fed
back stands beside the prompt, and so do the tokens of audio, which is billed by the second.
"""

from collections.abc import Mapping

from outlay.wire.dialects import Dialect, UsageVector
from outlay.wire.dialects._inclusive import count_inclusive, states_counts
from outlay.wire.dialects._reading import LONGEST, Counts, Reading

_CONNECTORS = {
    "web_search": "web_search",
    "web_search_premium": "web_search_premium",
    "code_interpreter": "code_execution",
    "document_library": "storage_search",
    "image_generation": "image_generation",
}


def _read(reading: Reading, body: Mapping[object, object]) -> UsageVector | None:
    if isinstance(body.get("usage_info"), Mapping):
        return _document(reading)
    if not states_counts(body):
        return None
    reading.response_id = reading.text("id", "conversation_id")
    usage = reading.part("usage")
    reading.say("tier", usage.value("service_tier") or body.get("service_tier"))
    if usage.says("prompt_audio_seconds"):
        total = _heard(reading, usage)
    else:
        total = count_inclusive(reading, usage)
        reading.add("input", usage.count("connector_tokens"))
    connectors = usage.part("connectors")
    for name in connectors:
        if name in _CONNECTORS:
            reading.add(_CONNECTORS[name], connectors.count(name))
        else:
            reading.note("unknown-counter", connectors.at(name[:LONGEST]))
    usage.close()
    return reading.vector(total)


def _heard(reading: Reading, usage: Counts) -> int | None:
    """Count audio by the second, as it is billed; its tokens are in the total and in nothing else."""
    total, prompt, answer = usage.stated("total_tokens"), usage.count("prompt_tokens"), usage.count("completion_tokens")
    details = usage.part("prompt_tokens_details")
    inside = (total or 0) == prompt + answer
    audio = details.count("audio_tokens") or max((total or 0) - prompt - answer, 0)
    cached = details.count("cached_tokens")
    reading.add("input", prompt - cached - (audio if inside else 0), usage.at("prompt_tokens"))
    reading.add("cache_read", cached)
    reading.add("output", answer)
    reading.add("audio_second", usage.amount("prompt_audio_seconds"))
    reading.outside = -audio
    return total


def _document(reading: Reading) -> UsageVector:
    """Count the pages of a document that was read; pages that were annotated, too, have a price of their own."""
    annotated = reading.value("document_annotation") is not None
    info = reading.part("usage_info")
    reading.add("annotated_page" if annotated else "page", info.count("pages_processed"))
    return reading.vector()


def _marks(body: Mapping[object, object]) -> bool:
    usage = body.get("usage")
    return isinstance(body.get("usage_info"), Mapping) or (
        isinstance(usage, Mapping) and ("connector_tokens" in usage or "prompt_audio_seconds" in usage)
    )


DIALECT = Dialect(also=("mistral_ai", "mistralai"), marks=_marks, read=_read)
