from itertools import pairwise
from typing import Any

from outlay.store import Row, Store
from tests.laws.world import emptied, event, laid, priced, read

#: Answer ids that LiteLLM made up.
MADE_UP = "chatcmpl-7239ef5f-dc0c-4367-8898-ecd540a66cae"
MADE_UP_TOO = "chatcmpl-49baa4f6-1400-4c70-9e1a-8af826c4a94f"
#: What two sensors say of one call, beside what they agree on.
SAME: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"cache_write_5m": 400, "cache_write_1h": 56}, {"cache_write": 456}),
    ({"output": 8, "output_reasoning": 2}, {"output": 10}),
    ({"model": "m-large-20251001"}, {"model": "m-large"}),
    ({"model": "m-large-2025-10-01"}, {"model": "m-large"}),
    ({"unit": "web_search", "quantity": 2}, {}),
    ({"response_id": "msg_1"}, {}),
    ({"response_id": "msg_2"}, {"response_id": MADE_UP}),
    ({"response_id": MADE_UP_TOO}, {"response_id": MADE_UP_TOO, "minute": 50}),
]
#: What sets the second of two calls apart from the first.
APART: list[dict[str, Any]] = [
    {"input": 101},
    {"cache_write": 1},
    {"output": 11},
    {"model": "m-small"},
    {"provider": "somebody-else"},
    {"minute": 50},
    {"response_id": "msg_0"},
]


def carriers(store: Store, sights: list[dict[str, Any]]) -> list[str]:
    """Price what sensors saw and return which of them carry a call, in the order of time."""
    emptied(store)
    rows: list[Row] = [event(number, id=f"e-{number}", **own) for number, own in enumerate(sights, start=1)]
    laid(store, usage=rows)
    priced(store)
    return [str(row["sensor"]) for row in read(store, "SELECT sensor, time FROM estimate ORDER BY time, sensor")]


def test_what_sensors_do_not_all_know_does_not_make_two_calls(shared: Store) -> None:
    """Lifetimes, reasoning, dates of models, tools and made-up ids: the same usage at one time is one call."""
    sights: list[dict[str, Any]] = []
    for hour, (one, other) in enumerate(SAME):
        sights += [
            {"hour": hour, "sensor": "anthropic-sdk", **one},
            {"hour": hour, "sensor": "openinference", "second": 1, **other},
        ]
    assert carriers(shared, sights) == ["anthropic-sdk"] * len(SAME)
    assert carriers(shared, sights[::-1]) == ["anthropic-sdk"] * len(SAME)


def test_what_tells_calls_apart_makes_two(shared: Store) -> None:
    """Another quantity, model, provider, time or answer, and two ids that LiteLLM made up."""
    sights: list[dict[str, Any]] = []
    for hour, own in enumerate(APART):
        first = {"hour": hour, "sensor": "anthropic-sdk", "response_id": f"msg_{hour + 1}"}
        sights += [first, {"hour": hour, "sensor": "openinference", **own}]
    sights += [
        {"hour": 20, "sensor": "litellm", "response_id": MADE_UP},
        {"hour": 20, "sensor": "litellm-callback", "response_id": MADE_UP_TOO},
    ]
    assert len(carriers(shared, sights)) == len(sights)


def test_the_surest_account_of_a_call_counts(shared: Store) -> None:
    """The program's own before the provider's, those before instruments, in the order of the page; gateways last."""
    order = [
        *("sdk", "anthropic-platform", "pydantic-ai", "anthropic-sdk", "otel-genai", "vercel-ai", "litellm-callback"),
        *(
            "litellm",
            "openllmetry",
            "langfuse",
            "openinference",
            "logfire",
            "sentry",
            "somebody",
            "otel-log",
            "gateway",
        ),
    ]
    sights: list[dict[str, Any]] = []
    for hour, pair in enumerate(pairwise(order)):
        sights += [{"hour": hour, "sensor": sensor, "response_id": f"r-{hour}"} for sensor in pair]
    assert carriers(shared, sights) == order[:-1]
