"""What people get when they install Outlay."""

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from tests.house.planting import ROOT, planted

BUILD = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
DATA = [
    "outlay/py.typed",
    "outlay/cost/sql/estimate.sql",
    "outlay/cost/sql/estimate.clickhouse.sql",
    "outlay/demo/rules.toml",
    "outlay/serve/web/templates/page.html",
    "outlay/serve/web/static/page.css",
    "outlay/serve/web/static/vendor/chart.js",
]


def test_the_wheel_holds_everything_below_the_package(tmp_path: Path) -> None:
    """Queries, templates, static files and built assets are installed, though git ignores the last; caches are not."""
    house = tmp_path / "house"
    for name in ("pyproject.toml", "LICENSE", ".gitignore"):
        house.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, house / name)
    planted(house, "README.md", "# Outlay\n")
    for path in ["outlay/__init__.py", "outlay/__pycache__/x.pyc", *DATA]:
        planted(house, f"src/{path}", "")
    run = subprocess.run(
        [sys.executable, "-c", BUILD, str(tmp_path)], cwd=house, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = set(ZipFile(wheel).namelist())
    assert {*DATA, "outlay/__init__.py"} <= names
    assert not [name for name in names if "__pycache__" in name]
    (licence,) = [name for name in names if name.endswith("/LICENSE")]
    (entry,) = [name for name in names if name.endswith("/entry_points.txt")]
    with ZipFile(wheel) as archive:
        assert "Apache License" in archive.read(licence).decode()
        assert "outlay = outlay.__main__:main" in archive.read(entry).decode()
