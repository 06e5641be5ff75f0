"""Recent: which events came lately, so that an answer can say at once which ones are repeated.

What is older is recognised when it is filed; here only as much is remembered as memory may hold.
"""

_MOST = 250_000


class Recent:
    """The last events by id, with the fingerprint of what they said; between `most` and twice as many.

    Args:
        most: Events after which the older half is forgotten.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._young: dict[str, bytes] = {}
        self._old: dict[str, bytes] = {}

    def known(self, ident: str) -> bytes | None:
        """Return the fingerprint under which an id came; None when it did not, or long ago."""
        return self._young.get(ident) or self._old.get(ident)

    def add(self, ident: str, fingerprint: bytes) -> None:
        """Remember an event."""
        if len(self._young) >= self._most:
            self._old, self._young = self._young, {}
        self._young[ident] = fingerprint

    def forget(self, ident: str) -> None:
        """Forget an event that was not kept after all."""
        self._young.pop(ident, None)
        self._old.pop(ident, None)
