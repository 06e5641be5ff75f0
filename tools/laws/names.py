"""A module is named for what it holds.

A module called after nothing in particular accepts anything, so everything ends up there, and no reader can guess
what is inside or whether to look. A name from the domain, or the verb of a stage, says both what belongs and what
does not. The same goes for a name with "and" in it: it says that there are two modules.
"""

from collections.abc import Iterable
from pathlib import Path

from tools.laws.gather import breach

FORBIDDEN = frozenset(
    {
        *("util", "utils", "utilities", "helper", "helpers", "common", "commons", "base", "bases"),
        *("manager", "managers", "service", "services", "models", "misc", "stuff"),
    }
)
_FIX = "name it for the thing of the domain it holds, or split it until each part has such a name"


def check(paths: Iterable[Path]) -> list[str]:
    """Return one line for every Python module or package with a name that says nothing."""
    found = []
    for path in paths:
        if path.suffix != ".py":
            continue
        for name in _names(path):
            if name.strip("_").removeprefix("test_") in FORBIDDEN:
                found.append(breach(path, 1, f"a module called {name!r} can hold anything", _FIX))
            elif "_and_" in name and not name.startswith("test_"):
                found.append(breach(path, 1, f"the name {name!r} names two things", _FIX))
    return found


def _names(path: Path) -> Iterable[str]:
    """Return the module's own name and, for the file that makes a package, the folder's."""
    if path.name == "__init__.py":
        return [path.parent.name]
    return [path.stem]
