"""A span as a usage event: what was called, what it used, how it ended, and who caused it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache

from outlay.capture.telemetry.dialect import Dialect
from outlay.capture.telemetry.span import Span, Value
from outlay.capture.telemetry.tokens import count, disjoint
from outlay.prices.names import provider_of
from outlay.wire.flaw import Flawed
from outlay.wire.values import MOST, ORDINARY, YEARS

#: Operations that are one request to a model. They count even when nobody says what they used.
LEAVES = frozenset(
    {
        *("chat", "text_completion", "generate_content", "embeddings", "rerank", "fetch_response", "completion"),
        *("image_generation", "speech", "transcription", "translation", "moderation", "responses"),
    }
)
#: Operations that hold requests, or have nothing to do with them. What they say they used is the sum of those.
HOLDERS = frozenset(
    {
        *("invoke_agent", "create_agent", "invoke_workflow", "agent_step", "step", "execute_tool", "retrieval"),
        *("plan", "decide"),
    }
)
#: What the AI SDK appends to a provider's name: which of its interfaces is asked.
_INTERFACES = ("chat", "responses", "messages", "completion", "embedding", "embeddings", "image", "generative-ai")
#: Who made a model, for emitters that do not say whom they asked.
_MAKERS = (
    (("gpt-", "chatgpt-", "o1", "o3", "o4", "text-embedding-", "codex-", "computer-use-"), "openai"),
    (("claude-",), "anthropic"),
    (("gemini-", "gemma-"), "google"),
    (("mistral-", "codestral-", "ministral-", "magistral-", "pixtral-"), "mistral"),
    (("command-", "embed-", "rerank-"), "cohere"),
    (("deepseek-",), "deepseek"),
    (("grok-",), "x-ai"),
    (("sonar",), "perplexity"),
)
#: What in the name of an error tells that no answer came back.
_LOST = (
    "timeout",
    "timedout",
    "connection",
    "cancel",
    "abort",
    "network",
    "eof",
    "reset",
    "disconnect",
    "internal",
    "server_error",
    "servererror",
)
_NAME_OF_ERROR = 100
_STATUS = re.compile(r"(?:error code|status(?:[ _]?code)?|http)\D{0,3}([45]\d\d)\b", re.IGNORECASE | re.ASCII)
_COST = Decimal("1e-12")
_CONTEXT = frozenset({"tier", "speed", "region"})
_SELDOM = _CONTEXT | {"cost", "prompt", "web_searches"}
_FIRST_ERROR, _LAST_ERROR = 400, 599
_TIMED_OUT, _SERVER_ERROR, _TURNED_AWAY = 408, 500, (501, 503, 529)
_SECOND = 1_000_000_000
#: No call takes longer, in nanoseconds; an end that says so is no end.
LONGEST = 30 * 86_400 * _SECOND
_MILLISECOND = 1_000_000
#: In microseconds.
_MICROS = 1_000_000
_MINUTE, _DAY = 60 * _MICROS, 86_400 * _MICROS


def event_of(span: Span, dialect: Dialect) -> dict[str, object] | None:
    """Return a span as the JSON object of a usage event, its attribution left out; None when it is no call.

    Raises:
        Flawed: It is a call, and says something that no event may hold.
    """
    facts = span.parts.facts
    if dialect.refine and not dialect.refine(span):
        return None
    operation = facts.get("operation")
    metered = "asked" in facts or "answered" in facts or span.units is not None
    if operation in HOLDERS or not (metered or operation in LEAVES):
        return None
    seldom = span.parts.seldom or dialect.refine is not None
    usage, flaw = disjoint(facts, seldom=seldom) if span.units is None else (span.units, span.flaw)
    tags, asked_model = span.parts.tags, facts.get("asked_model")
    model = facts.get("model") or asked_model
    event: dict[str, object] = {
        "id": f"otlp/{span.trace}/{span.id}",
        "time": instant(span.start),
        "provider": _provider(facts, tags, model),
        "model": model,
        "operation": operation or "chat",
        "usage": usage,
        "trace": span.trace,
        "span": span.id,
        "sensor": dialect.sensor,
    }
    if span.parent:
        event["parent"] = span.parent
    if "response_id" in facts:
        event["response_id"] = facts["response_id"]
    if 0 <= (took := span.end - span.start) <= LONGEST:
        event["duration_ms"] = round_ms(took)
    if span.failed or not usage or (seldom and "error" in facts):
        _end(event, span)
    if seldom and not _SELDOM.isdisjoint(facts):
        _add_seldom(event, facts)
    if flaw:
        tags["flaws"] = flaw
    if asked_model != model and asked_model:
        tags["asked_model"] = asked_model
    return event


def _add_seldom(event: dict[str, object], facts: Mapping[str, Value]) -> None:
    """Add what most calls do not say."""
    if context := context_of(facts):
        event["context"] = context
    if "cost" in facts and (cost := reported(facts["cost"])) is not None:
        event["reported_cost"] = cost
    if "prompt" in facts:
        version = facts.get("prompt_version")
        event["prompt"] = f"{facts['prompt']}@{version}" if version else facts["prompt"]
    usage = event["usage"]
    if isinstance(usage, dict) and (searches := count(facts, "web_searches")):
        usage["web_search"] = searches


def instant(nanoseconds: int) -> str:
    """Return an instant as ISO 8601 in UTC, with microseconds; what is finer is cut.

    >>> instant(1_790_000_000_123_456_789)
    '2026-09-21T14:13:20.123456Z'

    Raises:
        Flawed: It is none, or out of any reason.
    """
    day, rest = divmod(nanoseconds // 1000, _DAY)
    if (date := _date(day)) is None:
        code = "bad-time" if nanoseconds >= _SECOND else "missing-time"
        raise Flawed(code, "start_time_unix_nano", nanoseconds, "state when it began, in nanoseconds since 1970")
    minutes, micros = divmod(rest, _MINUTE)
    return f"{date}T{minutes // 60:02d}:{minutes % 60:02d}:{micros // _MICROS:02d}.{micros % _MICROS:06d}Z"


def round_ms(nanoseconds: int) -> int:
    """Return a duration in milliseconds, rounded."""
    return (nanoseconds + _MILLISECOND // 2) // _MILLISECOND


@lru_cache(maxsize=64)
def _date(day: int) -> str | None:
    """Return a day, counted from 1970, as ISO 8601; None when it is out of any reason."""
    try:
        found = datetime.fromtimestamp(day * _DAY // _MICROS, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found.date().isoformat() if found.year in YEARS else None


def _provider(facts: Mapping[str, Value], tags: dict[str, Value], model: Value | None) -> str | None:
    said = facts.get("provider") or facts.get("system")
    if isinstance(said, str):
        return provider_named(said)
    found = maker(model) if isinstance(model, str) else None
    if found:
        tags["provider_by"] = "model"
    return found


@lru_cache(maxsize=1024)
def provider_named(said: str) -> str:
    """Return a provider's name as the price book has it, so that all sensors say the same.

    >>> provider_named("openai.chat"), provider_named("az.ai.openai"), provider_named("OpenRouter")
    ('openai', 'azure', 'openrouter')
    """
    name = said.strip().lower()
    found, _ = provider_of(name, "", _Others(name))
    head, dot, last = name.rpartition(".")
    return found or (provider_named(head) if dot and head and last in _INTERFACES else name)


class _Others:
    """All names but one: what is looked for is another name than the one that was given."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __contains__(self, name: object) -> bool:
        return name != self._name


@lru_cache(maxsize=1024)
def maker(model: str) -> str | None:
    """Return who made a model, as far as its name tells.

    >>> maker("claude-sonnet-4-5"), maker("my-model")
    ('anthropic', None)
    """
    name = model.lower()
    return next((who for beginnings, who in _MAKERS if name.startswith(beginnings)), None)


def _end(event: dict[str, object], span: Span) -> None:
    """Say how a call ended that failed, or of which nobody knows what it used."""
    facts, failed = span.parts.facts, span.failed or "error" in span.parts.facts
    if not failed:
        # It may have used much: nothing is known, which is not the same as nothing.
        event["state"] = "unknown"
        span.parts.tags["metering"] = "none"
        return
    status = facts.get("status")
    if status is None and (stated := _STATUS.search(span.message)):
        status = int(stated[1])
    error = error_name(facts.get("error") or span.message)
    if error or status:
        event["error"] = error or f"http_{status}"
    event["state"] = "partial" if event["usage"] else state_without_usage(error, status)


def state_without_usage(error: str | None, status: object) -> str:
    """Return how a failed call ended that used nothing anybody knows of.

    >>> state_without_usage("RateLimitError", None), state_without_usage("APITimeoutError", None)
    ('refused', 'unknown')
    """
    if type(status) is int and _FIRST_ERROR <= status <= _LAST_ERROR:
        # Overloaded servers turn away before any work. Of other failures of theirs nobody knows what they had done.
        return "refused" if status in _TURNED_AWAY or (status < _SERVER_ERROR and status != _TIMED_OUT) else "unknown"
    folded = (error or "").lower()
    if not folded or any(word in folded for word in _LOST):
        return "unknown"
    return "refused"


def error_name(said: object) -> str | None:
    """Return the short name of an error, without where it is from and what it quotes.

    >>> error_name("openai.RateLimitError"), error_name("RateLimitError: Error code: 429"), error_name("slow down")
    ('RateLimitError', 'RateLimitError', None)
    """
    if isinstance(said, int):
        return f"http_{said}"
    if not isinstance(said, str):
        return None
    name = said.partition(":")[0].strip()
    if " " in name or not name.isascii() or len(name) > _NAME_OF_ERROR:
        return None
    return f"http_{name}" if name.isdigit() else name.rpartition(".")[2] or None


def context_of(facts: Mapping[str, Value]) -> dict[str, str]:
    """Return what the price of a call may depend on and is out of the ordinary.

    >>> context_of({"tier": "batch", "speed": "standard"})
    {'processing': 'batch'}
    """
    found = {}
    for name in _CONTEXT:
        if isinstance(said := facts.get(name), str):
            value = said.strip().lower()
            if value and value not in ORDINARY:
                found["processing" if value == "batch" else name] = value
    return found


def reported(said: object) -> str | None:
    """Return a reported cost as text, rounded to 12 decimal places; None when it is no amount.

    >>> reported(0.00475), reported("free")
    ('0.00475', None)
    """
    if said is None:
        return None
    try:
        found = Decimal(str(said)).quantize(_COST, rounding=ROUND_HALF_EVEN)
    except InvalidOperation:
        return None
    return format(found.normalize(), "f") if 0 <= found <= MOST else None
