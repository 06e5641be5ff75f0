"""Logs: every log record says which feature, customer, team, user, session and trace it belongs to.

For `logging`, a filter that is put on a handler; for structlog, a processor. Both are harmless: they add what is
missing, overwrite nothing, and never raise.
"""

from collections.abc import MutableMapping
from logging import Filter, LogRecord
from typing import Any

from outlay.sdk.output import hashing
from outlay.sdk.scope import said

#: What a log record gets.
NAMES = ("feature", "customer", "team", "user", "session", "trace")
#: What is hashed in the logs even where it is plain in the events: logs are read by more people, and kept elsewhere.
_PERSONAL = ("user",)


def _fields(*, plain: bool) -> dict[str, str]:
    """Return what the scopes around the caller say, as a log should hold it.

    A user is shown as the hash that its events carry, where `configure(hash_users=...)` gave a key; without one it is
    left out, unless it was asked for plainly.
    """
    hashes = hashing.current
    found = {}
    scope = said()
    for name in NAMES:
        value = scope.get(name)
        if value is None or value == "":
            continue
        if hashes.key is not None and (name in hashes.names or (name in _PERSONAL and not plain)):
            found[name] = hashes.text(value)
        elif name not in _PERSONAL or plain:
            found[name] = str(value)
    return found


class LogFilter(Filter):
    """A filter for a handler of `logging`, which lets everything pass and adds attributes to each record.

    Put it on the handlers, not on a logger: a logger's filters do not see what the loggers below it say.

    Args:
        missing: What an attribute is when nobody said it, so that a format that names it still works.
        plain_users: Whether users appear as they are where no key for hashing is configured.

    >>> import logging, sys, outlay
    >>> handler = logging.StreamHandler(sys.stdout)
    >>> handler.setFormatter(logging.Formatter("%(message)s feature=%(feature)s customer=%(customer)s"))
    >>> handler.addFilter(outlay.LogFilter())
    >>> with outlay.context(feature="search"):
    ...     handler.handle(logging.makeLogRecord({"msg": "found"})) is not None
    found feature=search customer=-
    True
    """

    def __init__(self, missing: str = "-", *, plain_users: bool = False) -> None:
        super().__init__()
        self._missing = dict.fromkeys(NAMES, missing)
        self._plain = plain_users

    def filter(self, record: LogRecord) -> bool:
        """Add what the record does not have, and let it pass."""
        found = self._missing
        try:
            found = {**found, **_fields(plain=self._plain)}
        finally:
            for name, value in found.items():
                record.__dict__.setdefault(name, value)
            return True  # noqa: B012 - law 12: whatever is wrong, the record passes


class LogProcessor:
    """A processor for structlog, which adds the same names to the event; what nobody said is left out.

    Args:
        plain_users: As of `LogFilter`.

    >>> import outlay
    >>> with outlay.context(feature="search", customer="acme"):
    ...     outlay.LogProcessor()(None, "info", {"event": "found", "customer": "beta"})
    {'event': 'found', 'customer': 'beta', 'feature': 'search'}
    """

    def __init__(self, *, plain_users: bool = False) -> None:
        self._plain = plain_users

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Return the event, with what it did not have."""
        try:
            for name, value in _fields(plain=self._plain).items():
                event.setdefault(name, value)
        finally:
            return event  # noqa: B012 - law 12: whatever is wrong, the event passes
