"""No instant without a time zone.

A bill says 2026-10-01T00:00:00Z, a laptop in another zone reads its own midnight, and a day's spend lands in the
month before. The two kinds of datetime cannot be compared, so the error shows only where they meet, and often as
a wrong figure rather than an error. Ruff's DTZ rules know the constructors; this law also sees an instant being
stripped of its zone (`.replace(tzinfo=None)`), and today's date in the local zone.

The one place that may strip is `store`, because an engine's column of instants is UTC by declaration.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.laws.gather import breach, room_of, tree_of

#: Calls without any zone, whatever they are given.
_NEVER = frozenset({"utcnow", "utcfromtimestamp", "today"})
#: Where the zone stands when it is given by position.
_ZONE_PLACE = {"now": 0, "fromtimestamp": 1}
_ZONE_PLACE_OF_CONSTRUCTOR = 7


def check(paths: Iterable[Path]) -> list[str]:
    """Return one line for every naive instant in our Python files."""
    return [
        breach(path, line, message, fix)
        for path in paths
        if path.suffix == ".py"
        for line, message, fix in _naive(tree_of(path), may_strip=room_of(path) == "store")
    ]


def _naive(tree: ast.Module, *, may_strip: bool) -> Iterator[tuple[int, str, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name, owner = _named(node.func)
        if name == "replace" and not may_strip and _strips_zone(node):
            yield node.lineno, "an instant loses its time zone", "keep it, or use .astimezone(UTC)"
        elif name == "datetime" and not _has_zone(node, _ZONE_PLACE_OF_CONSTRUCTOR):
            yield node.lineno, "datetime(...) has no time zone", "add tzinfo=UTC"
        elif owner in ("datetime", "date") and name in _NEVER:
            yield node.lineno, f"{owner}.{name}() knows no time zone", "use datetime.now(UTC)"
        elif owner == "datetime" and name in _ZONE_PLACE and not _has_zone(node, _ZONE_PLACE[name]):
            yield node.lineno, f"datetime.{name}() is given no time zone", "give it UTC"


def _named(function: ast.expr) -> tuple[str, str]:
    """Return the last name of what is called, and the name before it."""
    match function:
        case ast.Attribute(attr=name, value=ast.Attribute(attr=owner) | ast.Name(id=owner)):
            return name, owner
        case ast.Attribute(attr=name):
            return name, ""
        case ast.Name(id=name):
            return name, ""
    return "", ""


def _has_zone(call: ast.Call, place: int) -> bool:
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return True  # it cannot be seen from here what is spread out
    if len(call.args) > place:
        return not _is_none(call.args[place])
    return any(k.arg is None or (k.arg in ("tz", "tzinfo") and not _is_none(k.value)) for k in call.keywords)


def _strips_zone(call: ast.Call) -> bool:
    return any(k.arg == "tzinfo" and _is_none(k.value) for k in call.keywords)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
