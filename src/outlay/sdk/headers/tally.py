"""Tally: what was said about who causes usage and could not be believed or sent, counted by reason."""

from threading import Lock

#: A client that makes up names must not fill the memory.
_MOST_NAMES = 1000
_REST = "others"
_lock = Lock()
_counts: dict[str, int] = {}


def count(reason: str, name: str = "") -> None:
    """Count one thing that was not believed; `name` says which, and holds nothing but letters, digits and dots."""
    key = f"{reason}:{name}" if name else reason
    with _lock:
        if key not in _counts and len(_counts) >= _MOST_NAMES:
            key = f"{reason}:{_REST}" if name else reason
        _counts[key] = _counts.get(key, 0) + 1


def ignored() -> dict[str, int]:
    """Return how often something about who causes usage was ignored since the program started, by reason.

    Reasons are `bad-value:NAME` (outside the limits of a value), `two-values:HEADER`, `baggage-too-long`,
    `baggage-too-many`, `bad-traceparent`, `quarantined:FEATURE` (not a known feature), `features-failed` (the list of
    features could not be asked), `not-sent:NAME` (a value that cannot travel), `failed` (a mistake of ours), and of
    signed contexts `malformed`, `unknown-key`, `forged`, `expired` and `not-yet`, each with `-signature` behind it.
    Beyond 1,000 different ones, new names count as `others`.
    """
    with _lock:
        return dict(_counts)
