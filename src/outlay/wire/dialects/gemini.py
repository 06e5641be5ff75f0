"""Google: Gemini on either of its platforms, its Interactions API, embeddings and image models.

The prompt holds what came from a cache. Thoughts and the results of tools stand beside it and the candidates, and the
total holds all four. Details by modality split a count; what they leave is text.
"""

from collections.abc import Mapping

from outlay.wire.dialects import Dialect, UsageVector
from outlay.wire.dialects._inclusive import Answer, Prompt
from outlay.wire.dialects._reading import Counts, Reading

_USAGE = ("usageMetadata", "usage_metadata")
#: Modalities with a unit of their own; documents are read as images.
_KINDS = {"AUDIO": "audio", "IMAGE": "image", "DOCUMENT": "image", "VIDEO": "video"}
_TRAFFIC = {"ON_DEMAND_PRIORITY": "priority", "ON_DEMAND_FLEX": "flex", "ON_DEMAND_OFFPEAK": "offpeak",
            "PROVISIONED_THROUGHPUT": "provisioned"}  # fmt: skip
#: Models of these generations pay for a prompt that was searched for, later ones for each search.
_BY_PROMPT = ("gemini-1", "gemini-2")


def _read(reading: Reading, body: Mapping[object, object]) -> UsageVector | None:
    if isinstance(body.get("predictions"), list):
        return _predictions(reading)
    reading.model = reading.text("modelVersion", "model_version", "model")
    reading.response_id = reading.text("responseId", "response_id", "id")
    reading.say("tier", reading.value("serviceTier", "service_tier"))
    if any(isinstance(body.get(name), Mapping) for name in _USAGE):
        usage = reading.part(*_USAGE)
        total = _content(reading, usage)
        field = usage.at("totalTokenCount" if usage.says("totalTokenCount") else "total_token_count")
        _count_searches(reading)
    elif _interacts(body):
        usage = reading.part("usage")
        total, field = _interaction(reading, usage), "usage.total_tokens"
    else:
        return None
    usage.close()
    return reading.vector(total, field)


def _content(reading: Reading, usage: Counts) -> int | None:
    traffic = usage.value("trafficType", "traffic_type")
    reading.say("tier", _TRAFFIC.get(traffic) if isinstance(traffic, str) else None)
    reading.say("tier", usage.value("serviceTier", "service_tier"))
    asked = Prompt(
        usage.count("promptTokenCount", "prompt_token_count"),
        usage.at("promptTokenCount"),
        _modal(usage, "promptTokensDetails", "prompt_tokens_details"),
        usage.count("cachedContentTokenCount", "cached_content_token_count"),
        _modal(usage, "cacheTokensDetails", "cache_tokens_details"),
    )
    given = Answer(
        usage.count("candidatesTokenCount", "candidates_token_count", "responseTokenCount", "response_token_count"),
        usage.at("candidatesTokenCount"),
        _made(usage, "candidatesTokensDetails", "candidates_tokens_details", "responseTokensDetails"),
    )
    reading.add("output_reasoning", usage.count("thoughtsTokenCount", "thoughts_token_count"))
    tools = usage.count("toolUsePromptTokenCount", "tool_use_prompt_token_count")
    heard = _modal(usage, "toolUsePromptTokensDetails", "tool_use_prompt_tokens_details")
    _count(reading, asked, given, Prompt(tools, usage.at("toolUsePromptTokenCount"), heard))
    return usage.stated("totalTokenCount", "total_token_count")


def _interaction(reading: Reading, usage: Counts) -> int | None:
    asked = Prompt(
        usage.count("total_input_tokens"),
        usage.at("total_input_tokens"),
        _modal(usage, "input_tokens_by_modality"),
        usage.count("total_cached_tokens"),
        _modal(usage, "cached_tokens_by_modality"),
    )
    made = _made(usage, "output_tokens_by_modality")
    given = Answer(usage.count("total_output_tokens"), usage.at("total_output_tokens"), made)
    reading.add("output_reasoning", usage.count("total_thought_tokens"))
    tools = usage.count("total_tool_use_tokens")
    heard = _modal(usage, "tool_use_tokens_by_modality")
    _count(reading, asked, given, Prompt(tools, usage.at("total_tool_use_tokens"), heard))
    usage.leave("initial_input_tokens")
    return usage.stated("total_tokens")


def _count(reading: Reading, asked: Prompt, given: Answer, tools: Prompt) -> None:
    for part in (asked, given, tools):
        part.count_into(reading)
    # Cached images cost what cached text costs; only cached audio has a price of its own.
    reading.add("cache_read", reading.units.pop("cache_read_image", 0))


def _modal(usage: Counts, *names: str) -> dict[str, int]:
    """Return the tokens of each modality that is not text, from a list of modalities and counts."""
    found: dict[str, int] = {}
    for name in names:
        for item in usage.each(name):
            spelled = item.text("modality")
            kind = _KINDS.get(spelled.upper()) if spelled else None
            amount = item.count("tokenCount", "token_count", "tokens")
            if kind and amount:
                found[kind] = found.get(kind, 0) + amount
    return found


def _made(usage: Counts, *names: str) -> dict[str, int]:
    return {f"output_{kind}": amount for kind, amount in _modal(usage, *names).items()}


def _count_searches(reading: Reading) -> None:
    """Count the searches behind an answer, by the prompt or each, as the model's generation is billed."""
    queries = 0
    for candidate in reading.each("candidates"):
        grounds = candidate.part("groundingMetadata", "grounding_metadata")
        listed = grounds.value("webSearchQueries", "web_search_queries")
        queries += len(listed) if isinstance(listed, list) else 0
    by_prompt = (reading.model or "").rpartition("/")[2].startswith(_BY_PROMPT)
    reading.add("web_search", min(queries, 1) if by_prompt else queries)


def _interacts(body: Mapping[object, object]) -> bool:
    usage = body.get("usage")
    return isinstance(usage, Mapping) and ("total_input_tokens" in usage or "total_output_tokens" in usage)


def _predictions(reading: Reading) -> UsageVector | None:
    """Read the answer of a model that predicts: embeddings state characters and tokens, pictures are counted."""
    for item in reading.each("predictions"):
        told = item.part("embeddings").part("statistics")
        reading.add("input", told.count("token_count", "tokenCount"))
        if item.says("bytesBase64Encoded", "gcsUri"):
            reading.add("image", 1)
    reading.add("input_character", reading.part("metadata").count("billableCharacterCount"))
    if "input" in reading.units:
        # The two say the same twice, and these models are listed by the token.
        reading.units.pop("input_character", None)
    return reading.vector() if reading.units else None


def _marks(body: Mapping[object, object]) -> bool:
    told = any(isinstance(body.get(name), Mapping) for name in _USAGE)
    return told or _interacts(body) or isinstance(body.get("predictions"), list)


DIALECT = Dialect(
    also=(
        *("google", "google_genai", "google_vertex", "gcp_gemini", "gcp_vertex_ai", "gcp_gen_ai", "vertex"),
        *("vertex_ai", "google_gla"),
    ),
    marks=_marks,
    read=_read,
)
