"""The same calls through every major version of OpenAI's and Anthropic's clients, each in an environment of its own.

    python -m tests.sdk.versions.run [FOLDER]

Environments are made below FOLDER (`.cache/versions`) and kept. What is recorded through the newest version is what
the tests of the repository look at; here every other version has to record the same, event by event.
"""

import os
import subprocess
import sys
import venv
from difflib import unified_diff
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.sdk.fake_llm import serve

ROOT = Path(__file__).parents[3]
#: Requirements of each environment; the last of a library is what the others are held against.
VERSIONS = {
    "openai": ("openai>=1.109,<2", "openai>=2,<3", "openai>=3,<4"),
    "anthropic": ("anthropic>=0.125,<1", "anthropic>=1,<2", "anthropic>=2,<3"),
}
_ENOUGH = 10
_SHOWN = 40


def python_of(requirement: str, folder: Path) -> Path:
    """Return the interpreter of an environment with one library, made where it is not there yet."""
    place = folder / "".join(letter if letter.isalnum() else "-" for letter in requirement)
    python = place / "bin" / "python"
    if not (place / "made").exists():
        venv.create(place, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", requirement]
        subprocess.run(install, check=True)
        (place / "made").touch()
    return python


def recorded(library: str, requirement: str, folder: Path) -> list[str]:
    """Return what is recorded through one version, a line for each event."""
    fake, server = serve()
    try:
        with TemporaryDirectory() as events:
            command = [str(python_of(requirement, folder)), str(ROOT / "tests/sdk/versions/scenario.py")]
            command += [library, fake.address, f"{events}/events.ndjson"]
            environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONWARNINGS": "ignore"}
            done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)
    finally:
        server.shutdown()
        server.server_close()
    if done.returncode:
        raise SystemExit(f"{requirement}: {done.stderr[-2000:]}")
    return done.stdout.splitlines()


def main() -> int:
    """Compare all versions; return how many differ."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".cache" / "versions"
    differing = 0
    for library, requirements in VERSIONS.items():
        expected = recorded(library, requirements[-1], folder)
        if len(expected) < _ENOUGH:
            raise SystemExit(f"{requirements[-1]}: only {len(expected)} events")
        for requirement in requirements:
            found = expected if requirement == requirements[-1] else recorded(library, requirement, folder)
            lines = list(unified_diff(expected, found, requirements[-1], requirement, lineterm="", n=0))
            differing += bool(lines)
            said = [f"{requirement}: {len(found)} events, {'different' if lines else 'the same'}", *lines[:_SHOWN]]
            sys.stdout.write("\n".join(said) + "\n")
    return differing


if __name__ == "__main__":
    sys.exit(main())
