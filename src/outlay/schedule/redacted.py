"""Redacted: what went wrong, as it may be kept and shown, without anything that opens a door."""

import os
import re
from collections.abc import Mapping

_MOST = 1000
_SHORTEST = 6
_NAMED = re.compile(r"(?i)key|token|secret|passw|credential|authorization|cookie|dsn")
_URL = re.compile(r"(?<=://)[^/\s@]+@")
_QUERY = re.compile(r"(?i)([?&][\w.-]*(?:key|token|secret|passw|sig|signature|credential|auth)[\w.-]*=)[^&\s\"']+")
_LIKE = re.compile(
    r"\b(?:(?:sk|rk|pk|ghp|xoxb|glpat)[-_][\w.-]{6,}|(?:AKIA|ASIA)[A-Z0-9]{8,}|eyJ[\w-]{8,}\.[\w.-]+)|(?i:bearer\s+)\S+"
)


def redacted(text: str, environment: Mapping[str, str] | None = None) -> str:
    """Return a text without secrets: those of the environment, of addresses, and whatever looks like a key.

    Args:
        text: What went wrong.
        environment: The process's own when absent; values of variables that are named like secrets are taken out.

    >>> redacted("GET https://me:pass@host/x?token=abc said no to sk_live_12345678", {})
    'GET https://***@host/x?token=*** said no to ***'
    """
    found = text
    values = os.environ if environment is None else environment
    for name, value in values.items():
        if _NAMED.search(name) and len(value) >= _SHORTEST:
            found = found.replace(value, "***")
    found = _QUERY.sub(r"\1***", _URL.sub("***@", found))
    return _LIKE.sub("***", found)[:_MOST]
