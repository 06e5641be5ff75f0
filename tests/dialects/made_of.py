"""What a recording is made of: its emitter's driver and pinned packages, the server that answers, and the recorder.

A fingerprint of each part stands beside the recordings, so that anybody can tell which of them are stale: what made
them, or what they were last played and compared with, is no longer what is here.
"""

import hashlib
import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT / "tests" / "cases" / "telemetry"
NODE = "vercel"
#: Raised when a change to how emitters are played, or recordings written, makes those there are worth nothing.
RECORDER = 1
_HERE = Path("tests/dialects")
_ALL = tuple(_HERE / name for name in ("fake_llm.py", "receiver.py", "scrubbing.py"))
_FILE = "made_of.json"


def names(root: Path = ROOT) -> list[str]:
    """Return the names of all emitters.

    >>> "otel_genai" in names()
    True
    """
    return sorted([*(path.stem for path in (root / _HERE / "requirements").glob("*.txt")), NODE])


def pinned(name: str) -> Path:
    """Return the file that pins what an emitter needs, below the root.

    >>> pinned("otel_genai").as_posix()
    'tests/dialects/requirements/otel_genai.txt'
    """
    return _HERE / ("emitters/vercel/package.json" if name == NODE else f"requirements/{name}.txt")


def parts(name: str, root: Path = ROOT) -> dict[str, str]:
    """Return the fingerprint of each part a recording of an emitter is made of, by the part's path."""
    own = ("vercel/send.mjs",) if name == NODE else (f"{name}.py", "sending.py")
    paths = [pinned(name), *(_HERE / "emitters" / driver for driver in own), *_ALL]
    found = {path.as_posix(): hashlib.sha256((root / path).read_bytes()).hexdigest()[:16] for path in sorted(paths)}
    return {"recorder": str(RECORDER), **found}


def changed(name: str, root: Path = ROOT, recordings: Path = RECORDINGS) -> list[str]:
    """Return the parts that are others than those an emitter's recordings were made of; none when they are fresh."""
    try:
        held = json.loads((recordings / name / _FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        held = {}
    now = parts(name, root)
    return sorted(part for part in held.keys() | now.keys() if held.get(part) != now.get(part))


def stamp(name: str, root: Path = ROOT, recordings: Path = RECORDINGS) -> None:
    """Say beside an emitter's recordings that they are what the parts there are now make."""
    text = json.dumps(parts(name, root), indent=1) + "\n"
    (recordings / name / _FILE).write_text(text, encoding="utf-8")
