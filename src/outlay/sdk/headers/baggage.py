"""Baggage: the W3C header, read strictly and written within what every implementation takes.

Comes in: a header of anybody's. Goes out: the members that say who causes usage. Properties (`;...`) are left out, a
plus is a plus, and everybody else's members stay as they are.
"""

from collections.abc import Iterator, Mapping

from outlay.sdk.headers.names import PREFIX, TRACE, USUAL, Names, may_travel, value_of
from outlay.sdk.headers.tally import count
from outlay.sdk.headers.traceparent import is_trace

#: What the specification guarantees to be carried.
MOST_BYTES, MOST_MEMBERS = 8192, 64
_BLANK = " \t"


def read(text: str, names: Names = USUAL) -> dict[str, str]:
    """Return what a baggage header says about who causes usage; later members override earlier ones.

    >>> read("app.customer=acme,other=1;p, outlay.feature = search.answer;q=2,outlay.plan=a%2Bb+c")
    {'customer': 'acme', 'feature': 'search.answer', 'plan': 'a+b+c'}
    """
    if len(text) > MOST_BYTES:
        count("baggage-too-long")
        return {}
    members = text.split(",")
    if len(members) > MOST_MEMBERS:
        count("baggage-too-many")
        del members[MOST_MEMBERS:]
    found = {}
    for member in members:
        key, equals, value = member.partition(";")[0].partition("=")
        name = names.of_member(key.strip(_BLANK)) if equals else None
        if name is not None:
            kept = value_of(name, _decoded(value.strip(_BLANK)))
            if kept is None:
                continue
            if name != TRACE or is_trace(kept):
                found[name] = kept
            else:
                count("bad-value", name)
    return found


def write(said: Mapping[str, object]) -> str:
    """Return a baggage header with what may travel of a scope; empty when nothing may.

    >>> write({"feature": "search.answer", "customer": "a+b", "service": "ai", "plan": "pro"})
    'outlay.feature=search.answer,outlay.customer=a+b,outlay.plan=pro'
    """
    return ",".join(_members(said))


def joined(text: str, said: Mapping[str, object]) -> str:
    """Return a baggage header in which our members say what a scope says, and everybody else's are kept.

    >>> joined("other=1;p,outlay.customer=old", {"customer": "new"})
    'outlay.customer=new,other=1;p'
    """
    ours = list(_members(said))
    others = [member for member in text.split(",") if member.strip(_BLANK) and not _is_ours(member)]
    written = ",".join([*ours, *others])
    while others and (len(written) > MOST_BYTES or len(ours) + len(others) > MOST_MEMBERS):
        others.pop()
        written = ",".join([*ours, *others])
    return written


def _is_ours(member: str) -> bool:
    return member.lstrip(_BLANK).startswith(PREFIX)


def _members(said: Mapping[str, object]) -> Iterator[str]:
    """Yield what may travel, as much as a header holds. None of the characters of a value needs an escape."""
    size = number = 0
    for name, value in said.items():
        if not (may_travel(name) or name == TRACE):
            continue
        kept = value_of(name, value)
        member = f"{PREFIX}{name}={kept}"
        size += len(member) + 1
        number += 1
        if kept is None or size > MOST_BYTES or number > MOST_MEMBERS:
            count("not-sent", name)
        else:
            yield member


def _decoded(text: str) -> str:
    """Return a value without its escapes; what does not decode keeps a character that no value may have."""
    if "%" not in text:
        return text
    from urllib.parse import unquote_to_bytes

    try:
        return unquote_to_bytes(text.encode("ascii")).decode("utf-8")
    except UnicodeError:
        return text
