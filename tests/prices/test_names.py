import random
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from outlay.errors import Refused
from outlay.prices.book import Book
from outlay.prices.learn import overlay, seed
from outlay.prices.names import is_tuned
from outlay.prices.pattern import compiled, matches
from outlay.store import Store, open_store
from outlay.terms.price import Price, Unpriced
from tests.prices.stating import day

BEDROCK = "arn:aws:bedrock:us-east-1:123456789012:"


@pytest.mark.parametrize(
    ("provider", "name", "meant"),
    [
        ("openai", "gpt-4o-2024-08-06", "openai gpt-4o"),
        ("openai", "openai/gpt-4o", "openai gpt-4o"),
        ("openai", "ft:gpt-4o-mini-2024-07-18:acme::id", "openai ft:gpt-4o-mini"),
        ("anthropic", "claude-3-5-sonnet-latest", "anthropic claude-3-5-sonnet"),
        ("anthropic", "claude-opus-4-1-20250805", "anthropic claude-opus-4-1"),
        ("aws", BEDROCK + "inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
         "aws regional.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("aws", BEDROCK + "inference-profile/global.anthropic.claude-sonnet-4-5-20250929-v1:0",
         "aws global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("aws.bedrock", "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-pro-v1:0", "aws amazon.nova-pro-v1:0"),
        ("aws", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
         "aws regional.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("aws", "apac.amazon.nova-pro-v1:0", "aws amazon.nova-pro-v1:0"),
        ("bedrock", "converse/anthropic.claude-3-haiku-20240307-v1:0",
         "aws regional.anthropic.claude-3-haiku-20240307-v1:0"),
        ("google", "models/gemini-2.5-flash", "google gemini-2.5-flash"),
        ("vertex_ai", "publishers/google/models/gemini-2.5-pro", "google gemini-2.5-pro"),
        ("gcp.vertex_ai", "projects/p/locations/us-central1/publishers/google/models/gemini-2.5-pro",
         "google gemini-2.5-pro"),
        ("vertex_ai", "publishers/anthropic/models/claude-sonnet-4-5@20250929", "google claude-sonnet-4-5"),
        ("google", "claude-3-5-sonnet@20240620", "google claude-3-5-sonnet"),
        ("azure", "gpt-35-turbo", "openai gpt-3.5-turbo"),
        ("azure.ai.openai", "azure/gpt-4o", "openai gpt-4o"),
        ("openrouter", "openai/gpt-4o:nitro", "openrouter openai/gpt-4o"),
        ("openrouter", "openai/gpt-4o:floor", "openrouter openai/gpt-4o"),
        ("openrouter", "openai/gpt-4o:extended", "openrouter openai/gpt-4o:extended"),
        ("openrouter", "meta-llama/llama-3.3-70b-instruct:free", "openrouter ~free"),
        ("litellm", "bedrock/converse/us.amazon.nova-pro-v1:0", "aws amazon.nova-pro-v1:0"),
        ("litellm", "gemini/gemini-2.5-pro", "google gemini-2.5-pro"),
        ("litellm", "openrouter/openai/gpt-4o", "openrouter openai/gpt-4o"),
        ("litellm", "gpt-4o", "openai gpt-4o"),
        ("litellm", "claude-sonnet-4-5", "anthropic claude-sonnet-4-5"),
        ("self_hosted", "ft:llama-3.1-8b:ours", "self-hosted gpu"),
    ],
)  # fmt: skip
def test_a_name_leads_to_its_model(book: Book, provider: str, name: str, meant: str) -> None:
    """Aliases, dates, resource names, places, routes and prefixes do not hide what model is meant."""
    found = book.find(provider, name)
    assert not isinstance(found, Unpriced)
    assert f"{found.provider} {found.name}" == meant


@pytest.mark.parametrize(
    ("provider", "name", "near", "fix"),
    [
        ("openai", "ft:gpt-4.1-2025-04-14:acme::id", "gpt-4.1", "its own price"),
        ("azure", "gpt-4o-2024-08-06.ft-0e208cf33a6a46", "gpt-4o", "its own price"),
        ("azure", "my-gpt", "", "[[deployment]]"),
        ("aws", BEDROCK + "application-inference-profile/abcd1234", "", "[[deployment]]"),
        ("aws", BEDROCK + "provisioned-model/xyz", "", "[[deployment]]"),
        ("google", "projects/p/locations/l/endpoints/1234567890", "", "[[deployment]]"),
        ("anthropic", "no-such-model", "", ""),
    ],
)
def test_a_name_that_tells_no_model_is_unknown_and_says_what_to_do(
    book: Book, provider: str, name: str, near: str, fix: str
) -> None:
    """A fine-tuned model is not priced as what it was made from, and an opaque resource is not guessed."""
    found = book.price_at(provider, name, "input", day(11, 2))
    assert isinstance(found, Unpriced)
    assert found.reason == "unknown-model"
    assert found.nearest[:1] == (near,) or not near
    assert fix in found.fix


def test_no_fine_tuned_model_costs_what_its_base_does(book: Book) -> None:
    """For every model of every provider, its fine-tuned form has a price of its own or none."""
    for provider, models in book.models.items():
        for name in models if provider not in ("self-hosted", "pinecone") else ():
            for tuned in (f"ft:{name}:acme::id", f"{name}.ft-0e208cf33a6a46"):
                found = book.rates(provider, tuned)
                assert isinstance(found, Unpriced) or is_tuned(found.name), (provider, tuned)


DEPLOYMENTS = """
[[deployment]]
provider = "azure.ai.openai"
name = "My-GPT"
model = "gpt-4o-2024-08-06"
valid_to = 2026-11-15

[[deployment]]
provider = "azure"
name = "my-gpt"
model = "gpt-5.4"
valid_from = 2026-11-15

[[deployment]]
provider = "aws"
name = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcd1234"
model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
"""


@pytest.fixture
def deployed(now: datetime, overlay_file: Path) -> Iterator[Store]:
    """A book that knows what is behind some deployments."""
    store = open_store("duckdb:///:memory:")
    seed(store, now=now)
    overlay_file.write_text(DEPLOYMENTS, encoding="utf-8")
    assert overlay(store, overlay_file, now=now) == 3
    yield store
    store.drop()


def test_a_deployment_is_priced_as_the_model_behind_it(deployed: Store, now: datetime) -> None:
    """A mapped name has its model's price, from day to day what is behind it then; an opaque profile too."""
    book = Book.load(deployed, now)
    before = book.price_at("azure", "my-gpt", "input", day(11, 14))
    after = book.price_at("azure", "MY-GPT", "input", day(11, 15))
    assert isinstance(before, Price)
    assert isinstance(after, Price)
    assert (before.model, after.model) == ("gpt-4o", "gpt-5.4")
    vectors = book.vectors("azure", "my-gpt", "", "", day(11, 1), day(12, 1))
    assert [(v["valid_from"], v["price_model"]) for v in vectors if v["size_from"] == 0] == [
        (day(11, 1), "gpt-4o"),
        (day(11, 15), "gpt-5.4"),
    ]
    assert {v["model"] for v in vectors} == {"my-gpt"}
    profile = book.find("bedrock", BEDROCK + "application-inference-profile/abcd1234")
    assert not isinstance(profile, Unpriced)
    assert profile.name == "regional.anthropic.claude-sonnet-4-5-20250929-v1:0"


def test_a_deployment_is_bitemporal(deployed: Store, now: datetime, overlay_file: Path) -> None:
    """Saying otherwise what was behind a name is a correction, and who asks what was known before hears the old."""
    overlay_file.write_text(DEPLOYMENTS.replace("gpt-4o-2024-08-06", "gpt-5.5"), encoding="utf-8")
    later = now.replace(day=now.day + 1)
    with pytest.raises(Refused, match="would change what happened"):
        overlay(deployed, overlay_file, now=later)
    assert overlay(deployed, overlay_file, now=later, correction=True) == 1
    meant = [Book.load(deployed, at).rates("azure", "my-gpt", day(3, 1)) for at in (now, later)]
    assert [found.name for found in meant if not isinstance(found, Unpriced)] == ["gpt-4o", "gpt-5.5"]


def test_patterns_that_only_list_names_match_as_expressions_do(book: Book) -> None:
    """Comparing texts gives what the regular expression gives, for every pattern and the names around it."""
    for provider, models in book.models.items():
        names = [name for rates in models.values() for name in (rates.name, f"x{rates.name}", f"{rates.name}-2026")]
        some = random.Random(provider).sample(names, min(len(names), 60))
        for rates in models.values():
            for name in (*some, rates.name.upper(), f"{rates.name}\n", "", "K"):
                assert matches(rates.pattern, name) == bool(compiled(rates.pattern).fullmatch(name)), rates.pattern


@pytest.mark.parametrize(
    "pattern",
    ["", ".*", ".*.*", "a.*b", r"a\.b", r"a\|b", r"foo\.*", "a|.*b|c.*", r".*\-x.*", "(?:a|b)", r"\d", "a|", "."],
)
def test_any_pattern_matches_as_its_expression_does(pattern: str) -> None:
    """Marks of expressions, escaped or not, mean what they mean."""
    for name in ("", "a", "b", "A", "a.b", "a|b", "foo", "foo.", "foo...", "foox", "q-x-q", "ab", "cab", "1", "c\n"):
        assert matches(pattern, name) == bool(compiled(pattern).fullmatch(name)), name
