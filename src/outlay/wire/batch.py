"""Batch: the events of one body, apart, before any is understood: a JSON array, one object, or a line for each.

One event that is broken does not take the others with it.
"""

import re
from collections.abc import Iterator

#: A text that never ends goes to the end, and nothing is tried twice: who sends it must not choose how long that takes.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[][{},]', re.DOTALL)
_SPACE = b" \t\r\n"


def lines(body: bytes) -> list[bytes]:
    r"""Return the lines that hold something.

    >>> lines(b'{"id": "a"}\n\n{"id": "b"}')
    [b'{"id": "a"}', b'{"id": "b"}']
    """
    return [line for line in body.splitlines() if line.strip()]


def elements(body: bytes) -> list[bytes]:
    """Return the elements of a JSON array, each as it stands; of anything else, the whole as one.

    Only brackets and texts are looked at. What follows a text that never ends belongs to its element.

    >>> elements(b'[{"id": "a]"}, {"id": nonsense}, 3]')
    [b'{"id": "a]"}', b'{"id": nonsense}', b'3']
    >>> elements(b' {"id": "a"} '), elements(b'[ ]')
    ([b'{"id": "a"}'], [])
    """
    body = body.strip(_SPACE)
    if not body.startswith(b"["):
        return [body] if body else []
    return list(_apart(body))


def _apart(body: bytes) -> Iterator[bytes]:
    depth, since = 0, 1
    for found in _TOKEN.finditer(body):
        match found[0]:
            case b"[" | b"{":
                depth += 1
            case b"]" | b"}":
                depth -= 1
                if not depth:
                    last = body[since : found.start()].strip(_SPACE)
                    rest = body[found.end() :].strip(_SPACE)
                    if last or since > 1:
                        yield last
                    if rest:
                        yield rest
                    return
            case b"," if depth == 1:
                yield body[since : found.start()].strip(_SPACE)
                since = found.end()
    yield body[since:].strip(_SPACE)
