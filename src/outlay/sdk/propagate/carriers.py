"""Carriers: a scope as headers of a message, and back."""

from collections.abc import Iterable, Mapping
from typing import Any, overload

from outlay.sdk.headers import baggage, traceparent
from outlay.sdk.headers.names import USUAL, Names
from outlay.sdk.headers.tally import count
from outlay.sdk.scope import ENVIRONMENT, FLAGS, context, flags, said, saying

BAGGAGE, TRACEPARENT = "baggage", "traceparent"
_Value = str | bytes | None
Carrier = Mapping[str, object] | Iterable[tuple[str, _Value]] | None


def headers() -> dict[str, str]:
    """Return what the scopes around the caller say, as headers of a message: `baggage`, and `traceparent`.

    A trace that came with flags travels as `traceparent`; one that began with us travels in the baggage, because other
    programs would read it as a trace that nobody records. Empty when there is nothing to say.

    >>> with context(feature="search.answer", customer="acme"):
    ...     headers()
    {'baggage': 'outlay.feature=search.answer,outlay.customer=acme'}
    """
    here = said()
    found = {}
    members = baggage.write(here)
    if members:
        found[BAGGAGE] = members
    trace, span, marks = here.get("trace"), here.get("span"), flags()
    if marks is not None and isinstance(trace, str) and isinstance(span, str):
        found[TRACEPARENT] = traceparent.write(trace, span, marks)
    return found


@overload
def inject(carrier: Mapping[str, Any] | None = None, /) -> dict[str, Any]: ...
@overload
def inject(carrier: Iterable[tuple[str, _Value]], /) -> list[tuple[str, _Value]]: ...
def inject(
    carrier: Mapping[str, Any] | Iterable[tuple[str, _Value]] | None = None, /
) -> dict[str, Any] | list[tuple[str, _Value]]:
    """Return the headers of a message with the scope of the caller in them.

    What others put into the baggage stays, and so does a traceparent that is there already.

    Args:
        carrier: A mapping, which gives a dictionary of texts; or pairs, as Kafka's clients take them, which give a list
            of pairs of text and bytes. It is left as it is.

    >>> with context(customer="acme"):
    ...     inject({"baggage": "other=1"}), inject([("kind", b"x")])
    ({'baggage': 'outlay.customer=acme,other=1'}, [('kind', b'x'), ('baggage', b'outlay.customer=acme')])
    """
    pairs = list(carrier.items() if isinstance(carrier, Mapping) else carrier or ())
    there = {name.lower(): value for name, value in pairs}
    ours = headers()
    if BAGGAGE in ours and (others := there.get(BAGGAGE)):
        ours[BAGGAGE] = baggage.joined(others.decode("latin-1") if isinstance(others, bytes) else str(others), said())
    if TRACEPARENT in there:
        ours.pop(TRACEPARENT, None)
    kept = [(name, value) for name, value in pairs if name.lower() not in ours]
    if carrier is None or isinstance(carrier, Mapping):
        return {**dict(kept), **ours}
    return [*kept, *((name, value.encode()) for name, value in ours.items())]


def read(carrier: Carrier, names: Names = USUAL) -> dict[str, object]:
    """Return what the headers of a message say. They may be a mapping or pairs, of text or of bytes, or None."""
    found: dict[str, object] = {}
    if not carrier:
        return found
    texts: dict[str, str] = {}
    for name, value in carrier.items() if isinstance(carrier, Mapping) else carrier:
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        if isinstance(name, str) and isinstance(text, str):
            texts[name.lower()] = text
    if BAGGAGE in texts:
        found.update(baggage.read(texts[BAGGAGE], names))
    came = traceparent.read(texts[TRACEPARENT]) if texts.get(TRACEPARENT) else None
    if came is not None:
        found["trace"], found["parent"], found[FLAGS] = came
        found["span"] = traceparent.new_span()
    return found


def extract(carrier: Carrier, names: Names = USUAL) -> context:
    """Return the scope that the headers of a message tell, to be opened around whatever handles it. Never raises.

    >>> from outlay.sdk.scope import said
    >>> with extract([("baggage", b"outlay.feature=search.answer"), ("other", b"1")]):
    ...     said()
    {'feature': 'search.answer'}
    """
    try:
        return saying(read(carrier, names))
    except Exception:  # noqa: BLE001 - law 12: whatever a message carries, its handler has to run
        count("failed")
        return saying({})


def environment() -> dict[str, str]:
    """Return the environment variable with which another program begins in the scope of the caller; may be empty.

    subprocess.run(command, env={**os.environ, **environment()})
    """
    members = baggage.write(said())
    return {ENVIRONMENT: members} if members else {}
