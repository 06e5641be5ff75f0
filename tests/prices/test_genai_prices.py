"""The book against the package its list prices come from: the same model, the same amount, to the last digit."""

import random
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from genai_prices import Usage
from genai_prices.data_snapshot import find_provider_by_id, get_snapshot
from genai_prices.types import (
    ClauseAnd,
    ClauseContains,
    ClauseEndsWith,
    ClauseEquals,
    ClauseOr,
    ClauseStartsWith,
    ConditionalPrice,
    MatchLogic,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    TieredPrices,
)

from outlay.prices.book import Book
from outlay.prices.names import is_tuned, spellings
from outlay.prices.quote import quote
from outlay.terms.money import PICO, rounded
from outlay.terms.price import Unpriced

SNAPSHOT = get_snapshot()
#: What our units are in theirs, which hold the narrower ones too.
WITHIN = {
    "input_tokens": ("input", "cache_read", "cache_write", "cache_write_5m", "cache_write_1h", "input_audio",
                     "cache_read_audio", "input_image", "input_video"),
    "cache_read_tokens": ("cache_read", "cache_read_audio"),
    "cache_write_tokens": ("cache_write", "cache_write_5m", "cache_write_1h"),
    "cache_write_5m_tokens": ("cache_write_5m",),
    "cache_write_1h_tokens": ("cache_write_1h",),
    "input_audio_tokens": ("input_audio", "cache_read_audio"),
    "cache_audio_read_tokens": ("cache_read_audio",),
    "input_image_tokens": ("input_image",),
    "input_video_tokens": ("input_video",),
    "output_tokens": ("output", "output_reasoning", "output_rejected", "output_audio", "output_image"),
    "output_reasoning_tokens": ("output_reasoning",),
    "output_audio_tokens": ("output_audio",),
    "output_image_tokens": ("output_image",),
}  # fmt: skip
#: Token units of theirs that we have none for; a model that prices them still agrees when none was used.
NONE_USED = dict.fromkeys(("cache_image_read_tokens", "output_video_tokens", "output_citation_tokens"), 0)
TAILS = ["", "-20251211", "-2026-01-01", ":free", "-latest", "-v1:0", "@20250805", "-preview", ":nitro"]
HEADS = ["", "us.", "eu.anthropic.", "openai/", "models/", "ft:", "global.", "accounts/x/"]


def literals(clause: MatchLogic) -> list[str]:
    """Return the names that stand in a clause."""
    match clause:
        case ClauseEquals(text) | ClauseStartsWith(text) | ClauseEndsWith(text) | ClauseContains(text):
            return [text]
        case ClauseOr(clauses) | ClauseAnd(clauses):
            return [name for one in clauses for name in literals(one)]
    return []


def every_name() -> list[tuple[str, str]]:
    """Return (provider, name) for all names that stand in the package's rules, as they are and changed a little."""
    rng = random.Random(7)
    found = []
    for provider in SNAPSHOT.providers:
        plain = {name for model in provider.models for name in (model.id, *literals(model.match))}
        found += [(provider.id, name) for name in sorted(plain)]
        found += [(provider.id, rng.choice(HEADS) + name + rng.choice(TAILS)) for name in sorted(plain)]
    return found


def theirs(provider: str, name: str) -> tuple[str, str] | None:
    """Return the provider and model the package itself chooses."""
    try:
        seller, model = SNAPSHOT.find_provider_model(name, None, provider, None)
    except LookupError:
        return None
    owner = next(p for p in SNAPSHOT.providers if any(m is model for m in p.models))
    assert seller.id == provider
    return (owner.id, model.id) if has_prices(model) else None


def test_the_same_model_is_chosen(book: Book) -> None:
    """For every name in the package's rules, and thousands of others like them, the book chooses the same model.

    Models that the package lists without any price are unknown to the book: no price is not a price of zero. So are
    fine-tuned models that the package takes for what they were made from. What the package does not know, the book
    may know by the name without what stands around it, as the model the package knows by that.
    """
    names = every_name()
    assert len(names) > 5_000
    wrong = []
    for provider, name in names:
        found = book.rates(provider, name)
        ours = None if isinstance(found, Unpriced) else (found.provider, found.name)
        meant = theirs(provider, name)
        if ours in (meant, ("aws", "textract"), ("openrouter", "~free")):
            continue
        others = {theirs(provider, other) for other in spellings(name, provider, book.models)[1:]}
        if not (is_tuned(name) and ours is None) and not (meant is None and ours in others):
            wrong.append((provider, name, ours, meant))
    assert wrong == []


def has_prices(model: ModelInfo) -> bool:
    """Say whether the package states any price of a model."""
    listed = model.prices if isinstance(model.prices, list) else [ConditionalPrice(prices=model.prices)]
    return any(price is not None for one in listed for price in one.prices.__dict__.values())


@pytest.mark.parametrize(
    ("provider", "name"),
    [("bedrock", "aws"), ("aws.bedrock", "aws"), ("gcp.vertex_ai", "google"), ("gcp.gemini", "google"), ("xai", "x-ai"),
     ("mistral_ai", "mistral"), ("together-ai", "together"), ("Anthropic", "anthropic"), ("openai.responses", "openai"),
     ("huggingface/groq", "huggingface_groq"), ("groq", "groq"), ("moonshot", "moonshotai"), ("voyage", "voyageai")],
)  # fmt: skip
def test_the_same_provider_is_meant(book: Book, provider: str, name: str) -> None:
    """Providers are known under the names the package knows them by."""
    meant = find_provider_by_id(SNAPSHOT.providers, provider)
    assert meant is not None
    assert meant.id == name
    model = next(m.id for m in meant.models if theirs(name, m.id) == (name, m.id))
    found = book.find(provider, model)
    assert not isinstance(found, Unpriced)
    assert (found.provider, found.name) == (name, model)


@pytest.mark.parametrize(
    ("provider", "model", "owner"),
    [("azure.ai.openai", "gpt-4o", "openai"), ("azure", "claude-sonnet-5", "anthropic"), ("x_ai", "grok-4", "x-ai"),
     ("gcp.gen_ai", "gemini-2.5-pro", "google"), ("litellm", "openai/gpt-5-mini", "openai"),
     ("vertex_ai", "claude-sonnet-4-5@20250929", "google"),
     ("aws.bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "aws"),
     ("self_hosted", "llama-3.1-8b", "self-hosted"), ("Pinecone", "documents", "pinecone")],
)  # fmt: skip
def test_names_of_sensors_and_clouds_are_understood(book: Book, provider: str, model: str, owner: str) -> None:
    """What telemetry calls a provider is found, and what a cloud sells for another is found at the other."""
    found = book.find(provider, model)
    assert not isinstance(found, Unpriced)
    assert found.provider == owner


def in_their_terms(usage: dict[str, int]) -> Usage:
    """Return usage in the package's units."""
    return Usage(**{key: sum(usage.get(unit, 0) for unit in units) for key, units in WITHIN.items()}, **NONE_USED)


def is_fine(price: ModelPrice) -> bool:
    """Say whether no amount has binary dust beyond the twelfth place."""
    amounts = []
    for one in price.__dict__.values():
        if isinstance(one, TieredPrices):
            amounts += [one.base, *(tier.price for tier in one.tiers)]
        elif one is not None:
            amounts.append(one)
    return all(amount == rounded(amount) for amount in amounts)


def random_usage(rng: random.Random) -> dict[str, int]:
    """Return a quantity for some units, small and large prompts alike."""
    units = rng.sample([u for units in WITHIN.values() for u in units], rng.randint(1, 6))
    return {unit: rng.choice([rng.randint(1, 999), rng.randint(1, 400_000), 200_000, 200_001]) for unit in units}


def same_amount(book: Book, provider: str, model: ModelInfo, rng: random.Random, when: PriceVariant | None) -> bool:
    """Compare one random usage on a random day; return whether both had a price for all of it.

    Prices that the book has from elsewhere are compared one by one in `test_every_price.py`.
    """
    start = datetime(2025, 1, 1, tzinfo=UTC)
    if when is not None:
        start = datetime(2026, 11, 4, tzinfo=UTC)
    used_at = start + timedelta(seconds=rng.randint(0, 60_000_000))
    usage = random_usage(rng)
    context = dict(when.when) if when else {}
    price = model.get_prices(used_at, context)
    found = quote(book, provider, model.id, usage, used_at, context)
    if found.unpriced or not is_fine(price) or not all(p.source.startswith("genai-prices") for p in found.parts):
        return False
    request = price.__dict__.get("requests_kcount")
    expected = price.calc_price(in_their_terms(usage))["total_price"] - (request or Decimal(0)) / 1000
    exact = expected.quantize(PICO, ROUND_HALF_UP)
    assert found.amount == exact, (provider, model.id, used_at, usage, context)
    assert sum(part.amount for part in found.parts) == found.amount
    return True


def sole(provider: str, model: ModelInfo) -> bool:
    """Say whether a model's own name leads to it."""
    return theirs(provider, model.id) == (provider, model.id)


def test_the_same_amount_is_charged(book: Book) -> None:
    """Random usage of every model, on random days and at any hour, costs what the package says it does."""
    rng = random.Random(20261102)
    compared = sum(
        same_amount(book, provider.id, model, rng, None)
        for provider in SNAPSHOT.providers
        for model in provider.models
        if sole(provider.id, model)
        for _ in range(2)
    )
    assert compared > 3_000


def test_the_same_amount_is_charged_in_every_context(book: Book) -> None:
    """Batch, flex, priority and fast cost what the package says they do, from the day it knows them."""
    rng = random.Random(42)
    compared = sum(
        same_amount(book, provider.id, model, rng, variant)
        for provider in SNAPSHOT.providers
        for model in provider.models
        if sole(provider.id, model)
        for variant in model.price_variants or ()
        for _ in range(3)
    )
    assert compared > 400


def test_a_threshold_changes_the_whole_request(book: Book) -> None:
    """At 272,000 tokens the lower price holds for all of them, with one more the higher one does."""
    used_at = datetime(2026, 11, 2, tzinfo=UTC)
    below = quote(book, "openai", "gpt-5.5", {"input": 272_000}, used_at).amount
    above = quote(book, "openai", "gpt-5.5", {"input": 1, "cache_read": 272_000}, used_at).parts
    assert below == Decimal("1.36")
    assert above[0].price == Decimal(10)


def test_a_variant_without_history_holds_from_the_first_price_on(book: Book) -> None:
    """Flex was written down in October 2026; what ran in September is flex all the same, not standard."""
    used_at = datetime(2026, 9, 15, tzinfo=UTC)
    flex = quote(book, "openai", "gpt-5.5", {"input": 1_000_000}, used_at, {"tier": "flex"})
    assert flex.unpriced == ()
    assert flex.amount < quote(book, "openai", "gpt-5.5", {"input": 1_000_000}, used_at).amount
