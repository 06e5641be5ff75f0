"""No SQL text outside `.sql` files.

A query in a file of its own can be read whole, has a header that says its grain and units, runs on both engines
in the tests, and shows a reviewer what changed. A query in a Python string has none of that: no test finds it,
it runs on one engine only, and the day it is put together from parts a value becomes text. The store's own
assembly (grouping columns checked against the tables, definitions of tables) is the one exception.

Text for people may say such words, so the law wants the form of a statement: its verbs in capitals, or a string
that begins with one and goes on as a statement does. Docstrings are not looked at.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import shorten

from tools.laws.gather import breach, parent_of, room_of, tree_of

_FIX = "put the query into <room>/sql/<name>.sql and call it by name through the store"
_NAME = r"[\w.\"`{}$]+"
_CAPITALS = re.compile(
    rf"\bSELECT\b.+\bFROM\b|\bINSERT\s+INTO\b|\bUPDATE\s+{_NAME}\s+SET\b|\bDELETE\s+FROM\b"
    r"|\b(CREATE|ALTER|DROP)\s+(OR\s+REPLACE\s+)?(TEMP(ORARY)?\s+)?(TABLE|VIEW|MACRO|INDEX)\b",
    re.DOTALL,
)
_LIST = rf"(\*|{_NAME}(\([^)]*\))?(\s+as\s+{_NAME})?(\s*,\s*{_NAME}(\([^)]*\))?(\s+as\s+{_NAME})?)*)"
_BEGINS = re.compile(
    rf"\s*(select\s+(distinct\s+)?{_LIST}\s+from\s+{_NAME}|insert\s+into\s+{_NAME}\s*(\(|values|select)"
    rf"|update\s+{_NAME}\s+set\s+{_NAME}\s*=|delete\s+from\s+{_NAME}\s*(where|;|$)"
    r"|(create|alter|drop)\s+(or\s+replace\s+)?(temp(orary)?\s+)?(table|view|macro|index)\s)",
    re.DOTALL | re.IGNORECASE,
)


def check(paths: Iterable[Path]) -> list[str]:
    """Return one line for every string in the package, outside `store`, that is SQL."""
    return [
        breach(path, line, f"SQL in Python: {_short(text)!r}", _FIX)
        for path in paths
        if room_of(path) not in (None, "store")
        for line, text in _strings(tree_of(path))
        if _CAPITALS.search(text) or _BEGINS.match(text)
    ]


def _strings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield each string of the code once, put together where it is written in parts."""
    for node in ast.walk(tree):
        above = parent_of(node)
        if isinstance(above, ast.BinOp | ast.JoinedStr | ast.FormattedValue) or _is_docstring(node):
            continue
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp) and (text := _text(node)):
            yield node.lineno, text


def _text(node: ast.AST) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part) for part in parts)
        case ast.FormattedValue():
            return "{}"
        case ast.BinOp(left=left, op=ast.Add() | ast.Mod(), right=right):
            return _text(left) + _text(right)
    return ""


def _is_docstring(node: ast.AST) -> bool:
    above = parent_of(node)
    return isinstance(above, ast.Expr) and isinstance(node, ast.Constant)


def _short(text: str) -> str:
    return shorten(text, width=60, placeholder="...")
