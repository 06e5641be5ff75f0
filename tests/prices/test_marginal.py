"""Marginal prices: only the tokens of a unit that come after a size cost another price."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outlay.explain import replay
from outlay.explain.estimate import estimate, read_feature
from outlay.prices.book import Book
from outlay.prices.learn import learn, overlay
from outlay.prices.overlay.file import read_overlay
from outlay.prices.quote import Quote, quote
from outlay.prices.review.changes import by_validity
from outlay.prices.review.listing import history
from outlay.prices.snapshot import known, write
from outlay.prices.source import Stated
from outlay.sdk import pricing
from outlay.store import Store, open_store
from outlay.terms.price import Price, Unpriced
from outlay.terms.unit import TOKEN_UNITS
from tests.laws.world import MONTH, NOW, at, emptied, event, laid, price, priced, published, read
from tests.prices.stating import day, stated

USED_AT = day(3, 5)
MICRO = Decimal("0.000001")
#: 2 a million for the first 1,000 tokens in, 5 for the next 1,000, 3 after that; out 8, then 6 from the 51st on.
INPUT = ((0, 2), (1_001, 5), (2_001, 3))
OUTPUT = ((0, 8), (51, 6))


def by_hand(quantity: int, amounts: Sequence[tuple[int, int]]) -> Decimal:
    """Add up what each token costs by itself, in a currency."""
    reached = [
        max((first, amount) for first, amount in amounts if first <= place)[1] for place in range(1, quantity + 1)
    ]
    return Decimal(sum(reached)) * MICRO


def prices(amounts: Sequence[tuple[int, int]], unit: str, **own: object) -> list[Stated]:
    """State a price and its marginal ones."""
    return [
        cast(Stated, {**stated(str(amount), unit=unit, size_from=first), "marginal": first > 0, **own})
        for first, amount in amounts
    ]


@pytest.fixture(scope="module")
def memory() -> Iterator[Store]:
    """One store in memory that every example empties."""
    store = open_store("duckdb:///:memory:")
    yield store
    store.drop()


def booked(store: Store, stated_: Sequence[Stated]) -> Book:
    """Return the book that prices make."""
    store.delete("price")
    learn(store, stated_, now=day(1, 1), correction=False, whole=True)
    return Book.load(store, day(12, 31))


def asked(book: Book, usage: Mapping[str, int]) -> Quote:
    """Price some usage of the made-up model."""
    return quote(book, "acme", "m-1", usage, USED_AT)


@pytest.mark.parametrize("quantity", [0, 1, 999, 1_000, 1_001, 1_999, 2_000, 2_001, 5_000])
def test_only_the_tokens_above_a_size_cost_another_price(memory: Store, quantity: int) -> None:
    """Each token costs what its own place in the unit says, on both sides of every size."""
    book = booked(memory, [*prices(INPUT, "input"), *prices(OUTPUT, "output")])
    found = asked(book, {"input": quantity, "output": 60})
    assert found.amount == by_hand(quantity, INPUT) + by_hand(60, OUTPUT)
    assert sum(part.amount for part in found.parts) == found.amount
    assert sum(part.quantity for part in found.parts if part.unit == "input") == quantity


def test_a_quote_has_a_part_for_each_price_that_is_reached(memory: Store) -> None:
    """Parts of one unit say how many of it go at which price; a size that is not reached has none."""
    parts = asked(booked(memory, prices(INPUT, "input")), {"input": 1_500}).parts
    assert [(part.quantity, part.price) for part in parts] == [
        (Decimal(1_000), Decimal(2)),
        (Decimal(500), Decimal(5)),
    ]


def test_a_size_is_that_of_the_unit_itself(memory: Store) -> None:
    """Cached tokens without a price of their own are input; their own number counts, not the whole prompt."""
    found = asked(booked(memory, prices(INPUT, "input")), {"input": 900, "cache_read": 900})
    assert found.amount == 2 * by_hand(900, INPUT)
    found = asked(booked(memory, prices(INPUT, "input")), {"input": 10, "cache_read": 1_100})
    assert found.amount == by_hand(10, INPUT) + by_hand(1_100, INPUT)


_SIZES = st.lists(st.tuples(st.integers(2, 400), st.integers(0, 30)), max_size=3, unique_by=lambda pair: pair[0])


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 30), _SIZES, st.integers(0, 500), st.integers(0, 500))
def test_the_amount_never_jumps_and_splitting_changes_it_only_by_the_sizes(
    memory: Store, first: int, above: list[tuple[int, int]], one: int, other: int
) -> None:
    """One token more costs its own price, whichever side of a size; two events cost what one does below all sizes."""
    amounts = ((0, first), *above)
    book = booked(memory, prices(amounts, "input"))
    cost = {n: asked(book, {"input": n}).amount for n in (one, one + 1, other, one + other)}
    assert cost[one] == by_hand(one, amounts)
    assert cost[one + 1] - cost[one] in {amount * MICRO for _, amount in amounts}
    if all(one + other < size for size, _ in above):
        assert cost[one] + cost[other] == cost[one + other]
    if all(later >= first for _, later in above) and len(above) == 1:
        assert cost[one] + cost[other] <= cost[one + other]


def test_a_percentage_is_off_every_token(memory: Store) -> None:
    """A discount is off the prices below and above a size alike."""
    off = stated("50", unit="discount of everything", source="contract 7", model="*")
    half = cast(Stated, {**off, "pattern": ".*", "per": 100, "currency": "XXX"})
    found = asked(booked(memory, [*prices(INPUT, "input"), half]), {"input": 2_500})
    assert found.amount == by_hand(2_500, INPUT) / 2


def test_an_agreed_size_goes_with_the_list_below_it_and_an_agreed_price_without_the_lists_sizes(memory: Store) -> None:
    """What is agreed for tokens above a size holds on top of the list; what is agreed for all tokens holds for all."""
    listed = prices(((0, 2), (1_001, 5)), "input")
    above = prices(((501, 4),), "input", source="contract 7")
    assert asked(booked(memory, [*listed, *above]), {"input": 1_500}).amount == by_hand(1_500, ((0, 2), (501, 4)))
    every = prices(((0, 3),), "input", source="contract 7")
    assert asked(booked(memory, [*listed, *every]), {"input": 1_500}).amount == by_hand(1_500, ((0, 3),))


def test_two_currencies_in_one_unit_are_no_price(memory: Store) -> None:
    """Tokens above a size in another currency leave the unit unpriced, rather than adding up what cannot be added."""
    mixed = [*prices(((0, 2),), "input"), *prices(((11, 3),), "input", currency="EUR")]
    assert isinstance(booked(memory, mixed).price_at("acme", "m-1", "input", USED_AT), Unpriced)


def test_a_marginal_price_ends_and_changes_like_any_other(store: Store) -> None:
    """From its day on, until another is learnt for later days; what was before is not changed without a word."""
    learn(store, prices(((0, 2),), "input"), now=day(1, 1), correction=False, whole=False)
    learn(store, prices(((101, 4),), "input", valid_from=day(3, 1)), now=day(2, 1), correction=False, whole=False)
    book = Book.load(store, day(12, 31))
    amounts = [quote(book, "acme", "m-1", {"input": 150}, used_at).amount for used_at in (day(2, 28), day(3, 1))]
    assert amounts == [by_hand(150, ((0, 2),)), by_hand(150, ((0, 2), (101, 4)))]
    (change,) = by_validity(book, day(2, 28), day(3, 1))
    assert (change["kind"], change["size_from"], change["after"]) == ("new", 101, 4)
    records = cast("list[dict[str, object]]", history(book, "acme", "m-1", day(3, 2))["records"])
    assert [(record["marginal"], record["state"]) for record in records] == [(False, "in force"), (True, "in force")]
    again = prices(((101, 4),), "input", valid_from=day(3, 1))
    assert learn(store, again, now=day(4, 1), correction=False, whole=False) == 0


def test_an_overlay_states_a_marginal_price(store: Store, tmp_path: Path) -> None:
    """`threshold = "marginal"` says that only tokens from `size_from` on cost the amount."""
    path = tmp_path / "ours.toml"
    path.write_text(
        '[[price]]\nprovider = "acme"\nmodel = "m-1"\namounts = { input = 2, output = 8 }\nper = 1_000_000\n'
        'currency = "USD"\nvalid_from = 2026-02-01\nsource = "page"\n'
        '[[price]]\nprovider = "acme"\nmodel = "m-1"\nunit = "input"\namount = 5\nper = 1_000_000\nsize_from = 1_001\n'
        'threshold = "marginal"\ncurrency = "USD"\nvalid_from = 2026-02-01\nsource = "page"\n',
        encoding="utf-8",
    )
    assert overlay(store, path, now=day(2, 1)) == 3
    found = Book.load(store, day(12, 31)).price_at("acme", "m-1", "input", USED_AT)
    assert isinstance(found, Price)
    assert [(step.size_from, step.amount) for step in found.steps] == [(1_001, Decimal(5))]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('unit = "input"\nthreshold = "marginal"', "begins above a size"),
        ('unit = "input"\nsize_from = 1\nthreshold = "marginal"', "begins above a size"),
        ('unit = "page"\nsize_from = 11\nthreshold = "marginal"', "page is no token"),
        ('unit = "input"\nsize_from = 11\nthreshold = "banded"', "'banded'"),
    ],
)
def test_a_marginal_price_that_cannot_be_is_refused(overlay_file: Path, lines: str, said: str) -> None:
    """It begins above a size, and is for tokens: a month's volume is no size of a request."""
    head = 'provider = "acme"\nmodel = "m-1"\namount = 5\nper = 1000\ncurrency = "USD"\nvalid_from = 2026-02-01\n'
    overlay_file.write_text(f'[[price]]\n{head}source = "page"\n{lines}\n', encoding="utf-8")
    (fault,) = read_overlay(overlay_file).faults
    assert said in str(fault)


_WORLD = (
    price("m-large", "input", "2"),
    price("m-large", "input", "5", size_from=1_001, marginal=True),
    price("m-large", "input", "3", size_from=2_001, marginal=True),
    price("m-large", "output", "8"),
    price("m-large", "output", "6", size_from=51, marginal=True),
    price("m-whole", "input", "1"),
    price("m-whole", "input", "4", size_from=1_001),
    price("m-whole", "input", "7", size_from=2_001, marginal=True),
)
_USAGE = [
    event(line, model=model, **usage)
    for line, (model, usage) in enumerate(
        [
            ("m-large", {"input": 0, "output": 0}),
            ("m-large", {"input": 1_000, "output": 50}),
            ("m-large", {"input": 1_001, "output": 51}),
            ("m-large", {"input": 2_001, "output": 500, "cache_read": 1_200}),
            ("m-large", {"input": 10**9, "output": 10**9, "output_reasoning": 70, "input_video": 3_000}),
            ("m-whole", {"input": 1_000, "output": 0}),
            ("m-whole", {"input": 900, "output": 0, "cache_read": 200}),
            ("m-whole", {"input": 2_500, "output": 0}),
        ],
        start=1,
    )
]


@pytest.fixture
def world(shared: Store) -> Store:
    """A store with usage on both sides of marginal sizes."""
    emptied(shared)
    laid(shared, usage=_USAGE, prices=_WORLD)
    return shared


def _tokens(row: Mapping[str, object]) -> dict[str, int]:
    return {unit: cast(int, row[unit]) for unit in TOKEN_UNITS if row[unit]}


def test_the_ledger_the_quote_and_the_sdk_say_the_same(world: Store, tmp_path: Path) -> None:
    """On both engines an event costs what a quote and a call of the SDK say, to the last digit."""
    priced(world)
    write(tmp_path / "prices", known(world, NOW), NOW)
    book = Book.load(world, NOW)
    pricing.use(str(tmp_path / "prices"))
    try:
        for row in read(world, "SELECT * FROM estimate ORDER BY line"):
            model, usage = cast(str, row["model"]), _tokens(row)
            expected = quote(book, "acme-ai", model, usage, at(5)).amount
            assert row["amount"] == expected
            assert pricing.price("acme-ai", model, usage, used_at=at(5)).amount == expected
            assert row["unpriced_quantity"] == 0
    finally:
        pricing.use(None)


def test_whole_and_marginal_prices_go_together(world: Store) -> None:
    """The prompt's size says what the tokens cost that no marginal price is for."""
    priced(world)
    costs = [row["amount"] for row in read(world, "SELECT * FROM estimate WHERE model = 'm-whole' ORDER BY line")]
    assert costs == [1_000 * MICRO, 1_100 * 4 * MICRO, (2_000 * 4 + 500 * 7) * MICRO]


def test_a_replay_of_the_same_prices_gives_the_same_amount(world: Store) -> None:
    """Replaying a month at its own prices costs what it did; half the prompt, what half of it costs by a quote."""
    published(world)
    books = replay.known_prices(world, MONTH)
    keys = {replay.key_of(row) for row in replay.used(world, MONTH, ("provider", "model"), {})}
    vectors = [vector for key in sorted(keys) for _, vector in replay.vectors_of(key, books)]
    same = replay.replay(world, MONTH, vectors, by=(), where={})
    amount = sum((cast(Decimal, row["amount"]) for row in same), Decimal(0))
    rows = read(world, "SELECT * FROM estimate ORDER BY line")
    assert amount == sum((cast(Decimal, row["amount"]) for row in rows), Decimal(0))
    cut = replay.replay(world, MONTH, vectors, by=(), where={}, cut=500_000)
    halved = [
        quote(
            books[0].book,
            "acme-ai",
            cast(str, row["model"]),
            {unit: n if unit.startswith("output") else n - n // 2 for unit, n in _tokens(row).items()},
            at(5),
        ).amount
        for row in rows
    ]
    assert sum((cast(Decimal, row["amount"]) for row in cut), Decimal(0)) == sum(halved, Decimal(0))


def test_an_estimate_counts_the_tokens_above_a_size(world: Store, tmp_path: Path) -> None:
    """A feature's request of 1,500 tokens costs 1,000 at one price and 500 at the other, as stated or as measured."""
    extra = [event(99, feature="chat", customer="acme", user="u1", input=1_500, output=60)]
    world.insert("usage", extra)
    published(world)
    head = 'feature = "x.y"\nusers = 10\nrequests_per_user_per_day = 1\n'
    model = '[[model]]\nprovider = "acme-ai"\nmodel = "m-large"\n'
    for sizes in ("[tokens]\ninput = 1500\noutput = 60\n", 'like = "chat"\n'):
        path = tmp_path / "feature.toml"
        path.write_text(head + (sizes + model if "like" in sizes else model + sizes), encoding="utf-8")
        answer = estimate(world, read_feature(path), now=NOW)
        (one,) = cast("list[dict[str, object]]", answer["models"])
        assert one["per_request"] == by_hand(1_500, INPUT) + by_hand(60, OUTPUT)
