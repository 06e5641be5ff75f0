"""Names: which provider of the price book is meant, whose prices hold for what it sells, and a model's other names.

Comes in: names as usage has them. Goes out: the price book's provider, and spellings of a model to look for in turn.
"""

import re
import tomllib
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from outlay.prices.pattern import compiled, dashed

#: A gateway that writes the provider in front of the model, as `openai/gpt-5-mini`.
_GATEWAYS = ("litellm",)
#: Whose models a gateway writes without a provider in front.
_MAKERS = ("openai", "anthropic", "google", "cohere")
#: What stands in front of a model's name and says only where it is asked for.
_PLACES = re.compile(
    r"""
    arn:aws[a-z-]*:(?:bedrock|sagemaker):[^/]*:(?:inference-profile|foundation-model)/   # Bedrock, by resource name
    | (?:converse|converse_like|invoke|invoke_with_response_stream)/                     # LiteLLM's routes to Bedrock
    | (?:projects/[^/]+/)?(?:locations/[^/]+/)?(?:publishers/[^/]+/)?models/             # Vertex and Gemini
    """,
    re.VERBOSE,
)
#: A Bedrock profile of one part of the world; `global.` is sold at a price of its own.
_PART_OF_WORLD = re.compile(r"(?:us|us-gov|eu|apac|au|jp|ca|sa|me|af|il|mx|in|uk)\.(?=[a-z0-9-]+\.)")
#: How a router is to choose among those who offer a model. It is the same model, whoever gives it.
_CHOICE = re.compile(r":(?:nitro|floor|exacto|online|thinking|beta)$")
#: A fine-tuned model. It has a price of its own, never that of the model it was made from.
_TUNED = re.compile(r"ft:.*|.*[.:]ft-.*")
#: Resources that carry no model's name.
_OPAQUE = re.compile(
    r"arn:aws[a-z-]*:(?:bedrock|sagemaker):.*"
    r":(?:application-inference-profile|provisioned-model|custom-model|custom-model-deployment|imported-model"
    r"|default-prompt-router|prompt-router|endpoint)/.*"
    r"|(?:projects/[^/]+/)?(?:locations/[^/]+/)?endpoints/\d+"
)


@dataclass(frozen=True, slots=True)
class _Alias:
    name: str
    pattern: str
    fallback: tuple[str, ...]


@cache
def _aliases() -> tuple[_Alias, ...]:
    content = tomllib.loads(Path(__file__).with_name("names.toml").read_text(encoding="utf-8"))
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


def makers(text: str, model: str) -> tuple[str, ...]:
    """Return the providers whose models a gateway may mean by a name without a provider in front.

    >>> makers("litellm", "gpt-5-mini"), makers("litellm", "groq/gpt-oss-20b")
    (('openai', 'anthropic', 'google', 'cohere'), ())
    """
    return _MAKERS if text.strip().lower() in _GATEWAYS and "/" not in model else ()


def spellings(name: str, provider: str, known: Container[str]) -> list[str]:
    """Return under which names to look for a model, the one it was given first.

    Args:
        name: As usage names it, without a gateway's prefix.
        provider: The price book's name of who is asked.
        known: Providers that have prices.

    >>> spellings("models/gemini-3-pro", "google", {"google"})
    ['models/gemini-3-pro', 'gemini-3-pro']
    >>> spellings("arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-pro-v1:0", "aws", {"aws"})[1:]
    ['us.amazon.nova-pro-v1:0', 'amazon.nova-pro-v1:0']
    >>> spellings("openai/gpt-4o:nitro", "openrouter", {"openai", "openrouter"})
    ['openai/gpt-4o:nitro', 'openai/gpt-4o']
    """
    name = name.strip().lower()
    found = [name, dashed(name), *_without(name, provider, known)]
    return list(dict.fromkeys(other for one in found for other in (one, dashed(one))))


def _without(name: str, provider: str, known: Container[str]) -> Iterator[str]:
    """Yield a name with one thing after another taken off that does not belong to the model."""
    prefix, slash, rest = name.partition("/")
    if slash and provider_of(prefix, rest, known)[0] == provider:
        name = rest
        yield name
    for what in (_PLACES, _PART_OF_WORLD) if provider == "aws" else (_PLACES,):
        if found := what.match(name):
            name = name[found.end() :]
            yield name
    if found := _CHOICE.search(name):
        yield name[: found.start()]


def is_tuned(name: str) -> bool:
    """Say whether a name is that of a fine-tuned model.

    >>> is_tuned("ft:gpt-4o-mini-2024-07-18:acme::id"), is_tuned("gpt-4o-2024-08-06.ft-0e208cf3"), is_tuned("gpt-4o")
    (True, True, False)
    """
    return _TUNED.fullmatch(name.lower()) is not None


def untuned(name: str) -> str:
    """Return the name of the model that a fine-tuned one was made from, as far as its own name tells.

    >>> untuned("ft:gpt-4.1-2025-04-14:acme::id"), untuned("gpt-4o-2024-08-06.ft-0e208cf3")
    ('gpt-4.1-2025-04-14', 'gpt-4o-2024-08-06')
    """
    text = name.lower()
    return text.split(":")[1] if text.startswith("ft:") else re.split(r"[.:]ft-", text)[0]


def is_opaque(name: str) -> bool:
    """Say whether a name is that of a resource which does not tell what model is behind it.

    >>> is_opaque("arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/x1")
    True
    """
    return _OPAQUE.fullmatch(name.strip().lower()) is not None
