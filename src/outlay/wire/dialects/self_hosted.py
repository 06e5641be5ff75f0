"""Models of one's own: Ollama's counters, and the shape of OpenAI that vLLM and its like answer in.

Ollama may leave out of the prompt's count what its cache held. Nobody bills these tokens; they share out what the
machine costs.
"""

from collections.abc import Mapping

from outlay.wire.dialects import Dialect, UsageVector
from outlay.wire.dialects._inclusive import count_inclusive, states_counts
from outlay.wire.dialects._reading import Reading


def _read(reading: Reading, body: Mapping[object, object]) -> UsageVector | None:
    if _marks(body):
        reading.add("input", reading.count("prompt_eval_count", "tokens_evaluated"))
        reading.add("output", reading.count("eval_count", "tokens_predicted"))
        return reading.vector()
    if not states_counts(body):
        return None
    usage = reading.part("usage")
    total = count_inclusive(reading, usage)
    usage.close()
    return reading.vector(total)


def _marks(body: Mapping[object, object]) -> bool:
    return any(body.get(name) is not None for name in ("prompt_eval_count", "eval_count", "tokens_predicted"))


DIALECT = Dialect(
    also=("vllm", "ollama", "tgi", "llama_cpp", "llamacpp", "sglang", "lmstudio", "lm_studio", "local", "selfhosted"),
    marks=_marks,
    read=_read,
)
