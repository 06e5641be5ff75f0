"""A host for chaos: what a program does with the real clients, and everything it gets back, as text.

As a program it takes the address of the fake provider, then settings for `configure` as JSON (none: it does without
Outlay), and prints what it got; with `fork` as third argument the work is done in children, too.
"""

import asyncio
import json
import os
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

MESSAGES: Any = [{"role": "user", "content": "xylophone-of-a-prompt"}]
MODELS = ("gpt-4o", "gpt-4o!429", "gpt-4o!500", "gpt-4o!reset", "gpt-4o!gzip")


def got(ask: Callable[[], Any]) -> str:
    """Return what a call returned, or how it failed, down to the text."""
    try:
        found = ask()
    except Exception as error:  # noqa: BLE001 - whatever a client raises is part of the result
        return f"{type(error).__name__}: {error}"
    return str(found)


def streamed(events: Any) -> list[str]:  # noqa: ANN401 - the client's own stream
    """Return the events of a stream, up to where it was cut."""
    found: list[str] = []
    try:
        found.extend(event.model_dump_json() for event in events)
    except Exception as error:  # noqa: BLE001 - as above
        found.append(f"{type(error).__name__}: {error}")
    return found


def asks(openai: Any, anthropic: Any) -> list[Callable[[], Any]]:  # noqa: ANN401 - the clients
    """Return calls of both clients: plain, streamed, raw, cut, refused, reset, and one given up half-way."""
    chat, claude = openai.chat.completions, anthropic.messages
    plain: list[Callable[[], Any]] = [
        lambda model=model: chat.create(model=model, messages=MESSAGES).model_dump_json()  # type: ignore[misc]
        for model in MODELS
    ]

    def given_up() -> str:
        with chat.create(model="gpt-4o", messages=MESSAGES, stream=True) as events:
            return str(next(iter(events)).model_dump_json())

    return [
        *plain,
        lambda: chat.with_raw_response.create(model="gpt-4o", messages=MESSAGES).content,
        lambda: openai.responses.create(model="gpt-4o", input="xylophone-of-a-prompt").model_dump_json(),
        lambda: openai.embeddings.create(model="text-embedding-3-small", input="x").model_dump_json(),
        lambda: streamed(chat.create(model="gpt-4o", messages=MESSAGES, stream=True)),
        lambda: streamed(chat.create(model="gpt-4o!cut", messages=MESSAGES, stream=True)),
        given_up,
        lambda: claude.create(model="claude-sonnet-4-5", max_tokens=9, messages=MESSAGES).model_dump_json(),
        lambda: claude.create(model="claude-sonnet-4-5!500", max_tokens=9, messages=MESSAGES).model_dump_json(),
        lambda: streamed(claude.create(model="claude-sonnet-4-5", max_tokens=9, messages=MESSAGES, stream=True)),
    ]


async def asynchronous(client: Any) -> list[str]:  # noqa: ANN401 - the client
    """Return what six calls at once get, and a stream."""

    async def one(number: int) -> str:
        found = await client.chat.completions.create(model=f"gpt-4o-{number}", messages=MESSAGES)
        return str(found.model_dump_json())

    whole = await asyncio.gather(*(one(number) for number in range(6)))
    events = await client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
    return [*whole, *[event.model_dump_json() async for event in events]]


def results(address: str, track: Callable[[Any], Any]) -> list[str]:
    """Return everything a host gets from both clients, alone, in threads and in a loop."""
    import anthropic  # noqa: PLC0415 - heavy, and only here
    import openai  # noqa: PLC0415

    given: dict[str, Any] = {"api_key": "x", "max_retries": 0, "timeout": 20}
    with (
        openai.OpenAI(base_url=f"{address}/v1", **given) as first,
        anthropic.Anthropic(base_url=address, **given) as second,
    ):
        calls = asks(track(first), track(second))
        found = [got(ask) for ask in calls]
        with ThreadPoolExecutor(4) as pool:
            found += list(pool.map(got, calls))

    async def in_a_loop() -> list[str]:
        async with openai.AsyncOpenAI(base_url=f"{address}/v1", **given) as client:
            return await asynchronous(track(client))

    with ThreadPoolExecutor(1) as pool:
        found += pool.submit(lambda: asyncio.run(in_a_loop())).result()
    return found


def main(address: str, settings: str, fork: str = "") -> None:
    """Do the work, in children as well when told so, and print what came of it."""
    warnings.simplefilter("ignore")
    track: Callable[[Any], Any] = lambda client: client  # noqa: E731 - a host without us
    if settings != "none":
        import outlay  # noqa: PLC0415 - a host without it does without

        asked = json.loads(settings)
        limit = asked.pop("limit", None)
        if limit is not None:
            import resource  # noqa: PLC0415

            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        outlay.configure(**asked)
        track = outlay.track
    print(json.dumps(results(address, track)), flush=True)  # noqa: T201 - the result
    if fork:
        child = os.fork()
        if not child:
            print(json.dumps(results(address, track)), flush=True)  # noqa: T201
            os._exit(7)
        print(os.waitpid(child, 0)[1], flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
