from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from outlay.prices.book import Book
from outlay.prices.contexts import wanted
from outlay.prices.learn import learn
from outlay.prices.quote import quote
from outlay.store import Store
from outlay.terms.price import Price, Unpriced
from tests.prices.stating import day, stated

USED_AT = datetime.fromisoformat("2026-11-02T12:00:00+00:00")


@pytest.mark.parametrize(
    ("provider", "context"),
    [("openai", {"tier": "default"}), ("openai", {"service_tier": "auto"}), ("openai", {"tier": "Standard "}),
     ("anthropic", {"tier": "standard", "speed": "standard", "inference_geo": "not_available"}),
     ("anthropic", {"tier": "standard_only"}), ("anthropic", {"region": "global"}), ("groq", {"tier": "on_demand"}),
     ("groq", {"tier": "flex"}), ("aws", {"latency": "standard"}), ("google", {"traffic_type": "ON_DEMAND"}),
     ("perplexity", {"search_type": "web"}), ("openai", {"processing": "realtime"}), ("openai", {"region": None}),
     ("openai", {"tier": ""}), ("", {})],
)  # fmt: skip
def test_the_ordinary_context_has_many_spellings(provider: str, context: dict[str, str | None]) -> None:
    """What a provider writes for its ordinary price asks for nothing."""
    assert wanted(context, provider) == {}


@pytest.mark.parametrize(
    ("provider", "context", "asked"),
    [("anthropic", {"tier": "batch"}, {"processing": "batch"}), ("openai", {"service_tier": "FLEX"}, {"tier": "flex"}),
     ("openai", {"tier": "flex", "processing": "batch"}, {"tier": "flex", "processing": "batch"}),
     ("anthropic", {"tier": "priority", "speed": "fast"}, {"tier": "priority", "speed": "fast"}),
     ("google", {"traffic_type": "ON_DEMAND_PRIORITY"}, {"tier": "priority"}),
     ("openai", {"tier": "flex", "service_tier": "priority"}, {"tier": "flex,priority"}),
     ("anthropic", {"inference_geo": "us"}, {"region": "us"})],
)  # fmt: skip
def test_other_contexts_have_one_spelling(provider: str, context: dict[str, str], asked: dict[str, str]) -> None:
    """Keys and values come out as the book has them; two values of one key are none that any price is for."""
    assert wanted(context, provider) == asked


@pytest.mark.parametrize("context", [{"tier": "scale"}, {"processing": "overnight"}, {"speed": "ludicrous"},
                                     {"tier": "flex,priority"}, {"mood": "good"}])  # fmt: skip
def test_an_unknown_context_is_unpriced(book: Book, context: dict[str, str]) -> None:
    """A tier, a processing or a speed nobody has stated a price for never costs the ordinary price."""
    found = book.price_at("openai", "gpt-5.4", "input", USED_AT, context)
    assert isinstance(found, Unpriced)
    assert found.reason == "unknown-context"
    assert "tier=flex" in found.nearest


def amount(book: Book, provider: str, model: str, unit: str, context: dict[str, str]) -> Decimal | str:
    """Return what a million cost, or why that is not known."""
    found = book.price_at(provider, model, unit, USED_AT, context)
    return found.amount if isinstance(found, Price) else found.reason


def test_fast_is_a_speed_of_one_provider_and_a_tier_of_another(book: Book) -> None:
    """Anthropic sells a speed, OpenAI a tier of that name; neither is the other."""
    assert amount(book, "anthropic", "claude-opus-5", "input", {"speed": "fast"}) == 10
    assert amount(book, "anthropic", "claude-opus-5", "input", {"tier": "fast"}) == "unknown-context"
    assert amount(book, "openai", "gpt-5.5", "input", {"tier": "fast"}) == Decimal("12.5")
    assert amount(book, "openai", "gpt-5.5", "input", {"speed": "fast"}) == "unknown-context"


def test_what_two_contexts_cost_together_has_to_be_stated(book: Book) -> None:
    """Priority and fast, or fast and batch, have each a price; both at once have none, unless both say the same."""
    assert amount(book, "anthropic", "claude-opus-5", "input", {"speed": "fast", "processing": "batch"}) == (
        "unknown-context"
    )
    assert amount(book, "anthropic", "claude-opus-5", "input", {"speed": "fast", "tier": "priority"}) == (
        "unknown-context"
    )
    assert amount(book, "openai", "gpt-5", "input", {"tier": "flex", "processing": "batch"}) == Decimal("0.625")


def test_both_contexts_hold_where_a_price_is_for_both(store: Store, now: datetime) -> None:
    """A price that is stated for priority and fast is for exactly that."""
    prices = [stated("2"), stated("3", context="tier=priority"), stated("4", context="speed=fast"),
              stated("9", context="speed=fast;tier=priority")]  # fmt: skip
    learn(store, prices, now=now, correction=False, whole=True)
    found = Book.load(store, now).price_at("acme", "m-1", "input", day(3, 1), {"speed": "fast", "tier": "priority"})
    assert isinstance(found, Price)
    assert found.amount == 9


def test_a_region_costs_more_where_somebody_says_so(book: Book) -> None:
    """Inference in the United States is a tenth dearer for every token, in batches and fast too; searches are not."""
    us = {"inference_geo": "us"}
    assert amount(book, "anthropic", "claude-opus-5", "input", us) == Decimal("5.5")
    assert amount(book, "anthropic", "claude-opus-5", "cache_write_1h", us) == 11
    assert amount(book, "anthropic", "claude-opus-5", "output", us | {"processing": "batch"}) == Decimal("13.75")
    assert amount(book, "anthropic", "claude-opus-5", "input", us | {"speed": "fast"}) == 11
    assert amount(book, "anthropic", "claude-opus-5", "web_search", us) == 10


def test_a_region_without_a_price_is_ordinary_only_where_no_region_has_one(book: Book) -> None:
    """Where prices differ by region, one that nobody has stated is unknown; where they do not, it is no matter."""
    assert amount(book, "anthropic", "claude-opus-5", "input", {"region": "eu"}) == "unknown-context"
    assert amount(book, "anthropic", "claude-sonnet-4-5", "input", {"region": "eu"}) == 3
    assert amount(book, "aws", "amazon.nova-pro-v1:0", "input", {"region": "us-east-1"}) == Decimal("0.8")


def test_any_region_may_cost_more(store: Store, now: datetime, book: Book) -> None:
    """A price for any region is for each that is named, unless that one has its own; none is named, none is paid."""
    prices = [stated("2"), stated("3", context="region=*"), stated("4", context="region=jp"),
              stated("1", context="processing=batch"), stated("1.5", context="processing=batch;region=*")]  # fmt: skip
    learn(store, prices, now=now, correction=False, whole=True)
    own = Book.load(store, now)
    assert [amount(own, "acme", "m-1", "input", {"region": region}) for region in ("eu", "jp", "", "global")] == [
        3,
        4,
        2,
        2,
    ]
    assert amount(own, "acme", "m-1", "input", {"region": "eu", "processing": "batch"}) == Decimal("1.5")
    assert amount(own, "acme", "m-1", "input", {"region": "jp", "processing": "batch"}) == "unknown-context"
    assert amount(book, "openai", "gpt-5.4", "input", {"region": "in"}) == Decimal("2.75")
    assert amount(book, "openai", "gpt-4.1", "input", {"region": "in"}) == 2


@pytest.mark.parametrize(
    ("used_at", "expected"),
    [("2026-11-02T00:59:59.999999+00:00", "0.15"), ("2026-11-02T01:00:00+00:00", "0.3"),
     ("2026-11-02T03:59:59.999999+00:00", "0.3"), ("2026-11-02T04:00:00+00:00", "0.15"),
     ("2026-11-02T03:30:00+02:00", "0.3"), ("2026-11-02T02:30:00+02:00", "0.15"),
     ("2026-11-07T02:00:00+00:00", "0.15"), ("2026-11-08T23:30:00-02:00", "0.3")],
)  # fmt: skip
def test_hours_and_days_are_those_of_utc(book: Book, used_at: str, expected: str) -> None:
    """Peak hours open and close to the microsecond in UTC, wherever the caller's clock stands, and not on weekends."""
    found = book.price_at("deepseek", "deepseek-flash", "input", datetime.fromisoformat(used_at))
    assert isinstance(found, Price)
    assert found.amount == Decimal(expected)


def test_routes_and_kinds_of_search_follow_the_rule_of_regions(book: Book) -> None:
    """A route with a price has that price, a route of a model without any is ordinary."""
    model = "mistralai/mistral-large-4-0"
    assert amount(book, "openrouter", model, "input", {"route": "mistral/eu"}) == Decimal("0.748")
    assert amount(book, "openrouter", model, "input", {"route": "mistral/us"}) == "unknown-context"
    assert amount(book, "openrouter", "openai/gpt-4o", "input", {"route": "azure"}) == Decimal("2.5")
    assert amount(book, "perplexity", "perplexity/sonar", "web_search", {"search_type": "fast"}) == 1
    assert amount(book, "perplexity", "perplexity/sonar", "web_search", {"search_type": "web"}) == Decimal("2.5")


def test_a_reseller_has_no_tiers_and_no_regions_of_the_maker(book: Book) -> None:
    """What OpenAI and Anthropic ask for tiers and places says nothing about Azure."""
    assert amount(book, "azure", "gpt-5.4", "input", {"tier": "flex"}) == "unknown-context"
    assert amount(book, "azure", "claude-opus-5", "input", {"region": "us"}) == 5


@pytest.mark.parametrize("context", ["inference_geo=us", "region=us", "region=us;tier=standard"])
def test_vectors_know_contexts_as_quotes_do(book: Book, context: str) -> None:
    """The prices side by side are those of a single look-up, however the context is spelt."""
    first = datetime.fromisoformat("2026-11-01T00:00:00+00:00")
    (vector,) = book.vectors("anthropic", "claude-opus-5", context, "", first, first + timedelta(days=30))
    assert vector["input_atto"] == 5_500_000_000_000
    asked = dict(pair.split("=") for pair in context.split(";"))
    assert quote(book, "anthropic", "claude-opus-5", {"input": 2}, USED_AT, asked).amount == Decimal("0.000011")
