"""The words a file of rules may use, and the checks that all its tables share.

Comes in: parsed TOML. Goes out: values, or an error that names the place and how to mend it.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from outlay.errors import BadConfig, UnknownName
from outlay.store.statement import TAG, dimensions_of
from outlay.terms.attribution import ATTRIBUTION

#: What a rule may set, split to, and agree on: the attribution, and what usage calls its provider and model.
DIMENSIONS = (*ATTRIBUTION, "provider", "model")
#: What a share names.
NAMED = (*ATTRIBUTION, "model")
#: A source that begins with it is the text itself.
LITERAL = "="
#: Between the names of a list that a query looks into, and between a dimension and its value there.
BETWEEN, WITHIN = "␟", "␞"
_FORMS: Mapping[type, str] = {dict: "table, { name = value }", list: 'list, ["name", ...]'}
_T = TypeVar("_T", dict[str, Any], list[Any])


def of_kind(entry: Mapping[str, Any], key: str, kind: type[_T], where: str) -> _T:
    """Return what a table says under a key, as a table or a list."""
    found = entry.get(key, kind())
    if not isinstance(found, kind):
        raise BadConfig(f"{where}: {key} is {found!r}", fix=f"write {key} as a {_FORMS[kind]}")
    return found


def one_of(value: object, known: Sequence[str], key: str, where: str) -> str:
    """Return a value that must be one of some words."""
    if value not in known:
        raise BadConfig(f"{where}: {key} {value!r} is not one", fix=f"use one of {', '.join(known)}")
    return str(value)


def only_keys(entry: Mapping[str, Any], known: set[str], where: str) -> None:
    """Refuse keys that a table does not have."""
    if unknown := sorted(set(entry) - known):
        raise BadConfig(f"{where} has an unknown key {unknown[0]!r}", fix=f"use one of {', '.join(sorted(known))}")


def texts(found: object) -> list[str]:
    """Return one text or a list of them as a list."""
    return [str(one) for one in found] if isinstance(found, list) else [str(found)]


def dimension(name: object, where: str) -> str:
    """Return the name of a dimension of shares and usage."""
    if name not in DIMENSIONS:
        raise BadConfig(f"{where}: {name!r} is not a dimension", fix=f"use one of {', '.join(DIMENSIONS)}")
    return str(name)


def column(name: str, own: Sequence[str], where: str) -> str:
    """Return the name of a bill column, a tag, or a dimension that the file itself defines."""
    known = [*dimensions_of("charge"), *own]
    if not name.startswith(TAG) and name not in known:
        kind = "bill column or dimension" if own else "bill column"
        raise BadConfig(
            f"{where}: {UnknownName(kind, name, [*known, f'{TAG}KEY']).message}",
            fix=f"use a FOCUS column in snake_case, {TAG}KEY, or a [[dimension]] of this file",
        )
    return name


def globs(found: Mapping[str, Any], own: Sequence[str], where: str) -> dict[str, list[str]]:
    """Return globs by bill column."""
    return {column(name, own, where): texts(said) for name, said in found.items()}


def matches(wanted: Mapping[str, Sequence[str]], values: Mapping[str, str | None]) -> bool:
    """Say whether values fit: any of a column's globs, and all columns."""
    return all(any(_fits(glob, values.get(name)) for glob in listed) for name, listed in wanted.items())


def number(found: object, key: str, where: str) -> Decimal:
    """Return a decimal written as a number or as text.

    Raises:
        BadConfig: It is no number, or not above 0.
    """
    try:
        value = Decimal(str(found))
    except InvalidOperation:
        value = Decimal("NaN")
    if isinstance(found, bool) or not value.is_finite() or value <= 0:
        raise BadConfig(f"{where}: {key} {found!r} is no number above 0", fix=f'write for example {key} = "0.5"')
    return value


def listed(names: Sequence[str]) -> str:
    """Return names as one text that a query can look into; the empty text for none.

    >>> listed(["a", "b"])
    '␟a␟b␟'
    """
    return f"{BETWEEN}{BETWEEN.join(names)}{BETWEEN}" if names else ""


def _fits(glob: str, value: str | None) -> bool:
    if glob.startswith("!"):
        return not _fits(glob[1:], value)
    return not value if glob == "" else fnmatchcase(value or "", glob)
