"""Small price maps and usage, made for tests."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from outlay.capture import take_in as events
from outlay.prices.learn import learn
from outlay.store import Store
from tests.prices.stating import stated

#: One million tokens cost this in the book of these tests.
INPUT, OUTPUT, CACHED = "2.50", "10", "1.25"


def written_map(path: Path, entries: Mapping[str, object]) -> Path:
    """Write a map as LiteLLM does, numbers as given."""
    path.write_text(json.dumps(entries, indent=4), encoding="utf-8")
    return path


def entry(**costs: object) -> dict[str, object]:
    """Return one model of the made-up provider."""
    return {"litellm_provider": "acme", "mode": "chat", "max_tokens": 8192, **costs}


def small_book(store: Store, now: datetime) -> None:
    """Learn a model with a batch price and one for long prompts, and a model that an agreement made cheaper."""
    prices = [
        stated(INPUT),
        stated("5", size_from=200_001),
        stated("1.25", context="processing=batch"),
        stated(OUTPUT, unit="output"),
        stated(CACHED, unit="cache_read"),
        stated("1", model="m-2"),
    ]
    learn(store, prices, now=now, correction=False, whole=True)


def use(store: Store, folder: Path, now: datetime, *usages: Mapping[str, object]) -> None:
    """Take in one event for each usage, of the first model on 3 October 2026 where it does not say otherwise."""
    ordinary = {"time": "2026-10-03T12:00:00Z", "provider": "acme", "model": "m-1", "feature": "f"}
    lines = [json.dumps({**ordinary, "id": f"e-{n}", **usage}) for n, usage in enumerate(usages)]
    path = folder / "events.ndjson"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    events.take_in(store, [path], mapping=None, now=now)
