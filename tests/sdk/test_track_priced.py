from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import openai
import pytest

import outlay
from outlay.prices.book import Book
from outlay.prices.learn import seed
from outlay.prices.quote import quote
from outlay.store import open_store
from outlay.testing import recorded
from tests.sdk.fake_llm import SECRET, serve

LEARNT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
ASKED: Any = [{"role": "user", "content": SECRET}]


@pytest.fixture(scope="module")
def book() -> Iterator[Book]:
    """Return every list price."""
    store = open_store("duckdb:///:memory:")
    seed(store, now=LEARNT)
    yield Book.load(store, known_at=LEARNT)
    store.drop()


def test_a_call_that_says_nothing_of_its_usage_has_a_price(book: Book) -> None:
    """Left streams and streams without usage cost what is expected, between their bounds, and never nothing."""
    fake, server = serve()
    with openai.OpenAI(base_url=fake.openai, api_key="k") as client, recorded() as events:
        outlay.track(client, provider="openai")
        stream = client.chat.completions.create(model="gpt-4o", messages=ASKED, stream=True, max_tokens=400)
        list(stream)
        stream = client.chat.completions.create(model="gpt-4o", messages=ASKED, stream=True)
        next(iter(stream))
        stream.close()
    server.shutdown()
    server.server_close()
    for event in events:
        assert event.provider is not None
        assert event.model is not None
        expected = quote(book, event.provider, event.model, event.usage, LEARNT, {})
        bounds = [
            quote(
                book,
                event.provider,
                event.model,
                {unit: int(event.tags.get(f"{unit}_{side}", 0)) for unit in ("input", "output")},
                LEARNT,
                {},
            ).amount
            for side in ("low", "high")
        ]
        assert not expected.unpriced
        assert expected.amount > Decimal(0)
        assert event.state == "partial" or bounds[0] <= expected.amount <= bounds[1]
