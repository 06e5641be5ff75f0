"""Mutating: ordinary inputs, cut, doubled, mixed, and with odd values in the place of usual ones."""

import re
from collections.abc import Sequence
from typing import NamedTuple

#: Values that programs get wrong.
ODD = (
    *(b"null", b"true", b"0", b"-1", b"-0", b"1.5", b"1_000", b"1e400", b"1E-400", b"NaN"),
    *(b"1e999999999", b"1e9999999999999999999", b"-Infinity", b"inf", b"sNaN", b"sNaN1", b"0x10", b"=1e9"),
    *(b"9223372036854775808", b"-9223372036854775809", b"1" * 5000, b'""', b'"a"', b"''", b'"\\ud800"', b'"\\u0000"'),
    *(b"[]", b"{}", b"[[]]", b'{"a": {"b": [1, null]}}', b"[" * 3000, b"[" * 900 + b"]" * 900, b'{"":' * 900),
    *(b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59:59.9999999-14:00", b"2026-02-30", b"9999-12", b"0000-01"),
    *(b"9999-12-31", b"9999-12-01..9999-12-31", b"24:00", b"1970-01-01", b"2026-10-03T12:00:00"),
    *(b"\x00", b"\xff", b"\xed\xa0\x80", b"\xc3", "é٣\u2028\u0085\ufeff🐙".encode(), b"%00", b"%ff%", b"%ed%a0%80"),
    *(b'"', b"'", b"\\", b"\n", b"\r", b"\t", b" ", b",", b";", b"=", b":", b"..", b"[", b"]", b"{", b"}", b"#", b"@"),
    *(b'\\"' * 500, b'"' * 501, b"," * 1000, b"x" * 5000, b"[[", b"\x1f\x8b", b"."),
)
_FIELD = re.compile(rb'"[^"\n]*"|[^\s,;:=\[\]{}"]+')


class Edit(NamedTuple):
    """One change to an input. Numbers are taken modulo what there is.

    Args:
        kind: What is done.
        place: Where.
        length: To how much, in bytes.
        odd: Which odd value.
    """

    kind: int
    place: int
    length: int
    odd: int


def mutated(seed: bytes, edits: Sequence[Edit], seeds: Sequence[bytes]) -> bytes:
    """Return an input after some changes; the same for the same arguments."""
    body = seed
    for edit in edits:
        at = edit.place % (len(body) + 1)
        end = min(len(body), at + edit.length % 64)
        odd = ODD[edit.odd % len(ODD)]
        match edit.kind % 8:
            case 0:
                body = body[:at] + body[end:]
            case 1:
                body = body[:end] + body[at:]
            case 2:
                body = body[:at] + odd + body[at:]
            case 3:
                body = body[:at] + odd + body[end:]
            case 4:
                other = seeds[edit.odd % len(seeds)]
                body = body[:at] + other[edit.length % (len(other) + 1) :]
            case 5:
                body = body[:at] + bytes([edit.odd % 256]) + body[at + 1 :]
            case _:
                body = _replaced(body, edit.place, odd)
    return body


def _replaced(body: bytes, place: int, odd: bytes) -> bytes:
    """Put an odd value in the place of a whole field, so that what is around it is read."""
    fields = list(_FIELD.finditer(body))
    if not fields:
        return odd
    field = fields[place % len(fields)]
    return body[: field.start()] + odd + body[field.end() :]
