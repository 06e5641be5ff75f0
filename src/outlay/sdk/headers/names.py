"""Names: which header and which member of the baggage says what, and what a value may look like."""

import re
from collections.abc import Mapping

from outlay.errors import BadConfig
from outlay.sdk.headers.tally import count
from outlay.terms.attribution import ATTRIBUTION
from outlay.wire.event import FIELDS

#: What travels from service to service. Environment, service and release say where usage happens, not who causes it.
TRAVELLING = ("feature", "customer", "team", "user", "session")
#: The header of each of them, and the header of a signed context, which stands for all.
HEADERS = {
    "x-feature-context": "feature",
    "x-customer-id": "customer",
    "x-team-id": "team",
    "x-user-id": "user",
    "x-session-id": "session",
}
SIGNED_HEADER = "x-outlay-context"
#: Members of the baggage: `outlay.` is what is written; both are read.
PREFIX, OTHER_PREFIX = "outlay.", "app."
#: A trace that began with us has no traceparent, since others would take it for one that nobody records.
TRACE = "trace"

_VALUE = re.compile(r"[A-Za-z0-9._:/@+~-]{1,128}")
_TAG = re.compile(r"[a-z][a-z0-9_]{0,63}")
_HEADER = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,64}")


def value_of(name: str, found: object) -> str | None:
    """Return a value that may travel: 1 to 128 letters, digits and `._:/@+~-`; else None, and it is counted.

    >>> value_of("customer", "acme+eu/7"), value_of("customer", 17), value_of("customer", "two words")
    ('acme+eu/7', '17', None)
    """
    text = str(found) if type(found) is int else found
    if isinstance(text, str):
        if _VALUE.fullmatch(text):
            return text
        if not text:
            return None
    count("bad-value", name)
    return None


def is_tag(name: str) -> bool:
    """Say whether a name that came over the network may become a tag: no field of a usage event may.

    >>> is_tag("plan"), is_tag("state"), is_tag("Plan!")
    (True, False, False)
    """
    return name not in FIELDS and _TAG.fullmatch(name) is not None


def may_travel(name: str) -> bool:
    """Say whether a name is one of those that travel, or a tag."""
    return name in TRAVELLING or is_tag(name)


class Names:
    """Which header and which member of the baggage says what.

    Args:
        headers: Further headers, by name: `{"X-Tenant": "customer"}`. None as a value takes one of ours away.
        baggage: Further members of the baggage: `{"tenant.id": "customer"}`.

    Raises:
        BadConfig: A name on the right is no dimension of the attribution and cannot be a tag either.

    >>> names = Names(headers={"X-Tenant": "customer"})
    >>> names.headers["x-tenant"], names.of_member("outlay.plan"), names.of_member("app.user"), names.of_member("x")
    ('customer', 'plan', 'user', None)
    """

    def __init__(
        self, *, headers: Mapping[str, str | None] | None = None, baggage: Mapping[str, str] | None = None
    ) -> None:
        given = {name.lower(): meant for name, meant in (headers or {}).items()}
        for name in given:
            if not _HEADER.fullmatch(name):
                raise BadConfig(f"{name!r} is no name of a header", fix="write it as in HTTP, such as X-Tenant")
        merged: dict[str, str | None] = {**HEADERS, **given}
        self.headers = {name: _meant(meant) for name, meant in merged.items() if meant is not None}
        self._members = {key: _meant(meant) for key, meant in (baggage or {}).items()}
        self._members[PREFIX + TRACE] = TRACE
        for dimension in TRAVELLING:
            self._members.setdefault(PREFIX + dimension, dimension)
            self._members.setdefault(OTHER_PREFIX + dimension, dimension)

    def of_member(self, key: str) -> str | None:
        """Return what a member of the baggage says; None when it is none of ours."""
        known = self._members.get(key)
        if known is None and key.startswith(PREFIX) and is_tag(key[len(PREFIX) :]):
            return key[len(PREFIX) :]
        return known

    def sent(self) -> dict[str, str]:
        """Return the header that each dimension is sent in; the last that was named for it."""
        return {meant: name for name, meant in self.headers.items()}


def _meant(name: str) -> str:
    if name in ATTRIBUTION or name == "session" or is_tag(name):
        return name
    raise BadConfig(
        f"a header or member of the baggage cannot say {name!r}",
        fix=f"name one of {', '.join((*ATTRIBUTION, 'session'))}, or a tag that is no field of a usage event",
    )


#: What holds where nothing else is said.
USUAL = Names()
#: What holds for a program's own environment, whose owner may also say where it runs.
OWN = Names(baggage={PREFIX + dimension: dimension for dimension in ATTRIBUTION})
