"""The Makefile and its scripts: what a newcomer meets first, also when something is missing."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.house.planting import ROOT, planted

RECIPES = ["setup", "assets", "browser", "validator", "demo", "check", "test"]
RECIPES += ["test-dialects", "fuzz", "format", "golden", "bench", "docs", "clean"]
#: Programs the scripts need in order to find out that something else is missing.
TOOLS = ["bash", "env", "cat", "dirname", "find", "grep", "id", "rm", "sed", "sha256sum", "sort", "xargs", "mkdir"]


def run(*command: str, path: str | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command at the root, as from a shell and not from within another make."""
    outer = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS")) and k != "PYTHON"}
    environment = {**outer, **variables, "PATH": path or os.environ["PATH"]}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Return a folder of programs with the everyday ones and none of those Outlay needs."""
    for tool in TOOLS:
        where = next(Path(folder) / tool for folder in ("/usr/bin", "/bin") if (Path(folder) / tool).exists())
        (tmp_path / tool).symlink_to(where)
    return tmp_path


def script(folder: Path, name: str, text: str) -> None:
    """Write a program into a folder of programs."""
    planted(folder, name, f"#!/bin/bash\n{text}\n").chmod(0o755)


def only_line(result: subprocess.CompletedProcess[str]) -> str:
    """Return the one line a refusal consists of."""
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    return line


def test_make_alone_lists_every_recipe() -> None:
    """`make` says what there is, one line for each recipe."""
    listed = [line.split()[1] for line in run("make").stdout.splitlines()]
    assert listed == ["help", *RECIPES]


def test_the_machine_runs_what_a_person_runs() -> None:
    """`.ci/run` is what is stale of `make test-dialects`, then `make test`: check, and every test in random order."""
    said = run("make", "-n", "test").stdout
    for part in ("ruff format --check", "ruff check", "mypy", "lint-imports", "tools.laws", "pytest -n 2"):
        assert part in said
    assert said.strip().splitlines()[-1].startswith(".venv/bin/python -m pytest")
    _, *script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [line for line in script if not line.startswith(("#", "set ", "cd "))]
    assert "set -euo pipefail" in script  # what fails ends it
    assert commands == ["make --no-print-directory test-dialects", "exec make --no-print-directory test"]
    assert "tests.dialects.playing" in run("make", "-n", "test-dialects").stdout
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_an_old_python_is_refused_in_one_line(bare: Path) -> None:
    """Where only an older Python is found, the line says which, and what to install."""
    script(bare, "python3", '[[ $1 == --version ]] && echo "Python 3.9.2" && exit 0\nexit 1')
    line = only_line(run("tools/setup/python.sh", path=str(bare)))
    assert "needs Python 3.11 or newer, found Python 3.9.2" in line
    assert "Fix: install python3.11" in line


def test_no_python_is_refused_in_one_line(bare: Path) -> None:
    """Where there is no Python at all, the line says so."""
    assert "found no python3" in only_line(run("tools/setup/python.sh", path=str(bare)))


def test_a_python_asked_for_that_does_not_do_is_refused() -> None:
    """PYTHON=... is obeyed or refused, never replaced by another."""
    assert "PYTHON=python2 is not a Python 3.11" in only_line(run("tools/setup/python.sh", PYTHON="python2"))


def test_a_name_on_the_path_that_does_not_run_is_passed_over(bare: Path) -> None:
    """Version managers leave names behind that only explain themselves; the next one that works is taken."""
    script(bare, "python3.11", "echo 'python3.11: not installed' >&2\nexit 127")
    script(bare, "python3.12", "exit 0")
    assert run("tools/setup/python.sh", path=str(bare)).stdout.strip() == str(bare / "python3.12")


def test_a_missing_browser_is_refused_in_one_line(bare: Path) -> None:
    """Where there is no Chromium and nothing to install it with, the line names the package."""
    line = only_line(run("tools/setup/browser.sh", path=str(bare)))
    assert "no Chromium or Chrome on PATH" in line
    assert "Fix: install the package chromium" in line


def test_a_missing_browser_is_installed_where_that_needs_no_question(bare: Path, tmp_path: Path) -> None:
    """As root with apt-get, the package is installed, and a failure is told in one line without a host."""
    script(bare, "id", "echo 0")
    script(bare, "apt-get", f'echo "$@" >>{tmp_path}/asked')
    script(bare, "mktemp", f"echo {tmp_path}/notes")
    assert run("tools/setup/browser.sh", path=str(bare)).returncode == 0
    assert (tmp_path / "asked").read_text(encoding="utf-8").split("\n")[1].endswith(" chromium")
    script(bare, "apt-get", 'echo "E: Failed to fetch http://mirror.invalid/x"\nexit 100')
    line = only_line(run("tools/setup/browser.sh", path=str(bare)))
    assert "Failed to fetch the mirror" in line
    assert "mirror.invalid" not in line


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Return a tree with only the script that builds the web assets, and something for it to build."""
    planted(tmp_path, "house/web/package.json", "{}")
    planted(tmp_path, "house/web/chart.js", "1")
    script(tmp_path, "house/tools/setup/assets.sh", (ROOT / "tools/setup/assets.sh").read_text(encoding="utf-8"))
    return tmp_path / "house"


def test_a_missing_node_is_refused_in_one_line(bare: Path, house: Path) -> None:
    """Where web/ has to be built and Node.js is missing, the line says so and names the package."""
    line = only_line(run("bash", str(house / "tools/setup/assets.sh"), path=str(bare)))
    assert "node is not installed" in line
    assert "Fix: install Node.js" in line


def test_assets_are_built_once_for_each_state_of_their_sources(bare: Path, house: Path) -> None:
    """The same sources are not built twice; changed ones are built again."""
    builder = (
        f"echo $1 >>{house}/built\nif [[ $1 == run ]]; then mkdir -p ../src/outlay/serve/web/static/vendor;"
        " cp chart.js ../src/outlay/serve/web/static/vendor/; fi"
    )
    script(bare, "node", "exit 0")
    script(bare, "npm", builder)
    for tool in ("mktemp", "cp"):
        (bare / tool).symlink_to(f"/usr/bin/{tool}")
    command = ["bash", str(house / "tools/setup/assets.sh")]
    for _ in range(2):
        assert run(*command, path=str(bare)).returncode == 0
    assert (house / "built").read_text(encoding="utf-8").split() == ["install", "run"]
    planted(house, "web/chart.js", "2")
    assert run(*command, path=str(bare)).returncode == 0
    built = house / "src/outlay/serve/web/static/vendor/chart.js"
    assert built.read_text(encoding="utf-8") == "2"


def test_a_build_that_fails_is_told_in_one_line(bare: Path, house: Path) -> None:
    """What npm has to say goes to a log, which the line names."""
    script(bare, "node", "exit 0")
    script(bare, "npm", "echo http://mirror.invalid\nexit 1")
    for tool in ("mktemp", "cp"):
        (bare / tool).symlink_to(f"/usr/bin/{tool}")
    line = only_line(run("bash", str(house / "tools/setup/assets.sh"), path=str(bare)))
    assert "the build failed; web/node_modules/.build.log says why" in line
    assert "mirror.invalid" in (house / "web/node_modules/.build.log").read_text(encoding="utf-8")
