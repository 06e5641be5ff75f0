"""DeepSeek: chat, which says what of the prompt was in its cache and what was not.

Input and output are totals that hold their parts; hits and misses add up to the prompt.
"""

from collections.abc import Mapping

from outlay.wire.dialects import Dialect, UsageVector
from outlay.wire.dialects._inclusive import count_inclusive, states_counts
from outlay.wire.dialects._reading import Reading


def _read(reading: Reading, body: Mapping[object, object]) -> UsageVector | None:
    if not states_counts(body):
        return None
    usage = reading.part("usage")
    total = count_inclusive(reading, usage)
    hit, missed = usage.count("prompt_cache_hit_tokens"), usage.stated("prompt_cache_miss_tokens")
    prompt = usage.count("prompt_tokens", "input_tokens")
    if missed is not None and hit + missed != prompt:
        reading.note("parts-differ", usage.at("prompt_cache_miss_tokens"), hit + missed - prompt)
    usage.close()
    return reading.vector(total)


def _marks(body: Mapping[object, object]) -> bool:
    usage = body.get("usage")
    return isinstance(usage, Mapping) and "prompt_cache_hit_tokens" in usage


DIALECT = Dialect(also=("deep_seek",), marks=_marks, read=_read)
