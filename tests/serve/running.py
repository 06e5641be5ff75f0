"""A real server in a process of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

_ROOT = Path(__file__).parents[2]
#: So that a process finds this project and its tests wherever it is started from.
HOME = {**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT / "src"), str(_ROOT)])}


@contextmanager
def running(url: str, journal: Path, *options: str) -> "Iterator[tuple[subprocess.Popen[str], httpx.Client]]":
    """Run `outlay serve`, and give the process and a client of it; on leaving it is killed, if it still runs."""
    command = [sys.executable, "-m", "outlay", "--store", url, "serve", "--port", "0", "--journal", str(journal)]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, env=HOME)
    assert process.stdout
    try:
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found, "the server did not open"
        with httpx.Client(base_url=found[0], timeout=60) as client:
            yield process, client
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
