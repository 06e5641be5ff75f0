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
        self._young: dict[str, str] = {}
        self._old: dict[str, str] = {}

    def seen(self, ident: str, fingerprint: str) -> str | None:
        """Return the fingerprint under which an id came; when it did not, or long ago, remember it and return None."""
        found = self._young.get(ident) or self._old.get(ident)
        if found is None:
            if len(self._young) >= self._most:
                self._old, self._young = self._young, {}
            self._young[ident] = fingerprint
        return found

    def forget(self, ident: str) -> None:
        """Forget an event that was not kept after all."""
        self._young.pop(ident, None)
        self._old.pop(ident, None)
