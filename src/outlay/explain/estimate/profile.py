"""Profiles: what an average request uses of tokens, by size of prompt, and how much users differ.

Comes in: the sizes of a feature file, or the real usage of the feature it is like. Goes out: tokens per size from which
a model's price changes, and the variance between users of what a request costs.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

from outlay.capture.retention import removals
from outlay.errors import BadInput
from outlay.explain import replay
from outlay.explain.estimate.feature_file import Also, Compared, Planned
from outlay.explain.estimate.sizes import requests
from outlay.explain.parts import PARTS
from outlay.prices.book import Book
from outlay.prices.steps import from_json, to_json
from outlay.store import Row, Store
from outlay.terms.money import EXACT, pico
from outlay.terms.period import Period
from outlay.terms.unit import PROMPT_UNITS, TOKEN_UNITS

_ZERO = Decimal(0)
_SPREAD = (
    "Sizes with a spread are log-normal: few requests are very large. Sizes of different units do not depend on each"
    " other."
)
_PICO_IN_ATTO = 10**6
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Mix:
    """What some requests use together at one model.

    Args:
        requests: How many requests.
        tokens: By the prompt size from which the price holds, then by unit.
        relative_variance: Between users, of what a request costs: over the square of the mean.
        seen_users: Users behind it; None when it is not from real usage.
        above: Of the tokens of a size and unit, those that come in their request after so many, where prices do.
    """

    requests: int
    tokens: Mapping[int, Mapping[str, int]]
    relative_variance: Decimal
    seen_users: int | None = None
    above: Mapping[tuple[int, str, int], int] = field(default_factory=dict)


class Stated:
    """Sizes as a feature file states them.

    Args:
        planned: The feature file.
    """

    def __init__(self, planned: Planned) -> None:
        self.also: Sequence[Also] = ()
        self.said = [_SPREAD] if any(size.spread for size in planned.tokens.values()) else []
        rate = planned.cache_hit_rate
        self._requests = [_cached(one, int(rate * PARTS)) if rate else one for one in requests(planned.tokens)]

    def mix(self, book: Book, compared: Compared, on_at: datetime) -> Mix:
        """Return the mix at one model, at the prices of an instant.

        A user's requests are taken to be all of one size, which makes the bands wide.
        """
        vectors = _vectors(book, compared, on_at)
        edges = [cast(int, vector["size_from"]) for vector in vectors]
        tokens: dict[int, dict[str, int]] = {edge: {} for edge in edges}
        steps = [from_json(str(vector["steps"])) for vector in vectors]
        above: Counter[tuple[int, str, int]] = Counter()
        costs = []
        for request in self._requests:
            size = sum(count for unit, count in request.items() if unit in PROMPT_UNITS)
            place = bisect_right(edges, size) - 1
            held = tokens[edges[place]]
            for unit, count in request.items():
                held[unit] = held.get(unit, 0) + count
            cost = sum(count * cast(int, vectors[place][f"{unit}_atto"] or 0) for unit, count in request.items())
            for unit, before, more in ((unit, *step) for unit, reached in steps[place].items() for step in reached):
                over = max(request.get(unit, 0) - before, 0)
                above[edges[place], unit, before] += over
                cost += over * more
            costs.append(cost)
        return Mix(len(costs), tokens, _relative_variance([(Decimal(cost), 1) for cost in costs]), above=above)


class Like:
    """The real usage of another feature.

    Args:
        store: Holds the published months.
        planned: The feature file.

    Raises:
        BadInput: The feature used no tokens in any published month whose usage events are there.
        Refused: The usage events of the stated months were removed (`events-removed`).
    """

    def __init__(self, store: Store, planned: Planned) -> None:
        self._store, self._planned = store, planned
        self._where = {"feature": planned.like or ""}
        self._period, used = self._found()
        self._keys = [key for key in {replay.key_of(row): None for row in used if row["tokens"]} if key.model]
        calls = sum(cast(int, row["calls"]) for row in used if row["tokens"])
        self.also = [
            Also(key.provider, key.model, key.unit, EXACT.divide(quantity, Decimal(calls)))
            for key, quantity in _others(used).items()
        ]
        self.said = [
            f"One request uses what a call of {planned.like} used in {self._period} ({calls:,} calls), retries in it.",
            "It counts as many tokens at every model.",
            *(
                f"With it go {one.quantity:.3g} {one.unit} of {one.provider} {one.model} per request, as there."
                for one in self.also
            ),
        ]

    def mix(self, book: Book, compared: Compared, on_at: datetime) -> Mix:
        """Return the mix at one model, at the prices of an instant; users differ as those of the reference do."""
        span = {"valid_from": self._period.starts_at, "valid_to": self._period.ends_at}
        held = _vectors(book, compared, on_at)
        vectors = [{**vector, **key._asdict(), **span, "reported_counts": 0} for key in self._keys for vector in held]
        rate = self._planned.cache_hit_rate
        hit = None if rate is None else int(rate * PARTS)
        rows = replay.replay(self._store, self._period, vectors, by=("customer", "user"), where=self._where, hit=hit)
        tokens: dict[int, dict[str, int]] = {}
        users: dict[tuple[object, object], tuple[Decimal, int]] = {}
        for row in rows:
            size = cast(int, vectors[cast(int, row["vector"])]["size_from"])
            here = tokens.setdefault(size, {})
            for unit in TOKEN_UNITS:
                here[unit] = here.get(unit, 0) + cast(int, row[unit])
            cost, calls = users.get((row["customer"], row["user"]), (_ZERO, 0))
            users[row["customer"], row["user"]] = cost + cast(Decimal, row["amount"]), calls + cast(int, row["calls"])
        counts = [(cost, calls) for cost, calls in users.values() if calls]
        calls = sum(calls for _, calls in counts)
        return Mix(calls, tokens, _relative_variance(counts), len(counts), self._above(vectors, hit))

    def _above(self, vectors: Sequence[Row], hit: int | None) -> Counter[tuple[int, str, int]]:
        """Count the tokens that marginal prices are for: what they cost at 1e-12 each."""
        steps = {str(vector["steps"]) for vector in vectors}
        found: Counter[tuple[int, str, int]] = Counter()
        for unit, before in sorted({(u, n) for text in steps for u, held in from_json(text).items() for n, _ in held}):
            each = dict.fromkeys((f"{name}_atto" for name in TOKEN_UNITS), 0)
            counting = {**each, "steps": to_json({unit: [(before, _PICO_IN_ATTO)]})}
            counted = [{**vector, **counting} for vector in vectors]
            for row in replay.replay(self._store, self._period, counted, by=(), where=self._where, hit=hit):
                size = cast(int, vectors[cast(int, row["vector"])]["size_from"])
                found[size, unit, before] += pico(cast(Decimal, row["amount"]))
        return found

    def _found(self) -> tuple[Period, list[Row]]:
        """Return the period to look at, and what the reference used in it by provider and model."""
        sealed = {one.month for one in removals(self._store)}
        published = [Period.month(f"{row['month']:%Y-%m}") for row in self._store.rows("explain/published")]
        months = [month for month in published if month not in sealed]
        for period in [self._planned.like_period] if self._planned.like_period else reversed(months):
            used = replay.used(self._store, period, ("provider", "model"), self._where)
            if any(row["tokens"] and row["calls"] for row in used):
                return period, used
        when = self._planned.like_period or "any published month" + (" that still has its events" if sealed else "")
        raise BadInput(
            f"like: {self._planned.like!r} used no tokens in {when}",
            fix="name a feature that `outlay features` lists with calls to a model, or state [tokens]",
            code="no-usage-to-lean-on",
        )


def _vectors(book: Book, compared: Compared, on_at: datetime) -> list[Row]:
    """Return a model's prices at an instant, by size of prompt from 0 on."""
    return book.vectors(compared.provider, compared.model, compared.context, "", on_at, on_at + _INSTANT)


def _others(used: Sequence[Row]) -> dict[replay.Key, Decimal]:
    """Return what the reference used of units that are not tokens, from meters that count no tokens."""
    found: dict[replay.Key, Decimal] = {}
    for row in used:
        key = replay.key_of(row)
        if key.unit and not row["tokens"] and row["quantity"]:
            found[key] = found.get(key, _ZERO) + cast(Decimal, row["quantity"])
    return found


def _cached(request: Mapping[str, int], rate: int) -> dict[str, int]:
    fresh = request.get("input", 0)
    cached = fresh * rate // PARTS
    return {**request, "input": fresh - cached, "cache_read": cached}


def _relative_variance(groups: Sequence[tuple[Decimal, int]]) -> Decimal:
    """Return the variance of cost per request between groups of (cost, requests), over the square of its mean."""
    whole, count = sum((cost for cost, _ in groups), _ZERO), sum(requests for _, requests in groups)
    if not whole or not count:
        return _ZERO
    mean = EXACT.divide(whole, Decimal(count))
    squares = sum(
        (
            EXACT.multiply(requests, EXACT.power(EXACT.divide(cost, Decimal(requests)) - mean, 2))
            for cost, requests in groups
        ),
        _ZERO,
    )
    return EXACT.divide(squares, EXACT.multiply(count, EXACT.multiply(mean, mean)))
