"""Encoded attributes: what a KeyValue of OTLP says, from its bytes. Those that nobody asked for are not decoded.

Equal attributes come again and again, so what one says is remembered by its bytes.
"""

from collections.abc import Iterable
from functools import cache
from struct import unpack_from

from outlay.capture.telemetry.attributes import MOST_ROLES, NOTHING, UNKNOWN, Attributes, Found, Role, attributes
from outlay.capture.telemetry.span import Parts, Value
from outlay.wire.flaw import Flawed

#: How many attributes are remembered before starting over.
_MOST_KNOWN = 8_192
#: Longer ones, in bytes, are not remembered: they hold texts that hardly come twice.
_LONGEST_KNOWN = 256
#: How AnyValue tags its fields, in OTLP's encoding.
_TEXT, _BOOL, _INT, _DOUBLE, _ARRAY = 0x0A, 0x10, 0x18, 0x21, 0x2A
#: How KeyValue tags its value.
_VALUE = 0x12
_BYTE = 0x80
#: What stands between an attribute's key and its text, by the length of the text, where that takes one byte.
_BEFORE_TEXT = [bytes((_VALUE, length + 2, _TEXT, length)) for length in range(_BYTE - 2)]


class _Known(dict[bytes, Found]):
    """What encoded attributes say: their part, their name there, their value.

    Args:
        known: Knows what each attribute is for.
    """

    def __init__(self, known: Attributes) -> None:
        super().__init__()
        self._attributes = known
        #: By the encoded key, as plain tuples: those are taken apart faster.
        self._roles: dict[bytes, tuple[int, str, bool, bool, bool]] = {}

    def __missing__(self, raw: bytes) -> Found:
        """Return what one says that has not been seen, or is not worth remembering.

        Raises:
            Flawed: It is not encoded as OTLP has it, or says something that no event may hold.
        """
        # Nearly always the key comes first, and all lengths fit into one byte; what does not is decoded with care.
        at = raw[1] + 2 if len(raw) > 1 else 0
        role = self._roles.get(raw[:at])
        if role is None:
            return self._slowly_found(raw)
        part, name, once, plain, is_number = role
        size = len(raw) - at - 4
        if is_number and 0 <= size <= 2 and raw[at + 2] == _INT:  # noqa: PLR2004 - below 2^21
            number = _small(raw, at, size)
            return (part, name, number) if number >= 0 else self._slowly_found(raw)
        if not part:
            return self._remembered(raw, NOTHING)
        if not plain or not 0 < size < len(_BEFORE_TEXT) or raw[at : at + 4] != _BEFORE_TEXT[size]:
            return self._slowly_found(raw)
        text = _decoded(raw, at)
        if text[0] == '"' or "\x00" in text:
            return self._slowly_found(raw)
        return (part, name, text) if once else self._remembered(raw, (part, name, text))

    def _slowly_found(self, raw: bytes) -> Found:
        name, at = _name(raw)
        if not name:
            raw = _key_first(raw)
            name, at = _name(raw)
        role = self._role(name, raw[:at])
        value = _value(raw, at, name) if role.part else None
        found = self._attributes.kept(role.part, role.name, value) if role.part else NOTHING
        return found if role.once else self._remembered(raw, found)

    def _remembered(self, raw: bytes, found: Found) -> Found:
        if len(raw) <= _LONGEST_KNOWN:
            if len(self) >= _MOST_KNOWN:
                self.clear()
            self[raw] = found
        return found

    def _role(self, name: bytes, encoded: bytes) -> Role:
        try:
            role = self._attributes.role(name.decode())
        except UnicodeDecodeError:
            role = UNKNOWN
        if len(name) < _BYTE:
            if len(self._roles) >= MOST_ROLES:
                self._roles.clear()
            self._roles[encoded] = (role.part, role.name, role.once, role.plain, role.number)
        return role


@cache
def _known() -> _Known:
    return _Known(attributes())


def sorted_out(encoded: Iterable[bytes]) -> Parts:
    """Return what encoded attributes say, sorted by what they are for.

    Raises:
        Flawed: One that matters is malformed, or says something that no event may hold.
    """
    return attributes().sorted_out(encoded, _known().__getitem__)


def as_they_stand(encoded: Iterable[bytes]) -> dict[str, Value]:
    """Return attributes by name, none of them sorted, shortened or understood; the last of a name counts.

    Raises:
        Flawed: One is malformed.
    """
    found: dict[str, Value] = {}
    for raw in encoded:
        name, at = _name(raw)
        value = _value(raw, at, name)
        if value is not None:
            found[name.decode("utf-8", "replace")] = value
    return found


def _decoded(raw: bytes, at: int) -> str:
    """Return the text that an attribute ends with, whose value begins at a place."""
    try:
        return raw[at + 4 :].decode()
    except UnicodeDecodeError as error:
        raise Flawed("bad-encoding", raw[2:at].decode("utf-8", "replace"), None, "send texts in UTF-8") from error


def _small(raw: bytes, at: int, more: int) -> int:
    """Return the whole number of some bytes more than one that an attribute ends with; -1 when it is none."""
    # Seven bits in each byte, the lowest first; all but the last are marked.
    last = raw[-1]
    if raw[at] != _VALUE or raw[at + 1] != more + 2 or last >= _BYTE:
        return -1
    if not more:
        return last
    first = raw[at + 3] - _BYTE
    if more == 1:
        return first + (last << 7) if first >= 0 else -1
    second = raw[at + 4] - _BYTE
    return first + (second << 7) + (last << 14) if first >= 0 and second >= 0 else -1


def _name(raw: bytes) -> tuple[bytes, int]:
    """Return the key of an encoded KeyValue, and where its value begins."""
    if len(raw) > 1 and raw[0] == _TEXT and raw[1] < _BYTE:
        end = 2 + raw[1]
        return raw[2:end], end
    if len(raw) > 2 and raw[0] == _TEXT:  # noqa: PLR2004 - a tag and a length of two bytes
        size, at = _varint(raw, 1)
        return raw[at : at + size], at + size
    return b"", len(raw)


def _key_first(raw: bytes) -> bytes:
    """Return a KeyValue with its key in front, where nearly everybody writes it."""
    try:
        if raw and raw[0] == _VALUE:
            size, at = _varint(raw, 1)
            if at + size < len(raw) and raw[at + size] == _TEXT:
                return raw[at + size :] + raw[: at + size]
    except (IndexError, ValueError):
        pass
    return b""


def _value(raw: bytes, at: int, name: bytes) -> Value | None:
    """Return the value of an encoded KeyValue; None when it has none that matters."""
    shown = name.decode("utf-8", "replace")
    try:
        if at >= len(raw):
            return None
        size, start = (raw[at + 1], at + 2) if raw[at + 1] < _BYTE else _varint(raw, at + 1)
        if raw[at] == _VALUE and start + size == len(raw):
            return _any(raw, start) if size else None
    except UnicodeDecodeError as error:
        raise Flawed("bad-encoding", shown, None, "send texts in UTF-8") from error
    except (IndexError, ValueError, ArithmeticError):
        pass
    raise Flawed("bad-attribute", shown, None, "encode attributes as OTLP 1 has them")


def _any(raw: bytes, at: int) -> Value | None:
    tag = raw[at]
    if tag == _TEXT:
        size, at = (raw[at + 1], at + 2) if raw[at + 1] < _BYTE else _varint(raw, at + 1)
        text = raw[at : at + size]
        if len(text) != size:
            raise IndexError
        return text.decode()
    if tag == _INT:
        found, _ = _varint(raw, at + 1)
        return found - (1 << 64) if found >> 63 else found
    if tag == _BOOL:
        return raw[at + 1] != 0
    if tag == _DOUBLE:
        number: float = unpack_from("<d", raw, at + 1)[0] if len(raw) >= at + 9 else 0.0
        return number
    return _texts(raw, at) if tag == _ARRAY else None


def _texts(raw: bytes, at: int) -> list[str]:
    """Return the texts of an encoded array; whatever else is in it is left out."""
    size, at = _varint(raw, at + 1)
    end, found = at + size, []
    if end > len(raw):
        raise IndexError
    while at < end:
        if raw[at] != _TEXT:
            break
        size, at = _varint(raw, at + 1)
        if size and raw[at] == _TEXT:
            text = _any(raw[: at + size], at)
            found.append(str(text))
        at += size
    return found


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    found = shift = 0
    while True:
        byte = raw[at]
        at += 1
        found |= (byte & 0x7F) << shift
        if byte < _BYTE:
            if found >> 64:
                raise ValueError(found)
            return found, at
        shift += 7
        if shift > 63:  # noqa: PLR2004 - no number has more bits
            raise ValueError(found)
