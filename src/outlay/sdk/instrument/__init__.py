"""Tracking: clients of providers that record what they use, without a change to the calls a program makes.

Comes in: a client, or nothing at all. Goes out: the same client. What each client library needs is in a file of its
own; what is common to them is an exchange (one request and its answer), which becomes one usage event.
"""

import os
from collections.abc import Callable, Mapping
from threading import RLock
from types import ModuleType
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from outlay.sdk.instrument import arrivals, transports
from outlay.sdk.instrument.directory import Directory, Metered
from outlay.sdk.instrument.trouble import said_once, swallowed

__all__ = ["Metered", "instrument", "track", "uninstrument"]

Client = TypeVar("Client")
#: Where programs say that a provider's client asks another address.
_ADDRESSES = ("OPENAI_BASE_URL", "AZURE_OPENAI_ENDPOINT", "ANTHROPIC_BASE_URL")
#: Clients that sign their requests for a cloud: it is paid, through whatever address they go.
_CLOUDS = {"Azure": "azure", "Foundry": "azure", "Bedrock": "aws", "Vertex": "google", "AWS": "aws"}
#: Where clients of providers keep the one they send requests with.
_WAYS = (
    *("_client", "client", "_async_client", "async_client", "_httpx_client", "_async_httpx_client", "_api_client"),
    *("httpx_client", "_client_wrapper", "sdk_configuration"),
)
_DEEPEST = 3


class _State:
    """What is wrapped, and what undoes it."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.directory = Directory()
        self.undo: list[Callable[[], None]] = []
        self.on = False
        self.single: WeakKeyDictionary[object, Callable[[], None]] = WeakKeyDictionary()


_state = _State()


def instrument(
    *,
    hosts: Mapping[str, str] | None = None,
    http: Mapping[str, Metered] | None = None,
    aws: bool = True,
    dynamodb_capacity: bool = False,
) -> None:
    """Record what every client in this program uses, those that exist and those made later.

    It finds `httpx`, `httpx2` and `botocore` where they are imported or will be, and imports none of them. Calling it
    again adds what is new. It never raises.

    Args:
        hosts: Provider by address, for models that are asked somewhere else than usual: `{"10.0.0.5:8000": "vllm"}`.
        http: How requests to any other host are metered, by address; see `Metered`.
        aws: Whether to record what botocore's clients use. A session that exists already records for clients made
            from the default session only; give others to `track`.
        dynamodb_capacity: Whether to ask DynamoDB for the capacity it used where the program does not. What the
            program did not ask for is taken out of the answer again.
    """
    try:
        with _state.lock:
            if not _state.on:
                _state.directory.clear()
            for address, provider in (hosts or {}).items():
                _state.directory.say(address, provider)
            for address, how in (http or {}).items():
                _state.directory.meter(address, how)
            for name in _ADDRESSES:
                if set_to := os.environ.get(name):
                    _state.directory.say(set_to)
            if not _state.on:
                _state.on = True
                for module in transports.MODULES:
                    arrivals.when_there(module, _wrap_module)
            if aws:
                from outlay.sdk.instrument import botocore

                arrivals.when_there("botocore.handlers", botocore.instrument)
                botocore.ask_for_capacity(asked=dynamodb_capacity)
    except Exception:  # noqa: BLE001 - law 12
        swallowed("instrument()")


def uninstrument() -> None:
    """Leave everything as it was before `instrument` and `track`. It never raises."""
    try:
        with _state.lock:
            arrivals.forget()
            for undo in (*_state.undo, *_state.single.values()):
                undo()
            _state.undo.clear()
            _state.single.clear()
            _state.on = False
            _state.directory.clear(silent=True)
            from outlay.sdk.instrument import botocore

            botocore.uninstrument()
    except Exception:  # noqa: BLE001 - law 12
        swallowed("uninstrument()")


def track(client: Client, *, provider: str | None = None) -> Client:
    """Return the same client, which from now on records what it uses.

    It takes clients of OpenAI and Anthropic in all their kinds, of others that send with `httpx` or `httpx2`, those
    two themselves, and clients and sessions of `boto3`. It never raises; what it cannot track, it says in the log.

    Args:
        client: The client. Whatever shares its connections (`with_options`, `copy`) is tracked with it.
        provider: Who is paid. When it is not said: whoever is known for the address the client asks, else that host's
            own name, which has no price, so that nothing is priced by a guess.
    """
    try:
        if hasattr(getattr(client, "meta", None), "events") or hasattr(client, "get_available_services"):
            from outlay.sdk.instrument import botocore

            if botocore.track(client):
                return client
        found = list(_senders(client))
        for sender in found:
            _track_sender(sender, _directory_for(client, sender, provider))
        if not found:
            kind = type(client)
            name = f"{kind.__module__}.{kind.__qualname__}"
            said_once(f"track {name}", f"track() cannot see the requests of {name}. Fix: record() or @metered")
    except Exception:  # noqa: BLE001 - law 12
        swallowed("track()")
    return client


def _wrap_module(module: ModuleType) -> None:
    """Wrap the transports of a module that is there now."""
    with _state.lock:
        if not _state.on:
            return
        for name in transports.MODULES[module.__name__]:
            kind = getattr(module, name)
            _state.undo.append(transports.wrap_class(kind, _state.directory.find))


def _senders(client: object, depth: int = 0) -> list[Any]:
    """Return the clients of httpx or httpx2 that a client sends its requests with."""
    if hasattr(client, "_transport") and hasattr(client, "_mounts"):
        return [client]
    if depth == _DEEPEST:
        return []
    found: dict[int, Any] = {}
    for name in _WAYS:
        inner = vars(client).get(name) if hasattr(client, "__dict__") else None
        if inner is not None:
            found |= {id(sender): sender for sender in _senders(inner, depth + 1)}
    return list(found.values())


def _directory_for(client: object, sender: Any, provider: str | None) -> Directory:  # noqa: ANN401 - of any library
    """Return who is paid for the requests of one client."""
    directory = Directory(provider)
    if provider is None:
        names = "".join(kind.__name__ for kind in type(client).__mro__)
        cloud = next((paid for name, paid in _CLOUDS.items() if name in names), None)
        for owner in (client, sender):
            address = str(getattr(owner, "base_url", "") or "")
            if "//" in address:
                directory.say(address, _state.directory.paid(address) or cloud)
    return directory


def _track_sender(sender: Any, directory: Directory) -> None:  # noqa: ANN401 - of either module
    with _state.lock:
        for transport in (sender._transport, *sender._mounts.values()):  # noqa: SLF001 - there is no other way to it
            if transport is None:
                continue
            if (undo := _state.single.pop(transport, None)) is not None:
                undo()
            _state.single[transport] = transports.wrap_object(transport, directory.find, sender)
