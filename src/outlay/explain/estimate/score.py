"""Scores: what a feature was expected to cost, beside what it did cost."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import cast

from outlay.errors import BadInput, UnknownName
from outlay.explain.estimate.stored import estimates
from outlay.explain.rows import distinct, ledger
from outlay.prices.book import Book
from outlay.prices.rates import Rates
from outlay.store import Row, Store
from outlay.terms.money import EXACT, rounded
from outlay.terms.period import Period

_ZERO = Decimal(0)
_RATIO = Decimal("0.0001")
#: What is held against each other, and what one of it is.
_MEASURES = (
    ("users", "users"),
    ("requests", "requests a month"),
    ("requests_per_user_per_day", "requests"),
    ("tokens_per_request", "tokens"),
    ("cost_per_request", "currency"),
    ("cost_per_user", "currency a month"),
    ("cost", "currency a month"),
)


def score(store: Store, feature: str, period: Period | None = None) -> dict[str, object]:
    """Hold the newest estimate of a feature against what happened.

    Args:
        store: Holds the estimate and the published months.
        feature: The feature.
        period: Of what happened; None means the newest days on which it was used, as many as a month of the estimate
            has.

    Returns:
        `models`: for each model of the estimate its `measures`, each with estimate, actual and ratio (actual over
        estimate; None where nothing was estimated), and `built_with`: whether it is the model that the feature spends
        most on. Actual volumes and dollars are brought to the length of the estimate's month. Costs are usage times
        price, as in the estimate; `ledger` is what bills say, shared out, for the same days.

    Raises:
        UnknownName: The feature has no stored estimate.
        BadInput: Nothing is stored at all, or the feature was not used in the period.
    """
    kept = estimates(store, feature)
    if not kept:
        known = {cast(str, row["feature"]) for row in estimates(store)}
        if not known:
            raise BadInput("no estimate is stored", fix="make one: outlay estimate FEATURE.toml", code="no-estimate")
        raise UnknownName("estimate of a feature", feature, known)
    newest = [row for row in kept if row["estimate"] == kept[0]["estimate"]]
    months = [row["month"] for row in store.rows("explain/published")]
    if not months:
        raise BadInput("no month is published yet", fix="make the ledger first: outlay run", code="no-ledger")
    whole = period or Period(Period.month(f"{months[0]:%Y-%m}").first, Period.month(f"{months[-1]:%Y-%m}").end)
    used = store.rows("explain/feature_usage", {"first": whole.first, "end": whole.end, "feature": feature})
    if not used:
        raise BadInput(
            f"{feature} was not used in {whole}, so its estimate cannot be scored yet",
            fix="import its usage and run `outlay run`; events name it as `feature`",
            code="no-usage",
        )
    days = cast(int, newest[0]["days"])
    seen = period or _newest(used, days)
    used = store.rows("explain/feature_usage", {"first": seen.first, "end": seen.end, "feature": feature})
    actual = _actual(store, feature, seen, used, days=days)
    built = _built_with(store, newest, used)
    return {
        "feature": feature,
        "estimate": newest[0]["estimate"],
        "made_at": newest[0]["made_at"],
        "period": str(seen),
        "days": seen.days,
        "models": [
            {
                "provider": row["provider"],
                "model": row["model"],
                "context": row["context"] or None,
                "currency": row["currency"],
                "built_with": row["place"] == built,
                "measures": _measures(row, actual),
                "within_band": _within(row, actual["cost"].get(cast(str, row["currency"]))),
            }
            for row in newest
        ],
        "actual_models": [{name: row[name] for name in ("provider", "model", "currency", "amount")} for row in used],
        "unpriced_quantity": sum((cast(Decimal, row["unpriced_quantity"]) for row in used), _ZERO),
        "ledger": _ledger(store, feature, seen),
    }


def _newest(used: Sequence[Row], days: int) -> Period:
    """Return the newest days of use, as many as given, or from the first use on where those are fewer."""
    end = max(cast(date, row["last_day"]) for row in used) + timedelta(days=1)
    return Period(max(min(cast(date, row["first_day"]) for row in used), end - timedelta(days=days)), end)


def _actual(
    store: Store, feature: str, seen: Period, used: Sequence[Row], *, days: int
) -> dict[str, dict[str, Decimal | None]]:
    """Return what happened, brought to a month of so many days, by measure and currency (empty where there is none)."""
    who = distinct(store, seen, (), {"feature": feature})[0]
    users = Decimal(cast(int, who["users"]))
    # A meter that counts no tokens, such as pages read on the way, is no request of its own.
    asked = [row for row in used if row["tokens"]] or used
    calls, tokens = (sum((Decimal(cast(int, row[name])) for row in asked), _ZERO) for name in ("calls", "tokens"))
    costs: dict[str, Decimal] = {}
    for row in used:
        currency = cast(str, row["currency"])
        costs[currency] = costs.get(currency, _ZERO) + cast(Decimal, row["amount"])
    length = Decimal(seen.days)

    def monthly(amount: Decimal) -> Decimal:
        return EXACT.divide(EXACT.multiply(amount, days), length)

    return {
        "users": {"": users or None},
        "requests": {"": monthly(calls)},
        "requests_per_user_per_day": {"": _over(calls, users * length)},
        "tokens_per_request": {"": _over(tokens, calls)},
        "cost_per_request": {currency: _over(cost, calls) for currency, cost in costs.items()},
        "cost_per_user": {currency: _over(monthly(cost), users) for currency, cost in costs.items()},
        "cost": {currency: monthly(cost) for currency, cost in costs.items()},
    }


def _measures(row: Row, actual: dict[str, dict[str, Decimal | None]]) -> list[dict[str, object]]:
    users, requests = Decimal(cast(int, row["users"])), cast(Decimal, row["requests"])
    expected: dict[str, Decimal | None] = {
        "users": users,
        "requests": requests,
        "requests_per_user_per_day": _over(requests, users * cast(int, row["days"])),
        "tokens_per_request": cast(Decimal, row["tokens"]) or None,
        "cost_per_request": cast("Decimal | None", row["per_request"]),
        "cost_per_user": cast("Decimal | None", row["per_user"]),
        "cost": cast("Decimal | None", row["monthly"]),
    }
    found: list[dict[str, object]] = []
    for name, unit in _MEASURES:
        happened = actual[name].get(cast(str, row["currency"]) if unit.startswith("currency") else "")
        said = expected[name]
        found.append(
            {
                "measure": name,
                "unit": unit.replace("currency", str(row["currency"])),
                "estimate": None if said is None else rounded(said),
                "actual": None if happened is None else rounded(happened),
                "ratio": None if not said or happened is None else EXACT.divide(happened, said).quantize(_RATIO),
            }
        )
    return found


def _built_with(store: Store, newest: Sequence[Row], used: Sequence[Row]) -> int | None:
    """Return the place of the model that the feature spends most on, if it was among those compared."""
    known_at = cast(datetime, store.rows("explain/published")[-1]["prices_known_at"])
    book = Book.load(store, known_at=known_at)

    def meant(provider: object, model: object) -> object:
        found = book.rates(str(provider), str(model or ""))
        return (found.provider, found.name) if isinstance(found, Rates) else (provider, model)

    for row in used:
        for one in newest:
            if meant(row["provider"], row["model"]) == meant(one["provider"], one["model"]):
                return cast(int, one["place"])
    return None


def _within(row: Row, cost: Decimal | None) -> bool | None:
    low, high = cast("Decimal | None", row["low80"]), cast("Decimal | None", row["high80"])
    return None if cost is None or low is None or high is None else low <= cost <= high


def _ledger(store: Store, feature: str, seen: Period) -> dict[str, Decimal]:
    rows = ledger(store, seen, (), {"feature": feature})
    return {cast(str, row["currency"]): cast(Decimal, row["amount"]) for row in rows}


def _over(amount: Decimal, count: Decimal) -> Decimal | None:
    return EXACT.divide(amount, count) if count else None
