"""Vector databases: Pinecone, Qdrant and Turbopuffer, and the models they run for one.

What is read and written is counted in each one's own units. Text that they embed or rank is counted as input of the
model that did it.
"""

from collections.abc import Mapping

from outlay.wire.dialects import Dialect, UsageVector
from outlay.wire.dialects._reading import Counts, Reading

_BYTES = {
    "billable_logical_bytes_queried": "byte_queried",
    "billable_logical_bytes_returned": "byte_returned",
    "billable_logical_bytes_written": "byte_written",
}
_UNITS = ("readUnits", "read_units", "writeUnits", "write_units", "rerank_units", "rerankUnits", "embed_total_tokens")


def _read(reading: Reading, body: Mapping[object, object]) -> UsageVector | None:
    billing = reading.part("billing")
    if _is_turbopuffer(body):
        for told in (billing, billing.part("query")):
            for name, unit in _BYTES.items():
                reading.add(unit, told.count(name))
        return reading.vector()
    usage = reading.part("usage")
    if usage.says("hardware", "inference"):
        return _qdrant(reading, usage)
    if not usage.says(*_UNITS, "total_tokens"):
        return None
    reading.add("read_unit", usage.amount("readUnits", "read_units"))
    reading.add("write_unit", usage.amount("writeUnits", "write_units"))
    reading.add("rerank_search", usage.count("rerank_units", "rerankUnits"))
    reading.add("input", usage.count("embed_total_tokens", "embedTotalTokens", "total_tokens"))
    total = usage.stated("total_tokens")
    usage.close()
    return reading.vector(total)


def _qdrant(reading: Reading, usage: Counts) -> UsageVector:
    """Read what the models that embedded for a query used, a vector each; the machine is paid by the hour."""
    models = usage.part("inference").part("models")
    for name in models:
        one = Reading(reading.dialect, {"model": name}, reading.context)
        one.add("input", models.part(name).count("tokens"))
        reading.also.append(one.vector())
    return reading.vector()


def _is_turbopuffer(body: Mapping[object, object]) -> bool:
    billing = body.get("billing")
    return isinstance(billing, Mapping) and any(name in billing for name in _BYTES)


def _marks(body: Mapping[object, object]) -> bool:
    usage = body.get("usage")
    return _is_turbopuffer(body) or (
        isinstance(usage, Mapping) and any(name in usage for name in (*_UNITS, "hardware", "inference"))
    )


DIALECT = Dialect(also=("pinecone", "qdrant", "turbopuffer"), marks=_marks, read=_read)
