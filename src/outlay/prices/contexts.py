"""Contexts: what of a use is out of the ordinary and may change its price, in one spelling.

Comes in: a context as sensors, bills and providers write it. Goes out: what the price book asks for.
"""

from collections.abc import Mapping

from outlay.terms.price import PROJECT

#: Other names of the keys of a context.
_KEYS = {
    "service_tier": "tier",
    "serving_tier": "tier",
    "traffic_type": "tier",
    "inference_geo": "region",
    "geo": "region",
    "data_residency": "region",
    "latency": "speed",
    "project_id": PROJECT,
    "workspace": PROJECT,
    "workspace_id": PROJECT,
    "account": PROJECT,
    "account_id": PROJECT,
}
#: How the ordinary price is asked for, by key; of any other key only an empty value is ordinary.
_ORDINARY = {
    "tier": {"default", "standard", "auto", "on_demand", "on-demand", "standard_only", "service_tier_default"},
    "processing": {"realtime", "real_time", "real-time", "online", "standard", "default", "interactive"},
    "speed": {"standard", "normal", "default"},
    "region": {"global", "default", "not_available", "none"},
    "route": {"default", "auto"},
    "search_type": {"default", "web"},
}
#: What a provider writes for something else: Anthropic reports batches as a service tier, Vertex writes its tiers
#: as kinds of traffic, and Groq sells its flex and auto tiers at the price of the ordinary one.
_MEANS: dict[tuple[str, str, str], dict[str, str]] = {
    ("anthropic", "tier", "batch"): {"processing": "batch"},
    ("google", "tier", "on_demand_priority"): {"tier": "priority"},
    ("google", "tier", "on_demand_flex"): {"tier": "flex"},
    ("groq", "tier", "flex"): {},
}
#: Keys, beside the project, that may go without a price of their own, as long as the model has no prices that differ
#: by them.
LENIENT = frozenset({"region", "route", "search_type"})


def wanted(context: Mapping[str, str | None], provider: str = "") -> dict[str, str]:
    """Return what of a context is out of the ordinary.

    Args:
        context: As usage states it; a missing value says nothing.
        provider: The price book's name of who is asked, where the provider has spellings of its own.

    Returns:
        Values by key, in small letters. Two values of one key stay side by side, which no price is for.

    >>> wanted({"service_tier": "Flex", "processing": "realtime", "region": None})
    {'tier': 'flex'}
    >>> wanted({"tier": "batch", "speed": "standard", "inference_geo": "not_available"}, "anthropic")
    {'processing': 'batch'}
    """
    found: dict[str, str] = {}
    for stated, value in context.items():
        name, text = stated.strip().lower(), (value or "").strip().lower()
        key = _KEYS.get(name, name)
        if not text or text in _ORDINARY.get(key, ()):
            continue
        for meant, said in _MEANS.get((provider, key, text), {key: text}).items():
            found[meant] = said if found.get(meant, said) == said else f"{found[meant]},{said}"
    return found
