import subprocess
import sys
from pathlib import Path

from tests.house.planting import ROOT, planted
from tools.laws.gather import files_of, laws


def run_laws(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the laws over a folder, as `make check` does."""
    return subprocess.run(
        [sys.executable, "-m", "tools.laws", str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_every_law_is_found_by_its_file() -> None:
    """The folder is the list of laws, and each gives its long reason in its docstring."""
    assert [law.name for law in laws()] == [
        "file_length",
        "names",
        "no_float_near_money",
        "no_naive_datetime",
        "no_sql_outside_sql",
        "workplace",
    ]
    for law in laws():
        text = (ROOT / "tools" / "laws" / f"{law.name}.py").read_text(encoding="utf-8")
        assert len(text.split('"""')[1].splitlines()) > 4, f"tools/laws/{law.name}.py gives no reason"


def test_a_breach_ends_the_run_with_status_one(tmp_path: Path) -> None:
    """The run prints the breach and fails; over clean code it succeeds."""
    planted(tmp_path, "src/outlay/terms/clean.py", "x = 1\n")
    assert run_laws(tmp_path).returncode == 0
    planted(tmp_path, "src/outlay/terms/utils.py", "x = float(1)\n")
    run = run_laws(tmp_path)
    assert run.returncode == 1
    assert "utils.py:1: a module called 'utils'" in run.stdout
    assert "utils.py:1: float() is called near money" in run.stdout


def test_what_tools_made_is_not_read(tmp_path: Path) -> None:
    """Environments, caches and built assets are left out, the settings of the checks are not."""
    kept = [planted(tmp_path, path, "") for path in (".ci/run", ".gitignore", "src/outlay/x.py", "web/build.mjs")]
    for path in (".venv/x.py", "web/node_modules/x.js", "src/outlay/serve/web/static/vendor/x.js", ".git/config"):
        planted(tmp_path, path, "")
    assert files_of(tmp_path) == sorted(kept)


def test_the_repository_keeps_its_laws() -> None:
    """No file of this repository breaches a law."""
    files = files_of(ROOT)
    found = [breach for law in laws() for breach in law.check(files)]
    assert not found, "\n".join(found)
