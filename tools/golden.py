"""Golden cases: what a case should give, written down beside its input, and how that is written anew.

A test hands what it found to `settle`, which compares it with the file below `tests/cases/`. `make golden NAME=...`
runs the same tests with GOLDEN set, and then the files of those cases are written instead; an expectation that exists
is left alone unless FORCE=1, so that a wrong result never becomes the expected one by accident.
"""

import os
from difflib import unified_diff
from pathlib import Path

CASES = Path(__file__).parents[1] / "tests" / "cases"


def settle(expected: Path, found: str, *, cases: Path = CASES) -> None:
    """Compare what a case gave with what it should give; write it instead when `make golden` asks for this case.

    Args:
        expected: The file beside the input, somewhere below `cases`.
        found: What the case gave, as the text of that file; a line end is added where the last line has none.
        cases: The folder of all cases.

    Raises:
        AssertionError: They differ, there is no expectation yet, or there is one that was not to be overwritten.
    """
    text = found if found.endswith("\n") else found + "\n"
    name = expected.parent.relative_to(cases).as_posix()
    held = expected.read_text(encoding="utf-8") if expected.is_file() else None
    if held == text:
        return
    if _is_asked_for(name):
        if held is not None and not os.environ.get("FORCE"):
            raise AssertionError(f"{name}/{expected.name} exists and says otherwise. Fix: FORCE=1 overwrites it")
        expected.parent.mkdir(parents=True, exist_ok=True)
        expected.write_text(text, encoding="utf-8")
    elif held is None:
        raise AssertionError(f"{name} has no {expected.name}. Fix: make golden NAME={name}, then read what it wrote")
    else:
        lines = unified_diff(held.splitlines(), text.splitlines(), expected.name, "found", lineterm="")
        raise AssertionError("\n".join([f"{name} gives something else", *lines]))


def _is_asked_for(name: str) -> bool:
    asked = os.environ.get("GOLDEN", "").strip("/")
    return bool(asked) and f"{name}/".startswith(f"{asked}/")
