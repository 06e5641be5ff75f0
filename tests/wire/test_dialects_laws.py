"""What holds for every response, whoever sent it and however broken it is."""

import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outlay.terms.price import context_of, context_text
from outlay.wire import values
from outlay.wire.dialects import TOKENS, UsageVector, names, read

CASES = Path(__file__).parent / "cases"
BODIES = [json.loads(path.read_text(encoding="utf-8"))["input"] for path in sorted(CASES.rglob("*.json"))]
ABOUT_THE_TOTAL = ("total-differs", "outside-total")


def names_within(found: object) -> set[str]:
    """Return every name of a field, at any depth."""
    if isinstance(found, dict):
        return {str(name) for name in found} | {name for value in found.values() for name in names_within(value)}
    return {name for item in found for name in names_within(item)} if isinstance(found, list) else set()


KNOWN = sorted({name for body in BODIES for name in names_within(body)})
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**6),
    st.sampled_from([2**63, -(2**63), 10**400, 0.5, 1e300, float("nan"), float("inf"), -0.0, "12", "", "-1", "\x00"]),
    st.decimals(),
    st.text(max_size=20),
    st.just(Decimal("sNaN")),
)
JSON = st.recursive(
    ODD,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.one_of(st.sampled_from(KNOWN), st.text(max_size=12)), inner, max_size=6)
    ),
    max_leaves=30,
)
PROVIDERS = st.one_of(
    st.sampled_from(names()), st.sampled_from(["azure", "aws", "vertex_ai", "somebody", "", "../openai"])
)


def check(vector: UsageVector) -> None:
    """Hold a vector against the laws that each must keep."""
    assert values.usage(dict(vector.units), "complete") == vector.units
    assert all(quantity > 0 for quantity in vector.units.values())
    assert all(type(vector.units[unit]) is int for unit in TOKENS & vector.units.keys())
    assert values.context(dict(vector.context)) == vector.context
    assert context_of(context_text(vector.context)) == vector.context
    assert values.money(vector.reported_cost) == vector.reported_cost
    about = [flaw for flaw in vector.flaws if flaw.code in ABOUT_THE_TOTAL]
    if vector.total is None or vector.tokens == vector.total:
        assert about == []
    else:
        assert [flaw.by for flaw in about] == [vector.tokens - vector.total]
    for other in vector.also:
        check(other)


@given(PROVIDERS, JSON)
@settings(max_examples=300)
def test_nothing_that_json_can_hold_raises(provider: str, found: object) -> None:
    """Whatever is read, no unit is negative, tokens are whole, and they meet the total or a flaw says by how much."""
    check(read(provider, found))


@st.composite
def damaged(draw: st.DrawFn) -> object:
    """Draw a real response in which some values are replaced by odd ones."""

    def spoilt(found: object) -> object:
        if draw(st.integers(0, 9)) == 0:
            return draw(JSON)
        if isinstance(found, dict):
            return {name: spoilt(value) for name, value in found.items()}
        return [spoilt(item) for item in found] if isinstance(found, list) else found

    return spoilt(draw(st.sampled_from(BODIES)))


@given(PROVIDERS, damaged())
@settings(max_examples=300)
def test_a_damaged_response_keeps_the_law(provider: str, found: object) -> None:
    """Texts, fractions, negative and endless numbers in place of counters are noted, and the law still holds."""
    check(read(provider, found))


AMOUNTS = st.integers(0, 10**9)


@st.composite
def inclusive(draw: st.DrawFn) -> tuple[dict[str, int], dict[str, object]]:
    """Draw disjoint units, and the usage object in which totals hold them."""
    fresh, cached, written, audio, image = (draw(AMOUNTS) for _ in range(5))
    said, thought, rejected, spoken = (draw(AMOUNTS) for _ in range(4))
    units = {
        "input": fresh,
        "cache_read": cached,
        "cache_write": written,
        "input_audio": audio,
        "input_image": image,
        "output": said,
        "output_reasoning": thought,
        "output_rejected": rejected,
        "output_audio": spoken,
    }
    prompt, answer = fresh + cached + written + audio + image, said + thought + rejected + spoken
    details = {"cached_tokens": cached, "cache_write_tokens": written, "audio_tokens": audio, "image_tokens": image}
    made = {"reasoning_tokens": thought, "rejected_prediction_tokens": rejected, "audio_tokens": spoken}
    if draw(st.booleans()):
        usage = {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}
        return units, {**usage, "prompt_tokens_details": details, "completion_tokens_details": made}
    usage = {"input_tokens": prompt, "output_tokens": answer, "total_tokens": prompt + answer}
    return units, {**usage, "input_tokens_details": details, "output_tokens_details": made}


@given(st.sampled_from(["openai", "groq", "deepseek", "mistral", "openrouter", "xai", "self_hosted"]), inclusive())
def test_parts_are_taken_out_of_inclusive_totals(
    provider: str, drawn: tuple[dict[str, int], dict[str, object]]
) -> None:
    """From totals that hold their parts come the very units they were made of, without a flaw."""
    units, usage = drawn
    vector = read(provider, {"id": "r", "model": "m", "usage": usage})
    assert (vector.units, vector.flaws) == ({unit: n for unit, n in units.items() if n}, ())


@given(st.lists(AMOUNTS, min_size=6, max_size=6))
def test_exclusive_counts_are_taken_as_they_are(drawn: list[int]) -> None:
    """Anthropic's and Bedrock's counts are units already, and Bedrock's total holds them all or only some."""
    fresh, read_, short, long, said, thought = drawn
    units = {
        "input": fresh,
        "cache_read": read_,
        "cache_write_5m": short,
        "cache_write_1h": long,
        "output": said,
        "output_reasoning": thought,
    }
    ages = {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": long}
    usage = {"input_tokens": fresh, "cache_read_input_tokens": read_, "cache_creation_input_tokens": short + long}
    made = {"output_tokens": said + thought, "output_tokens_details": {"thinking_tokens": thought}}
    vector = read("anthropic", {"usage": {**usage, **made, "cache_creation": ages}})
    assert (vector.units, vector.flaws) == ({unit: n for unit, n in units.items() if n}, ())
    cache = {"cacheReadInputTokens": read_, "cacheWriteInputTokens": short + long}
    details = [{"ttl": "1h", "inputTokens": long}, {"ttl": "5m", "inputTokens": short}]
    for total in (fresh + said, fresh + said + read_ + short + long):
        usage = {"inputTokens": fresh, "outputTokens": said, "totalTokens": total}
        vector = read("bedrock", {"usage": {**usage, **cache, "cacheDetails": details}})
        assert vector.units == {unit: n for unit, n in units.items() if n and unit != "output_reasoning"}
        assert {flaw.code for flaw in vector.flaws} <= {"outside-total"}


@given(st.lists(AMOUNTS, min_size=8, max_size=8))
def test_gemini_counts_thoughts_and_tools_beside_the_rest(drawn: list[int]) -> None:
    """From Google's counts come the units they were made of: text, audio, cache, tools, answer and thoughts."""
    text, heard, cached, cached_heard, tools, said, drawn_, thought = drawn
    usage = {
        "promptTokenCount": text + heard + cached + cached_heard,
        "cachedContentTokenCount": cached + cached_heard,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": text + cached},
            {"modality": "AUDIO", "tokenCount": heard + cached_heard},
        ],
        "cacheTokensDetails": [
            {"modality": "TEXT", "tokenCount": cached},
            {"modality": "AUDIO", "tokenCount": cached_heard},
        ],
        "toolUsePromptTokenCount": tools,
        "candidatesTokenCount": said + drawn_,
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": drawn_}],
        "thoughtsTokenCount": thought,
        "totalTokenCount": sum(drawn),
    }
    units = {
        "input": text + tools,
        "input_audio": heard,
        "cache_read": cached,
        "cache_read_audio": cached_heard,
        "output": said,
        "output_image": drawn_,
        "output_reasoning": thought,
    }
    vector = read("gemini", {"usageMetadata": usage})
    assert (vector.units, vector.flaws) == ({unit: n for unit, n in units.items() if n}, ())


@given(st.lists(AMOUNTS, min_size=4, max_size=4))
def test_what_stands_beside_the_totals_is_told_by_the_grand_total(drawn: list[int]) -> None:
    """Reasoning beside the completion, and a cache beside the prompt, are found by what the grand total has more."""
    fresh, cached, said, thought = drawn
    base = {"prompt_tokens": fresh, "completion_tokens": said}
    made = {"completion_tokens_details": {"reasoning_tokens": thought}}
    beside = read("xai", {"usage": {**base, **made, "total_tokens": fresh + said + thought}})
    assert (beside.tokens, beside.flaws) == (fresh + said + thought, ())
    kept = {"prompt_tokens_details": {"cached_tokens": cached}}
    beside = read("openai", {"usage": {**base, **kept, "total_tokens": fresh + cached + said}})
    assert (beside.units.get("input", 0), beside.flaws) == (fresh, ())


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=5), st.integers(0, 10**6))
def test_a_stream_of_cumulative_counts_is_never_added_up(counts: list[tuple[int, int]], prompt: int) -> None:
    """However many events restate the usage, the last value of each counter holds; null restates nothing."""
    start = {"type": "message_start", "message": {"id": "m", "model": "c", "usage": {"input_tokens": prompt}}}
    deltas = [
        {
            "type": "message_delta",
            "usage": {"output_tokens": out, "cache_read_input_tokens": kept, "input_tokens": None},
        }
        for out, kept in counts
    ]
    out, kept = counts[-1]
    usage = {"input_tokens": prompt, "output_tokens": out, "cache_read_input_tokens": kept}
    whole = {"id": "m", "model": "c", "usage": usage}
    assert read("anthropic", [start, *deltas, {"type": "message_stop"}]) == read("anthropic", whole)


@given(inclusive(), st.integers(1, 10**6))
def test_a_wrong_total_is_said_to_be_wrong_by_so_much(
    drawn: tuple[dict[str, int], dict[str, object]], wrong: int
) -> None:
    """A grand total that nothing explains leaves the units alone and is named with the difference."""
    units, usage = drawn
    total = sum(units.values())
    vector = read("openai", {"usage": {**usage, "total_tokens": total - wrong if total >= wrong else total + 10**11}})
    assert vector.total is not None
    assert [flaw.by for flaw in vector.flaws] == [sum(units.values()) - vector.total]


SECRET = "the patient's name is not ours to keep"
SPEAKING = [
    {"id": "c", "choices": [{"message": {"content": SECRET, "executed_tools": [{"type": SECRET}]}}]},
    {"content": [{"type": "text", "text": SECRET}], "usage": {"input_tokens": SECRET, "output_tokens": 3}},
    {"candidates": [{"content": {"parts": [{"text": SECRET}]}, "groundingMetadata": {"webSearchQueries": [SECRET]}}],
     "usageMetadata": {"promptTokenCount": SECRET}},
    {"output": [{"type": "web_search_call", "action": {"type": "search", "query": SECRET}}],
     "usage": {"input_tokens": 3, "output_tokens": 1, "total_tokens": 4}},
    {"results": [{"outputText": SECRET}], "inputTextTokenCount": 2},
    {"model": "m", "document_annotation": SECRET, "usage_info": {"pages_processed": 1}},
    {"text": SECRET, "duration": SECRET, "x_groq": {"id": "r"}},
]  # fmt: skip


@pytest.mark.parametrize("body", SPEAKING)
@pytest.mark.parametrize("name", names())
def test_no_word_of_what_was_said_is_kept(name: str, body: dict[str, object]) -> None:
    """Neither a unit nor a flaw repeats what stands in a response beside its counters, nor a text in place of one."""
    assert SECRET not in repr(read(name, body))


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("body", [{}, {"usage": {}}, {"usage": None}, {"error": {"code": 429}}, [], "text", None])
def test_a_response_without_usage_is_said_to_have_none(name: str, body: object) -> None:
    """No dialect makes a vector of nothing: an answer that states no usage has one flaw and no unit."""
    vector = read(name, body)
    assert ([flaw.code for flaw in vector.flaws], vector.units, vector.dialect) == (["missing-usage"], {}, "")


@given(PROVIDERS, st.sampled_from(BODIES))
def test_reading_changes_nothing_and_gives_the_same_again(provider: str, body: object) -> None:
    """A response is left as it was, and read twice it is the same vector."""
    before = json.dumps(body)
    assert read(provider, body) == read(provider, body)
    assert json.dumps(body) == before


def test_more_than_any_call_uses_is_not_counted() -> None:
    """Counters that are together beyond what an event may hold are named, not cut down to fit."""
    usage = {"promptTokenCount": 10**12, "toolUsePromptTokenCount": 10**12, "candidatesTokenCount": 1}
    vector = read("gemini", {"usageMetadata": usage})
    assert vector.units == {"input": 10**12, "output": 1}
    assert [flaw.code for flaw in vector.flaws] == ["bad-quantity"]


def test_names_of_families_lead_to_one_dialect_each() -> None:
    """No two dialects go by one name, and a name of one is not the file of another."""
    from outlay.wire.dialects import _load  # noqa: PLC0415 - what the folder offers

    further = [also for name in names() for also in _load(name).also]
    assert len(further) == len({*further})
    assert not {*further} & {*names()}
    assert [also for also in further if not re.fullmatch(r"[a-z0-9_]+", also)] == []


PROBE = """
import sys
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
from outlay.wire.dialects import read
assert read("openai", {"usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}).tokens == 2
print(" ".join(sorted(set(sys.modules) - before)))
"""


def test_one_dialect_loads_the_standard_library_and_no_other_dialect() -> None:
    """A program that only asks for one provider pays for one."""
    source = Path(__file__).parents[2] / "src"
    run = subprocess.run([sys.executable, "-I", "-c", PROBE, str(source)], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names == {"outlay"}
    assert {name for name in names() if f"outlay.wire.dialects.{name}" in loaded} == {"openai"}


def test_the_page_names_every_unit_flaw_and_dialect() -> None:
    """docs/usage-vectors.md lists what the cases show: each dialect, each unit, each flaw."""
    page = (Path(__file__).parents[2] / "docs" / "usage-vectors.md").read_text(encoding="utf-8")
    seen = [read(name, body) for name in names() for body in BODIES]
    vectors = [*seen, *(other for vector in seen for other in vector.also)]
    words = {unit for v in vectors for unit in v.units} | {flaw.code for v in vectors for flaw in v.flaws} | {*names()}
    assert sorted(word for word in words if f"`{word}`" not in page) == []
