"""Hosts: who is paid for a request, and what was asked of them, told from its address alone.

Comes in: host, path and method of a request. Goes out: a `Route` for what can cost money, None for all else: lists of
models, uploads, polling. What a host itself configures goes before what is known here.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

#: Hosts of providers, and whom the price book calls them.
_EXACT = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "openrouter.ai": "openrouter",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral",
    "codestral.mistral.ai": "mistral",
    "api.deepseek.com": "deepseek",
    "api.x.ai": "x-ai",
    "api.together.xyz": "together",
    "api.together.ai": "together",
    "api.fireworks.ai": "fireworks",
    "generativelanguage.googleapis.com": "google",
    "aiplatform.googleapis.com": "google",
    "api.cohere.com": "cohere",
    "api.cohere.ai": "cohere",
    "api.perplexity.ai": "perplexity",
    "api.voyageai.com": "voyageai",
    "api.cerebras.ai": "cerebras",
    "api.moonshot.ai": "moonshotai",
    "api.novita.ai": "novita",
    "api.minimax.io": "minimax",
    "api.z.ai": "zai",
    "router.huggingface.co": "huggingface",
}
#: The same for families of hosts.
_ENDINGS = (
    (".api.openai.com", "openai"),
    (".openai.azure.com", "azure"),
    (".services.ai.azure.com", "azure"),
    (".models.ai.azure.com", "azure"),
    (".cognitiveservices.azure.com", "azure"),
    ("-aiplatform.googleapis.com", "google"),
    (".api.x.ai", "x-ai"),
)
_BEDROCK = re.compile(r"bedrock-(?:runtime|mantle)(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws)")
#: What a path ends with, and what is asked for there. A path may have an id or a deployment before it, never after.
_ASKED = tuple(
    (re.compile(pattern), operation)
    for pattern, operation in (
        (r"/(?:chat/completions|responses|messages|v[12]/chat|api/(?:chat|generate)|conversations)$", "chat"),
        (r"/models?/(?P<model>.+?)[:/](?:stream)?(?:[rR]awPredict|[gG]enerateContent)$", "chat"),
        (r"/model/(?P<model>[^/]+)/(?:invoke|invoke-with-response-stream|converse|converse-stream)$", "chat"),
        (r"/(?:(?:fim/)?completions|v1/complete)$", "text_completion"),
        (r"/(?:embeddings|multimodalembeddings|contextualizedembeddings|v[12]/embed|api/embed)$", "embeddings"),
        (r"/models/(?P<model>[^/]+):(?:embedContent|batchEmbedContents)$", "embeddings"),
        (r"/models/(?P<model>[^/]+):predict$", "predict"),
        (r"/images/(?:generations|edits|variations)$", "image_generation"),
        (r"/audio/speech$", "speech"),
        (r"/audio/(?:transcriptions|translations)$", "transcription"),
        (r"/rerank$", "rerank"),
        (r"/ocr$", "ocr"),
    )
)
#: Where a provider keeps the model in the path of OpenAI's shape.
_DEPLOYMENT = re.compile(r"/deployments/([^/]+)/")


@dataclass(frozen=True, slots=True)
class Route:
    """Who is paid for a request, and for what.

    Args:
        provider: As the price book names it.
        operation: `chat`, `embeddings`, ... as usage events have it.
        model: The model where the address says it; else None, and the request or its answer says it.
        fixed: Quantity by unit that every request of it uses, whatever the answer says.
        read: Reads further quantities out of the decoded answer.
        tags: Dimensions that the address tells.
    """

    provider: str
    operation: str | None
    model: str | None = None
    fixed: Mapping[str, object] = field(default_factory=dict)
    read: Callable[[object], Mapping[str, object] | None] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        """Say whether what is used is told by this alone, and not by the counters of a model's answer."""
        return bool(self.fixed) or self.read is not None


def provider_of(host: str) -> str | None:
    """Return who is paid for what a host answers; None when it is not known.

    >>> provider_of("api.openai.com"), provider_of("acme.openai.azure.com"), provider_of("example.com")
    ('openai', 'azure', None)
    """
    if found := _EXACT.get(host):
        return found
    for ending, provider in _ENDINGS:
        if host.endswith(ending):
            return provider
    return "aws" if _BEDROCK.fullmatch(host) else None


@lru_cache(maxsize=1024)
def route(provider: str, host: str, path: str) -> Route | None:
    """Return what a request to a provider asks for; None when nobody is billed for it.

    Args:
        provider: Who is paid.
        host: Host name of the address, in lower case.
        path: Path of the address, with or without its query string.

    >>> route("openai", "api.openai.com", "/v1/chat/completions").operation
    'chat'
    >>> route("aws", "bedrock-runtime.eu-west-1.amazonaws.com", "/model/eu.amazon.nova-pro-v1%3A0/converse").model
    'eu.amazon.nova-pro-v1:0'
    >>> route("openai", "api.openai.com", "/v1/files") is None
    True
    """
    plain = path.partition("?")[0].rstrip("/")
    for pattern, operation in _ASKED:
        if found := pattern.search(plain):
            model = found.groupdict().get("model")
            if model is None and (deployed := _DEPLOYMENT.search(plain)):
                model = deployed[1]
            place = _BEDROCK.fullmatch(host)
            return Route(provider, operation, _named(model), tags={"region": place[1]} if place else {})
    return None


def _named(model: str | None) -> str | None:
    """Return a model as it is named outside of an address."""
    from urllib.parse import unquote

    return unquote(model).removeprefix("models/")[:200] if model else None
