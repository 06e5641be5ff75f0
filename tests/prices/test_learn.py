from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from outlay.errors import Refused
from outlay.prices.book import Book
from outlay.prices.learn import learn, overlay, seed, sources
from outlay.store import Store, open_store
from outlay.terms.price import ALWAYS, FOREVER, Price, Unpriced
from tests.prices.stating import day, stated

CONTRACT = """
[[price]]
provider = "acme"
model = "m-1"
unit = "input"
amount = "1.50"
per = 1_000_000
currency = "USD"
valid_from = {first}
source = "contract 7"
"""


def amount_at(store: Store, known_at: datetime, used_at: datetime, unit: str = "input", size: int = 0) -> Decimal:
    """Return the amount in force for the made-up model."""
    found = Book.load(store, known_at).price_at("acme", "m-1", unit, used_at, size=size)
    assert isinstance(found, Price)
    return found.amount


def test_every_source_states_prices_that_fit_the_table() -> None:
    """What a source of the folder states is disjoint in time per key, not negative, and whole at twelve places."""
    for name in sources():
        source = sources()[name]
        spans: dict[tuple[object, ...], list[tuple[datetime, datetime]]] = {}
        for entry in source.read():
            assert entry["amount"] >= 0
            assert entry["amount"] == round(entry["amount"], 12)
            assert ALWAYS <= entry["valid_from"] < entry["valid_to"] <= FOREVER
            assert entry["source"].startswith(f"{source.label} {source.version}")
            assert entry["source"].endswith("(list price)")
            key = tuple(entry[k] for k in ("provider", "model", "unit", "context", "size_from"))
            spans.setdefault(key, []).append((entry["valid_from"], entry["valid_to"]))
        for held in spans.values():
            held.sort()
            assert all(before[1] <= after[0] for before, after in pairwise(held))


def test_seeding_twice_learns_once(store: Store, now: datetime) -> None:
    """The second seed finds nothing new and writes nothing."""
    first = seed(store, now=now)
    assert first == store.count("price") > 7_000
    assert seed(store, now=now + timedelta(days=1)) == 0
    assert store.count("price") == first


def test_a_seed_that_was_interrupted_is_finished_later(store: Store, now: datetime) -> None:
    """Lists complete one another, so the second one of a seed may change what the first one says of the past."""
    first = next(iter(sources()))
    learn(store, sources()[first].read(), now=now, correction=False, whole=True)
    later = now + timedelta(minutes=1)
    assert seed(store, now=later) > 0
    assert seed(store, now=later + timedelta(minutes=1)) == 0


def test_what_has_not_changed_is_not_written_again(store: Store, now: datetime) -> None:
    """Of a list that comes again with one new price, only that price is a new record, from its day on."""
    learn(store, [stated("2"), stated("8", unit="output")], now=now, correction=False, whole=True)
    change = now + timedelta(days=30)
    news = [stated("2", end=change), stated("3", first=change), stated("8", unit="output")]
    later = now + timedelta(days=1)
    assert learn(store, news, now=later, correction=False, whole=True) == 1
    assert store.count("price") == 3
    assert amount_at(store, later, change - timedelta(seconds=1)) == 2
    assert amount_at(store, later, change) == 3
    assert amount_at(store, now, change) == 2


def test_the_same_amount_stated_otherwise_is_no_change(store: Store, now: datetime) -> None:
    """2 per million and 0.002 per thousand are one price."""
    learn(store, [stated("2")], now=now, correction=False, whole=True)
    again = stated("0.002") | {"per": 1000}
    assert learn(store, [again], now=now + timedelta(days=1), correction=False, whole=True) == 0


def test_the_past_is_not_written_over(store: Store, now: datetime) -> None:
    """A list that says something else about yesterday is refused, and nothing of it is learnt."""
    learn(store, [stated("2")], now=now, correction=False, whole=True)
    with pytest.raises(Refused, match="would change what happened") as refusal:
        learn(store, [stated("3")], now=now + timedelta(days=1), correction=False, whole=True)
    assert refusal.value.code == "past-price"
    assert store.count("price") == 1


def test_a_correction_is_marked_and_the_old_record_stays(store: Store, now: datetime) -> None:
    """A correction is a record of its own; who asks what was known before it hears the old price."""
    learn(store, [stated("2")], now=now, correction=False, whole=True)
    later = now + timedelta(days=1)
    assert learn(store, [stated("3")], now=later, correction=True, whole=True) == 1
    assert [row["correction"] for row in store.rows("prices/recorded")] == [False, True]
    assert amount_at(store, now, day(3, 1)) == 2
    assert amount_at(store, later, day(3, 1)) == 3


def test_nothing_is_learnt_before_what_is_known(store: Store, now: datetime) -> None:
    """A clock that stands before the newest record is refused."""
    learn(store, [stated("2")], now=now, correction=False, whole=True)
    with pytest.raises(Refused, match="cannot be learnt"):
        learn(store, [stated("3", unit="output")], now=now, correction=False, whole=True)


def test_a_threshold_that_is_gone_no_longer_costs_more(store: Store, now: datetime) -> None:
    """Where a list drops the price of long prompts, those cost what short ones do from then on."""
    learn(store, [stated("2"), stated("4", size_from=200_001)], now=now, correction=False, whole=True)
    change = now + timedelta(days=30)
    learn(store, [stated("2")], now=now + timedelta(days=1), correction=True, whole=True)
    assert amount_at(store, now + timedelta(days=1), change, size=300_000) == 2


def test_an_agreement_goes_before_the_list_at_every_size(store: Store, now: datetime, overlay_file: Path) -> None:
    """A contract's price replaces the list's from its day on, also where the list has a threshold or changes later."""
    learn(store, [stated("2"), stated("4", size_from=200_001)], now=now, correction=False, whole=True)
    later, first = now + timedelta(days=1), (now + timedelta(days=10)).date()
    overlay_file.write_text(CONTRACT.format(first=first), encoding="utf-8")
    assert overlay(store, overlay_file, now=later) == 1
    in_force = now + timedelta(days=20)
    assert amount_at(store, later, in_force, size=300_000) == Decimal("1.5")
    assert amount_at(store, later, now + timedelta(days=5), size=300_000) == 4
    newest = later + timedelta(days=1)
    change = newest + timedelta(days=3)
    learn(store, [stated("2", end=change), stated("9", first=change)], now=newest, correction=True, whole=True)
    assert amount_at(store, newest, in_force) == Decimal("1.5")


def test_an_overlay_twice_is_an_overlay_once(store: Store, now: datetime, overlay_file: Path) -> None:
    """Learning the same file again writes nothing."""
    overlay_file.write_text(CONTRACT.format(first="2026-12-01"), encoding="utf-8")
    assert overlay(store, overlay_file, now=now) == 1
    assert overlay(store, overlay_file, now=now + timedelta(days=1)) == 0


def test_an_agreement_about_the_past_is_a_correction(store: Store, now: datetime, overlay_file: Path) -> None:
    """An overlay that would make March cheaper is refused, unless its entry says that it is a correction."""
    learn(store, [stated("2")], now=now, correction=False, whole=True)
    text = CONTRACT.format(first="2026-03-01")
    overlay_file.write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match="would change what happened"):
        overlay(store, overlay_file, now=now + timedelta(days=1))
    overlay_file.write_text(text + "correction = true\n", encoding="utf-8")
    assert overlay(store, overlay_file, now=now + timedelta(days=1)) == 1


def test_an_agreement_under_another_name_is_for_the_model_meant(now: datetime, overlay_file: Path) -> None:
    """A discount on one unit of a dated name leaves the list's prices of the other units in force."""
    store = open_store("duckdb:///:memory:")
    seed(store, now=now)
    text = CONTRACT.replace("acme", "OpenAI").replace("m-1", "gpt-5.4-2026-03-05").format(first="2026-12-01")
    overlay_file.write_text(text, encoding="utf-8")
    assert overlay(store, overlay_file, now=now + timedelta(days=1)) == 1
    book = Book.load(store, now + timedelta(days=1))
    paid = book.price_at("openai", "gpt-5.4", "input", day(12, 2))
    assert isinstance(paid, Price)
    assert paid.source == "contract 7"
    assert isinstance(book.price_at("openai", "gpt-5.4", "output", day(12, 2)), Price)
    store.drop()


def test_an_agreement_with_a_reseller_is_not_one_with_the_maker(now: datetime, overlay_file: Path) -> None:
    """A contract price for a model that Azure sells leaves OpenAI's own price as it was."""
    store = open_store("duckdb:///:memory:")
    seed(store, now=now)
    text = CONTRACT.replace("acme", "azure.ai.openai").replace("m-1", "gpt-5.4").format(first="2026-12-01")
    overlay_file.write_text(text, encoding="utf-8")
    overlay(store, overlay_file, now=now + timedelta(days=1))
    book = Book.load(store, now + timedelta(days=1))
    sources_of = [book.price_at(name, "gpt-5.4", "input", day(12, 2)) for name in ("azure", "openai")]
    assert [price.source for price in sources_of if isinstance(price, Price)] == [
        "contract 7",
        sources()["genai_prices"].text,
    ]
    store.drop()


def test_a_free_unit_is_not_an_unpriced_one(store: Store, now: datetime) -> None:
    """An amount of zero that somebody stated is a price."""
    learn(store, [stated("0")], now=now, correction=False, whole=True)
    assert amount_at(store, now, now) == 0
    missing = Book.load(store, now).price_at("acme", "m-1", "output", now)
    assert missing == Unpriced("unknown-unit", "acme", "m-1", "output", ("input",))
