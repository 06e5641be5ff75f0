"""Patterns: which names a model goes by, as one regular expression that matches them in full.

The price book keeps one pattern for each model; sources put theirs together from these.
"""

import re
from collections.abc import Sequence
from functools import cache

#: A text without any mark of a regular expression but escaped ones; and those.
_PLAIN = re.compile(r"(?:[^\\.^$*+?{}\[\]|()]|\\[^A-Za-z0-9])*")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_OPEN = len(".*")
_DATED = re.compile(r"-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


def equals(text: str) -> str:
    """Match exactly this name."""
    return re.escape(text)


def starts_with(text: str) -> str:
    """Match names that begin so."""
    return f"{re.escape(text)}.*"


def ends_with(text: str) -> str:
    """Match names that end so."""
    return f".*{re.escape(text)}"


def contains(text: str) -> str:
    """Match names that hold this anywhere."""
    return f".*{re.escape(text)}.*"


def search(expression: str) -> str:
    """Match names in which the expression is found anywhere.

    >>> search("^o[134]"), search(r"^gpt-5-mini-[0-9]{4}$")
    ('.*?(?:^o[134]).*', 'gpt-5-mini-[0-9]{4}')
    """
    if expression.startswith("^") and expression.endswith("$") and not re.search(r"[|\\]\$?$|\|", expression):
        return expression[1:-1]
    return f".*?(?:{expression}).*"


def any_of(patterns: Sequence[str]) -> str:
    """Match names that one of the patterns matches."""
    return "|".join(f"(?:{p})" if "|" in p else p for p in patterns)


def all_of(patterns: Sequence[str]) -> str:
    """Match names that every pattern matches."""
    return "".join(rf"(?=(?:{p})\Z)" for p in patterns) + ".*"


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern ready for `fullmatch`, without regard to case."""
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


def matches(pattern: str, name: str) -> bool:
    r"""Say whether a name is one that a pattern is for, in full and without regard to case.

    Most patterns only list names, or how they begin and end. Those are compared as they stand: to compile the few
    hundred patterns of a provider takes longer than all else that a quote does.

    >>> matches(r"gpt\-5|gpt\-5\-mini.*", "GPT-5-mini-2026"), matches("o[134]", "o3"), matches("o[134]", "o33")
    (True, True, False)
    """
    listed = _listed(pattern) if name.isascii() else None
    if listed is None:
        return compiled(pattern).fullmatch(name) is not None
    name = name.lower()
    return any(_is(name, *one) for one in listed)


def _is(name: str, text: str, starts: bool, ends: bool) -> bool:  # noqa: FBT001 - as `_listed` has them
    """Compare a name with a text that stands at its start, at its end, at both, or anywhere in it."""
    if starts and ends:
        return name == text
    return name.startswith(text) if starts else name.endswith(text) if ends else text in name


@cache
def _listed(pattern: str) -> tuple[tuple[str, bool, bool], ...] | None:
    """Return the texts of a pattern that only lists some, and whether each starts and ends the name; else None."""
    found = []
    for one in pattern.split("|"):
        start, end = (2 if one.startswith(".*") else 0), (-2 if one.endswith(".*") and len(one) > _OPEN else None)
        text = one[start:end]
        if not _PLAIN.fullmatch(text) or not text.isascii():
            return None
        found.append((_ESCAPED.sub(r"\1", text).lower(), not start, end is None))
    return tuple(found)


def dashed(name: str) -> str:
    """Write a compact date in a name with dashes, as most price lists have it.

    >>> dashed("gpt-5.2-20251211")
    'gpt-5.2-2025-12-11'
    """
    return _DATED.sub(r"-\1-\2-\3", name)
