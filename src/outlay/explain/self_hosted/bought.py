"""Bought: what the same usage would cost at a model that is paid per token, and how many tokens make owning cheaper."""

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import cast

from outlay.errors import BadInput
from outlay.explain import replay
from outlay.explain.model_names import named
from outlay.explain.self_hosted.nodes import PROVIDER, UNIT
from outlay.store import Store
from outlay.terms.money import EXACT, plain, rounded
from outlay.terms.period import Period

#: The month that volumes are brought to.
MONTH_DAYS = 30
_ZERO = Decimal(0)


def against(
    store: Store, period: Period, name: str, owned: tuple[Decimal, str], tokens: int, full: Fraction | None
) -> dict[str, object]:
    """Hold owning against buying.

    Args:
        store: Holds the published months.
        period: Whose usage.
        name: The model, `PROVIDER/MODEL`.
        owned: What the machines cost in the period, and the currency.
        tokens: That ran on them.
        full: Tokens that would have filled them; None when nothing tells.

    Returns:
        `bought`: what the same calls would have cost there, call by call; `saving`: bought minus owned;
        `tokens_per_month`: from which number on, in 30 days and in the same mix, owning is cheaper (None with `reason`
        when that cannot be told); `now_per_month`, `capacity_per_month`; `reachable`: whether the machines can serve as
        many.

    Raises:
        BadInput: The name has no provider.
        UnknownName: It has no price.
    """
    provider, slash, model = name.partition("/")
    if not slash or not model:
        raise BadInput(f"--against {name!r} is not PROVIDER/MODEL", fix="write for example openai/gpt-5-mini")
    known = replay.known_prices(store, period)
    by = ("provider", "model")
    keys = {replay.key_of(row): None for row in replay.used(store, period, by, {})}
    own = [key for key in keys if key.provider == PROVIDER or key.unit == UNIT]
    meant = [key._replace(**named(name, key._replace(provider=provider), known[-1].book)) for key in own]
    vectors = [
        # GPU time is the seller's own affair, and costs the buyer nothing.
        {**vector, **key._asdict(), "unit_amount": _ZERO, "unit_per": 1, "reported_counts": 0}
        for key, sold in zip(own, meant, strict=True)
        for _, vector in replay.vectors_of(sold._replace(context="", unit=""), known)
    ]
    rows = replay.replay(store, period, vectors, by=by, where={})
    paid = sum((cast(Decimal, row["amount"]) for row in rows), _ZERO)
    lacking = sum((cast(Decimal, row["unpriced_quantity"]) for row in rows), _ZERO)
    currencies = {cast(str, vector["currency"]) for vector in vectors}
    held, currency = owned
    answer: dict[str, object] = {
        "against": name,
        "currency": currency,
        "owned": held,
        "bought": paid,
        "saving": paid - held,
        "bought_per_million": None,
        "now_per_month": floor(_monthly(Fraction(tokens), period)),
        "capacity_per_month": None if full is None else floor(_monthly(full, period)),
        "tokens_per_month": None,
        "reachable": None,
        "reason": None,
    }
    if lacking or not paid or currencies != {currency}:
        reason = (
            f"{name} has no price for {plain(lacking)} of the tokens"
            if lacking
            else f"{name} is not priced in {currency}"
        )
        answer |= {"bought": None, "saving": None, "reason": reason}
        return answer
    enough = ceil(_monthly(Fraction(held), period) * tokens / Fraction(paid))
    answer["tokens_per_month"] = enough
    answer["bought_per_million"] = rounded(EXACT.divide(paid * 1_000_000, Decimal(tokens)))
    if full is not None:
        answer["reachable"] = enough <= cast(int, answer["capacity_per_month"])
    return answer


def _monthly(amount: Fraction, period: Period) -> Fraction:
    return amount * MONTH_DAYS / period.days
