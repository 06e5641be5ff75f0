"""What the laws share: the files of the repository, the room a file is in, its syntax tree, the list of laws."""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

#: Folders that are made, not written.
MADE = frozenset({"__pycache__", "node_modules", "vendor", "build", "dist", "outlay-demo"})
#: Folders with a leading dot are caches and settings of tools, except these.
DOTTED = frozenset({".ci", ".github"})
#: Modules of this package that are not laws.
_NOT_LAWS = frozenset({"gather", "__main__"})


@dataclass(frozen=True, slots=True)
class Law:
    """A law: the name of its module and what it offers."""

    name: str
    check: Callable[[Iterable[Path]], list[str]]


def laws() -> list[Law]:
    """Return every law in this folder, in alphabetical order."""
    folder = [str(Path(__file__).parent)]
    names = sorted(module.name for module in iter_modules(folder) if module.name not in _NOT_LAWS)
    return [Law(name, import_module(f"tools.laws.{name}").check) for name in names]


def files_of(root: Path) -> list[Path]:
    """Return the files people wrote below a folder, in order; what tools made is left out."""
    return sorted(_walk(root))


def _walk(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.is_symlink():
            continue
        if entry.is_dir():
            if entry.name not in MADE and (not entry.name.startswith(".") or entry.name in DOTTED):
                yield from _walk(entry)
        elif entry.suffix not in (".duckdb", ".pyc"):
            yield entry


def package_path(path: Path) -> tuple[str, ...] | None:
    """Return the parts of a path below `src/outlay`, or None when it is not in the package.

    >>> package_path(Path("/x/src/outlay/terms/money.py"))
    ('terms', 'money.py')
    """
    parts = path.parts
    for start in range(len(parts) - 1):
        if parts[start : start + 2] == ("src", "outlay"):
            return parts[start + 2 :]
    return None


def room_of(path: Path) -> str | None:
    """Return the room a Python file of the package belongs to, or None when it is not one.

    >>> room_of(Path("src/outlay/terms/money.py")), room_of(Path("src/outlay/flow.py")), room_of(Path("bench/a.py"))
    ('terms', 'flow', None)
    """
    inside = package_path(path)
    if not inside or path.suffix != ".py":
        return None
    return inside[0].removesuffix(".py")


def tree_of(path: Path) -> ast.Module:
    """Return the syntax tree of a Python file, every node with its `parent`."""
    return _tree(path.read_text(encoding="utf-8"), str(path))


@cache
def _tree(text: str, name: str) -> ast.Module:
    tree = ast.parse(text, filename=name)
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node  # type: ignore[attr-defined] # the tree is ours; ast has no way up
    return tree


def parent_of(node: ast.AST) -> ast.AST | None:
    """Return the node a node is part of, or None for the module."""
    parent: ast.AST | None = getattr(node, "parent", None)
    return parent


def breach(path: Path, line: int, message: str, fix: str) -> str:
    """Write a breach in the one form all laws use."""
    return f"{path}:{line}: {message}. Fix: {fix}"
