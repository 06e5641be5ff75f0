"""Every price the package states against the book: each context, both sides of each date, hour and threshold."""

import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain
from pathlib import Path

from genai_prices.data_units import unit_data
from genai_prices.types import (
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

from outlay.prices.book import Book
from outlay.prices.genai_models import _unit as ours  # the only way from their units to ours
from outlay.terms.money import rounded
from outlay.terms.price import Price, context_text
from tests.prices.test_genai_prices import SNAPSHOT, has_prices, literals, theirs

#: What differs, and why; grouped by provider, model, context and kind.
LISTED = Path(__file__).with_name("differences.toml")
TODAY = datetime(2026, 11, 2, 12, tzinfo=UTC)
SATURDAY = date(2026, 11, 7)
BEFORE = timedelta(microseconds=1)
PER = {str(unit.get("price_key", name)): int(unit["per"]) for name, unit in unit_data.items()}


def conditions(model: ModelInfo) -> Iterator[ConditionalPrice | PriceVariant]:
    """Yield whatever holds only at some time."""
    yield from model.prices if isinstance(model.prices, list) else ()
    yield from model.price_variants or ()


def instants(model: ModelInfo) -> list[datetime]:
    """Return an instant on each side of everything that changes, each hour on several days."""
    constraints = [condition.constraint for condition in conditions(model)]
    days = [constraint.start_date for constraint in constraints if isinstance(constraint, StartDateConstraint)]
    found = {TODAY, *(datetime.combine(day, time(), UTC) for day in days)}
    hours = [constraint for constraint in constraints if isinstance(constraint, TimeOfDateConstraint)]
    for moment in {moment for hour in hours for moment in (hour.start_time, hour.end_time)}:
        for day in (TODAY.date(), SATURDAY, *days, *(day - timedelta(days=1) for day in days)):
            found.add(datetime.combine(day, moment, moment.tzinfo or UTC).astimezone(UTC))
    return sorted(chain.from_iterable((moment - BEFORE, moment) for moment in found))


def contexts(model: ModelInfo) -> list[dict[str, str]]:
    """Return the ordinary context and every other one that has prices."""
    found = [{}, *(dict(variant.when) for variant in model.price_variants or ())]
    return [context for place, context in enumerate(found) if context not in found[:place]]


def sizes(price: object) -> list[int]:
    """Return a prompt size on each side of every threshold."""
    starts = [tier.start for tier in price.tiers] if isinstance(price, TieredPrices) else []
    return sorted({1, *starts, *(start + 1 for start in starts)})


def amount_of(price: Decimal | TieredPrices, size: int) -> Decimal:
    """Return the package's amount for a prompt size: a tier holds for all tokens once its start is passed."""
    if isinstance(price, Decimal):
        return price
    return next((tier.price for tier in reversed(price.tiers) if size > tier.start), price.base)


def a_name(provider: str, model: ModelInfo) -> str | None:
    """Return a name by which the package finds a model."""
    names = (model.id, *literals(model.match))
    return next((name for name in names if theirs(provider, name) == (provider, model.id)), None)


def kind_of(
    book: Book, known: tuple[str, str], price: Decimal, asked: tuple[str, datetime, dict[str, str], int]
) -> str:
    """Return in what way a price differs from the book's; empty when it does not."""
    unit, used_at, context, size = asked
    found = book.price_at(*known, unit, used_at, context, size)
    if not isinstance(found, Price):
        return found.reason
    if found.amount != rounded(price):
        return f"{unit} {price} there, {found.amount.normalize():f} here"
    return "dust" if found.amount != price else ""


def is_early(model: ModelInfo, context: dict[str, str], used_at: datetime) -> bool:
    """Say whether the package has no price for a context yet, so that it takes the ordinary one."""
    started = [variant.constraint for variant in model.price_variants or () if variant.when == context]
    return bool(started) and not any(constraint is None or constraint.active(used_at) for constraint in started)


def differences(book: Book) -> tuple[int, set[str]]:
    """Return how many prices were compared, and what differs."""
    compared, found = 0, set()
    for provider in SNAPSHOT.providers:
        for model in provider.models:
            if not has_prices(model):
                continue
            name = a_name(provider.id, model)
            if name is None:
                found.add(f"{provider.id} | {model.id} | | no name leads to it")
                continue
            for context in contexts(model):
                for used_at in instants(model):
                    resolved: ModelPrice = model.get_prices(used_at, context)
                    for key, price in resolved.__dict__.items():
                        unit, per = ours(key)
                        assert per == PER[key]
                        for size in sizes(price) if price is not None else ():
                            compared += 1
                            asked = (unit, used_at, context, size)
                            if kind := kind_of(book, (provider.id, name), amount_of(price, size), asked):
                                kind = "before it was noted" if is_early(model, context, used_at) else kind
                                found.add(f"{provider.id} | {model.id} | {context_text(context)} | {kind}")
    return compared, found


def test_every_price_is_theirs_or_its_difference_has_a_reason(book: Book) -> None:
    """Every amount agrees; what does not is listed with its reason, and nothing is listed that agrees after all."""
    listed = tomllib.loads(LISTED.read_text(encoding="utf-8"))
    expected = {line for reason in listed["difference"] for line in reason["prices"]}
    assert all(reason["why"] for reason in listed["difference"])
    compared, found = differences(book)
    assert compared > 20_000
    assert sorted(found - expected) == []
    assert sorted(expected - found) == []
