import ast
import re

from tests.docs.pages import ROOT, read

#: `| 3 | Shares of a charge add up to it exactly | `tests/laws/test_x.py::test_name` |`, one test or several.
_ROW = re.compile(r"^\|\s*(\d+)\s*\|([^|]+)\|([^|]+)\|", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)((?:::\w+)+)`")
NUMBERS = range(1, 12)


def rows() -> dict[int, list[tuple[str, str]]]:
    """Return the tests LAWS.md names for each law: file, and name within it."""
    return {int(number): _TEST.findall(tests) for number, _, tests in _ROW.findall(read("LAWS.md"))}


def exists(file: str, name: str) -> bool:
    """Say whether a test of that name stands in that file (`::Class::test` goes into the class)."""
    place = ROOT / file
    if not place.is_file():
        return False
    level: list[ast.stmt] = ast.parse(place.read_text(encoding="utf-8")).body
    for part in name.removeprefix("::").split("::"):
        found = [
            n for n in level if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and n.name == part
        ]
        if not found:
            return False
        level = found[0].body
    return True


def test_every_law_is_listed() -> None:
    """LAWS.md has a row for each of the laws 1 to 11."""
    form = "| N | the law | `tests/laws/test_x.py::test_name` |"
    missing = [f"LAWS.md has no row for law {n}. Fix: add {form}" for n in NUMBERS if n not in rows()]
    assert not missing, "\n".join(missing)


def test_every_law_has_a_test_that_exists() -> None:
    """Each row of LAWS.md names at least one test, and each test it names is there."""
    wrong = [f"LAWS.md: law {number} names no test. Fix: add one" for number, tests in rows().items() if not tests]
    wrong += [
        f"LAWS.md: law {number} names {file}{name}, which does not exist. Fix: write the test or mend the name"
        for number, tests in rows().items()
        for file, name in tests
        if not exists(file, name)
    ]
    assert not wrong, "\n".join(wrong)


def test_a_test_that_is_not_there_is_seen() -> None:
    """The check finds this very test, and not one of a name nobody wrote."""
    assert exists("tests/docs/test_laws_listed.py", "::test_a_test_that_is_not_there_is_seen")
    assert not exists("tests/docs/test_laws_listed.py", "::test_nobody_wrote")
    assert not exists("tests/docs/nowhere.py", "::test_nobody_wrote")
