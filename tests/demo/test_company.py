import csv
import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from genai_prices import Usage, calc_price

import outlay.demo
from outlay.demo import cast
from outlay.demo.ai_usage import Telemetry
from outlay.demo.company import build
from outlay.demo.meter import Meter
from outlay.demo.revenue import Crowd, roster
from outlay.errors import BadInput
from tests.demo.story import Story

FILES = {
    *(f"bills/{who}-2026-{month}.csv" for who in ("aws", "openai", "anthropic", "pinecone") for month in ("09", "10")),
    "events/2026-09.ndjson", "events/2026-10.ndjson", "revenue/customers.csv", "revenue/revenue.csv",
    "releases.csv", "rules.toml", "truth.json",
}  # fmt: skip


def digests(folder: Path) -> dict[str, str]:
    """Return a digest of every file below a folder."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_gives_the_same_bytes(story: Story, tmp_path: Path) -> None:
    """Two builds in two processes with differing hash seeds write the same files, byte for byte."""
    program = "import sys, pathlib, outlay.demo.company as c; c.build(pathlib.Path(sys.argv[1]))"
    source = str(Path(outlay.demo.__path__[0]).parents[1])
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": source}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], env=environment, check=True)
    assert digests(tmp_path) == digests(story.folder)


def test_it_writes_the_files_it_promises(story: Story) -> None:
    """The folder holds two months of bills and events, revenue, releases, rules and the truth, and nothing else."""
    assert set(digests(story.folder)) == FILES


def test_the_package_holds_no_data_file() -> None:
    """The company is generated: the room consists of Python modules."""
    files = [path for path in Path(outlay.demo.__path__[0]).rglob("*") if path.is_file()]
    assert {path.suffix for path in files if "__pycache__" not in path.parts} == {".py"}


def test_another_seed_tells_the_story_with_other_luck() -> None:
    """Different seeds differ in customers and events."""
    assert roster(7, 1) != roster(8, 1)
    assert one_day(7, 1)[:5] != one_day(8, 1)[:5]


def test_scale_doubles_the_events() -> None:
    """Scale 2 has twice the calls of scale 1, give or take the luck of retries, and twice the customers."""
    assert len(roster(7, 2)) == 2 * len(roster(7, 1))
    single, double = len(one_day(7, 1)), len(one_day(7, 2))
    assert 1.9 < double / single < 2.1


def one_day(seed: int, scale: int) -> list[bytes]:
    """Return the events of one ordinary day."""
    customers = roster(seed, scale)
    return Telemetry(seed, scale, (Crowd(customers, 0), Crowd(customers, 1)), Meter()).day(date(2026, 10, 14))


def test_a_scale_below_one_is_refused(tmp_path: Path) -> None:
    """There is no half company; the message says what to give."""
    with pytest.raises(BadInput, match="scale 0 is below 1") as caught:
        build(tmp_path, scale=0)
    assert caught.value.code == "bad-scale"
    assert caught.value.fix
    assert not list(tmp_path.iterdir())


def test_the_truth_file_says_what_build_returned(story: Story) -> None:
    """`truth.json` holds every field of the truth; its amounts are decimal strings."""
    told = json.loads((story.folder / "truth.json").read_text(encoding="utf-8"))
    assert set(told) == set(story.truth.__dataclass_fields__)
    assert Decimal(told["culprit"]["change"]) == story.truth.culprit.change
    assert all(isinstance(amount, str) for amount in told["customers"]["2026-10"].values())
    assert {name: Decimal(amount) for name, amount in told["features"]["2026-09"].items()} == dict(
        story.truth.features["2026-09"]
    )


def test_customers_and_revenue_agree(story: Story) -> None:
    """400 customers with distinct names in three segments; revenue and events name no other customer."""
    with (story.folder / "revenue" / "customers.csv").open(encoding="utf-8", newline="") as file:
        customers = list(csv.DictReader(file))
    with (story.folder / "revenue" / "revenue.csv").open(encoding="utf-8", newline="") as file:
        revenue = list(csv.DictReader(file))
    ids = {row["customer"] for row in customers}
    assert len(customers) == len(ids) == len({row["name"] for row in customers}) == 400
    assert {row["segment"] for row in customers} == {"enterprise", "mid-market", "starter"}
    assert {row["status"] for row in customers} == {"active", "trial", "churned"}
    assert {row["customer"] for row in revenue} <= ids
    assert {row["kind"] for row in revenue} == {"subscription", "usage", "refund"}
    assert story.customers["2026-09"] | story.customers["2026-10"] <= ids
    churned = {row["customer"] for row in customers if row["status"] == "churned"}
    assert not churned & story.customers["2026-10"]


def test_names_stay_distinct_in_a_large_company() -> None:
    """Names do not repeat, even past the number of words there are."""
    names = [customer.name for customer in roster(7, 12)]
    assert len(set(names)) == len(names) == 4800


def test_list_prices_are_the_ones_the_price_data_knows() -> None:
    """The cast's model prices are the dated list prices of both months."""
    names = {
        "input": {"input_tokens": 1000},
        "cache_read": {"input_tokens": 1000, "cache_read_tokens": 1000},
        "cache_write_5m": {"input_tokens": 1000, "cache_write_tokens": 1000},
        "output": {"output_tokens": 1000},
        "output_reasoning": {"output_tokens": 1000},
    }
    for model, prices in cast.TOKEN_PRICES.items():
        provider = "anthropic" if model.startswith("claude") else "openai"
        for unit, price in prices.items():
            for used_at in (datetime(2026, 9, 15, tzinfo=UTC), datetime(2026, 10, 15, tzinfo=UTC)):
                known = calc_price(
                    Usage(**names[unit]), model, provider_id=provider, genai_request_timestamp=used_at
                )  # fmt: skip
                assert known.total_price * cast.PICO == price * 1000, (model, unit)
