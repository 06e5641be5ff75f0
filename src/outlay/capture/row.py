"""Usage events as rows of `usage`, written as lines of JSON.

One event is one row, with a column for each token unit and a pair `unit`, `quantity` for anything else. Further such
units follow as rows of the same line and id, with attempt 0, no tokens and no reported cost beyond the first row's, so
that nothing counts twice.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import cast

import msgspec

from outlay.capture.quick import Landing, Quick, landing_of
from outlay.store.tables import BY_NAME
from outlay.terms.unit import TOKEN_UNITS
from outlay.wire.event import Flaw, from_json

#: Columns of a row; those that a line leaves out take their default.
NAMES = [column.name for column in BY_NAME["arrival"].columns]
_TOKENS = frozenset(TOKEN_UNITS)
_NOT_JSON = "write one JSON object per line"
_encode = msgspec.json.Encoder().encode
_encode_sorted = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class Made(msgspec.Struct, gc=False):
    """One event as rows of `usage`.

    Args:
        id: The event's own id.
        fingerprint: Of its content; 16 hexadecimal digits.
        time: When it happened.
        rows: Lines of JSON, one for each row.
    """

    id: str
    fingerprint: str
    time: datetime
    rows: bytes


class Rows:
    """Makes the rows of one file of an import.

    Args:
        take_in: The import.
        file: Place of the file within it, from 1.
    """

    def __init__(self, take_in: str, file: int) -> None:
        place = _encode({"take_in": take_in, "file": file})[1:-1].decode()
        self._end = f',{place},"line":'
        self._quick = Quick().read

    def make(
        self, record: bytes | dict[str, object] | Flaw, line: int, bound: Mapping[str, str] | None = None
    ) -> Made | Flaw:
        """Return the rows of one record, or why there are none.

        Args:
            record: An event as JSON, or decoded already, or what is wrong with it.
            line: Line of the file.
            bound: Dimensions that hold whatever the event says.
        """
        if isinstance(record, Flaw):
            return record
        if quick := self._quick(record):
            for name, value in bound.items() if bound else ():
                setattr(quick, name, value)
            if made := self._made(quick, line):
                return made
        event = from_json(decoded) if not isinstance(decoded := _decoded(record), Flaw) else decoded
        if isinstance(event, Flaw):
            return event
        landing = landing_of(replace(event, **bound) if bound else event)  # type: ignore[arg-type] # texts all
        try:
            return cast(Made, self._made(landing, line, careful=True))
        except UnicodeEncodeError:
            return Flaw("bad-text", "event", None, "write texts in UTF-8, without halves of characters")

    def _made(self, event: Landing, line: int, *, careful: bool = False) -> Made | None:
        """Return the rows; None for what only the careful way may decide: whether there is a NUL in it."""
        usage: Mapping[str, int | Decimal] = event.usage or {}
        event.usage = None
        body = _encode(event)[:-1]
        if not careful and b"\\u0000" in body:
            return None
        when = cast(datetime, event.time)
        plain = usage.keys() <= _TOKENS
        tokens = usage if plain and 0 not in usage.values() else {u: n for u, n in usage.items() if n and u in _TOKENS}
        first = body + b"," + _encode_sorted(tokens)[1:-1] if tokens else body
        others = [] if plain else sorted(unit for unit, n in usage.items() if n and unit not in _TOKENS)
        if not others:
            digest = blake2b(first, digest_size=8).hexdigest()
            return Made(event.id, digest, when, first + self._ended(line, digest))
        pairs = [b"," + _encode({"unit": unit, "quantity": Decimal(usage[unit])})[1:-1] for unit in others]
        digest = blake2b(first + b"".join(pairs), digest_size=8).hexdigest()
        event.attempt, event.duration_ms = 0, None
        # What a call cost is said once; its further units cost nothing beyond that.
        event.reported_cost = None if event.reported_cost is None else Decimal(0)
        further = _encode(event)[:-1]
        starts = [first, *(further for _ in pairs[1:])]
        end = self._ended(line, digest)
        return Made(
            event.id, digest, when, b"".join(start + pair + end for start, pair in zip(starts, pairs, strict=True))
        )

    def _ended(self, line: int, digest: str) -> bytes:
        return f'{self._end}{line},"fingerprint":"{digest}"}}\n'.encode()


def _decoded(record: bytes | dict[str, object]) -> object:
    """Return the record as an object. A line that is no JSON is not shown: it may hold content."""
    if not isinstance(record, bytes):
        return record
    try:
        return cast(object, _decode(record))
    except UnicodeDecodeError:
        return Flaw("bad-encoding", "event", None, "write events in UTF-8")
    except RecursionError:
        return Flaw("not-json", "event", None, "nest an event less deeply")
    except ArithmeticError:
        return Flaw("not-json", "event", None, "write numbers without huge exponents")
    except ValueError as error:
        return Flaw("not-json", "event", None, f"{_NOT_JSON} ({error})")
