"""Environments: each emitter's libraries are heavy and conflict with others', so they are in a folder of their own.

They are below `.cache/dialects`, made when they are not there, or when what `tests/dialects` pins is something else.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tests.dialects.made_of import NODE, ROOT, pinned

_CACHE = ROOT / ".cache" / "dialects"


def command(name: str) -> list[str]:
    """Return the command that plays an emitter, but for where to; its environment is made when it is not there."""
    return _node() if name == NODE else [_python(name), "-m", f"tests.dialects.emitters.{name}"]


def folder(name: str) -> Path:
    """Return the folder to run that command in."""
    return _CACHE / NODE if name == NODE else ROOT


def _python(name: str) -> str:
    """Return the interpreter of an emitter's environment, which is made when it is not there."""
    wanted, place = ROOT / pinned(name), _CACHE / name
    if not _is_made(place, wanted):
        print(f"{name}: making {place.relative_to(ROOT)}", flush=True)  # noqa: T201 - for whoever runs this
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, stdout=subprocess.DEVNULL)
        quiet = ["-q", "--disable-pip-version-check", "--no-input"]
        _install([f"{place}/bin/python", "-m", "pip", "install", *quiet, "-r", str(wanted)], place)
        _say_made(place, wanted)
    return f"{place}/bin/python"


def _node() -> list[str]:
    place, wanted = _CACHE / NODE, ROOT / pinned(NODE)
    place.mkdir(parents=True, exist_ok=True)
    for path in wanted.parent.iterdir():
        shutil.copy(path, place)
    if not _is_made(place, wanted):
        print(f"{NODE}: making {place.relative_to(ROOT)}", flush=True)  # noqa: T201 - for whoever runs this
        _install(["npm", "install", "--no-audit", "--no-fund", "--silent"], place)
        _say_made(place, wanted)
    return ["node", "send.mjs"]


def _install(command: list[str], place: Path) -> None:
    """Run an installer in a folder. What it has to say goes to a log there."""
    log = place / "install.log"
    with log.open("wb") as file:
        done = subprocess.run(command, cwd=place, stdout=file, stderr=file, check=False)
    if done.returncode:
        raise SystemExit(f"{place.name}: its packages could not be installed; {log.relative_to(ROOT)} says why")


def _is_made(place: Path, wanted: Path) -> bool:
    stamp = place / ".made"
    return stamp.is_file() and stamp.read_text(encoding="ascii") == _digest(wanted)


def _say_made(place: Path, wanted: Path) -> None:
    (place / ".made").write_text(_digest(wanted), encoding="ascii")


def _digest(wanted: Path) -> str:
    return hashlib.sha256(wanted.read_bytes()).hexdigest()
