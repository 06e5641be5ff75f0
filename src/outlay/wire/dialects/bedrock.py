"""Amazon Bedrock: converse, invoke and their streams and batches.

Converse counts input without what was read from a cache or written to one; its total holds those in some answers and
not in others, and the sum tells. An invoked model answers in the shape of its maker. Where that states no usage, the
counters stand in the headers of the answer or in the last event of the stream, and count as converse does.
"""

from collections.abc import Mapping

from outlay.wire.dialects import Dialect, UsageVector
from outlay.wire.dialects._reading import MOST, Counts, Reading

_METRICS = "amazon-bedrock-invocationMetrics"
_HEADER = "x-amzn-bedrock-"
_HEADERS = {
    "input-token-count": "inputTokens",
    "output-token-count": "outputTokens",
    "cache-read-input-token-count": "cacheReadInputTokens",
    "cache-write-input-token-count": "cacheWriteInputTokens",
}
_INPUT = ("inputTokens", "inputTokenCount", "input_tokens", "prompt_token_count", "inputTextTokenCount")
_OUTPUT = ("outputTokens", "outputTokenCount", "output_tokens", "generation_token_count")
#: What models state that have no usage object: Amazon's older ones and Meta's.
_OWN = ("inputTextTokenCount", "prompt_token_count", "generation_token_count")
_READ = ("cacheReadInputTokens", "cacheReadInputTokenCount", "cache_read_input_tokens")
_WRITTEN = ("cacheWriteInputTokens", "cacheWriteInputTokenCount", "cache_creation_input_tokens")


def _read(reading: Reading, body: Mapping[object, object]) -> UsageVector | None:
    meta = reading.part("ResponseMetadata")
    headers = _headers(meta.value("HTTPHeaders") if meta else body.get("headers"))
    told = _counted_in_headers(reading, headers)
    tier, pace = body.get("serviceTier"), body.get("performanceConfig")
    reading.say("tier", tier.get("type") if isinstance(tier, Mapping) else headers.get(f"{_HEADER}service-tier"))
    latency = headers.get(f"{_HEADER}performanceconfig-latency")
    reading.say("speed", pace.get("latency") if isinstance(pace, Mapping) else latency)
    counts, field = _where(reading, body, told)
    if not counts:
        return None
    reading.response_id = meta.text("RequestId") or headers.get("x-amzn-requestid") or reading.response_id
    read, written = counts.count(*_READ), _written(reading, counts)
    reading.add("input", counts.count(*_INPUT))
    reading.add("cache_read", read)
    for unit, amount in written.items():
        reading.add(unit, amount)
    reading.add("output", counts.count(*_OUTPUT) or sum(item.count("tokenCount") for item in reading.each("results")))
    reading.outside = read + sum(written.values())
    total = counts.stated("totalTokens", "totalTokenCount")
    counts.close()
    return reading.vector(total, f"{field}.totalTokens")


def _where(reading: Reading, body: Mapping[object, object], told: dict[str, object]) -> tuple[Counts, str]:
    """Return the counters, and where they stand: in the answer, in a stream's last event or in the headers."""
    usage = body.get("usage")
    if isinstance(usage, Mapping) and ("inputTokens" in usage or "outputTokens" in usage):
        return reading.part("usage"), "usage"
    if isinstance(usage, Mapping):
        # A model that answers in its maker's shape says more there than the headers do.
        return Counts(None, "usage", reading.flaws), "usage"
    if isinstance(body.get(_METRICS), Mapping):
        return reading.part(_METRICS), _METRICS
    if told:
        return Counts(told, "headers", reading.flaws), "headers"
    return (reading, "") if any(body.get(name) is not None for name in _OWN) else (Counts(None, "", []), "")


def _written(reading: Reading, counts: Counts) -> dict[str, int]:
    """Return what was written to a cache, by how long it is kept."""
    amount, apart = counts.count(*_WRITTEN), 0
    units: dict[str, int] = {}
    for item in counts.each("cacheDetails"):
        age, part = item.text("ttl"), item.count("inputTokens")
        unit = f"cache_write_{age}" if age in {"5m", "1h"} else "cache_write"
        units[unit] = units.get(unit, 0) + part
        apart += part
    if apart and apart != amount:
        reading.note("parts-differ", counts.at("cacheDetails"), apart - amount)
    if amount > apart:
        units["cache_write"] = units.get("cache_write", 0) + amount - apart
    return {unit: part for unit, part in units.items() if part}


def _headers(found: object) -> dict[str, str]:
    if not isinstance(found, Mapping):
        return {}
    return {name.lower(): value for name, value in found.items() if isinstance(name, str) and isinstance(value, str)}


def _counted_in_headers(reading: Reading, headers: Mapping[str, str]) -> dict[str, object]:
    """Return the counters of the headers, which are texts, as numbers."""
    found: dict[str, object] = {}
    for header, name in _HEADERS.items():
        value = headers.get(f"{_HEADER}{header}")
        if value is None:
            continue
        digits = value.isascii() and value.isdecimal() and len(value) <= len(str(MOST))
        if digits and int(value) <= MOST:
            found[name] = int(value)
        else:
            reading.note("bad-quantity", f"headers.{_HEADER}{header}")
    return found


def _marks(body: Mapping[object, object]) -> bool:
    usage, meta = body.get("usage"), body.get("ResponseMetadata")
    headers = _headers(meta.get("HTTPHeaders") if isinstance(meta, Mapping) else body.get("headers"))
    return (
        isinstance(body.get(_METRICS), Mapping)
        or any(body.get(name) is not None for name in _OWN)
        or any(name.startswith(_HEADER) for name in headers)
        or (isinstance(usage, Mapping) and ("inputTokens" in usage or "outputTokens" in usage))
    )


DIALECT = Dialect(also=("aws", "aws_bedrock", "amazon", "amazon_bedrock"), marks=_marks, read=_read)
