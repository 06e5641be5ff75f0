"""What the code imports, and what pyproject.toml says it needs."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.house.planting import ROOT
from tools.laws.gather import package_path, parent_of, tree_of

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def needed(extra: str) -> set[str]:
    """Return the distributions an extra names, in lower case with dashes."""
    names = (re.match(r"[\w.-]+", line) for line in PROJECT["optional-dependencies"][extra])
    return {name[0].lower().replace("_", "-") for name in names if name}


def third_party(path: Path) -> set[str]:
    """Return the top names a file imports from outside, except those it is ready to do without."""
    found = set()
    for node in ast.walk(tree_of(path)):
        if _is_optional(node):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - {"outlay"}


def _is_optional(node: ast.AST) -> bool:
    """Say whether an import stands in a `try` that has an answer to its absence, or is for typing only."""
    above = parent_of(node)
    while above is not None:
        if isinstance(above, ast.Try) and any(
            isinstance(name, ast.Name) and name.id in ("ImportError", "ModuleNotFoundError")
            for handler in above.handlers
            for name in ast.walk(handler.type or handler)
        ):
            return True
        if isinstance(above, ast.If) and "TYPE_CHECKING" in ast.unparse(above.test):
            return True
        above = parent_of(above)
    return False


def test_the_sdk_brings_nothing_with_it() -> None:
    """`pip install outlay` installs one package."""
    assert PROJECT["dependencies"] == []


def test_what_the_server_imports_is_declared() -> None:
    """Every package the code imports is in the extra `server`; the SDK's targets are imported only if present."""
    distributions = packages_distributions()
    declared = needed("server")
    missing = []
    for path in sorted((ROOT / "src" / "outlay").rglob("*.py")):
        if (package_path(path) or ("",))[0] == "sdk":
            continue  # what it instruments belongs to its host; the light-sdk contract watches the rest
        for name in sorted(third_party(path)):
            owners = {owner.lower().replace("_", "-") for owner in distributions.get(name, [name])}
            if not owners & declared:
                missing.append(f"{path.relative_to(ROOT)} imports {name}. Fix: add it to `server` in pyproject.toml")
    assert not missing, "\n".join(missing)


def test_every_bound_is_a_lower_one() -> None:
    """A library that caps its dependencies cannot be installed beside others; each has a lower bound and no other."""
    lines = [line for extra in PROJECT["optional-dependencies"].values() for line in extra if "outlay[" not in line]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+>=[\d.]+", line)] == []
