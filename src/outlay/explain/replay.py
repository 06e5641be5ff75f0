"""Replay: a period's usage once more, attempt by attempt, with other quantities or at other prices.

Comes in: the usage of published months, and vectors of prices for it. Goes out: sums per group and vector.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple, cast
from uuid import uuid4

from outlay.capture.retention import refuse_removed
from outlay.errors import BadInput
from outlay.prices.book import Book
from outlay.store import Row, Store
from outlay.terms.period import Period


class Key(NamedTuple):
    """What a price is looked up by, as usage says it; absent model and unit are empty."""

    provider: str
    model: str
    context: str
    unit: str


class Known(NamedTuple):
    """The prices that one published month used, and the part of the period they are for."""

    book: Book
    first: datetime
    end: datetime


def known_prices(store: Store, period: Period) -> list[Known]:
    """Return the price book as each published month of a period knew it, in order.

    Raises:
        BadInput: No month of the period is published.
        Refused: The usage events of one of them were removed (`events-removed`).
    """
    books: dict[object, Book] = {}
    found = []
    for span in _spans(store, period):
        known_at, corrected_at = cast(datetime, span["known_at"]), _corrected_at(store, cast(date, span["month"]))
        knowledge = (known_at, *sorted(corrected_at.items()))
        if knowledge not in books:
            books[knowledge] = Book.load(store, known_at=known_at, corrected_at=corrected_at)
        found.append(Known(books[knowledge], cast(datetime, span["starts_at"]), cast(datetime, span["ends_at"])))
    if not found:
        raise BadInput(
            f"no month of {period} is published, so there is no usage to replay",
            fix="make the ledger first: outlay run",
            code="no-ledger",
        )
    return found


def _corrected_at(store: Store, month: date) -> dict[str, datetime]:
    """Return up to when a published month knew corrections of past prices, by provider; empty stands for all others."""
    return {
        cast(str, row["provider"]): cast(datetime, row["corrections_known_at"])
        for row in store.rows("cost/cutoffs", {"month": month})
    }


def vectors_of(key: Key, known: Sequence[Known]) -> Iterator[tuple[Book, Row]]:
    """Yield the prices of a key over the whole period, each with the book it is from."""
    for book, first, end in known:
        for vector in book.vectors(key.provider, key.model, key.context, key.unit, first, end):
            yield book, vector


def used(store: Store, period: Period, by: Sequence[str], where: Mapping[str, str]) -> list[Row]:
    """Return what a period's usage did cost by estimate, per month, value of `by`, context, other unit and currency."""
    return [
        row
        for values in _spans(store, period)
        for row in store.rows("explain/replayed", values, table="rollup_day", by=by, where=where)
    ]


def key_of(row: Row) -> Key:
    """Return what a row of `used` is priced by; `by` must have named provider and model."""
    return Key(
        str(row["provider"]),
        "" if row["model"] is None else str(row["model"]),
        str(row["context"]),
        str(row["unit_name"]),
    )


def replay(
    store: Store,
    period: Period,
    vectors: Sequence[Row],
    *,
    by: Sequence[str],
    where: Mapping[str, str],
    cut: int = 0,
    hit: int | None = None,
) -> list[Row]:
    """Price a period's usage by other vectors; the store is left as it was.

    Args:
        store: Holds the published months.
        period: Whose usage.
        vectors: As `Book.vectors` returns them, under the provider, model, context and unit that usage says; where a
            call goes elsewhere, its `reported_counts` is 0. Usage that none of them is for is left out.
        by: Dimensions of the answer.
        where: Value by dimension.
        cut: Millionths of every prompt that are left out.
        hit: Millionths of the text of a prompt, fresh and cached, that are read from the cache; None leaves it as it
            was.

    Returns:
        One row per month, value of `by` and vector (its place in `vectors`): calls, attempts, amount,
        unpriced_quantity, unpriced_attempts, tokens by unit, quantity of the other unit.
    """
    if not vectors:
        return []
    choice = f"replay-{uuid4().hex}"
    rows = ({"run": choice, "month": period.first, **row, "vector": place} for place, row in enumerate(vectors))
    try:
        store.insert("price_vector", rows)
        changed = {"choice": choice, "cut": cut, "hit": -1 if hit is None else hit}
        return [
            row
            for values in _spans(store, period)
            for row in store.rows("explain/replay", {**values, **changed}, table="rollup_day", by=by, where=where)
        ]
    finally:
        store.delete("price_vector", run=choice)


def _spans(store: Store, period: Period) -> list[dict[str, object]]:
    """Return run, start and end of the part of a period that each published month has.

    Raises:
        Refused: The usage events of one of these months were removed (`events-removed`).
    """
    refuse_removed(store, period.months(), so="so what was used then cannot be replayed")
    found: list[dict[str, object]] = []
    for row in store.rows("explain/published"):
        month = Period.month(f"{row['month']:%Y-%m}")
        if month.first < period.end and period.first < month.end:
            starts_at, ends_at = max(month.starts_at, period.starts_at), min(month.ends_at, period.ends_at)
            known = {"month": month.first, "known_at": row["prices_known_at"]}
            found.append({"run": row["run"], "starts_at": starts_at, "ends_at": ends_at, **known})
    return found
