"""Golden cases: what each provider writes and what that says was used; each names the page or type that it follows."""

import json
from pathlib import Path

import pytest
from genai_prices import extract_usage

from outlay.terms.unit import PROMPT_UNITS
from outlay.wire.dialects import UsageVector, names, read

CASES = Path(__file__).parent / "cases"
NAMED = {path.relative_to(CASES).with_suffix("").as_posix(): path for path in sorted(CASES.rglob("*.json"))}


def case(name: str) -> dict[str, object]:
    """Return one case, decoded."""
    found: dict[str, object] = json.loads(NAMED[name].read_text(encoding="utf-8"))
    return found


def shown(vector: UsageVector) -> dict[str, object]:
    """Return a vector as cases write it, where decimals are texts."""
    return {
        "dialect": vector.dialect,
        "units": {unit: q if isinstance(q, int) else str(q) for unit, q in vector.units.items()},
        "context": dict(vector.context),
        "total": vector.total,
        "flaws": [
            [flaw.code, flaw.field, flaw.by if isinstance(flaw.by, int) else str(flaw.by)] for flaw in vector.flaws
        ],
        "model": vector.model,
        "response_id": vector.response_id,
        "reported_cost": None if vector.reported_cost is None else str(vector.reported_cost),
    }


@pytest.mark.parametrize("name", NAMED)
def test_what_a_provider_writes_is_understood(name: str) -> None:
    """Units, context, total, cost, names and flaws are those of the case, and nothing besides."""
    found = case(name)
    vector = read(str(found["provider"]), found["input"])
    assert shown(vector) == {key: found[key] for key in shown(vector)}


@pytest.mark.parametrize("name", NAMED)
def test_what_other_models_used_stands_apart(name: str) -> None:
    """Every vector beside the first has the model, the units and the total of the case."""
    found = case(name)
    vector = read(str(found["provider"]), found["input"])
    beside = [{"model": v.model, "units": dict(v.units), "total": v.total, "flaws": v.flaws} for v in vector.also]
    wanted = found.get("also", [])
    assert isinstance(wanted, list)
    assert beside == [{"total": None, "flaws": (), **one} for one in wanted]


@pytest.mark.parametrize("name", NAMED)
def test_a_response_is_understood_without_a_name(name: str) -> None:
    """As many tokens are counted when nobody says who answered: the shape tells."""
    found = case(name)
    assert read("somebody", found["input"]).tokens == read(str(found["provider"]), found["input"]).tokens


def test_every_dialect_has_cases_and_every_case_a_dialect() -> None:
    """The folders of the cases are the files of the dialects."""
    assert sorted({name.partition("/")[0] for name in NAMED}) == names()


def test_every_case_names_its_source_and_says_why() -> None:
    """A case without a public page or type behind it proves nothing."""
    assert [n for n in NAMED if not str(case(n)["source"]).startswith("https://") or not case(n)["why"]] == []


#: Cases that genai-prices reads, too, by what their names begin with: its provider and its flavour.
THEIRS = {
    "openai/chat_": ("openai", "chat"),
    "openai/responses_": ("openai", "responses"),
    "openai/embeddings": ("openai", "embeddings"),
    "openai/image": ("openai", "images"),
    "openai/realtime": ("openai", "realtime"),
    "openrouter/chat_": ("openrouter", "chat"),
    "anthropic/message_": ("anthropic", "default"),
    "gemini/": ("google", "default"),
    "bedrock/converse": ("aws", "default"),
    "mistral/chat": ("mistral", "default"),
    "groq/chat": ("groq", "default"),
    "deepseek/": ("deepseek", "chat"),
    "perplexity/": ("perplexity", "default"),
    "cohere/chat": ("cohere", "default"),
    "xai/chat_": ("x-ai", "chat"),
    "xai/responses_": ("x-ai", "responses"),
}
#: Shapes that it does not know at all.
UNREAD = {
    *("openai/chat_malformed", "openai/image_without_usage", "perplexity/responses"),
    *("gemini/batch_line", "gemini/interaction", "gemini/openai_shape", "gemini/snake_case"),
    *("gemini/vertex_embeddings", "gemini/vertex_embeddings_by_character"),
}
#: Where we count otherwise, and why.
EXPLAINED = {
    "anthropic/message_compaction": "it does not know that compaction stands beside the top-level counts",
    "anthropic/message_fallback": "it counts what another model used at this model's price",
    "anthropic/message_input_of_first_round": "it does not count rounds that only the breakdown has",
    "deepseek/chat_cache_only_in_hits": "it reads cached tokens only from the details",
    "deepseek/hits_and_misses_differ": "it reads cached tokens only from the details",
    "gemini/search_by_prompt": "it does not count searches",
    "gemini/search_by_query": "it does not count searches",
    "openai/chat_cache_larger_than_prompt": "it keeps an input that is smaller than its part",
    "openai/chat_search_model": "it does not count searches that no counter states",
    "openai/responses_tools": "it does not count the calls of tools",
    "openrouter/chat_own_key": "it does not count searches",
    "perplexity/sonar": "it counts citations and searches that only deep research is billed for",
    "xai/responses_tools_and_cost": "it does not count the calls of tools",
}
COMPARED = [
    (name, *where)
    for name in NAMED
    for start, where in THEIRS.items()
    if name.startswith(start) and name not in UNREAD and isinstance(case(name)["input"], dict)
]


def total_of(vector: UsageVector, *units: str) -> int:
    """Return how much there is of some units together."""
    return sum(int(vector.units.get(unit, 0)) for unit in units)


@pytest.mark.parametrize(("name", "provider", "flavour"), COMPARED)
def test_the_counts_are_those_of_genai_prices(name: str, provider: str, flavour: str) -> None:
    """Its reading of the same response has as much input, output, cache, reasoning and searches, or we say why not."""
    theirs = extract_usage(case(name)["input"], provider_id=provider, api_flavor=flavour).usage
    ours = read(str(case(name)["provider"]), case(name)["input"])
    same = (
        theirs.input_tokens or 0,
        theirs.output_tokens or 0,
        theirs.cache_read_tokens or 0,
        theirs.output_reasoning_tokens or 0,
        theirs.web_searches or 0,
    ) == (
        total_of(ours, *PROMPT_UNITS, "cache_read_image"),
        total_of(ours, *(unit for unit in ours.units if unit.startswith("output"))),
        total_of(ours, "cache_read", "cache_read_audio", "cache_read_image"),
        total_of(ours, "output_reasoning"),
        total_of(ours, "web_search"),
    )
    assert same == (name not in EXPLAINED)


def test_every_explanation_is_of_a_case() -> None:
    """A case that is gone, or that is no longer compared, takes its explanation with it."""
    assert {*EXPLAINED} <= {name for name, _, _ in COMPARED}
    assert {*UNREAD} <= {*NAMED}
