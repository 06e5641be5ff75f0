"""Answers: the bytes a provider sent, kept while they pass and understood afterwards, within bounds.

Comes in: chunks as they came over the wire. Goes out: the objects with counters, how the answer ended, and how much
text there was, as a number. Of the text itself nothing stays: an answer that is short is read once, afterwards; of a
long one only what may hold counters is held, whatever its length.
"""

import json
import re
from collections import deque
from collections.abc import Mapping
from functools import lru_cache

from outlay.sdk.instrument.reading.decoding import Frames, decoder_of

#: Bytes of an answer that are held as they are; beyond them they are sifted while they pass.
HELD = 1 << 16
#: The longest line of a stream, and the longest document, that is decoded as a whole.
_LONGEST = 1 << 18
#: What the payloads of frames are called here, once a client has taken them out of their frames.
PAYLOADS = "application/x-payloads"
#: Names of counters begin so. In JSON a bare quote never stands inside of a text, so what is found is a name.
_MARKS = {
    "events": (b'"usage',),
    "lines": (b'"usage', b'"eval_count"'),
    "frames": (b'"usage', b'"amazon-bedrock-invocationMetrics"'),
    "payloads": (b'"usage', b'"amazon-bedrock-invocationMetrics"'),
}
_EMPTY = re.compile(rb'"[\w-]+"\s*:\s*null')
_ENDINGS = (
    *(b"data: [DONE]", b"data:[DONE]", b'"message_stop"', b'"response.completed"', b'"response.incomplete"'),
    *(b'"response.failed"', b'"finish_reason":"', b'"finish_reason": "', b'"finishReason":"', b'"finishReason": "'),
    *(b'"done":true', b'"done": true', b'"stopReason":"', b'"stopReason": "'),
)
_FAILURES = (b'"error":{', b'"error": {', b'"type":"error"', b'"type": "error"')
_TEXT = re.compile(
    rb'"(?:content|text|delta|arguments|partial_json|thinking|reasoning|reasoning_content|refusal|response)"'
    rb'\s*:\s*"((?:[^"\\]|\\.)+)"'
)
_DELTA = re.compile(rb'"delta"\s*:\s*"((?:[^"\\]|\\.)+)"')
_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|.)")
_SHORT = re.compile(rb'"(model|id|service_tier|object|type|modelVersion|responseId)"\s*:\s*"([^"\\]{1,200})"')
_COUNTERS = re.compile(rb'"(usage|usageMetadata)"\s*:\s*\{')


class Answer:
    """One answer on its way through.

    Attributes:
        ended: Whether all that the provider meant to say has come.
        failure: The short name of an error that the answer itself tells.
        streamed: Whether it came as a stream of events.
        silent: Whether it is of a kind that says nothing of usage: audio, a picture.
        bytes: How many came, as sent.
    """

    __slots__ = (
        *("bytes", "ended", "failure", "silent", "streamed"),
        *("_decode", "_deltas", "_first", "_frames", "_head", "_last", "_letters", "_marks", "_rest", "_tail", "_text"),
    )

    def __init__(self, headers: Mapping[str, str]) -> None:
        kind = _kind_of(headers.get("content-type", ""))
        self.bytes = 0
        self.ended = False
        self.failure: str | None = None
        self.silent = kind == "other"
        self.streamed = kind in _MARKS
        self._marks = _MARKS.get(kind, ())
        encoding = headers.get("content-encoding")
        self._decode = decoder_of(encoding) if encoding else None
        self._frames = Frames() if kind == "frames" else None
        self._rest = self._head = self._tail = self._text = b""
        self._first: list[bytes] = []
        self._last: deque[bytes] = deque(maxlen=4)
        self._deltas = self._letters = 0

    def sift(self, data: bytes) -> None:
        """Take in what came, as sent, and hold of it only what may be needed."""
        self.bytes += len(data)
        if self.silent:
            return
        plain = data if self._decode is None else self._decode(data)
        if self._frames is not None:
            plain = self._frames.lines(plain)
        if not self.streamed:
            self._head += plain[: max(0, _LONGEST - len(self._head))]
            self._tail = (self._tail + plain)[-HELD:]
            return
        self.count()
        self._text = self._rest + plain
        end = self._text.rfind(b"\n") + 1 if len(self._text) <= _LONGEST else len(self._text)
        self._rest = self._text[end:]
        self._text = self._text[:end]
        self._look(self._text)

    def _look(self, text: bytes) -> None:
        """Look through whole lines of a stream for counters, its end, and an error."""
        if not self._first and text:
            self._note(text, max(text.find(b"{"), 0), self._first)
        for mark in self._marks:
            at = text.find(mark)
            while at >= 0:
                if not _EMPTY.match(text, at):
                    self._note(text, at, self._last if len(self._first) > 1 else self._first)
                at = text.find(mark, at + 1)
        self.ended = self.ended or any(ending in text for ending in _ENDINGS)
        for sign in _FAILURES:
            if self.failure is None and (at := text.find(sign)) >= 0:
                held: list[bytes] = []
                self._note(text, at, held)
                self.failure = error_of(_decoded(held[0])) or "stream_error"

    def _note(self, text: bytes, at: int, into: "list[bytes] | deque[bytes]") -> None:
        """Hold the line of a stream that something stands in."""
        start = text.rfind(b"\n", 0, at) + 1
        end = text.find(b"\n", at)
        line = text[start : end if end >= 0 else len(text)]
        if not into or into[-1] != line:
            into.append(line if len(line) <= _LONGEST else shortened(line))

    def finish(self) -> object:
        """Return what was said: the events of a stream that have counters, a whole document, or None."""
        if self.streamed:
            self._look(self._rest)
            self._text, self._rest = self._text + self._rest, b""
            return [event for line in (*self._first, *self._last) if isinstance(event := _decoded(line), dict)]
        if not self._head:
            return None
        found = _decoded(self._head) if len(self._head) < _LONGEST else _decoded(shortened(self._head, self._tail))
        self.failure = error_of(found)
        return found

    def count(self) -> tuple[int, int]:
        """Return how many pieces of text a stream has had so far, and how many bytes they have together.

        Each piece is one token or more, and no token is less than a byte.
        """
        # The later events of OpenAI's responses say all of the text again.
        pattern = _DELTA if b'"response.' in self._text else _TEXT
        for found in pattern.finditer(self._text):
            piece = found[1]
            self._deltas += 1
            self._letters += len(_ESCAPE.sub(b"xx", piece)) if b"\\" in piece else len(piece)
        self._text = b""
        return self._deltas, self._letters


def document_of(chunks: list[bytes]) -> object:
    """Return what a short answer says that came as one plain document, as most do; None for any other.

    >>> document_of([b'{"id": ', b'"c-1"}'])
    {'id': 'c-1'}
    """
    data = b"".join(chunks)
    if not data.startswith(b"{"):
        return None
    try:
        return json.loads(data.decode())
    except (ValueError, RecursionError):
        return None


def shortened(head: bytes, tail: bytes | None = None) -> bytes:
    """Return the names and counters of a document that is too long to decode, as a small document.

    >>> shortened(b'{"id": "c-1", "data": [1, 2], "usage": {"prompt_tokens": 3}}')
    b'{"id": "c-1", "usage": {"prompt_tokens": 3}}'
    """
    tail = head[-HELD:] if tail is None else tail
    told: dict[str, object] = {}
    for name, value in (*_SHORT.findall(head[:4096]), *_SHORT.findall(tail[-4096:])):
        told.setdefault(name.decode(), value.decode("utf-8", "replace"))
    for found in reversed(list(_COUNTERS.finditer(tail))):
        text = tail[found.end() - 1 :].decode("utf-8", "replace")
        try:
            told[found[1].decode()], _ = json.JSONDecoder().raw_decode(text)
        except ValueError:
            continue
        break
    return json.dumps(told).encode()


def error_of(body: object) -> str | None:
    """Return the short name that a provider gives an error; never its message, which quotes the request.

    >>> error_of({"error": {"message": "You said ...", "type": "requests", "code": "rate_limit_exceeded"}})
    'rate_limit_exceeded'
    """
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        for name in ("code", "type", "status"):
            said = error.get(name)
            if isinstance(said, str) and 0 < len(said) <= 100 and said.isprintable() and " " not in said:  # noqa: PLR2004
                return said
    return None


@lru_cache(maxsize=64)
def _kind_of(media: str) -> str:
    """Return how an answer of some media type is read."""
    media = media.partition(";")[0].strip().lower()
    if media == "text/event-stream":
        return "events"
    if media == "application/vnd.amazon.eventstream":
        return "frames"
    if media == PAYLOADS:
        return "payloads"
    if media in {"application/x-ndjson", "application/jsonl", "application/stream+json"}:
        return "lines"
    return "document" if media == "" or media.endswith(("/json", "+json")) else "other"


def _decoded(text: bytes) -> object:
    """Return the object in a line of a stream, or in a document; None when there is none."""
    start = text.find(b"{")
    try:
        return json.loads(text[start:] if start > 0 and text.startswith(b"data") else text)
    except (ValueError, RecursionError):
        return None
