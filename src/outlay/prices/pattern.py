"""Patterns: which names a model goes by, as one regular expression that matches them in full.

The price book keeps one pattern for each model; sources put theirs together from these.
"""

import re
from collections.abc import Sequence
from functools import cache

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


def dashed(name: str) -> str:
    """Write a compact date in a name with dashes, as most price lists have it.

    >>> dashed("gpt-5.2-20251211")
    'gpt-5.2-2025-12-11'
    """
    return _DATED.sub(r"-\1-\2-\3", name)
