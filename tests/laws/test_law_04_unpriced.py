"""Law 4, the price book's part: no price is never zero."""

from datetime import UTC, datetime

import pytest
from genai_prices.data_snapshot import get_snapshot
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from outlay.prices.book import Book
from outlay.prices.learn import seed
from outlay.prices.quote import quote
from outlay.store import open_store
from outlay.terms.price import Price, Unpriced
from outlay.terms.unit import TOKEN_UNITS

USED_AT = datetime(2026, 10, 5, 12, tzinfo=UTC)
PROVIDERS = [provider.id for provider in get_snapshot().providers]
WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-./:", min_size=1, max_size=24)
UNITS = st.one_of(st.sampled_from([*TOKEN_UNITS, "page", "web_search", "request"]), WORDS)


@pytest.fixture(scope="module")
def book() -> Book:
    """The book with every list price."""
    store = open_store("duckdb:///:memory:")
    seed(store, now=USED_AT)
    found = Book.load(store, USED_AT)
    store.drop()
    return found


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.sampled_from(PROVIDERS), WORDS), WORDS, UNITS, st.one_of(st.just(""), WORDS))
def test_a_price_always_comes_from_a_record(book: Book, provider: str, model: str, unit: str, tier: str) -> None:
    """Whatever is asked for, the answer is a price some source stated then, or a reason; the amount counts no other."""
    found = book.price_at(provider, model, unit, USED_AT, {"tier": tier})
    rates = book.rates(provider, model)
    if isinstance(found, Price):
        assert not isinstance(rates, Unpriced)
        assert any(found is record for record in rates.records())
        assert found.valid_from <= USED_AT < found.valid_to
        assert found.source
    else:
        assert found.reason
    priced = quote(book, provider, model, {unit: 3}, USED_AT, {"tier": tier})
    assert [lack.quantity for lack in priced.unpriced] == ([] if isinstance(found, Price) else [3])


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(PROVIDERS), WORDS, st.sampled_from(TOKEN_UNITS))
def test_a_model_the_list_does_not_know_is_unpriced(book: Book, provider: str, model: str, unit: str) -> None:
    """A name that the list's own rules do not match has no price here either."""
    try:
        get_snapshot().find_provider_model(model, None, provider, None)
        known = True
    except LookupError:
        known = False
    assume(not known)
    found = book.price_at(provider, model, unit, USED_AT)
    assert isinstance(found, Unpriced)
    assert found.reason == "unknown-model"
    (vector,) = book.vectors(provider, model, "", "", USED_AT, datetime(2026, 10, 6, tzinfo=UTC))
    assert vector["reason"] == "unknown-model"
    assert all(vector[f"{name}_atto"] is None for name in TOKEN_UNITS)


@pytest.mark.parametrize(
    ("provider", "model", "unit", "context", "reason"),
    [
        ("nobody", "gpt-5.4", "input", {}, "unknown-provider"),
        ("openai", "gtp-5.4", "input", {}, "unknown-model"),
        ("openai", "text-embedding-3-small", "output", {}, "unknown-unit"),
        ("openai", "gpt-5.4", "page", {}, "unknown-unit"),
        ("openai", "gpt-5.4", "input", {"tier": "scale"}, "unknown-context"),
        ("openai", "gpt-5.4", "input", {"processing": "overnight"}, "unknown-context"),
        ("azure", "gpt-5.4", "input", {"processing": "batch"}, "unknown-context"),
    ],
)
def test_each_kind_of_not_knowing_has_its_reason(
    book: Book, provider: str, model: str, unit: str, context: dict[str, str | None], reason: str
) -> None:
    """Unknown providers, models, units and contexts are told apart."""
    found = book.price_at(provider, model, unit, USED_AT, context)
    assert isinstance(found, Unpriced)
    assert found.reason == reason
