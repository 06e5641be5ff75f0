"""Perplexity: Sonar, its responses, and embeddings.

The total holds prompt and completion. What deep research read and thought stands beside it, in no total, and is billed,
as are its searches; the other models of Sonar are billed by the request instead.
"""

from collections.abc import Mapping

from outlay.wire.dialects import Dialect, UsageVector
from outlay.wire.dialects._inclusive import count_inclusive, states_counts
from outlay.wire.dialects._reading import LONGEST, Counts, Reading

_DEEP = "deep-research"
_TOOLS = {"search_web": "web_search", "web_search": "web_search", "fetch_url": "web_fetch"}


def _read(reading: Reading, body: Mapping[object, object]) -> UsageVector | None:
    if not states_counts(body):
        return None
    usage = reading.part("usage")
    reading.cost = usage.part("cost").money("total_cost")
    if _DEEP in (reading.model or ""):
        total = _research(reading, usage)
    else:
        total = count_inclusive(reading, usage)
        if usage.says("completion_tokens"):
            # Sonar is paid by the request, whatever it searched and cited.
            reading.add("request", 1)
    tools = usage.part("tool_calls_details")
    for name in tools:
        if name in _TOOLS:
            reading.add(_TOOLS[name], tools.part(name).count("invocation"))
        else:
            reading.note("unknown-counter", tools.at(name[:LONGEST]))
    usage.leave("citation_tokens")
    usage.close()
    return reading.vector(total)


def _research(reading: Reading, usage: Counts) -> int | None:
    reading.add("input", usage.count("prompt_tokens"))
    reading.add("output", usage.count("completion_tokens"))
    for name, unit in (("reasoning_tokens", "output_reasoning"), ("citation_tokens", "output_citation")):
        amount = usage.count(name)
        reading.add(unit, amount)
        reading.outside += amount
    reading.add("web_search", usage.count("num_search_queries"))
    return usage.stated("total_tokens")


def _marks(body: Mapping[object, object]) -> bool:
    usage = body.get("usage")
    return isinstance(usage, Mapping) and ("num_search_queries" in usage or "tool_calls_details" in usage)


DIALECT = Dialect(also=("perplexity_ai", "pplx"), marks=_marks, read=_read)
