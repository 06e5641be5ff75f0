"""A real Redis on a socket of its own, for the queues that need one."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
_READY = b"eady to accept connections"  # releases begin the sentence differently


@contextmanager
def redis() -> Iterator[Path]:
    """Run a server; yields the path of its socket. An absent one is installed, or fails; it never skips."""
    subprocess.run([ROOT / "tools" / "setup" / "redis.sh"], check=True)
    folder = Path(tempfile.mkdtemp(prefix="outlay-redis-"))  # short, since the path of a socket has to be
    place = folder / "s"
    options = ["--port", "0", "--unixsocket", str(place), "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(["redis-server", *options], stdout=subprocess.PIPE)
    try:
        assert server.stdout
        assert any(_READY in line for line in server.stdout), "redis-server ended. Fix: run it by hand to see why"
        yield place
    finally:
        server.terminate()
        server.communicate(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)
