"""Body: what a request carries, decompressed, and never more of it than there is room for."""

import gzip
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO

import zstandard
from fastapi import Request

from outlay.errors import BadInput, EngineFailed

#: The largest body, as it is sent and decompressed.
MOST_SENT, MOST_BYTES = 32 * 1024**2, 64 * 1024**2
#: What the bodies that are being looked at may hold together.
MOST_HELD = 512 * 1024**2
_WINDOW = 8 * 1024**2
_DAMAGED = (OSError, EOFError, zlib.error, zstandard.ZstdError)


class Bodies:
    """Reads bodies, and knows how much memory those hold that are being looked at.

    Args:
        room: The most that several of them may hold together, in bytes; one alone is never turned away.
    """

    def __init__(self, room: int = MOST_HELD) -> None:
        self._room = room
        self._held = 0

    @asynccontextmanager
    async def of(self, request: Request) -> AsyncIterator[bytes]:
        """Give the body of a request, decompressed, for as long as the block lasts.

        Raises:
            BadInput: It is more than 32 MiB, or 64 MiB decompressed (`body-too-large`); its encoding is not known
                (`unknown-media`); it is damaged (`bad-body`).
            EngineFailed: There is no room at the moment (`busy`).
        """
        encoding = request.headers.get("content-encoding", "").strip().lower()
        before = self._held
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            held += size
            self._held += size
            if self._held > self._room and before:
                raise EngineFailed("more events are on their way than there is room for", fix="wait", code="busy")

        try:
            sent = bytearray()
            async for chunk in _chunks(request):
                hold(len(chunk))
                sent += chunk
            if encoding in ("", "identity"):
                yield bytes(sent)
                return
            try:
                whole = _decompressed(encoding, bytes(sent))
            except _DAMAGED as error:
                fix = "send it whole, in the encoding that Content-Encoding names"
                raise BadInput(f"the body cannot be read as {encoding}: {error}", fix=fix, code="bad-body") from error
            hold(len(whole))
            yield whole
        finally:
            self._held -= held


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > MOST_SENT:
        raise _too_large()
    sent = 0
    async for chunk in request.stream():
        sent += len(chunk)
        if sent > MOST_SENT:
            raise _too_large()
        yield chunk


def _decompressed(encoding: str, sent: bytes) -> bytes:
    """Return a body decompressed, as long as it is no larger than may be."""
    if encoding in ("gzip", "x-gzip"):
        with gzip.GzipFile(fileobj=BytesIO(sent)) as opened:
            whole = opened.read(MOST_BYTES + 1)
            if len(whole) > MOST_BYTES:
                raise _too_large()
            return whole
    if encoding == "zstd":
        # The size is what the frame says of itself, and -1 when it does not; what is longer than that is damaged.
        if zstandard.frame_content_size(sent) > MOST_BYTES:
            raise _too_large()
        decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        return decompressor.decompress(sent, max_output_size=MOST_BYTES, allow_extra_data=False)
    raise BadInput(
        f"bodies encoded as {encoding[:40]!r} are not read", fix="send gzip, zstd or no encoding", code="unknown-media"
    )


def _too_large() -> BadInput:
    return BadInput(
        f"the body is larger than {MOST_SENT >> 20} MiB, or {MOST_BYTES >> 20} MiB decompressed",
        fix="send fewer events at once, a thousand or so",
        code="body-too-large",
    )
