"""The stages that price usage, roll it up, and hold it against the bill."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import cast

from outlay.cost.reconciling import stage as reconciling
from outlay.prices.book import Book
from outlay.store import Store
from outlay.terms.period import Period

#: The identity ladder below the provider's own answer id, surest rung first: what tells that two events saw one call.
_RUNGS = ("trace", "usage", "span")


def corrected_at(store: Store, month: Period, *, now: datetime, rerated: str | None) -> dict[str, datetime]:
    """Return up to when a new run of a month may know corrections of past prices.

    Args:
        store: Holds the ledger in force.
        month: The month.
        now: The instant of the run.
        rerated: The provider whose corrections are taken up, all when it is empty, none when it is None.

    Returns:
        Instants by provider of the price book; the empty name stands for all others.
    """
    held = store.rows("cost/cutoffs", {"month": month.first})
    # While a month goes on, its prices are not settled yet.
    settled = held and cast(datetime, held[0]["prices_known_at"]) >= month.ends_at
    if not settled or rerated == "":
        return {"": now}
    known = {cast(str, row["provider"]): cast(datetime, row["corrections_known_at"]) for row in held}
    return known if rerated is None else {**known, rerated: now}


def waiting(store: Store, known: Mapping[str, datetime], values: Mapping[str, object]) -> int:
    """Return how many corrections of prices of a month were learnt too late for it (see `corrected_at`)."""
    found = store.rows("cost/corrections", values)
    return sum(
        cast(int, row["prices"])
        for row in found
        if cast(datetime, row["recorded_at"]) > known.get(cast(str, row["provider"]), known[""])
    )


def price(store: Store, known_at: datetime, corrections: Mapping[str, datetime], values: Mapping[str, object]) -> None:
    """Find the price of everything a month used, and the events that only saw a call another one carries.

    Args:
        store: Holds the usage and the price book.
        known_at: Prices learnt later are not used.
        corrections: Corrections learnt later are not used either (see `corrected_at`).
        values: `run`, `month`, `starts_at` and `ends_at`.
    """
    marks = {"run": values["run"], "month": values["month"]}
    store.insert(
        "correction_cutoff",
        [{**marks, "provider": name, "corrections_known_at": instant} for name, instant in corrections.items()],
    )
    price_at(store, Book.load(store, known_at=known_at, corrected_at=corrections), values)


def price_at(store: Store, book: Book, values: Mapping[str, object]) -> None:
    """Find the price of everything used in a span, and the events that only saw a call another one carries.

    Args:
        store: Holds the usage.
        book: The prices.
        values: `run`, `month`, `starts_at` and `ends_at`.
    """

    def rows() -> Iterator[dict[str, object]]:
        number = 0
        for key in store.rows("cost/keys", values):
            vectors = book.vectors(
                cast(str, key["provider"]),
                cast(str, key["model_name"]),
                context=cast(str, key["context"]),
                unit=cast(str, key["unit_name"]),
                first=cast(datetime, values["starts_at"]),
                end=cast(datetime, values["ends_at"]),
            )
            for vector in vectors:
                number += 1
                yield {"run": values["run"], "month": values["month"], "vector": number, **vector}

    store.insert("price_vector", rows())
    store.fill("observation", "cost/same_response", values)
    # What one sensor alone saw, it saw once.
    for rung in _RUNGS if len(store.rows("cost/sensors", values)) > 1 else ():
        store.fill("observation", "cost/same_call", {**values, "rung": rung})


def roll_up(store: Store, values: Mapping[str, object]) -> None:
    """Sum the priced usage of a month by day, by hour, and the month by user and customer."""
    store.fill("rollup_day", "cost/rollup_day", values)
    store.fill("rollup_hour", "cost/rollup_hour", values)
    store.fill("rollup_user_month", "cost/rollup_user_month", values)
    store.fill("rollup_usage_month", "cost/rollup_usage_month", values)


def reconcile(
    store: Store, known_at: datetime, corrections: Mapping[str, datetime], values: Mapping[str, object]
) -> None:
    """Hold what AI providers billed against usage times price, and name the parts of the gap.

    Args:
        store: Holds the bills and the priced usage of this run.
        known_at: Prices learnt later are not used.
        corrections: Corrections learnt later are not used either; they are evidence where a bill agrees with them.
        values: `run`, `month`, `starts_at` and `ends_at`.
    """

    def load(newest: bool) -> Book:  # noqa: FBT001 - there are two
        return Book.load(store, known_at=known_at, corrected_at=None if newest else corrections)

    reconciling.reconcile(store, load, values)
