"""What `outlay.track` adds to calls of the real OpenAI client: wall, CPU of all threads, and throughput.

    python bench/sdk_tracking.py [CALLS]

The server is a process of its own that answers from bytes made beforehand, so that it is not what is measured. Bare
and tracked rounds take turns, so that a busy moment falls on both, and the medians are compared. CPU is that of the
whole process, with the events understood, encoded and written to a file before the clock is read. Goals: under 40
microseconds of wall and of CPU a call, at most 4% on a stream of 100 chunks, and at 64 calls at a time 0.95 of the
bare throughput.
"""

import asyncio
import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import httpx2
import openai

import outlay

_CALLS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
_ROUNDS = 15
_CHUNKS = 100
_AT_ONCE = 64
_ASKED: Any = [{"role": "user", "content": "Say something of a usual length about the weather of tomorrow."}]
_USAGE = {
    "prompt_tokens": 1200,
    "completion_tokens": 300,
    "total_tokens": 1500,
    "prompt_tokens_details": {"cached_tokens": 1000, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 128, "audio_tokens": 0, "accepted_prediction_tokens": 0},
}
_HEAD = {"id": "chatcmpl-9", "created": 1, "model": "gpt-4o-2024-08-06", "service_tier": "default"}


def answers() -> tuple[bytes, bytes]:
    """Return an answer and a streamed answer as they go over the wire."""
    message = {"role": "assistant", "content": "word " * 80}
    body = json.dumps(
        {
            **_HEAD,
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": _USAGE,
        }
    ).encode()
    plain = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    head = {**_HEAD, "object": "chat.completion.chunk", "usage": None}
    chunks = [{**head, "choices": [{"index": 0, "delta": {"content": "word "}, "finish_reason": None}]}] * (_CHUNKS - 2)
    chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    chunks.append({**head, "choices": [], "usage": _USAGE})
    events = [f"data: {json.dumps(chunk, separators=(',', ':'))}\n\n".encode() for chunk in chunks]
    events.append(b"data: [DONE]\n\n")
    framed = b"".join(b"%x\r\n%b\r\n" % (len(event), event) for event in events) + b"0\r\n\r\n"
    streamed = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n" + framed
    return plain, streamed


class _Peer(asyncio.Protocol):
    """One connection: bytes in until a request is whole, bytes out."""

    plain, streamed = answers()

    def __init__(self) -> None:
        self.held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once a request is whole."""
        self.held += data
        end = self.held.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.held[:end].lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        if len(self.held) >= end + 4 + length:
            streamed = b'"stream":true' in self.held
            self.held = b""
            self.transport.write(self.streamed if streamed else self.plain)  # type: ignore[attr-defined] # it is TCP


def _serve(port: "multiprocessing.Queue[int]") -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(_Peer, "127.0.0.1", 0)
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def rounds(bare: Callable[[], None], tracked: Callable[[], None], times: int) -> dict[str, tuple[float, float]]:
    """Return the medians of wall and CPU of a call, in microseconds, bare and tracked."""
    walls: dict[str, list[float]] = {"bare": [], "tracked": []}
    cpus: dict[str, list[float]] = {"bare": [], "tracked": []}
    both = {"bare": bare, "tracked": tracked}
    for place in range(_ROUNDS * 2):
        for name in ("bare", "tracked") if place % 2 else ("tracked", "bare"):
            each = []
            began_cpu = process_time()
            for _ in range(times):
                began = perf_counter()
                both[name]()
                each.append(perf_counter() - began)
            outlay.flush(5)
            cpus[name].append((process_time() - began_cpu) / times)
            walls[name].append(median(each))
    return {name: (median(walls[name]) * 1e6, median(cpus[name]) * 1e6) for name in both}


def at_once(address: str) -> dict[str, float]:
    """Return calls a second at 64 at a time, bare and tracked."""
    found: dict[str, list[float]] = {"bare": [], "tracked": []}

    async def run() -> None:
        limits = httpx2.Limits(max_connections=_AT_ONCE, max_keepalive_connections=_AT_ONCE)
        clients = {
            name: openai.AsyncOpenAI(
                base_url=address, api_key="x", max_retries=0, http_client=httpx2.AsyncClient(limits=limits)
            )
            for name in found
        }
        outlay.track(clients["tracked"], provider="openai")

        async def worker(client: openai.AsyncOpenAI, times: int) -> None:
            for _ in range(times):
                await client.chat.completions.create(model="gpt-4o", messages=_ASKED)

        for place in range(_ROUNDS):
            for name in ("bare", "tracked") if place % 2 else ("tracked", "bare"):
                began = perf_counter()
                await asyncio.gather(*(worker(clients[name], 8) for _ in range(_AT_ONCE)))
                outlay.flush(5)
                found[name].append(8 * _AT_ONCE / (perf_counter() - began))
        for client in clients.values():
            await client.close()

    asyncio.run(run())
    return {name: median(each) for name, each in found.items()}


def main() -> None:
    """Measure and print one table."""
    context = multiprocessing.get_context("spawn")
    port: multiprocessing.Queue[int] = context.Queue()
    server = context.Process(target=_serve, args=(port,), daemon=True)
    server.start()
    address = f"http://127.0.0.1:{port.get()}/v1"
    folder = Path(tempfile.mkdtemp(prefix="outlay-bench-"))
    outlay.configure(events=folder / "events.ndjson")
    bare = openai.OpenAI(base_url=address, api_key="x", max_retries=0)
    tracked = outlay.track(openai.OpenAI(base_url=address, api_key="x", max_retries=0), provider="openai")

    def call(client: openai.OpenAI) -> None:
        client.chat.completions.create(model="gpt-4o", messages=_ASKED)

    def stream(client: openai.OpenAI) -> None:
        for _ in client.chat.completions.create(model="gpt-4o", messages=_ASKED, stream=True):
            pass

    with outlay.context(feature="search.answer", customer="acme", user="u-1"):
        for client in (bare, tracked):
            for _ in range(50):
                call(client)
            stream(client)
        found = {
            "a call": rounds(lambda: call(bare), lambda: call(tracked), _CALLS),
            f"a stream of {_CHUNKS} chunks": rounds(
                lambda: stream(bare), lambda: stream(tracked), max(_CALLS // 20, 5)
            ),
        }
        speed = at_once(address)
    print(f"openai {openai.__version__}, {_CALLS} calls x {_ROUNDS * 2} rounds, dropped: {outlay.dropped()}")
    print(f"{'':26}{'bare us':>10}{'tracked us':>12}{'added us':>10}{'ratio':>8}")
    for name, each in found.items():
        for place, what in enumerate(("wall", "CPU")):
            without, with_it = each["bare"][place], each["tracked"][place]
            added = with_it - without
            print(f"{name + ', ' + what:26}{without:10.1f}{with_it:12.1f}{added:10.1f}{with_it / without:8.3f}")
    bare_rate, tracked_rate = speed["bare"], speed["tracked"]
    share = tracked_rate / bare_rate
    print(f"{_AT_ONCE} at a time: {bare_rate:,.0f} calls/s bare, {tracked_rate:,.0f} tracked, {share:.3f}")
    server.terminate()
    os.unlink(folder / "events.ndjson")  # noqa: PTH108 - one file


if __name__ == "__main__":
    main()
