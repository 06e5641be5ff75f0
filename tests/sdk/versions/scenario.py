"""Calls of one provider's client, whatever its version: run in an environment of its own, it prints what was recorded.

python tests/sdk/versions/scenario.py openai|anthropic ADDRESS EVENTS
"""

import asyncio
import contextlib
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import outlay

_ASKED = [{"role": "user", "content": "hello"}]
_USAGE = {"include_usage": True}


def ask_openai(address: str) -> None:
    """Ask for everything that all versions of OpenAI's client know."""
    openai: Any = importlib.import_module("openai")
    client = outlay.track(openai.OpenAI(base_url=f"{address}/v1", api_key="k", max_retries=0), provider="openai")
    chat = client.chat.completions
    chat.create(model="gpt-4o", messages=_ASKED)
    chat.create(model="gpt-4o!gzip", messages=_ASKED)
    chat.with_raw_response.create(model="gpt-4o", messages=_ASKED).parse()
    list(chat.create(model="gpt-4o", messages=_ASKED, stream=True, stream_options=_USAGE))
    list(chat.create(model="gpt-4o", messages=_ASKED, stream=True))
    _leave(chat.create(model="gpt-4o", messages=_ASKED, stream=True, max_tokens=90))
    client.responses.create(model="gpt-5", input="hello")
    list(client.responses.create(model="gpt-5", input="hello", stream=True))
    client.embeddings.create(model="te-3", input="hello", encoding_format="float")
    for mishap in ("429", "500", "cut", "reset"):
        with contextlib.suppress(Exception):  # older versions let through what httpx raises
            list(chat.create(model=f"gpt-4o!{mishap}", messages=_ASKED, stream=True))
    with contextlib.suppress(openai.OpenAIError):
        client.with_options(max_retries=2).chat.completions.create(model="gpt-4o!503", messages=_ASKED)
    client.close()

    async def asynchronous() -> None:
        other = outlay.track(openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="k"), provider="openai")
        await other.chat.completions.create(model="gpt-4o", messages=_ASKED)
        stream = await other.chat.completions.create(
            model="gpt-4o", messages=_ASKED, stream=True, stream_options=_USAGE
        )
        async for _ in stream:
            pass
        await other.close()

    asyncio.run(asynchronous())


def ask_anthropic(address: str) -> None:
    """Ask for everything that all versions of Anthropic's client know."""
    anthropic: Any = importlib.import_module("anthropic")
    client = outlay.track(anthropic.Anthropic(base_url=address, api_key="k", max_retries=0), provider="anthropic")
    asked: dict[str, Any] = {"max_tokens": 90, "messages": _ASKED}
    client.messages.create(model="claude-x", **asked)
    client.messages.create(model="claude-x!gzip", **asked)
    client.messages.with_raw_response.create(model="claude-x", **asked).parse()
    list(client.messages.create(model="claude-x", stream=True, **asked))
    with client.messages.stream(model="claude-x", **asked) as stream:
        list(stream.text_stream)
    _leave(client.messages.create(model="claude-x", stream=True, **asked))
    for mishap in ("429", "500", "reset", "error"):
        with contextlib.suppress(Exception):
            list(client.messages.create(model=f"claude-x!{mishap}", stream=True, **asked))
    with contextlib.suppress(anthropic.AnthropicError):
        client.with_options(max_retries=2).messages.create(model="claude-x!529", **asked)
    client.close()

    async def asynchronous() -> None:
        other = outlay.track(anthropic.AsyncAnthropic(base_url=address, api_key="k"), provider="anthropic")
        await other.messages.create(model="claude-x", **asked)
        async with other.messages.stream(model="claude-x", **asked) as stream:
            async for _ in stream.text_stream:
                pass
        await other.close()

    asyncio.run(asynchronous())


def _leave(stream: Any) -> None:  # noqa: ANN401 - of any version
    """Read three events, and close."""
    pieces = iter(stream)
    for _ in range(4):
        next(pieces)
    stream.close()


def main() -> None:
    """Ask, and print events without what differs from one run to the next."""
    library, address, path = sys.argv[1:]
    outlay.configure(events=path)
    {"openai": ask_openai, "anthropic": ask_anthropic}[library](address)
    outlay.flush()
    seen: dict[str, int] = {}
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        event["call"] = seen.setdefault(event["call"], len(seen))
        kept = {name: value for name, value in event.items() if name not in {"id", "time", "duration_ms"}}
        for bound in ("input_low", "input_high"):
            # Each version has its own way to write a request.
            kept.get("tags", {}).pop(bound, None)
        sys.stdout.write(json.dumps(kept, sort_keys=True) + "\n")
    if outlay.dropped():
        sys.exit(f"dropped: {outlay.drops()}")


if __name__ == "__main__":
    main()
