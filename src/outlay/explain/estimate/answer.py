"""The answer to estimate: for each model compared, what a month and a year cost, with bands, parts and their prices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import accumulate

from outlay.errors import BadInput
from outlay.explain.estimate.feature_file import Also, Compared, Planned, flawed
from outlay.explain.estimate.profile import Like, Mix, Stated
from outlay.explain.estimate.sizes import band
from outlay.prices.book import Book
from outlay.store import Store
from outlay.terms.money import EXACT, plain, rounded
from outlay.terms.price import UNKNOWN_PROVIDER, Price, Unpriced, context_of

_ZERO = Decimal(0)
_MONTHS = 12
#: How many times the users each model is priced for.
SCALES = (1, 10)
NO_BANDS = (
    "There are no bands: every size in the file is one number. Give p50 and p95, mean and stddev, or `like`, to get"
    " some."
)
BANDS = (
    "8 of 10 months lie between low80 and high80 if the users, requests and prices are as stated: the bands cover how"
    " users differ (each is taken to have one size of request throughout), not whether more or fewer come. They are the"
    " 10th and 90th percentile of a log-normal sum, worked out and not drawn: the same file gives the same bands."
)


@dataclass(frozen=True, slots=True)
class Part:
    """What one unit costs in a month.

    Args:
        provider: Who is paid.
        model: The model or meter.
        unit: What is used.
        quantity: How many of it a month.
        price: The price's amount.
        per: For how many units.
        amount: A month's cost, rounded once at 1e-12; parts add up to the month exactly.
        currency: Of price and amount.
        source: Who says so.
        valid_from: The price holds from this instant.
        size_from: The prompt size in tokens from which it holds; of a marginal price, which of a request's tokens of
            the unit is the first it is for.
        marginal: Whether it is for the tokens of the unit from there on only.
    """

    provider: str
    model: str
    unit: str
    quantity: Decimal
    price: Decimal
    per: int
    amount: Decimal
    currency: str
    source: str
    valid_from: datetime
    size_from: int
    marginal: bool


@dataclass(frozen=True, slots=True)
class Lacking:
    """A quantity of a month that has no price, and why; it is never taken for free."""

    provider: str
    model: str
    unit: str
    quantity: Decimal
    reason: str
    nearest: tuple[str, ...]


def estimate(store: Store, planned: Planned, *, now: datetime, where: str = "the feature file") -> dict[str, object]:
    """Estimate what a feature will cost.

    Args:
        store: Holds the price book, and the usage of the feature it is like.
        planned: What the feature is expected to do.
        now: The instant of asking; prices learnt later are not used.
        where: The name of the feature file, for messages.

    Returns:
        `models`, cheapest first: monthly, annual, per_request and per_user cost in its currency, each with low80 and
        high80; `scales` (1 and 10 times the users); `parts` that sum to the month exactly; `unpriced`. A model that
        lacks a price has no cost (None), and `priced_part`, what the rest costs. Beside them: requests a month, how the
        bands are made, and what is assumed.

    Raises:
        BadConfig: A model is not in the price book; all such are named with the nearest.
        BadInput: `like` names a feature without usage.
    """
    book = Book.load(store, known_at=now)
    on_at = datetime(planned.on.year, planned.on.month, planned.on.day, tzinfo=UTC) if planned.on else now
    _check(book, planned, where)
    profile: Like | Stated = Like(store, planned) if planned.like else Stated(planned)
    priced = [_model(book, planned, profile, compared, on_at) for compared in planned.models]
    priced.sort(key=lambda one: (one["monthly"] is None, str(one["currency"]), one["monthly"] or _ZERO))
    requests = planned.users * planned.requests.mean * planned.days
    return {
        "feature": planned.feature,
        "on": on_at.date(),
        "users": planned.users,
        "days": planned.days,
        "requests": rounded(requests),
        "models": priced,
        "bands": BANDS if any(one["low80"] != one["high80"] for one in priced) else NO_BANDS,
        "assumptions": [*_assumptions(planned, on_at), *profile.said],
    }


def _model(
    book: Book, planned: Planned, profile: Like | Stated, compared: Compared, on_at: datetime
) -> dict[str, object]:
    mix = profile.mix(book, compared, on_at)
    requests = EXACT.multiply(planned.users * planned.days, planned.requests.mean)
    attempts = EXACT.multiply(requests, 1 + planned.retry_rate)
    parts, lacking = _parts(book, compared, mix, attempts, on_at)
    of_tokens = sum((part.amount for part in parts), _ZERO)
    own = [Also(compared.provider, compared.model, unit, quantity) for unit, quantity in planned.units.items()]
    for also in (*own, *planned.also, *profile.also):
        context = compared.context if also in own else ""
        quantity = EXACT.multiply(also.quantity, requests if also in profile.also else attempts)
        found = book.price_at(also.provider, also.model, also.unit, on_at, context_of(context))
        _put(parts, lacking, (also.provider, also.model, also.unit), quantity, 1, found)
    currency = _currency(parts, compared)
    whole = sum((part.amount for part in parts), _ZERO)
    share = EXACT.divide(of_tokens, whole) if whole else _ZERO
    sizes = EXACT.multiply(mix.relative_variance, EXACT.multiply(share, share))
    users = EXACT.multiply(1 + sizes, 1 + planned.requests.relative_variance) - 1
    seen = EXACT.divide(sizes, Decimal(mix.seen_users)) if mix.seen_users else _ZERO
    scales = [_scaled(planned, whole, (users, seen), factor, known=not lacking) for factor in SCALES]
    first = scales[0]
    return {
        "provider": compared.provider,
        "model": compared.model,
        "context": compared.context or None,
        "currency": currency,
        **{name: first[name] for name in ("monthly", "low80", "high80", "annual", "annual_low80", "annual_high80")},
        "per_request": None if lacking else rounded(EXACT.divide(whole, requests)),
        "per_user": None if lacking else rounded(EXACT.divide(whole, Decimal(planned.users))),
        "scales": scales,
        "parts": parts,
        "unpriced": lacking,
        "priced_part": whole,
    }


def _scaled(
    planned: Planned, monthly: Decimal, variance: tuple[Decimal, Decimal], factor: int, *, known: bool
) -> dict[str, object]:
    """Return a month and a year of some times the users.

    The variances, over the square of the mean, are of one user, and of the mean over the users of the reference.
    """
    number = planned.users * factor
    month = EXACT.multiply(monthly, factor)
    low, high = band(month, EXACT.divide(variance[0], Decimal(number)) + variance[1])
    months = sum(accumulate([1 + planned.growth] * (_MONTHS - 1), EXACT.multiply, initial=Decimal(1)), _ZERO)
    figures = {"monthly": month, "low80": low, "high80": high}
    years = {"annual": month, "annual_low80": low, "annual_high80": high}
    return {
        "factor": factor,
        "users": number,
        **{name: rounded(amount) if known else None for name, amount in figures.items()},
        **{name: rounded(EXACT.multiply(amount, months)) if known else None for name, amount in years.items()},
    }


def _parts(
    book: Book, compared: Compared, mix: Mix, attempts: Decimal, on_at: datetime
) -> tuple[list[Part], list[Lacking]]:
    parts: list[Part] = []
    lacking: list[Lacking] = []
    for size, tokens in mix.tokens.items():
        for unit, count in tokens.items():
            found = book.price_at(compared.provider, compared.model, unit, on_at, context_of(compared.context), size)
            for portion, price in _portions(mix, size, unit, count, found):
                whole = EXACT.multiply(attempts, portion)
                _put(parts, lacking, (compared.provider, compared.model, unit), whole, mix.requests, price)
    return parts, lacking


def _portions(
    mix: Mix, size: int, unit: str, count: int, found: Price | Unpriced
) -> Iterator[tuple[int, Price | Unpriced]]:
    """Yield how many of some tokens each price is for: those above a marginal price's size cost that."""
    steps = found.steps if isinstance(found, Price) else ()
    above = [mix.above.get((size, unit, step.size_from - 1), 0) for step in steps]
    for price, left, later in zip((found, *steps), (count, *above), (*above, 0), strict=True):
        yield left - later, price


def _put(
    parts: list[Part],
    lacking: list[Lacking],
    named: tuple[str, str, str],
    whole: Decimal,
    over: int,
    found: Price | Unpriced,
) -> None:
    """Add what `whole / over` of a unit costs; the division comes last, so that nothing is rounded twice."""
    if not whole:
        return
    quantity = EXACT.divide(whole, Decimal(over))
    if isinstance(found, Unpriced):
        lacking.append(Lacking(*named, rounded(quantity), found.reason, found.nearest))
        return
    amount = EXACT.divide(EXACT.multiply(whole, found.amount), Decimal(over * found.per))
    parts.append(
        Part(
            *named,
            quantity=rounded(quantity),
            price=found.amount,
            per=found.per,
            amount=rounded(amount),
            currency=found.currency,
            source=found.source,
            valid_from=found.valid_from,
            size_from=found.size_from,
            marginal=found.marginal,
        )
    )


def _currency(parts: Sequence[Part], compared: Compared) -> str | None:
    found = sorted({part.currency for part in parts})
    if len(found) > 1:
        raise BadInput(
            f"{compared.provider} {compared.model} and what goes with it are priced in {' and '.join(found)}",
            fix="estimate what is paid in each currency apart",
            code="two-currencies",
        )
    return found[0] if found else None


def _check(book: Book, planned: Planned, where: str) -> None:
    flaws = []
    named = [(f"model {place}", one) for place, one in enumerate(planned.models, start=1)]
    named += [(f"also {place}", Compared(one.provider, one.model)) for place, one in enumerate(planned.also, start=1)]
    for key, compared in named:
        found = book.find(compared.provider, compared.model)
        if isinstance(found, Unpriced):
            which, name = (
                ("provider", compared.provider) if found.reason == UNKNOWN_PROVIDER else ("model", compared.model)
            )
            near = f"Near it: {', '.join(found.nearest)}" if found.nearest else "Add its prices with an overlay"
            flaws.append(f"{key}: {which} {name!r} is not in the price book. {near}")
    if flaws:
        raise flawed(where, flaws)


def _assumptions(planned: Planned, on_at: datetime) -> list[str]:
    each = plain(round(planned.requests.mean, 2))
    said = [
        f"{planned.users:,} active users make {each} requests a day each, {planned.days} days a month.",
        f"Prices are those that the price book holds for {on_at:%Y-%m-%d}.",
        f"A year is 12 such months{_growing(planned.growth)}.",
    ]
    if planned.retry_rate:
        said.append(
            f"{plain(planned.retry_rate * 100)} % of the requests are made twice, and the second costs as much."
        )
    if planned.cache_hit_rate is not None:
        said.append(
            f"{plain(planned.cache_hit_rate * 100)} % of the text of a prompt is read from the cache; writing it there"
            " is not counted unless the tokens name it."
        )
    return said


def _growing(growth: Decimal) -> str:
    return f", each with {plain(growth * 100)} % more requests than the one before" if growth else ""
