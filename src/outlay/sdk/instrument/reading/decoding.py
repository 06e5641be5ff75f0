"""Decoding: compressed answers made plain, and the frames of Amazon's event streams made lines.

Comes in: bytes in the order they came, in any pieces. Goes out: plain bytes. What a client can read, this can: other
packages are used only where they are installed, because else no provider would have sent what needs them.
"""

import base64
import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any

_PIECE = 1 << 20
_MOST_PIECES = 16
_PRELUDE = 12
#: The longest frame that Amazon allows is 24 MB; ours are far shorter, and a longer one is no frame.
_LONGEST_FRAME = 1 << 24


def decoder_of(encoding: str) -> Callable[[bytes], bytes]:
    """Return what makes the pieces of an answer plain, one after the other.

    Args:
        encoding: The header `Content-Encoding`; several are undone from the last to the first.
    """
    steps = [_one(name) for name in reversed(encoding.lower().replace(" ", "").split(",")) if name]

    def plain(data: bytes) -> bytes:
        for step in steps:
            data = step(data)
        return data

    return plain


def _one(name: str) -> Callable[[bytes], bytes]:
    if name in {"gzip", "x-gzip", "deflate"}:
        return _Inflating(name == "deflate").take
    if name == "br":
        return _brotli()
    if name == "zstd":
        return _zstd()
    return _as_it_is


def _as_it_is(data: bytes) -> bytes:
    return data


class _Inflating:
    """Zlib's formats; what is called deflate comes with and without a head."""

    def __init__(self, deflate: bool) -> None:  # noqa: FBT001 - the one thing to say
        self.deflate = deflate
        self.inner = zlib.decompressobj(zlib.MAX_WBITS if deflate else zlib.MAX_WBITS | 16)
        self.begun = False

    def take(self, data: bytes) -> bytes:
        """Return the plain bytes of a piece, up to 16 MiB of them: what is more was made to be too much."""
        try:
            found = [self.inner.decompress(data, _PIECE)]
        except zlib.error:
            if not self.deflate or self.begun:
                return b""
            self.inner = zlib.decompressobj(-zlib.MAX_WBITS)
            self.begun = True
            return self.take(data)
        self.begun = self.begun or bool(data)
        while self.inner.unconsumed_tail and len(found) < _MOST_PIECES:
            found.append(self.inner.decompress(self.inner.unconsumed_tail, _PIECE))
        return b"".join(found)


def _brotli() -> Callable[[bytes], bytes]:
    module = _first_of("brotli", "brotlicffi")  # the same, for two kinds of interpreters
    inner = module.Decompressor()
    take: Callable[[bytes], bytes] = getattr(inner, "decompress", None) or inner.process
    return take


def _zstd() -> Callable[[bytes], bytes]:
    module = _first_of("compression.zstd", "backports.zstd", "zstandard")
    inner = module.ZstdDecompressor()
    take: Callable[[bytes], bytes] = (inner.decompressobj() if hasattr(inner, "decompressobj") else inner).decompress
    return take


def _first_of(*names: str) -> Any:  # noqa: ANN401 - packages that may not be installed
    """Return the first of some modules that is installed.

    Raises:
        ModuleNotFoundError: None is.
    """
    for name in names[:-1]:
        try:
            return import_module(name)
        except ModuleNotFoundError:
            continue
    return import_module(names[-1])


class Frames:
    """Amazon's binary event stream, as it comes."""

    def __init__(self) -> None:
        self._held = b""

    def lines(self, data: bytes) -> bytes:
        """Return the payloads of all frames that are whole by now, a line each; an inner event is unpacked."""
        self._held += data
        found: list[bytes] = []
        while len(self._held) >= _PRELUDE:
            size = int.from_bytes(self._held[:4], "big")
            headers = int.from_bytes(self._held[4:8], "big")
            if not _PRELUDE + 4 + headers <= size <= _LONGEST_FRAME:
                self._held = b""
                break
            if len(self._held) < size:
                break
            found.append(payload_line(self._held[_PRELUDE + headers : size - 4]))
            self._held = self._held[size:]
        return b"".join(found)


def payload_line(payload: bytes) -> bytes:
    r"""Return the event in the payload of a frame as one line.

    >>> payload_line(b'{"bytes":"eyJ0eXBlIjoibWVzc2FnZV9zdG9wIn0="}')
    b'{"type":"message_stop"}\n'
    """
    if payload.startswith(b'{"bytes"'):
        inner = payload.split(b'"', 4)
        if len(inner) > 3:  # noqa: PLR2004 - the text between the third and fourth quote
            try:
                payload = base64.b64decode(inner[3])
            except ValueError:
                return b""
    return payload.replace(b"\n", b" ") + b"\n"
