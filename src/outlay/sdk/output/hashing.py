"""Hashing: identifiers of people leave the process as keyed hashes, where a key is configured.

HMAC-SHA256 in hexadecimal: the same user has the same hash wherever the same key is used, so costs by user still add
up, and without the key nobody can try names until one fits.
"""

import hmac
import os

NAMES = ("user",)


class Hashing:
    """What is hashed, and with what.

    Args:
        key: The secret; None leaves everything as it is.
        names: The fields, and tags, to hash.

    >>> Hashing(b"k").text("u-17")[:16]
    '8ee45fc7054f1027'
    """

    def __init__(self, key: bytes | None, names: tuple[str, ...] = NAMES) -> None:
        self.key = key
        self.names = names

    def text(self, value: object) -> str:
        """Return the hash of a value."""
        return hmac.digest(self.key or b"", str(value).encode(), "sha256").hex()

    def applied(self, fields: dict[str, object]) -> dict[str, object]:
        """Return the fields of an event, with those that are named hashed, as fields and as tags."""
        if self.key is None:
            return fields
        tags = fields.get("tags")
        if isinstance(tags, dict) and not tags.keys().isdisjoint(self.names):
            fields = {**fields, "tags": self._hashed(tags)}
        return self._hashed(fields) if not fields.keys().isdisjoint(self.names) else fields

    def _hashed(self, found: dict[str, object]) -> dict[str, object]:
        return {
            name: self.text(value) if name in self.names and isinstance(value, str | int) and value != "" else value
            for name, value in found.items()
        }


#: What the process hashes now; replaced by `outlay.configure`.
current = Hashing(os.environ.get("OUTLAY_HASH_USERS", "").encode() or None)


def use(hashing: Hashing) -> None:
    """Hash in this way from now on."""
    global current  # noqa: PLW0603 - replaced whole, so that an event in another thread sees one or the other
    current = hashing
