"""Protobuf: the little of its encoding that traces need, so that sending them takes no package.

A message is its fields one after the other: a key (number and kind), then the value. The kinds here are whole numbers
of changing length, eight bytes, and anything with its length before it.
"""

from collections.abc import Iterator

_VARINT, _EIGHT, _LENGTH, _FOUR = 0, 1, 2, 5
_MORE, _SEVEN = 0x80, 0x7F
_LONGEST = 10  # bytes of a whole number
_SIGN = 1 << 64


def varint(value: int) -> bytes:
    """Return a whole number, seven bits a byte, the lowest first.

    >>> varint(300).hex(), len(varint(-1))
    ('ac02', 10)
    """
    value &= _SIGN - 1
    found = bytearray()
    while value > _SEVEN:
        found.append(value & _SEVEN | _MORE)
        value >>= 7
    found.append(value)
    return bytes(found)


def number(field: int, value: int) -> bytes:
    """Return a field that holds a whole number, true or false, or one of a list of names."""
    return varint(field << 3 | _VARINT) + varint(value)


def fixed(field: int, value: int) -> bytes:
    """Return a field of eight bytes."""
    return varint(field << 3 | _EIGHT) + (value & _SIGN - 1).to_bytes(8, "little")


def piece(field: int, value: bytes | str) -> bytes:
    """Return a field with a text, bytes, or another message."""
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | _LENGTH) + varint(len(data)) + data


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a message, by number; ValueError when it is none.

    >>> list(fields(number(1, 5) + piece(2, "x")))
    [(1, 5), (2, b'x')]
    """
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        kind = key & 7
        if kind == _VARINT:
            value, place = _varint(data, place)
            yield key >> 3, value
            continue
        if kind == _LENGTH:
            length, place = _varint(data, place)
        else:
            length = {_EIGHT: 8, _FOUR: 4}.get(kind, -1)
        if length < 0 or place + length > len(data):
            raise ValueError("this is no message")
        yield key >> 3, data[place : place + length]
        place += length


def _varint(data: bytes, place: int) -> tuple[int, int]:
    found = 0
    for at, byte in enumerate(data[place : place + _LONGEST]):
        found |= (byte & _SEVEN) << (7 * at)
        if byte < _MORE:
            return found, place + at + 1
    raise ValueError("a number does not end")
