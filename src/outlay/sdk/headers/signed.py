"""Signed contexts: a server says who somebody is, in a text that their browser can hand on and cannot make.

The text is `v1.KEY.ISSUED.EXPIRES.CLAIMS.MAC`: the id of the key, seconds since 1970, what is claimed as JSON in
base64url, and HMAC-SHA256 over everything before its own dot, as it stands. There is no second way to write one.
"""

import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from time import time

from outlay.errors import BadConfig, BadInput
from outlay.sdk.headers.names import TRAVELLING, may_travel, value_of

Secret = str | bytes
_VERSION = "v1"
_PARTS = 6
_LONGEST = 4096
_SHORTEST_KEY = 32
#: Clocks of servers differ; one issued a little later than now is from now.
_SKEW_S = 60
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_MAKE_ONE = "make one with: python -c 'import secrets; print(secrets.token_hex(32))'"


def sign_context(
    keys: Mapping[str, Secret], *, lifetime_s: int = 3600, now_s: int | None = None, **said: object
) -> str:
    """Return a signed context, for the header `X-Outlay-Context`. Call it on the server, for whom you know.

    Args:
        keys: Secrets of at least 32 bytes, by their ids. The first signs; the others are only believed, so a new key
            is put first once every server knows it, and an old one is taken away once all it signed has expired.
        lifetime_s: For how many seconds it holds.
        now_s: When it is issued, in seconds since 1970; None means now.
        said: `feature`, `customer`, `team`, `user`, `session` and further dimensions, as `outlay.context` takes them.

    Raises:
        BadConfig: There is no key, or one is too short.
        BadInput: A name or value cannot travel.

    >>> token = sign_context({"2026-10": "s" * 32}, now_s=1_790_000_000, customer="acme")
    >>> token.split(".")[:4]
    ['v1', '2026-10', '1790000000', '1790003600']
    >>> claims(token, checked({"2026-10": "s" * 32}), now_s=1_790_000_100)
    ({'customer': 'acme'}, None)
    """
    known = checked(keys)
    found = {name: kept for name, value in said.items() if value is not None and (kept := _claim(name, value))}
    if lifetime_s <= 0:
        raise BadInput(f"a signed context cannot hold for {lifetime_s} seconds", fix="let it hold for 1 second or more")
    ident, secret = next(iter(known.items()))
    issued = int(time()) if now_s is None else now_s
    body = _text(json.dumps(found, separators=(",", ":"), sort_keys=True).encode())
    head = f"{_VERSION}.{ident}.{issued}.{issued + lifetime_s}.{body}"
    return f"{head}.{_mac(secret, head)}"


def checked(keys: Mapping[str, Secret]) -> dict[str, bytes]:
    """Return the keys as bytes, in their order; raises when one of them protects nothing."""
    known = {ident: key.encode() if isinstance(key, str) else bytes(key) for ident, key in keys.items()}
    if not known:
        raise BadConfig("there is no key to sign contexts with", fix=_MAKE_ONE, code="no-key")
    for ident, key in known.items():
        if not _KEY.fullmatch(ident):
            raise BadConfig(f"{ident!r} is no id of a key", fix="use up to 64 letters, digits, - and _")
        if len(key) < _SHORTEST_KEY:
            raise BadConfig(f"the key {ident!r} has less than {_SHORTEST_KEY} bytes", fix=_MAKE_ONE, code="weak-key")
    return known


def claims(token: str, keys: Mapping[str, bytes], *, now_s: float | None = None) -> tuple[dict[str, str], str | None]:
    """Return what a signed context claims, and None; or nothing, and why it is not believed.

    Reasons are `malformed`, `unknown-key`, `forged`, `expired` and `not-yet`. Nothing of the text is looked at before
    its signature is found to be right, and how long that takes does not say how far it was right.
    """
    parts = token.split(".") if len(token) <= _LONGEST and token.isascii() else []
    if len(parts) != _PARTS or parts[0] != _VERSION or not all(map(_SECONDS.fullmatch, parts[2:4])):
        return {}, "malformed"
    secret = keys.get(parts[1])
    if secret is None:
        return {}, "unknown-key"
    if not hmac.compare_digest(_mac(secret, token.rpartition(".")[0]).encode(), parts[5].encode()):
        return {}, "forged"
    now = time() if now_s is None else now_s
    if now >= int(parts[3]):
        return {}, "expired"
    if now < int(parts[2]) - _SKEW_S:
        return {}, "not-yet"
    found = _claims(parts[4])
    return ({}, "malformed") if found is None else (found, None)


def _claims(body: str) -> dict[str, str] | None:
    """Return the names and values of a text that one of our keys signed; what cannot travel is left out."""
    try:
        found = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    return {name: kept for name, value in found.items() if may_travel(name) and (kept := value_of(name, value))}


def _claim(name: str, value: object) -> str:
    kept = value_of(name, value) if may_travel(name) else None
    if kept is None:
        raise BadInput(
            f"a signed context cannot say {name}={value!r}",
            fix=f"name one of {', '.join(TRAVELLING)} or a tag, and give it up to 128 letters, digits and ._:/@+~-",
        )
    return kept


def _mac(secret: bytes, head: str) -> str:
    return _text(hmac.digest(secret, head.encode(), "sha256"))


def _text(found: bytes) -> str:
    return urlsafe_b64encode(found).rstrip(b"=").decode()
