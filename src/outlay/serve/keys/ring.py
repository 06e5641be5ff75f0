"""Ring: the keys that a running server knows, and how much each has sent."""

from collections.abc import Callable
from datetime import datetime
from hmac import compare_digest
from math import ceil
from threading import Lock
from time import monotonic

from outlay.errors import Refused
from outlay.serve.keys.key import Key, listed, parts_of
from outlay.store import Store

#: Seconds after which the keys are read anew, so that a key made or revoked by another process holds or ends soon.
_FRESH = 5.0
#: Seconds' worth of events that a key may send at once after it was quiet.
_BURST = 5


class TooFast(Refused):
    """A key sends more than it may.

    Args:
        key: The key.
        retry_after: Seconds after which it may send again.
    """

    code = "too-fast"

    def __init__(self, key: Key, retry_after: int) -> None:
        super().__init__(
            f"the key {key.name!r} may send {key.events_per_second:,} events a second",
            fix=f"send again in {retry_after} s, or have its limit raised",
        )
        self.retry_after = retry_after


class Ring:
    """Keys, read from the store and kept for some seconds.

    Args:
        store: Holds the keys.
        clock: Says what time it is, UTC.
        token: A secret that lets whoever can read this machine's files administer; None for nobody.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime], token: str | None = None) -> None:
        self._store = store
        self._clock = clock
        self._token = token
        self._lock = Lock()
        self._keys: dict[str, Key] = {}
        self._read_at = -_FRESH
        self._left: dict[str, tuple[float, float]] = {}

    def checked(self, header: str, scope: str) -> Key:
        """Return the key that an `Authorization` header carries, when it may do this.

        Raises:
            Refused: There is none (`no-key`), it does not hold (`unknown-key`), it is for something else
                (`wrong-scope`).
        """
        kind, _, text = header.partition(" ")
        text = text.strip()
        if kind.lower() != "bearer" or not text:
            raise Refused("this needs a key", fix="send Authorization: Bearer KEY (outlay keys make)", code="no-key")
        if self._token and compare_digest(text.encode(), self._token.encode()):
            return Key("local", "local", "", ("ingest", "read", "admin"))
        key = self._held(text)
        if key is None:
            said = "this key is not known, was revoked or has ended"
            raise Refused(said, fix="make another: outlay keys make NAME", code="unknown-key")
        if scope not in key.scopes:
            raise Refused(
                f"the key {key.name!r} is for {', '.join(key.scopes)}, not for {scope}",
                fix=f"use a key with --scope {scope}",
                code="wrong-scope",
            )
        return key

    def spend(self, key: Key, events: int) -> None:
        """Count what a key sends.

        Raises:
            TooFast: It is more than it may send by now.
        """
        if key.events_per_second is None:
            return
        most = float(key.events_per_second * _BURST)
        with self._lock:
            now = monotonic()
            left, since = self._left.get(key.key, (most, now))
            left = min(most, left + (now - since) * key.events_per_second)
            # A batch larger than the burst goes through when nothing was sent for long, and is paid for afterwards.
            if left < min(events, most):
                raise TooFast(key, max(1, ceil((min(events, most) - left) / key.events_per_second)))
            self._left[key.key] = (left - events, now)

    def may_send(self) -> bool:
        """Say whether there is a key in force that events can come with."""
        now = self._clock()
        return any("ingest" in key.scopes and key.holds(now) for key in listed(self._store))

    def forget(self) -> None:
        """Read the keys anew at the next question."""
        self._read_at = -_FRESH

    def _held(self, text: str) -> Key | None:
        parts = parts_of(text)
        if parts is None:
            return None
        ident, digest = parts
        with self._lock:
            if monotonic() - self._read_at >= _FRESH:
                self._keys = {key.key: key for key in listed(self._store)}
                self._read_at = monotonic()
            key = self._keys.get(ident)
        # Compared also when there is no such key, so that the time taken does not tell which there are.
        same = compare_digest(digest, key.digest if key else digest[::-1])
        return key if key and same and key.holds(self._clock()) else None
