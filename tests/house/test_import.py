"""What `import outlay` costs the program it is put into: the standard library and the SDK, nothing else."""

import json
import subprocess
import sys

import pytest

from tests.house.planting import ROOT

PROBE = """
import json, sys
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
import outlay
print(json.dumps(sorted(set(sys.modules) - before)))
"""
#: The rooms the SDK stands on, see the picture of the river in docs/map.md.
LIGHT = {"outlay", "outlay.sdk", "outlay.wire", "outlay.terms", "outlay.errors"}


def loaded(*flags: str) -> list[str]:
    """Return the modules that `import outlay` loads in a fresh interpreter."""
    command = [sys.executable, "-I", *flags, "-c", PROBE, str(ROOT / "src")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"`import outlay` failed with {flags}:\n{run.stderr}"
    names: list[str] = json.loads(run.stdout)
    return names


@pytest.mark.parametrize("flags", [(), ("-S",)], ids=["with-packages", "without-packages"])
def test_importing_outlay_loads_only_the_standard_library(flags: tuple[str, ...]) -> None:
    """Neither where every package is installed nor where none is does the SDK load one."""
    foreign = {name.partition(".")[0] for name in loaded(*flags)} - sys.stdlib_module_names - {"outlay"}
    assert foreign == set(), f"`import outlay` loads {sorted(foreign)}. Fix: import it where it is used, not at the top"


def test_importing_outlay_loads_only_the_rooms_of_the_sdk() -> None:
    """The server's rooms stay outside a program that only reports its usage."""
    rooms = {".".join(name.split(".")[:2]) for name in loaded() if name.partition(".")[0] == "outlay"}
    assert rooms <= LIGHT, f"`import outlay` loads {sorted(rooms - LIGHT)}. Fix: the SDK may need only {sorted(LIGHT)}"
