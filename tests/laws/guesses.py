"""Worlds drawn by chance: bills, rules and usage that a law has to hold for."""

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from outlay.store import Row
from tests.laws.world import charge, event, model_charge


def few(examples: int) -> settings:
    """Return settings for few but rich examples, the same in every run: a world takes a second on ClickHouse."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )


#: Amounts from one unit of 1e-12 to a hundred million, of both signs, and none at all.
AMOUNTS = st.one_of(
    st.integers(-50, 50).map(lambda pico: Decimal(pico).scaleb(-12)),
    st.integers(-(10**15), 10**15).map(lambda pico: Decimal(pico).scaleb(-12)),
    st.integers(-(10**10), 10**10).map(lambda cents: Decimal(cents).scaleb(-2)),
    st.just(Decimal(0)),
)
CURRENCIES = st.sampled_from(["USD", "USD", "EUR", "JPY"])
TEAMS = st.sampled_from(["a", "b", "c"])
WHO = st.fixed_dictionaries(
    {
        "feature": st.sampled_from(["search", "chat", None]),
        "customer": st.sampled_from(["acme", "Zeta", None]),
        "team": st.sampled_from(["a", "b", None]),
        "user": st.sampled_from(["u1", "u2", None]),
        "environment": st.sampled_from(["production", None]),
        "service": st.just("api"),
        "release": st.sampled_from(["1", "2"]),
    }
)
FALLBACKS = st.sampled_from(["unallocated", "direct", "month"])
DRIVERS = st.sampled_from(["calls", "attempts", "tokens", "estimated_cost", "duration_ms", "unit:page", "unit:never"])
TO = st.lists(st.sampled_from(["feature", "customer", "team", "user", "release"]), min_size=1, max_size=5, unique=True)


@st.composite
def bills(draw: st.DrawFn) -> list[Row]:
    """Draw the lines of a bill: machines with tags, models, GPU hours, over one or several days and month ends."""
    lines: list[Row] = []
    for number in range(1, draw(st.integers(1, 14)) + 1):
        own: dict[str, Any] = {
            "day": draw(st.integers(1, 31)),
            "days": draw(st.sampled_from([1, 1, 2, 3, 31, 40])),
            "billing_currency": draw(CURRENCIES),
            "charge_category": draw(st.sampled_from(["Usage", "Usage", "Credit", "Tax"])),
            "sub_account_name": draw(st.sampled_from([None, "prod"])),
            "consumed_quantity": draw(st.sampled_from([None, Decimal(0), Decimal("0.5"), Decimal(24)])),
        }
        cost = draw(AMOUNTS)
        if draw(st.booleans()):
            lines.append(
                model_charge(number, cost, model=draw(st.sampled_from(["m-large", "M-LARGE", "m-none"])), **own)
            )
            continue
        kind = draw(st.sampled_from(["Compute", "Shared", "Support", "GPU"]))
        tags = draw(st.dictionaries(st.sampled_from(["team", "service"]), TEAMS, max_size=2))
        provider = draw(st.sampled_from(["AWS", "Google Cloud"]))
        lines.append(charge(number, cost, service_name=kind, tags=tags, provider=provider, **own))
    return lines


@st.composite
def events(draw: st.DrawFn) -> list[Row]:
    """Draw usage: of models with and without prices, of pages, of nothing at all, on few days."""
    found: list[Row] = []
    for number in range(1, draw(st.integers(0, 12)) + 1):
        own: dict[str, Any] = {
            "model": draw(st.sampled_from(["m-large", "m-small", "m-unheard-of", None])),
            "day": draw(st.sampled_from([1, 5, 6, 31])),
            "input": draw(st.sampled_from([0, 1, 7, 100, 10**9])),
            "output": draw(st.sampled_from([0, 3])),
            "duration_ms": draw(st.sampled_from([None, 0, 250])),
            "attempt": draw(st.sampled_from([1, 1, 2])),
            "state": draw(st.sampled_from(["complete", "complete", "partial", "refused"])),
            **draw(WHO),
        }
        if draw(st.booleans()):
            own |= {"model": "m-page", "unit": "page", "quantity": draw(st.sampled_from([Decimal(0), Decimal("1.5")]))}
        found.append(event(number, **own))
    return found


@st.composite
def rules(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw a list of rules with every way to split and every fallback."""
    ai = {"service_category": "AI and Machine Learning"}
    within = draw(st.sampled_from([["provider", "model"], ["provider"], []]))
    drawn: list[dict[str, Any]] = [
        {
            "name": "models",
            "match": ai,
            "set": {"provider": "provider", "model": "resource_id", "team": "tag:team"},
            "split": "driver",
            "driver": draw(DRIVERS),
            "within": within,
            "to": draw(TO),
            "fallback": draw(FALLBACKS),
        },
        {
            "name": "gpus",
            "match": {"service_name": "GPU"},
            "set": {"team": "tag:team"},
            "split": "driver",
            "driver": "unit:page",
            "to": draw(TO),
            "fallback": draw(FALLBACKS),
            "capacity": {"unit": "page", "per_consumed": draw(st.sampled_from([1, 3600]))},
        },
        {
            "name": "support",
            "match": {"service_name": "Support"},
            "split": "proportional",
            "within": draw(st.sampled_from([["provider"], []])),
            "to": draw(TO),
            "fallback": draw(FALLBACKS),
        },
        {
            "name": "shared",
            "match": {"service_name": "Shared", "charge_category": "!Tax"},
            "split": draw(st.sampled_from(["even", "fixed"])),
            "among": [{"team": team, "weight": draw(st.integers(1, 7))} for team in ("c", "a", "b")],
        },
    ]
    if draw(st.booleans()):
        drawn.append({"name": "tags", "match": {"tag:team": "!"}, "set": {"team": "tag:team"}, "split": "direct"})
    return list(draw(st.permutations(drawn)))
