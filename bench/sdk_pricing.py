"""Pricing one call in-process: `outlay.price` beside `genai_prices.calc_price` and `litellm.completion_cost`, in turn.

    python bench/sdk_pricing.py [SNAPSHOT]

SNAPSHOT is what `outlay prices snapshot` wrote; without it one is made, which needs the `server` extra. What is not
installed is left out, and named. The SDK needs no package, so all three can be measured in one interpreter that has
the other two:

    .venv/bin/outlay prices snapshot --out /tmp/prices.snapshot
    python3 -m venv /tmp/others && /tmp/others/bin/pip install genai-prices litellm
    PYTHONPATH=src /tmp/others/bin/python bench/sdk_pricing.py /tmp/prices.snapshot

Each call is the same: 1,000 uncached and 500 cached tokens in, 100 out, at today's price; the least of several rounds
that take turns, so that a busy moment falls on all.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from time import perf_counter

import outlay

_ROUNDS = 15
_USAGE = {"input": 1000, "cache_read": 500, "output": 100}
#: A model with one price for every prompt, and one that costs more beyond 200,000 tokens.
_PLAIN, _SIZED = ("openai", "gpt-5"), ("anthropic", "claude-sonnet-4-5")
_Call = Callable[[], object]


def ours() -> dict[str, _Call]:
    """Return calls of the SDK, each up to the decimal amount."""
    batch = {"processing": "batch"}
    return {
        "outlay.price": lambda: outlay.price(*_PLAIN, _USAGE).amount,
        "outlay.price, price by prompt size": lambda: outlay.price(*_SIZED, _USAGE).amount,
        "outlay.price, batch": lambda: outlay.price(*_SIZED, _USAGE, context=batch).amount,
    }


def genai_prices() -> dict[str, _Call]:
    """Return the same calls of genai-prices."""
    from genai_prices import Usage, calc_price  # noqa: PLC0415 - may not be installed

    usage = Usage(input_tokens=1500, cache_read_tokens=500, output_tokens=100)
    return {
        "genai_prices.calc_price": lambda: calc_price(usage, _PLAIN[1], provider_id=_PLAIN[0]).total_price,
        "genai_prices.calc_price, price by prompt size": lambda: (
            calc_price(usage, _SIZED[1], provider_id=_SIZED[0]).total_price
        ),
    }


def litellm() -> dict[str, _Call]:
    """Return the same call of LiteLLM, with its own response object."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it looks for newer prices in the network first
    from litellm import completion_cost  # noqa: PLC0415 - a peer, as heavy as it is
    from litellm.types.utils import (  # noqa: PLC0415 - as above
        ModelResponse,
        PromptTokensDetailsWrapper,
        Usage,
    )

    details = PromptTokensDetailsWrapper(cached_tokens=500)
    usage = Usage(prompt_tokens=1500, completion_tokens=100, total_tokens=1600, prompt_tokens_details=details)
    response = ModelResponse(model=_PLAIN[1], usage=usage)
    return {"litellm.completion_cost": lambda: completion_cost(response, model=_PLAIN[1], custom_llm_provider="openai")}


def least(calls: dict[str, _Call]) -> dict[str, float]:
    """Return microseconds a call of each, the least of the rounds."""
    times = {name: 200 if name.startswith("outlay") else 20 for name in calls}
    found = dict.fromkeys(calls, float("inf"))
    for _ in range(_ROUNDS):
        for name, call in calls.items():
            began = perf_counter()
            for _ in range(times[name] * 10):
                call()
            found[name] = min(found[name], (perf_counter() - began) / (times[name] * 10) * 1e6)
    return found


def made() -> Path:
    """Write a snapshot of the list prices that are installed."""
    from datetime import UTC, datetime  # noqa: PLC0415 - with the next ones

    from outlay.prices.learn import seed  # noqa: PLC0415 - needs the server's packages
    from outlay.prices.snapshot import known, write  # noqa: PLC0415
    from outlay.store import open_store  # noqa: PLC0415

    path, now = Path(tempfile.mkdtemp(prefix="outlay-bench-")) / "prices.snapshot", datetime.now(UTC)
    store = open_store("duckdb:///:memory:")
    seed(store, now=now)
    print(f"snapshot: {write(path, known(store, now), now):,} bytes")
    store.drop()
    return path


def main() -> None:
    """Measure what is there and print microseconds, and how many times faster the SDK is."""
    outlay.configure(prices=Path(sys.argv[1]) if len(sys.argv) > 1 else made())
    began = perf_counter()
    first = outlay.price(*_PLAIN, _USAGE)
    print(f"first call of all, which reads the snapshot: {(perf_counter() - began) * 1e3:.0f} ms ({first})")
    began = perf_counter()
    outlay.price(*_SIZED, _USAGE)
    print(f"first call for another model: {(perf_counter() - began) * 1e3:.1f} ms")
    calls = ours()
    for name, theirs in (("genai-prices", genai_prices), ("litellm", litellm)):
        try:
            calls |= theirs()
        except ImportError:
            print(f"{name} is not installed here: see the head of this file")
    amounts = {name: Decimal(str(call())) for name, call in calls.items()}
    found = least(calls)
    base = found["outlay.price"]
    for name, each in found.items():
        print(f"{name:48} {each:8.2f} us  {each / base:6.1f} times  {amounts[name].normalize():f} USD")


if __name__ == "__main__":
    main()
