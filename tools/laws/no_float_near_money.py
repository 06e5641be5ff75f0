"""No float in a room that carries money.

A float cannot hold 0.10. Adding ten of them gives 0.9999999999999999, and a ledger that is off in the
sixteenth place fails the one comparison the product lives by: shares equal charges, to the last digit. It does
not help to be careful at the edges, because one float on the way makes the whole sum a float, silently, in a
place far from the one that shows it. So in these rooms the word `float` and float literals in arithmetic do not
occur: amounts and quantities are `Decimal` or whole numbers.

What is not money may be a float if a reader can see that it is not:

- seconds measured on a clock, when the name says so (`duration_s`, `elapsed_seconds`);
- a dimensionless figure of statistics, when the line ends with `# float is fine: <reason>`, or when a comment on
  a line of its own says `# float is fine in this file: <reason>`. Without a reason it does not count.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.laws.gather import breach, parent_of, room_of, tree_of

ROOMS = frozenset({"terms", "bills", "prices", "cost", "allocate", "explain", "flow", "revenue", "store"})
_FIX = "use Decimal or a whole number; seconds may be floats under a name that ends in _s or _seconds"
_SECONDS = re.compile(r"(_s|seconds)$")
_FINE_LINE = re.compile(r"# float is fine: \w+")
_FINE_FILE = re.compile(r"^# float is fine in this file: \w+", re.MULTILINE)


def check(paths: Iterable[Path]) -> list[str]:
    """Return one line for every float in the rooms that carry money."""
    found = []
    for path in paths:
        if room_of(path) not in ROOMS:
            continue
        text = path.read_text(encoding="utf-8")
        if _FINE_FILE.search(text):
            continue
        lines = text.splitlines()
        found += [
            breach(path, line, message, _FIX)
            for line, message in _floats(tree_of(path))
            if not _FINE_LINE.search(lines[line - 1])
        ]
    return found


def _floats(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "float" and not _names_seconds(node):
            called = isinstance(parent := parent_of(node), ast.Call) and parent.func is node
            yield node.lineno, "float() is called near money" if called else "a float is declared near money"
        elif isinstance(node, ast.Constant) and isinstance(node.value, float) and _is_counted_with(node):
            yield node.lineno, f"the float {node.value!r} is counted with near money"


def _is_counted_with(node: ast.AST) -> bool:
    parent = parent_of(node)
    while isinstance(parent, ast.UnaryOp):
        node, parent = parent, parent_of(parent)
    if isinstance(parent, ast.BinOp | ast.AugAssign):
        return not _names_seconds(node)
    made = parent.func if isinstance(parent, ast.Call) else None
    return isinstance(made, ast.Name | ast.Attribute) and _name(made) == "Decimal"


def _names_seconds(node: ast.AST) -> bool:
    """Say whether what a node is declared as, or assigned to, is called seconds."""
    above = parent_of(node)
    while above is not None:
        match above:
            case ast.arg(arg=name) | ast.keyword(arg=str(name)):
                return bool(_SECONDS.search(name))
            case ast.AnnAssign(target=target) | ast.AugAssign(target=target) | ast.Assign(targets=[target]):
                return bool(_SECONDS.search(_name(target)))
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                return bool(_SECONDS.search(name))
        above = parent_of(above)
    return False


def _name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
