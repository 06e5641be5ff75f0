"""Key: a name, what it may do, and a secret of which only a digest is kept."""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from secrets import token_hex, token_urlsafe
from typing import cast

from outlay.errors import BadInput, UnknownName
from outlay.store import Row, Store
from outlay.terms.attribution import ATTRIBUTION

#: What a key may be for.
SCOPES = ("ingest", "read", "admin")
_TEXT = re.compile(r"outlay_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_MOST_NAME = 200


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it was decided last.

    Args:
        key: Its public part.
        name: What people call it.
        digest: SHA-256 of its secret part, in hex.
        scopes: Of `SCOPES`.
        bound: Value by dimension that all it sends has.
        events_per_second: The most it may send; None for no limit.
        expires_at: When it ends; None for never.
        revoked: Whether it has ended already.
    """

    key: str
    name: str
    digest: str
    scopes: tuple[str, ...]
    bound: Mapping[str, str] = field(default_factory=dict)
    events_per_second: int | None = None
    expires_at: datetime | None = None
    revoked: bool = False

    def holds(self, now: datetime) -> bool:
        """Say whether it may be used."""
        return not self.revoked and (self.expires_at is None or now < self.expires_at)


def listed(store: Store) -> list[Key]:
    """Return every key there ever was, by name."""
    return [_key(row) for row in store.rows("serve/keys")]


def made(
    store: Store,
    name: str,
    *,
    now: datetime,
    scopes: Collection[str] = ("ingest",),
    bound: Mapping[str, str] | None = None,
    events_per_second: int | None = None,
    expires_at: datetime | None = None,
    actor: str = "local",
) -> tuple[Key, str]:
    """Make a key.

    Returns:
        The key, and its text, which is shown now and never again.

    Raises:
        BadInput: The name is empty or too long, the limit or the end makes no sense.
        UnknownName: There is no such scope or dimension.
    """
    if not 0 < len(name.strip()) <= _MOST_NAME:
        raise BadInput(f"{name[:40]!r} cannot be the name of a key", fix="say whom it is for, in some words")
    for scope in scopes:
        if scope not in SCOPES:
            raise UnknownName("scope", scope, SCOPES)
    for dimension in bound or {}:
        if dimension not in ATTRIBUTION:
            raise UnknownName("dimension that a key can bind", dimension, ATTRIBUTION)
    if not scopes or (events_per_second is not None and events_per_second < 1):
        raise BadInput("a key that may do nothing is no key", fix="give it a scope, and a limit from 1 up")
    if expires_at is not None and expires_at <= now:
        raise BadInput("the key would have ended before it was made", fix="let it end later")
    text, digest = _secret(ident := token_hex(6))
    ordered = tuple(scope for scope in SCOPES if scope in scopes)
    key = Key(ident, name.strip(), digest, ordered, dict(bound or {}), events_per_second, expires_at)
    _record(store, key, now, actor, "key-made")
    return key, text


def rotated(store: Store, ident: str, *, now: datetime, until: datetime, actor: str = "local") -> tuple[Key, str]:
    """Make another key for the same, and let the old one end.

    Args:
        store: Holds the keys.
        ident: The old key's public part or name.
        now: The instant.
        until: When the old one ends.
        actor: Who does it.

    Returns:
        The new key, and its text, which is shown now and never again.

    Raises:
        UnknownName: There is no such key in force.
    """
    old = _found(store, ident, now)
    text, digest = _secret(fresh := token_hex(6))
    key = replace(old, key=fresh, digest=digest)
    _record(store, key, now, actor, "key-made")
    _record(store, replace(old, expires_at=until), now, actor, "key-rotated")
    return key, text


def revoked(store: Store, ident: str, *, now: datetime, actor: str = "local") -> Key:
    """End a key at once.

    Raises:
        UnknownName: There is no such key in force.
    """
    key = replace(_found(store, ident, now), revoked=True)
    _record(store, key, now, actor, "key-revoked")
    return key


def parts_of(text: str) -> tuple[str, str] | None:
    """Return the public part of a key's text and the digest of its secret part; None when it is no key of ours."""
    found = _TEXT.fullmatch(text)
    return (found[1], hashlib.sha256(found[2].encode()).hexdigest()) if found else None


def _secret(ident: str) -> tuple[str, str]:
    text = f"outlay_{ident}_{token_urlsafe(32)}"
    return text, cast("tuple[str, str]", parts_of(text))[1]


def _found(store: Store, ident: str, now: datetime) -> Key:
    holding = [key for key in listed(store) if key.holds(now)]
    named = [key for key in holding if ident in (key.key, key.name)]
    if len(named) > 1:
        raise BadInput(
            f"{len(named)} keys are named {ident!r}", fix=f"name one by its id: {', '.join(key.key for key in named)}"
        )
    if not named:
        raise UnknownName("key in force", ident, [f"{key.key} ({key.name})" for key in holding])
    return named[0]


def _record(store: Store, key: Key, now: datetime, actor: str, action: str) -> None:
    row = {name: getattr(key, name) for name in Key.__slots__} | {
        "recorded_at": now,
        "scopes": ",".join(key.scopes),
        "bound": dict(key.bound),
    }
    detail = f"{key.name}: {row['scopes']}" + (f", ends {key.expires_at:%Y-%m-%d %H:%M}" if key.expires_at else "")
    with store.transaction():
        store.insert("api_key", [row])
        store.insert(
            "audit", [{"done_at": now, "actor": actor, "action": action, "subject": key.key, "detail": detail}]
        )


def _key(row: Row) -> Key:
    return Key(
        cast(str, row["key"]),
        cast(str, row["name"]),
        cast(str, row["digest"]),
        tuple(cast(str, row["scopes"]).split(",")),
        cast("dict[str, str]", row["bound"]),
        cast("int | None", row["events_per_second"]),
        cast("datetime | None", row["expires_at"]),
        bool(row["revoked"]),
    )
