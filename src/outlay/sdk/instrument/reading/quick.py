"""The usual answers of OpenAI and Anthropic, understood without asking every dialect what it thinks of them.

Comes in: a decoded answer. Goes out: its units, the same as `outlay.wire.dialects.read` finds; None for whatever is
out of the ordinary in any way, which is left to the dialects. Nine of ten answers are usual, and each costs the host
a tenth of the time so.
"""

from collections.abc import Callable, Mapping

Units = dict[str, int]
_ORDINARY = frozenset({"default", "auto", "standard"})
_PLAIN_ITEMS = frozenset({"message", "reasoning", "function_call"})
_CHAT = frozenset(
    {"prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "completion_tokens_details"}
)
_RESPONSE = frozenset(
    {"input_tokens", "output_tokens", "total_tokens", "input_tokens_details", "output_tokens_details"}
)
_EMBEDDING = frozenset({"prompt_tokens", "total_tokens"})
_MESSAGE = frozenset(
    {
        *("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"),
        *("cache_creation", "server_tool_use", "service_tier", "inference_geo", "output_tokens_details"),
    }
)
_NOTHING: Mapping[str, object] = {}


def units_of(provider: str, body: Mapping[str, object]) -> Units | None:
    """Return what a usual answer used; None for any other.

    >>> units_of("openai", {"object": "chat.completion", "model": "gpt-4o", "usage":
    ...     {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}})
    {'input': 12, 'output': 5}
    """
    usage, tier = body.get("usage"), body.get("service_tier")
    if not isinstance(usage, dict) or not (tier is None or (type(tier) is str and tier in _ORDINARY)):
        return None
    if not _is_name(body.get("model")) or not (body.get("id") is None or _is_name(body["id"])):
        return None
    kind = body.get("object") or body.get("type")
    reader = _BY_KIND.get((provider, kind)) if isinstance(kind, str) else None
    return reader(body, usage) if reader else None


def _is_name(found: object) -> bool:
    return type(found) is str and 0 < len(found) <= 200 and found.isprintable()  # noqa: PLR2004 - as the dialects do


def _chat(body: Mapping[str, object], usage: dict[str, object]) -> Units | None:
    if not _CHAT.issuperset(usage) or "-search-" in str(body.get("model")):
        return None
    return _inclusive(
        (usage.get("prompt_tokens"), usage.get("completion_tokens"), usage.get("total_tokens")),
        usage.get("prompt_tokens_details") or _NOTHING,
        usage.get("completion_tokens_details") or _NOTHING,
    )


def _response(body: Mapping[str, object], usage: dict[str, object]) -> Units | None:
    items = body.get("output")
    if not _RESPONSE.issuperset(usage) or not isinstance(items, list) or "svg_usage" in body:
        return None
    if "-search-" in str(body.get("model")) or any(
        not isinstance(item, dict) or item.get("type") not in _PLAIN_ITEMS for item in items
    ):
        return None
    return _inclusive(
        (usage.get("input_tokens"), usage.get("output_tokens"), usage.get("total_tokens")),
        usage.get("input_tokens_details") or _NOTHING,
        usage.get("output_tokens_details") or _NOTHING,
    )


def _embeddings(_: Mapping[str, object], usage: dict[str, object]) -> Units | None:
    prompt, total = usage.get("prompt_tokens"), usage.get("total_tokens")
    if not _EMBEDDING.issuperset(usage) or type(prompt) is not int or type(total) is not int or total != prompt:
        return None
    return {"input": prompt} if 0 < prompt < _MOST else None


#: Larger counts are for the dialects, which know what is too much.
_MOST = 10**9
_KNOWN_IN = frozenset({"cached_tokens", "audio_tokens", "text_tokens", "cache_write_tokens", "image_tokens"})
_KNOWN_OUT = frozenset(
    {"reasoning_tokens", "audio_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens", "text_tokens"}
)


def _inclusive(whole: tuple[object, object, object], asked: object, given: object) -> Units | None:
    """Take the parts out of totals that hold them, where nothing but cached and reasoning tokens is a part."""
    prompt, answer, total = whole
    if type(prompt) is not int or type(answer) is not int or prompt < 0 or answer < 0 or total != prompt + answer:
        return None
    if not isinstance(asked, Mapping) or not isinstance(given, Mapping) or type(total) is not int or total > _MOST:
        return None
    if not _KNOWN_IN.issuperset(asked) or not _KNOWN_OUT.issuperset(given):
        return None
    for name in ("audio_tokens", "text_tokens", "cache_write_tokens", "image_tokens"):
        if asked.get(name):
            return None
    for name in ("audio_tokens", "text_tokens", "rejected_prediction_tokens"):
        if given.get(name):
            return None
    return _parted(prompt, asked.get("cached_tokens"), answer, given.get("reasoning_tokens"))


def _parted(prompt: int, cached: object, answer: int, reasoning: object) -> Units | None:
    """Return input and output with their parts taken out; None when a part is no part."""
    cached, reasoning = cached or 0, reasoning or 0
    if type(cached) is not int or type(reasoning) is not int:
        return None
    if not 0 <= cached <= prompt or not 0 <= reasoning <= answer:
        return None
    found = {
        "input": prompt - cached,
        "cache_read": cached,
        "output": answer - reasoning,
        "output_reasoning": reasoning,
    }
    return {unit: amount for unit, amount in found.items() if amount}


def _message(_: Mapping[str, object], usage: dict[str, object]) -> Units | None:
    tier, place = usage.get("service_tier"), usage.get("inference_geo")
    if not _MESSAGE.issuperset(usage) or not (tier is None or (type(tier) is str and tier in _ORDINARY)):
        return None
    if place not in (None, "global", "not_available"):
        return None
    asked, given = usage.get("input_tokens"), usage.get("output_tokens")
    read, written = usage.get("cache_read_input_tokens") or 0, usage.get("cache_creation_input_tokens") or 0
    ages, tools, details = usage.get("cache_creation"), usage.get("server_tool_use"), usage.get("output_tokens_details")
    if tools or details or any(type(n) is not int or not 0 <= n < _MOST for n in (asked, given, read, written)):
        return None
    found: dict[str, object] = {"input": asked, "cache_read": read}
    if isinstance(ages, dict) and written:
        short, long = ages.get("ephemeral_5m_input_tokens"), ages.get("ephemeral_1h_input_tokens")
        if len(ages) != 2 or type(short) is not int or type(long) is not int or short + long != written:  # noqa: PLR2004
            return None
        found |= {"cache_write_5m": short, "cache_write_1h": long}
    elif written or (ages and (not isinstance(ages, dict) or any(ages.values()))):
        return None
    found["output"] = given
    units: Units = {unit: amount for unit, amount in found.items() if amount and type(amount) is int}
    return units if all(amount >= 0 for amount in units.values()) else None


_Reader = Callable[[Mapping[str, object], dict[str, object]], Units | None]
_BY_KIND: dict[tuple[str, str], _Reader] = {
    ("anthropic", "message"): _message,
    **{
        (provider, kind): reader
        for provider in ("openai", "azure")
        for kind, reader in (("chat.completion", _chat), ("response", _response), ("list", _embeddings))
    },
}
