"""Names: which provider of the price book is meant, and whose prices hold for models it sells for others."""

import tomllib
from collections.abc import Container
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from outlay.prices.pattern import compiled

#: A gateway that writes the provider in front of the model, as `openai/gpt-5-mini`.
_GATEWAYS = ("litellm",)


@dataclass(frozen=True, slots=True)
class _Alias:
    name: str
    pattern: str
    fallback: tuple[str, ...]


@cache
def _aliases() -> tuple[_Alias, ...]:
    content = tomllib.loads(files("outlay.prices").joinpath("names.toml").read_text(encoding="utf-8"))
    return tuple(_Alias(p["name"], p["pattern"], tuple(p.get("fallback", ()))) for p in content["provider"])


def provider_of(text: str, model: str, known: Container[str]) -> tuple[str | None, str]:
    """Return the price book's name of a provider, and the model without a gateway's prefix.

    Args:
        text: The provider as usage names it.
        model: The model as usage names it.
        known: Providers that have prices.

    Returns:
        None for a provider that is not known.

    >>> provider_of("gcp.vertex_ai", "gemini-3-pro", {"google"})
    ('google', 'gemini-3-pro')
    >>> provider_of("litellm", "openai/gpt-5-mini", {"openai"})
    ('openai', 'gpt-5-mini')
    """
    name = text.strip().lower()
    if name in _GATEWAYS and "/" in model:
        prefix, _, rest = model.partition("/")
        found, _ = provider_of(prefix, rest, known)
        return found, rest if found else model
    if name in known:
        return name, model
    for alias in _aliases():
        if alias.name in known and compiled(alias.pattern).fullmatch(name):
            return alias.name, model
    return None, model


def fallbacks(provider: str) -> tuple[str, ...]:
    """Return the providers whose models a provider also sells at their prices, in the order to ask them.

    >>> fallbacks("google")
    ('anthropic',)
    """
    return next((alias.fallback for alias in _aliases() if alias.name == provider), ())
