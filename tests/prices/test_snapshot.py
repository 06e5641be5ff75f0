import json
import os
import zlib
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from outlay.errors import BadInput, Refused
from outlay.prices.beside import book_for
from outlay.prices.book import Book
from outlay.prices.learn import learn
from outlay.prices.quote import quote
from outlay.prices.snapshot import Snapshot, known, write
from outlay.store import Store, open_store
from tests.prices.making_maps import small_book
from tests.prices.stating import stated

USED_AT = datetime(2026, 10, 3, tzinfo=UTC)
MANY = {"input": 1000, "output": 10, "cache_read": 5, "output_reasoning": 1}


def amount(book: Book, provider: str = "acme", model: str = "m-1") -> Decimal:
    """Return what a thousand tokens in and some others cost."""
    return quote(book, provider, model, MANY, USED_AT).amount


def test_a_snapshot_holds_the_whole_book(store: Store, tmp_path: Path, now: datetime) -> None:
    """Every record comes back as it was, on both engines, and so does what the writer noted."""
    small_book(store, now)
    learn(
        store,
        [stated("3", source="contract 7", first=now)],
        now=now + timedelta(seconds=1),
        correction=True,
        whole=False,
    )
    at = now + timedelta(seconds=2)
    size = write(tmp_path / "prices", known(store, at), at, note=["x", 1])
    found = Snapshot.read(tmp_path / "prices")
    assert (found.known_at, found.note, size) == (at, ["x", 1], (tmp_path / "prices").stat().st_size)
    assert (tmp_path / "prices").stat().st_mode & 0o777 == 0o600
    whole, again = Book.load(store, at).models, found.book().models
    assert {p: {m: list(r.records()) for m, r in models.items()} for p, models in again.items()} == {
        p: {m: list(r.records()) for m, r in models.items()} for p, models in whole.items()
    }


def test_an_empty_book_has_a_snapshot_too(store: Store, tmp_path: Path, now: datetime) -> None:
    """Nothing learnt is nothing known, not an error."""
    write(tmp_path / "prices", known(store, now), now)
    assert dict(Snapshot.read(tmp_path / "prices").book().models) == {}


def test_a_book_for_one_provider_says_what_the_whole_one_says(tmp_path: Path, book: Book) -> None:
    """For the first and the last model of every provider, and for names of gateways, a part of the book is enough."""
    rows = [
        {
            **{field.name: getattr(price, field.name) for field in fields(price)},
            "pattern": rates.pattern,
            "correction": False,
        }
        for models in book.models.values()
        for rates in models.values()
        for price in rates.records()
    ]
    at = datetime(2026, 11, 3, tzinfo=UTC)
    write(tmp_path / "prices", rows, at)
    kept = Snapshot.read(tmp_path / "prices")
    asked = [(provider, sorted(models)[place]) for provider, models in book.models.items() for place in (0, -1)]
    asked += [("azure", "gpt-4o"), ("vertex", "claude-opus-4-1"), ("litellm", "openai/gpt-5"), ("litellm", "gpt-5")]
    asked += [
        ("bedrock", "anthropic.claude-3-haiku-20240307-v1:0"),
        ("nobody", "gpt-5"),
        ("openai", "nobody"),
        ("", ""),
    ]
    for provider, model in asked:
        part = kept.book(provider, model)
        assert quote(part, provider, model, MANY, USED_AT) == quote(book, provider, model, MANY, USED_AT), (
            provider,
            model,
        )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"{}\n",
        b"[1]\nx",
        b"\xff\xfe\n",
        b'{"is": "outlay prices", "format": 2, "known_at": "2026-11-02", "note": null}\n',
        b'{"is": "outlay prices", "format": 1}\n',
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    """What is not a snapshot of this format is refused by name, with the command that writes one."""
    (tmp_path / "prices").write_bytes(content)
    with pytest.raises(BadInput, match="prices") as refused:
        Snapshot.read(tmp_path / "prices")
    assert (refused.value.code, "outlay prices snapshot" in refused.value.fix) == ("no-snapshot", True)


@pytest.mark.parametrize("packed", [b"", b"x", zlib.compress(b"[]"), zlib.compress(b'[{"provider": ["a"]}, [[1]]]')])
def test_a_damaged_snapshot_is_refused(tmp_path: Path, packed: bytes) -> None:
    """Records that cannot be read are refused when a book is asked for."""
    about = {"is": "outlay prices", "format": 1, "known_at": "2026-11-02T00:00:00+00:00", "note": None}
    (tmp_path / "prices").write_bytes(json.dumps(about).encode() + b"\n" + packed)
    with pytest.raises(BadInput, match="damaged or of another version"):
        Snapshot.read(tmp_path / "prices").book()


def test_a_place_that_cannot_be_written_to_is_refused(tmp_path: Path, now: datetime) -> None:
    """A folder that is not there is named, and nothing is left behind."""
    with pytest.raises(Refused, match="cannot be written"):
        write(tmp_path / "nowhere" / "prices", [], now)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Refused, match="cannot be written"):
        write(tmp_path / "file" / "prices", [], now)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


class Beside:
    """A DuckDB file with a small book, and how often its prices were brought up to date."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.path = folder / "store.duckdb"
        self.copy = folder / "store.duckdb.prices"
        self.url = f"duckdb://{self.path}"
        self.now = now
        self.asked = 0
        store = open_store(self.url)
        small_book(store, now)
        store.close()

    def learn(self, _: Store) -> None:
        """Be the seeding of list prices."""
        self.asked += 1

    def amount(self, *, always: bool = False) -> Decimal:
        """Return what some usage costs by the book for it, an hour later."""
        at = self.now + timedelta(hours=1)
        return amount(book_for(self.url, "acme", "m-1", known_at=at, learn=self.learn, always=always))


@pytest.fixture
def beside(tmp_path: Path, now: datetime) -> Beside:
    """A store in a file."""
    return Beside(tmp_path, now)


def test_the_copy_beside_a_store_answers_in_its_place(beside: Beside) -> None:
    """The first question reads the store and leaves a copy; the next ones give the same answer without the store."""
    first = beside.amount()
    assert (beside.asked, beside.copy.exists()) == (1, True)
    assert (beside.amount(), beside.amount(), beside.asked) == (first, first, 1)
    store = open_store(beside.url)
    assert amount(Book.load(store, beside.now + timedelta(hours=1))) == first
    store.close()


def test_a_store_that_changed_is_read_again(beside: Beside) -> None:
    """A price learnt after the copy was made is in the next answer, and in the next copy."""
    first = beside.amount()
    store = open_store(beside.url)
    later = beside.now + timedelta(minutes=1)
    learn(store, [stated("5", source="contract 7")], now=later, correction=True, whole=False)
    store.close()
    assert beside.amount() == first + Decimal("0.0025")
    assert (beside.amount(), beside.asked) == (first + Decimal("0.0025"), 2)


def test_a_damaged_copy_is_read_over(beside: Beside) -> None:
    """Whatever stands in the copy's place, the answer is the store's."""
    first = beside.amount()
    for content in (b"", b"{}\n", beside.copy.read_bytes()[:-100], os.urandom(2000)):
        beside.copy.write_bytes(content)
        assert beside.amount() == first
    assert beside.asked == 5


def test_what_changes_no_price_costs_no_new_copy(beside: Beside) -> None:
    """Usage that comes in, and runs that write the ledger, leave the copy as true as it was."""
    first = beside.amount()
    store = open_store(beside.url)
    store.insert("release", [{"take_in": "t", "release": "1", "released_at": beside.now}])
    store.close()
    assert (beside.amount(), beside.asked) == (first, 1)


def test_a_file_that_somebody_else_touched_is_read_again(beside: Beside) -> None:
    """A store put in the place of another, or changed by another program, is no longer the one that was copied."""
    beside.amount()
    before = beside.path.stat().st_mtime - 60
    os.utime(beside.path, (before, before))
    beside.amount()
    assert beside.asked == 2
    beside.amount()
    assert beside.asked == 2


def test_a_copy_from_a_clock_ahead_is_not_used(beside: Beside) -> None:
    """What was known later than now is not known now."""
    beside.amount()
    early = beside.now + timedelta(minutes=30)
    book_for(beside.url, "acme", "m-1", known_at=early, learn=beside.learn)
    assert beside.asked == 2


def test_what_has_to_be_taught_is_taught_in_any_case(beside: Beside) -> None:
    """An overlay on the command line reaches the store although a copy is there."""
    beside.amount()
    beside.amount(always=True)
    assert beside.asked == 2


def test_a_folder_that_cannot_hold_a_copy_goes_without(beside: Beside) -> None:
    """Where the copy cannot be written, every question reads the store."""
    beside.copy.mkdir()
    assert beside.amount() == beside.amount()
    assert beside.asked == 2


def test_a_store_in_memory_has_no_copy(now: datetime) -> None:
    """What is not a file is read each time."""
    found = book_for("duckdb:///:memory:", "acme", "m-1", known_at=now, learn=lambda store: small_book(store, now))
    assert amount(found) == Decimal("0.002616250000")
