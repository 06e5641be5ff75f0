"""Stored estimates: rows of `planned_cost`, kept with the feature so that what happens can be held against them."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, cast

from outlay.explain.estimate.answer import Part
from outlay.explain.estimate.feature_file import Planned
from outlay.store import Row, Store
from outlay.terms.money import EXACT, plain, rounded
from outlay.terms.unit import TOKEN_UNITS


def keep(store: Store, planned: Planned, answer: Mapping[str, object], *, now: datetime) -> str:
    """Store an estimate with its feature.

    Args:
        store: Where.
        planned: The feature file.
        answer: What `estimate` made of it.
        now: When it was made.

    Returns:
        Its id. The same file that comes to the same costs is stored once, however often it is asked.
    """
    definition = json.dumps(planned.definition, sort_keys=True, default=_text)
    models = cast("Sequence[Mapping[str, Any]]", answer["models"])
    costs = [
        [m["provider"], m["model"], m["context"], None if m["monthly"] is None else plain(m["monthly"])] for m in models
    ]
    ident = sha256(json.dumps([definition, costs]).encode()).hexdigest()[:16]
    if not store.count("planned_cost", estimate=ident):
        shared = {
            "estimate": ident,
            "feature": planned.feature,
            "made_at": now,
            "price_day": answer["on"],
            "users": planned.users,
            "days": planned.days,
            "requests": answer["requests"],
            "definition": definition,
        }
        store.insert(
            "planned_cost", [{**shared, **_row(place, model, answer)} for place, model in enumerate(models, start=1)]
        )
    return ident


def estimates(store: Store, feature: str = "") -> list[Row]:
    """Return the stored estimates of a feature, or of all, the newest of each first."""
    return store.rows("explain/planned_cost", {"feature": feature})


def _row(place: int, model: Mapping[str, Any], answer: Mapping[str, object]) -> Row:
    parts = cast("Sequence[Part]", model["parts"])
    tokens = sum((part.quantity for part in parts if part.unit in TOKEN_UNITS), Decimal(0))
    costs = ("monthly", "low80", "high80", "per_request", "per_user")
    return {
        "place": place,
        "provider": model["provider"],
        "model": model["model"],
        "context": model["context"] or "",
        "currency": model["currency"] or "",
        "tokens": rounded(EXACT.divide(tokens, cast(Decimal, answer["requests"]))),
        **{name: model[name] for name in costs},
    }


def _text(value: object) -> str:
    return plain(value) if isinstance(value, Decimal) else str(value)
