"""Credits: sums that vendors gave, shown beside estimates and never worked into them."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from outlay.prices.book import Book
from outlay.prices.learn import overlay
from outlay.prices.overlay.file import read_overlay
from outlay.prices.quote import quote
from outlay.prices.review.credits import balances
from outlay.prices.snapshot import Snapshot, known, write
from outlay.store import Row, Store
from tests.laws.world import NOW, at, charge, emptied, event, laid, published

LEARNT = datetime(2026, 11, 1, 12, tzinfo=NOW.tzinfo)
HEAD = '[[credit]]\nprovider = "acme-ai"\ncurrency = "USD"\nsource = "letter of 1 October"\n'
START = HEAD + 'name = "startup"\namount = 500\nvalid_from = 2026-10-04\n'


@pytest.fixture
def world(shared: Store) -> Store:
    """A month in which calls cost 280, 280 and 560 micro-dollars, and the bill took something off."""
    emptied(shared)
    usage = [
        event(1, day=3),
        event(2, day=4, context="project=p-1"),
        event(3, day=20, context="project=p-2", model="m-small", input=5_000, output=150),
    ]
    bill = [
        charge(1, "0.02", provider="acme-ai"),
        charge(2, "-0.005", provider="acme-ai", day=6, charge_category="Credit"),
        charge(3, "-0.004", provider="acme-ai", day=2, charge_category="Credit"),
        charge(4, "-0.1", day=6, charge_category="Credit"),
    ]
    laid(shared, usage=usage, charges=bill)
    published(shared)
    return shared


def given(store: Store, folder: Path, text: str, now: datetime = LEARNT) -> int:
    """Learn the credits of an overlay."""
    path = folder / "credits.toml"
    path.write_text(text, encoding="utf-8")
    return overlay(store, path, now=now)


def listed(store: Store, on: datetime = NOW) -> list[Row]:
    """Return the credits as they stand."""
    return list(balances(store, Book.load(store, NOW), on))


def test_a_credit_stands_beside_what_was_measured_and_what_bills_took_off(world: Store, tmp_path: Path) -> None:
    """Measured is usage times price since it began, drawn the credits on its provider's bills, left the rest."""
    assert given(world, tmp_path, START) == 1
    (row,) = listed(world)
    measured = Decimal("0.00028") + Decimal("0.00056")
    assert (row["credit"], row["amount"], row["currency"], row["state"]) == ("startup", 500, "USD", "in force")
    assert (row["measured"], row["drawn"], row["left"]) == (measured, Decimal("0.005"), 500 - measured)


def test_a_credit_is_for_what_it_names(world: Store, tmp_path: Path) -> None:
    """A project, a model and an end narrow what it may pay for; it never pays for more than there is of it."""
    texts = [
        HEAD + 'name = "a"\namount = "0.0002"\nvalid_from = 2026-10-01\nproject = "P-1"\n',
        HEAD + 'name = "b"\namount = 1\nvalid_from = 2026-10-01\nmodel = "m-small"\n',
        HEAD + 'name = "c"\namount = 1\nvalid_from = 2026-10-01\nvalid_to = 2026-10-04\n',
        HEAD.replace("USD", "EUR") + 'name = "d"\namount = 1\nvalid_from = 2026-10-01\n',
        HEAD + 'name = "e"\namount = 1\nvalid_from = 2026-12-01\n',
        HEAD + 'name = "f"\namount = 1\nvalid_from = 2026-10-01\nproject = "*"\n',
    ]
    given(world, tmp_path, "".join(texts))
    rows = listed(world)
    measured = [cast(Decimal, row["measured"]) * 100_000 for row in rows]
    assert measured == [28, 56, 28, 0, 0, 84]
    assert [row["state"] for row in rows] == ["in force", "in force", "past", "in force", "future", "in force"]
    assert (rows[0]["left"], rows[0]["project"], rows[1]["model"]) == (0, "p-1", "m-small")


def test_no_price_has_a_credit_in_it(world: Store, tmp_path: Path) -> None:
    """A quote, and a month that is run again, cost with the credit what they cost without it."""
    usage = {"input": 100, "output": 10}
    before = quote(Book.load(world, NOW), "acme-ai", "m-large", usage, at(5))
    given(world, tmp_path, START)
    book = Book.load(world, NOW)
    assert quote(book, "acme-ai", "m-large", usage, at(5)) == before
    vector = {"provider": "acme-ai", "model": "m-large", "context": "", "unit": "", "first": at(1), "end": at(32)}
    assert book.vectors(**vector) == Book.load(world, LEARNT - timedelta(days=1)).vectors(**vector)  # type: ignore[arg-type]


def test_a_credit_is_known_by_its_name(world: Store, tmp_path: Path) -> None:
    """Learnt twice it is there once; stated anew it is replaced, and what was known before stays known as of then."""
    assert [given(world, tmp_path, START), given(world, tmp_path, START, LEARNT + timedelta(hours=1))] == [1, 0]
    more = START.replace("500", "700").replace("2026-10-04", "2026-10-01")
    assert given(world, tmp_path, more, LEARNT + timedelta(hours=2)) == 1
    assert [row["amount"] for row in listed(world)] == [700]
    (before,) = Book.load(world, LEARNT).credits
    assert before[0].amount == 500


def test_a_snapshot_holds_credits(world: Store, tmp_path: Path) -> None:
    """A copy of the book has them too."""
    given(world, tmp_path, START)
    write(tmp_path / "prices", known(world, NOW), NOW)
    assert Snapshot.read(tmp_path / "prices").book().credits == Book.load(world, NOW).credits


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (START.replace("amount = 500\n", ""), "amount missing"),
        (START.replace("USD", "credits"), "ISO 4217"),
        (START + 'unit = "input"\n', "'unit' means nothing here"),
        (START + "percent = 5\n", "'percent' means nothing here"),
        (START + 'team = "search"\n', "'team' is not possible here"),
        (START + START, "same thing"),
    ],
)
def test_a_credit_that_cannot_be_is_refused(overlay_file: Path, text: str, said: str) -> None:
    """Every fault is told with its line; two credits of one name are none."""
    overlay_file.write_text(text, encoding="utf-8")
    found = read_overlay(overlay_file)
    assert not found.stated
    assert said in f"{found.faults[0]} {found.faults[0].fix}"
