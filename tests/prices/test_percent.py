from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from outlay.errors import Refused
from outlay.prices.book import Book
from outlay.prices.learn import learn, overlay, seed
from outlay.store import Store, open_store
from outlay.terms.price import FOREVER, Price, Unpriced
from outlay.terms.problem import Problem
from tests.prices.stating import day, stated

NEXT_YEAR = day(1, 1, 2027)


def discount(percent: str, **fields: str) -> str:
    """Write a discount of a made-up provider from the first of December on."""
    held = {"provider": '"acme"', "percent": f'"{percent}"', "valid_from": "2026-12-01", "source": '"contract 7"'}
    return "[[discount]]\n" + "".join(f"{k} = {v}\n" for k, v in {**held, **fields}.items())


def agree(store: Store, place: Path, text: str, now: datetime, *, correction: bool = False) -> int:
    """Learn an overlay."""
    place.write_text(text, encoding="utf-8")
    return overlay(store, place, now=now, correction=correction)


def paid(
    store: Store, known_at: datetime, used_at: datetime, unit: str = "input", context: str = "", size: int = 0
) -> Price:
    """Return the price in force for the made-up model."""
    asked = dict(pair.split("=") for pair in context.split(";") if pair)
    found = Book.load(store, known_at).price_at("acme", "m-1", unit, used_at, dict(asked), size)
    assert isinstance(found, Price)
    return found


def test_a_discount_is_off_every_price_of_the_list(store: Store, now: datetime, overlay_file: Path) -> None:
    """Every unit, context and prompt size costs less from its day on, and the source tells why and off what."""
    prices = [stated("2"), stated("4", size_from=200_001), stated("1", context="processing=batch"),
              stated("8", unit="output")]  # fmt: skip
    learn(store, prices, now=now, correction=False, whole=True)
    later = now + timedelta(days=1)
    assert agree(store, overlay_file, discount("12.5"), later) == 1
    assert paid(store, later, day(12, 1)).amount == Decimal("1.75")
    assert paid(store, later, day(12, 1), size=200_001).amount == Decimal("3.5")
    assert paid(store, later, day(12, 1), context="processing=batch").amount == Decimal("0.875")
    assert paid(store, later, day(12, 1), unit="output").source == "contract 7: 12.5% off lister 1"
    assert paid(store, later, day(12, 1) - timedelta(microseconds=1)).amount == 2
    assert paid(store, now, day(12, 1)).amount == 2


def test_a_newer_list_is_discounted_without_a_new_discount(store: Store, now: datetime, overlay_file: Path) -> None:
    """What the list says next costs as much less; a price the list gains is discounted too."""
    learn(store, [stated("2")], now=now, correction=False, whole=True)
    agree(store, overlay_file, discount("50"), now)
    later = now + timedelta(days=9)
    text = "lister 2 (list price)"
    news = [stated("2", end=NEXT_YEAR, source=text), stated("3", first=NEXT_YEAR, source=text)]
    learn(store, [*news, stated("9", unit="page", source=text)], now=later, correction=False, whole=True)
    assert paid(store, later, NEXT_YEAR).amount == Decimal("1.5")
    assert paid(store, later, NEXT_YEAR).source == "contract 7: 50% off lister 2"
    assert paid(store, later, day(12, 5), unit="page").amount == Decimal("4.5")


def test_an_agreed_price_goes_before_a_discount(store: Store, now: datetime, overlay_file: Path) -> None:
    """A percentage is off the list, not off a price that was agreed."""
    learn(store, [stated("2"), stated("8", unit="output")], now=now, correction=False, whole=True)
    fixed = '[[price]]\nprovider = "acme"\nmodel = "m-1"\nunit = "input"\namount = "1.9"\nper = 1_000_000\n'
    agree(
        store, overlay_file, fixed + 'currency = "USD"\nvalid_from = 2026-12-01\nsource = "c"\n' + discount("50"), now
    )
    assert paid(store, now, day(12, 2)).amount == Decimal("1.9")
    assert paid(store, now, day(12, 2), unit="output").amount == 4


@pytest.mark.parametrize(
    ("texts", "unit", "amount"),
    [
        ([discount("10"), discount("20", model='"m-1"')], "input", "1.6"),
        ([discount("20", model='"m-1"'), discount("10")], "input", "1.6"),
        ([discount("10", pattern="'m-.*'"), discount("20")], "input", "1.8"),
        ([discount("10"), discount("25", unit='"output"')], "output", "6"),
        ([discount("10"), discount("25", unit='"output"')], "input", "1.8"),
        ([discount("10", pattern="'x-.*'")], "input", "2"),
        ([discount("50", context='{processing = "batch"}')], "input", "2"),
        ([discount("100")], "input", "0"),
    ],
)
def test_the_discount_that_says_most_precisely_what_it_is_for_holds(
    store: Store, now: datetime, overlay_file: Path, texts: list[str], unit: str, amount: str
) -> None:
    """Percentages do not add up; one for a model goes before one for all, in whatever order they are learnt."""
    learn(store, [stated("2"), stated("8", unit="output")], now=now, correction=False, whole=True)
    for days, text in enumerate(texts, start=1):
        agree(store, overlay_file, text, now + timedelta(days=days))
    assert paid(store, FOREVER, day(12, 31), unit).amount == Decimal(amount)


def test_a_discount_about_the_past_is_a_correction(store: Store, now: datetime, overlay_file: Path) -> None:
    """A percentage that would make March cheaper is refused, unless it is called a correction."""
    learn(store, [stated("2")], now=now, correction=False, whole=True)
    later, text = now + timedelta(days=1), discount("10", valid_from="2026-03-01")
    with pytest.raises(Refused, match="would change what happened"):
        agree(store, overlay_file, text, later)
    assert agree(store, overlay_file, text, later, correction=True) == 1
    assert paid(store, later, day(3, 1)).amount == Decimal("1.8")
    assert paid(store, now, day(3, 1)).amount == 2
    assert agree(store, overlay_file, text, later + timedelta(days=1)) == 0


def test_a_list_cannot_change_the_past_under_a_discount(store: Store, now: datetime, overlay_file: Path) -> None:
    """A discounted price is still the list's: a list that says something else about yesterday is refused."""
    learn(store, [stated("2")], now=now, correction=False, whole=True)
    agree(store, overlay_file, discount("10", valid_from="2026-11-02T09:30:00Z"), now)
    with pytest.raises(Refused, match="would change what happened"):
        learn(store, [stated("3")], now=now + timedelta(days=20), correction=False, whole=True)


def test_a_discount_with_a_reseller_is_off_what_it_sells(now: datetime, overlay_file: Path) -> None:
    """A tenth off at Azure is off the models it sells for OpenAI, and leaves OpenAI's own price as it was."""
    store = open_store("duckdb:///:memory:")
    seed(store, now=now)
    agree(
        store, overlay_file, discount("10", provider='"azure"') + discount("5", provider='"aws"', model='"nova"'), now
    )
    book = Book.load(store, now)
    found = [book.price_at(name, "gpt-5.4", "input", day(12, 2)) for name in ("azure", "openai")]
    assert [price.amount for price in found if isinstance(price, Price)] == [Decimal("2.25"), Decimal("2.5")]
    (vector, *_) = book.vectors("azure", "gpt-5.4", "", "", day(12, 1), day(12, 31))
    assert vector["input_atto"] == 2_250_000_000_000
    tiered = book.price_at("azure", "gpt-5.4", "input", day(12, 2), {"tier": "flex"})
    assert isinstance(tiered, Unpriced)
    store.drop()


def test_an_uplift_is_on_agreed_and_list_prices_and_on_no_price_of_its_own(
    store: Store, now: datetime, overlay_file: Path
) -> None:
    """A place that costs more does so on what was agreed; a price that is stated for the place stays as it is."""
    prices = [stated("2"), stated("8", unit="output"), stated("8.1", unit="output", context="region=eu"),
              stated("10", unit="page")]  # fmt: skip
    learn(store, prices, now=now, correction=False, whole=True)
    uplift = discount("10", context='{region = "eu"}').replace("discount", "uplift")
    fixed = '[[price]]\nprovider = "acme"\nmodel = "m-1"\nunit = "input"\namount = 1\nper = 1_000_000\n'
    text = fixed + 'currency = "USD"\nvalid_from = 2026-12-10\nsource = "c"\n' + uplift + discount("50")
    agree(store, overlay_file, text, now)
    assert paid(store, now, day(12, 2), context="region=eu").amount == Decimal("1.1")
    assert paid(store, now, day(12, 11), context="region=eu").amount == Decimal("1.1")
    assert paid(store, now, day(12, 11)).amount == 1
    assert paid(store, now, day(12, 2), unit="output", context="region=eu").amount == Decimal("4.05")
    assert paid(store, now, day(12, 2), unit="page", context="region=eu").amount == 5


def test_a_price_of_an_odd_number_of_tokens_stays_whole(store: Store, now: datetime, overlay_file: Path) -> None:
    """Three tokens for 0.000003 and an eighth off: one of them still has a price without a fraction of 1e-18."""
    learn(store, [stated("0.000003") | {"per": 3}], now=now, correction=False, whole=True)
    agree(store, overlay_file, discount("12.5"), now)
    found = paid(store, now, day(12, 2))
    assert (found.amount, found.per, found.atto) == (Decimal("0.875"), 1_000_000, 875_000_000_000)


def test_both_engines_discount_alike(both: tuple[Store, Store], now: datetime, overlay_file: Path) -> None:
    """Learnt on either engine, the same list and the same discount make the same price, rounded at 1e-12 once."""
    found = []
    for store in both:
        learn(store, [stated("0.000000000003")], now=now, correction=False, whole=True)
        agree(store, overlay_file, discount("33.3"), now)
        found.append(paid(store, now, day(12, 2)))
    assert found[0] == found[1]
    assert found[0].amount == Decimal("0.000000000002")


def test_what_can_be_used_is_learnt_where_problems_are_wanted(store: Store, now: datetime, overlay_file: Path) -> None:
    """With a place to put problems the good entries are learnt; without one the file is refused as a whole."""
    learn(store, [stated("2")], now=now, correction=False, whole=True)
    overlay_file.write_text(discount("110") + discount("10"), encoding="utf-8")
    with pytest.raises(Refused, match="percent is 110"):
        overlay(store, overlay_file, now=now)
    assert paid(store, now, day(12, 2)).amount == 2
    problems: list[Problem] = []
    assert overlay(store, overlay_file, now=now, problems=problems) == 1
    assert [(problem.file, problem.line) for problem in problems] == [("overlay.toml", 3)]
    assert paid(store, now, day(12, 2)).amount == Decimal("1.8")
