import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from time import monotonic
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outlay.prices.book import Book
from outlay.prices.learn import learn
from outlay.prices.quote import quote
from outlay.prices.source import Stated
from outlay.prices.vector import ENDLESS
from outlay.store import Store, open_store
from outlay.terms.price import FOREVER, Price, context_text
from outlay.terms.unit import TOKEN_UNITS
from tests.prices.stating import day, stated

FIRST, END = day(3, 1), day(4, 1)
Vector = dict[str, object]


@pytest.fixture(scope="module")
def bench() -> Iterator[Store]:
    """One store in memory that every example empties."""
    store = open_store("duckdb:///:memory:")
    yield store
    store.drop()


@st.composite
def some_prices(draw: st.DrawFn) -> list[Stated]:
    """Draw dated prices of a few units, contexts and sizes, with gaps in time."""
    found = []
    for unit in draw(st.lists(st.sampled_from(["input", "output", "cache_read", "page"]), min_size=1, unique=True)):
        for context in draw(
            st.sampled_from(
                [
                    [""],
                    ["", "tier=flex"],
                    ["tier=flex"],
                    ["", "hours=22:00-06:00"],
                    ["", "days=sat-sun;hours=22:00-06:00"],
                ]
            )
        ):
            for size_from in draw(st.sampled_from([[0], [0, 1000], [500]])):
                edges = sorted(draw(st.lists(st.integers(-40, 60), min_size=2, max_size=4, unique=True)))
                spans = pairwise(edges)
                for first, end in spans:
                    since, until = FIRST + timedelta(days=first), FIRST + timedelta(days=end)
                    if draw(st.booleans()):
                        amount = str(draw(st.integers(0, 50)))
                        found.append(
                            stated(amount, unit=unit, context=context, size_from=size_from, first=since, end=until)
                        )
    percent = draw(st.sampled_from(["", "10", "33.3", "100"]))
    if percent:
        since = FIRST + timedelta(days=draw(st.integers(-10, 20)))
        off = stated(percent, unit="discount of everything", first=since, source="contract 7", model="*")
        found.append(off | {"pattern": ".*", "per": 100, "currency": "XXX"})
    return found


def covers(vector: Vector, used_at: datetime, size: int) -> bool:
    """Say whether a vector is for an instant and a size."""
    return cast(datetime, vector["valid_from"]) <= used_at < cast(datetime, vector["valid_to"]) and cast(
        int, vector["size_from"]
    ) <= size < cast(int, vector["size_to"])


@settings(max_examples=60, deadline=None)
@given(some_prices(), st.sampled_from(["", "flex"]), st.data())
def test_every_instant_and_size_has_exactly_one_vector(
    bench: Store, prices: list[Stated], tier: str, data: st.DataObject
) -> None:
    """Over the span there is no gap and no overlap, and each vector says what a single look-up says."""
    bench.delete("price")
    learn(bench, prices, now=day(1, 1), correction=False, whole=True)
    book = Book.load(bench, FOREVER)
    vectors = book.vectors("acme", "m-1", tier and f"tier={tier}", "page", FIRST, END)
    area = sum(
        (cast(datetime, v["valid_to"]) - cast(datetime, v["valid_from"])) // timedelta(microseconds=1)
        * (cast(int, v["size_to"]) - cast(int, v["size_from"]))
        for v in vectors
    )  # fmt: skip
    assert area == (END - FIRST) // timedelta(microseconds=1) * ENDLESS
    for _ in range(10):
        minute = data.draw(st.integers(0, 31 * 24 * 60 - 1))
        used_at, size = FIRST + timedelta(minutes=minute), data.draw(st.sampled_from([0, 499, 500, 999, 1000, 10**9]))
        (vector,) = [v for v in vectors if covers(v, used_at, size)]
        for unit in TOKEN_UNITS:
            price = book.price_at("acme", "m-1", unit, used_at, {"tier": tier}, size)
            assert vector[f"{unit}_atto"] == (price.atto if isinstance(price, Price) else None)
        page = book.price_at("acme", "m-1", "page", used_at, {"tier": tier}, size)
        assert vector["unit_amount"] == (page.amount if isinstance(page, Price) else None)
        assert vector["reason"] in (None, "no-price-then", "unknown-context", "unknown-provider")


@pytest.mark.parametrize(
    ("provider", "model", "tier", "reason"),
    [
        ("nobody", "x", "", "unknown-provider"),
        ("openai", "no-such-model", "", "unknown-model"),
        ("openai", "", "", "unknown-model"),
        ("openai", "gpt-5.4", "no-such-tier", "unknown-context"),
    ],
)
def test_what_is_unknown_has_a_reason_and_a_bound(
    book: Book, provider: str, model: str, tier: str, reason: str
) -> None:
    """No price stands where none is known; the dearest of the provider bounds it, where the provider is known."""
    (vector,) = book.vectors(provider, model, tier and f"tier={tier}", "web_search", FIRST, END)
    assert vector["reason"] == reason
    assert all(vector[f"{unit}_atto"] is None for unit in TOKEN_UNITS)
    assert vector["unit_amount"] is None
    known = provider == "openai"
    assert (cast(int, vector["bound_atto"]) > 0) == known
    assert (vector["bound_unit_amount"] is not None) == known


def test_a_span_without_a_price_is_covered_and_says_so(store: Store, now: datetime) -> None:
    """Before the first price and after the last there are vectors with the reason no-price-then."""
    learn(store, [stated("2", first=day(3, 10), end=day(3, 20))], now=now, correction=False, whole=True)
    vectors = Book.load(store, now).vectors("acme", "M-1", "tier=default", "", FIRST, END)
    assert [(v["valid_from"], v["reason"], v["input_atto"]) for v in vectors] == [
        (FIRST, "no-price-then", None),
        (day(3, 10), None, 2 * 10**12),
        (day(3, 20), "no-price-then", None),
    ]
    assert {v["bound_atto"] for v in vectors} == {2 * 10**12}


def test_both_engines_give_the_same_vectors(both: tuple[Store, Store], now: datetime) -> None:
    """Learnt on either engine, prices come back as the same vectors."""
    prices = [stated("2", end=day(3, 10)), stated("0.000000000001", first=day(3, 10)), stated("4", size_from=9)]
    found = []
    for store in both:
        learn(store, prices, now=now, correction=False, whole=True)
        found.append(Book.load(store, now).vectors("acme", "m-1", "", "", FIRST, END))
    assert found[0] == found[1]
    assert len(found[0]) > 2


def test_a_month_of_many_models_is_resolved_at_once(book: Book) -> None:
    """Vectors of 200 models, some unknown, take less than a second."""
    names = [(p, m) for p, models in book.models.items() for m in models]
    asked = [*random.Random(3).sample(names, 180), *(("openai", f"unknown-{n}") for n in range(20))]
    began_s = monotonic()
    for provider, model in asked:
        book.vectors(provider, model, "", "", FIRST, END)
    assert monotonic() - began_s < 1


USAGE: list[tuple[str, str, dict[str, Decimal | int], str, str]] = [
    ("openai", "gpt-5.4", {"input": 7, "cache_read": 3, "output": 11, "output_reasoning": 5}, "", ""),
    ("openai", "gpt-5.4", {"input": 300_001, "output": 1}, "", "batch"),
    ("anthropic", "claude-sonnet-5", {"input": 1, "cache_write_5m": 3, "cache_write_1h": 1, "output": 2}, "auto", ""),
    ("google", "gemini-2.5-flash", {"input": 13, "input_audio": 17, "output": 19}, "", ""),
    ("openrouter", "google/gemini-2.5-flash", {"cache_write_5m": 7, "input": 1}, "", ""),
    ("aws", "textract", {"page": 7}, "", ""),
    ("pinecone", "documents", {"read_unit": 5}, "", ""),
    ("self-hosted", "llama-3.1-8b", {"gpu_second": Decimal("3.217")}, "", ""),
    ("anthropic", "claude-sonnet-5", {"input": 5, "web_search": 3}, "", ""),
]  # fmt: skip


def test_a_quote_is_what_the_ledger_says(store: Store, book: Book) -> None:
    """The amount of a quote is the amount that pricing in SQL gives, to the last digit, on both engines."""
    used_at, rows, vectors, expected = day(9, 15), [], [], {}
    for line, (provider, model, usage, tier, processing) in enumerate(USAGE, start=1):
        unit = next((u for u in usage if u not in TOKEN_UNITS), None)
        tokens = {name: usage.get(name, 0) for name in TOKEN_UNITS}
        context = context_text({k: v for k, v in {"tier": tier, "processing": processing}.items() if v})
        who = {"provider": provider, "model": model, "context": context, "feature": f"f{line}"}
        rest = {"take_in": "t", "file": 1, "line": line, "id": str(line), "time": used_at, "attempt": 1,
                "state": "complete", "sensor": "sdk", "currency": "USD"}  # fmt: skip
        rows.append({**who, **rest, **tokens, "unit": unit, "quantity": usage[unit] if unit else 0})
        vectors += book.vectors(provider, model, context, unit or "", FIRST, day(10, 1))
        found = quote(book, provider, model, usage, used_at, {"tier": tier, "processing": processing})
        assert not found.unpriced
        assert sum(part.amount for part in found.parts) == found.amount
        expected[f"f{line}"] = found.amount
    store.insert("usage", rows)
    kept = [v for n, v in enumerate(vectors) if v not in vectors[:n]]
    month = {"run": "r", "month": day(9, 1).date()}
    store.insert("price_vector", [{**month, "vector": n, **v} for n, v in enumerate(kept)])
    store.insert("take_in", [{"take_in": "t", "source": "events", "taken_at": used_at, "lines": len(rows)}])
    priced = store.rows("cost/rollup_day", month)
    assert {row["feature"]: row["estimated_cost"] for row in priced} == expected
    assert {row["unpriced_quantity"] for row in priced} == {Decimal(0)}
