import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from outlay.errors import BadInput, Unreadable
from outlay.prices.book import Book
from outlay.prices.learn import learn
from outlay.prices.review.discrepancies import discrepancies
from outlay.prices.review.litellm_map import read_map
from outlay.prices.review.used import used
from outlay.prices.snapshot import book_of, known
from outlay.prices.source import is_list
from outlay.store import Store
from outlay.terms.period import Period
from tests.prices.making_maps import entry, small_book, use, written_map
from tests.prices.stating import stated

OCTOBER = Period.month("2026-10")


def compared(store: Store, path: Path, now: datetime) -> dict[str, Any]:
    """Compare a map with a store's list prices, at its usage of October."""
    rows = known(store, now)
    lists = book_of([row for row in rows if is_list(cast(str, row["source"]))], now)
    return discrepancies(lists, Book.load(store, now), read_map(path), used(store, OCTOBER), now)


def test_a_disagreement_costs_quantity_times_difference(store: Store, tmp_path: Path, now: datetime) -> None:
    """Each price that both know is compared; the dearest disagreement at our own volume comes first."""
    small_book(store, now)
    use(store, tmp_path, now, {"usage": {"input": 1_000_000, "output": 300_000}}, {"usage": {"input": 500_000}})
    path = written_map(
        tmp_path / "map.json",
        {"m-1": entry(input_cost_per_token=2e-06, output_cost_per_token=1.2e-05, cache_read_input_token_cost=1.25e-06)},
    )
    found = compared(store, path, now)
    said = [(row["unit"], row["size_from"], row["ours"], row["theirs"], row["amount"]) for row in found["rows"]]
    # 200,001 and more tokens cost 5 here: both events are longer than that.
    assert said == [
        ("input", 200_001, Decimal(5), Decimal(2), Decimal("-4.5")),
        ("output", 0, Decimal(10), Decimal(12), Decimal("0.6")),
        ("input", 0, Decimal("2.5"), Decimal(2), Decimal(0)),
    ]
    assert (found["compared"], found["equal"], found["different"], found["amount"]) == (4, 1, 3, Decimal("-3.9"))
    assert found["covered"] == Decimal("10.5")  # 1.5 million at 5 and 0.3 million at 10 for a million


def test_usage_counts_once_whatever_the_map_calls_the_model(store: Store, tmp_path: Path, now: datetime) -> None:
    """Two entries of one model share no quantity: its own name has it, and where they agree they are one row."""
    learn(store, [stated("2.50") | {"pattern": "m-1.*"}], now=now, correction=False, whole=True)
    use(store, tmp_path, now, {"usage": {"input": 100}}, {"model": "m-1-2026", "usage": {"input": 10}})
    path = written_map(
        tmp_path / "map.json",
        {
            name: entry(input_cost_per_token=cost)
            for name, cost in (("m-1", 3e-06), ("m-1-2026", 4e-06), ("m-1-x", 3e-06))
        },
    )
    rows = compared(store, path, now)["rows"]
    assert [(row["names"], row["quantity"]) for row in rows] == [(["m-1", "m-1-x"], 100), (["m-1-2026"], 10)]


def test_batch_flex_and_long_prompts_are_their_own_prices(store: Store, tmp_path: Path, now: datetime) -> None:
    """A suffix of the map is a context or a size of the book; usage counts in its own context and size."""
    small_book(store, now)
    batch = {"processing": "batch"}
    use(store, tmp_path, now, {"usage": {"input": 1000}, "context": batch}, {"usage": {"input": 300_000}})
    costs: dict[str, object] = {
        "input_cost_per_token": 2.5e-06,
        "input_cost_per_token_batches": 1e-06,
        "input_cost_per_token_flex": 1e-06,
        "input_cost_per_token_above_200k_tokens": 4e-06,
    }
    found = compared(store, written_map(tmp_path / "map.json", {"m-1": entry(**costs)}), now)
    said = [(row["context"], row["size_from"], row["quantity"], row["amount"]) for row in found["rows"]]
    assert said == [
        ("", 200_001, 300_000, Decimal("-0.3")),
        ("processing=batch", 0, 1000, Decimal("-0.00025")),
    ]
    assert found["only_theirs"] == 1  # flex, for which the book has no price


def test_a_unit_priced_as_a_wider_one_says_so(store: Store, tmp_path: Path, now: datetime) -> None:
    """Where the book has no price for cached tokens and the map has one, the row names the unit whose price holds."""
    small_book(store, now)
    path = written_map(tmp_path / "map.json", {"m-2": entry(cache_read_input_token_cost=1e-07)})
    (row,) = compared(store, path, now)["rows"]
    assert (row["unit"], row["priced_as"], row["ours"], row["theirs"]) == ("cache_read", "input", 1, Decimal("0.1"))


def test_an_agreed_price_is_no_discrepancy(store: Store, tmp_path: Path, now: datetime) -> None:
    """List prices are compared with list prices; what we pay less by contract is ours."""
    small_book(store, now)
    agreed = stated("0.80", model="m-2", source="contract 7")
    later = now + timedelta(seconds=1)
    learn(store, [agreed], now=later, correction=True, whole=False)
    path = written_map(tmp_path / "map.json", {"m-2": entry(input_cost_per_token=1e-06)})
    assert compared(store, path, later)["rows"] == []


def test_dust_of_binary_fractions_is_no_discrepancy(store: Store, tmp_path: Path, now: datetime) -> None:
    """2.4999999999999998e-06 is the same price; 2.49e-06 is not."""
    small_book(store, now)
    for text, different in (("2.4999999999999998e-06", 0), ("2.49e-06", 1), ("0.0000025", 0)):
        path = tmp_path / "map.json"
        path.write_text(
            f'{{"m-1": {{"litellm_provider": "acme", "input_cost_per_token":'
            f' {text}, "input_cost_per_token_above_200k_tokens": 5e-06}}}}',
            encoding="utf-8",
        )
        assert compared(store, path, now)["different"] == different, text


def test_what_is_not_compared_is_counted(store: Store, tmp_path: Path, now: datetime) -> None:
    """Models the book does not have, and keys that are prices of other things, are named and counted."""
    small_book(store, now)
    path = written_map(
        tmp_path / "map.json",
        {
            "sample_spec": {"input_cost_per_token": 0, "litellm_provider": "one of these"},
            "m-9": entry(input_cost_per_token=1e-06),
            "m-1": entry(input_cost_per_pixel=1e-09, output_cost_per_token=1e-05, output_vector_size=8),
        },
    )
    found = compared(store, path, now)
    assert (found["entries"], found["unknown_here"], found["equal"]) == (2, 1, 1)
    assert read_map(path).not_compared == {"input_cost_per_pixel": 1}


def test_comparing_writes_nothing(store: Store, tmp_path: Path, now: datetime) -> None:
    """The book is the same before and after; sources are never mixed."""
    small_book(store, now)
    before = known(store, now)
    compared(store, written_map(tmp_path / "map.json", {"m-1": entry(input_cost_per_token=1)}), now)
    assert known(store, now) == before


@pytest.mark.parametrize("bad", ["-1e-06", "NaN", "Infinity", '"1e-06"', "true", "[1]", "1e+400", "{}"])
def test_an_amount_that_is_none_is_a_problem_with_its_line(tmp_path: Path, bad: str) -> None:
    """A bad amount is named with file, line and key, and the other prices of the map are still read."""
    path = tmp_path / "map.json"
    path.write_text(
        '{\n  "m-0": {},\n  "m-1": {\n    "litellm_provider": "acme",\n'
        f'    "input_cost_per_token": {bad},\n    "output_cost_per_token": 1e-05\n  }}\n}}',
        encoding="utf-8",
    )
    found = read_map(path)
    (problem,) = found.problems
    assert (problem.code, problem.file, problem.line) == ("bad-amount", "map.json", 3)
    assert problem.column == "m-1.input_cost_per_token"
    assert [price.amount for price in found.prices] == [Decimal("0.00001")]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1}', '"text"', "\x00", "[" * 100_000])
def test_a_file_that_is_no_map_is_refused(tmp_path: Path, content: str) -> None:
    """Something else than models by name is unreadable, and the error names the file."""
    path = tmp_path / "map.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(Unreadable, match=r"map\.json"):
        read_map(path)


def test_a_map_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A missing file is named."""
    with pytest.raises(BadInput, match=r"nowhere\.json"):
        read_map(tmp_path / "nowhere.json")


def test_amounts_are_the_digits_of_the_file(tmp_path: Path) -> None:
    """No amount passes through a binary fraction: 17 digits come out as they went in."""
    entries: Mapping[str, object] = json.loads('{"m-1": {"litellm_provider": "acme"}}')
    path = written_map(tmp_path / "map.json", entries)
    path.write_text(
        path.read_text(encoding="utf-8").replace('"acme"', '"acme", "input_cost_per_token": 1.23456789012345678e-06'),
        encoding="utf-8",
    )
    assert [str(price.amount) for price in read_map(path).prices] == ["0.00000123456789012345678"]
