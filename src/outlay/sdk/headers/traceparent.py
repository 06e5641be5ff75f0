"""Traceparent: the W3C header that says which trace a request is part of."""

import os
import re
from typing import NamedTuple

from outlay.sdk.headers.tally import count

_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_TRACE = re.compile(r"[0-9a-f]{32}")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16


class Trace(NamedTuple):
    """What a traceparent says: the trace, the span of the caller, the flags, each in lower-case hexadecimal."""

    trace: str
    parent: str
    flags: str


def read(text: str) -> Trace | None:
    """Return what a traceparent says; None, and it is counted, when it is not one to the letter.

    >>> read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    Trace(trace='4bf92f3577b34da6a3ce929d0e0e4736', parent='00f067aa0ba902b7', flags='01')
    >>> read("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01")
    """
    found = _FORM.fullmatch(text)
    if found:
        version, trace, parent, flags, more = found.groups()
        if version != "ff" and trace != _NO_TRACE and parent != _NO_SPAN and (more is None or version != "00"):
            return Trace(trace, parent, flags)
    count("bad-traceparent")
    return None


def is_trace(text: str) -> bool:
    """Say whether a text is the id of a trace."""
    return _TRACE.fullmatch(text) is not None and text != _NO_TRACE


def write(trace: str, span: str, flags: str) -> str:
    """Return a traceparent. A caller's flags are handed on: they say whether a trace is recorded, which is not ours."""
    return f"00-{trace}-{span}-{flags}"


def new_span() -> str:
    """Return an id that no other span has. Not from a generator with a seed, which forked processes would share."""
    return os.urandom(8).hex()


def new_trace() -> str:
    """Return an id that no other trace has."""
    return os.urandom(16).hex()
