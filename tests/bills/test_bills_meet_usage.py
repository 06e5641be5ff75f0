"""From a vendor's API to the gap: what was fetched meets what programs measured, model by model and class by class."""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from outlay import flow
from outlay.capture import take_in as events
from outlay.explain.gap import reconcile
from outlay.store import Row, Store
from tests.bills.fetched import OCTOBER, Home
from tests.bills.servers import anthropic, openai
from tests.bills.servers.loopback import serving
from tests.conftest import NOW

GPT, OPUS = "gpt-4o-2024-08-06", "claude-opus-4-5-20251101"


def measured(store: Store, folder: Path, provider: str, model: str, usage: Mapping[str, int]) -> None:
    """Take in one call that a program measured."""
    event = {"id": provider, "time": "2026-10-01T12:00:00Z", "provider": provider, "model": model, "usage": usage}
    path = folder / "events.ndjson"
    path.write_text(json.dumps({**event, "feature": "search"}), encoding="utf-8")
    events.take_in(store, [path], now=NOW)


def by_class(store: Store) -> dict[str, Row]:
    """Make the ledger, and return what bills and estimates differ by, by class of tokens."""
    flow.run(store, OCTOBER, now=NOW)
    found = reconcile(store, OCTOBER, ("provider", "model", "token_class"))
    return {cast(str, row["token_class"]): row for row in cast("list[Row]", found["rows"])}


def test_tokens_that_openai_billed_and_nobody_measured_are_found_in_dollars(
    own: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """40,000 tokens of input are missing at 2.50 USD a million; the other classes meet to the last digit."""
    monkeypatch.setenv("OPENAI_ADMIN_KEY", openai.KEY)
    measured(own, tmp_path, "openai", GPT, {"input": 160_000, "cache_read": 100_000, "output": 100_000})
    spent = [
        openai.Spent(1, 0.5, f"{GPT}, input", quantity=200_000),
        openai.Spent(1, 0.125, f"{GPT}, cached input", quantity=100, unit="1000_tokens"),
        openai.Spent(1, 1.0, f"{GPT}, output", quantity=100_000),
    ]
    with serving(openai.OpenAI(spent)) as front:
        Home(tmp_path, front.url).take_in(own, "openai")
    found = by_class(own)
    assert {name: row["gap"] for name, row in found.items()} == {"input": Decimal("0.1"), "cache_read": 0, "output": 0}
    assert found["input"]["unseen"] == Decimal("0.1")


def test_a_bill_of_anthropics_meets_what_was_measured(
    own: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cents of each class, with the tokens that the usage report counts, at the prices of the book."""
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", anthropic.KEY)
    counts = {"input": 100_000, "cache_read": 1_000_000, "cache_write_5m": 10_000, "output": 20_000}
    cents = {"input": "50", "cache_read": "50", "cache_write_5m": "6.25", "output": "50"}
    measured(own, tmp_path, "anthropic", OPUS, counts)
    spent = [anthropic.Spent(1, cents[unit], unit, count, model=OPUS) for unit, count in counts.items()]
    with serving(anthropic.Anthropic(spent)) as front:
        Home(tmp_path, front.url).take_in(own, "anthropic")
    assert {name: row["gap"] for name, row in by_class(own).items()} == dict.fromkeys(counts, Decimal(0))
