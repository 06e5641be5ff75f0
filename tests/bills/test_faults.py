import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from outlay.bills.take_in import Request, take_in
from outlay.errors import EngineFailed
from outlay.store import open_store
from tests.bills.making import focus, left_behind, text_of, written

#: A program of its own that imports `path` into `url`. `READY` is said when the first byte of the file was read.
IMPORT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from outlay.bills.importers import importers
from outlay.bills.take_in import Request, take_in
from outlay.errors import EngineFailed
from outlay.store import open_store

url, path, *limit = sys.argv[1:]
store = open_store(url)
if limit:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit[0]), int(limit[0])))
print("READY", flush=True)
try:
    result = take_in(store, importers()["focus"], Request([Path(path)]), now=datetime(2026, 11, 2, tzinfo=UTC))
except EngineFailed as failed:
    print("EngineFailed", failed.code, failed, flush=True)
    sys.exit(4)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(130)
print("landed", result.landed, flush=True)
"""


def started(*arguments: str) -> subprocess.Popen[str]:
    """Start an import in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-c", IMPORT, *arguments], stdout=subprocess.PIPE, text=True, env=environment
    )


def big(path: Path, lines: int) -> Path:
    """Write a file of many lines that differ."""
    head, line = text_of([{"ResourceId": "@"}]).splitlines(keepends=True)
    with path.open("w", encoding="utf-8") as file:
        file.write(head)
        file.writelines(line.replace("@", f"resource-{n * 7919 % 1_000_003}") for n in range(lines))
    return path


def test_a_store_held_by_another_process_is_named_with_its_holder(tmp_path: Path) -> None:
    """The second process hears who holds the store."""
    url = f"duckdb://{tmp_path / 'held.duckdb'}"
    code = f"from outlay.store import open_store; s = open_store({url!r}); print('READY', flush=True); input()"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "READY\n"
        with pytest.raises(EngineFailed) as caught:
            open_store(url)
        holder.communicate("\n")
    assert caught.value.code == "store-held"
    assert f"PID {holder.pid}" in caught.value.message


def test_a_corrupt_store_is_not_opened(tmp_path: Path) -> None:
    """A file that is no store, or no longer one, is refused with a fix and left as it is."""
    path = tmp_path / "corrupt.duckdb"
    open_store(f"duckdb://{path}").close()
    good = path.read_bytes()
    for content in (b"not a database at all" * 1000, good[:4096] + b"\x13" * (len(good) - 4096)):
        path.write_bytes(content)
        with pytest.raises(EngineFailed) as caught:
            open_store(f"duckdb://{path}")
        assert (caught.value.code, bool(caught.value.fix)) == ("store-unreadable", True)
        assert path.read_bytes() == content


def test_a_full_disk_leaves_the_store_as_it_was(tmp_path: Path, now: datetime) -> None:
    """When the store cannot grow the import fails whole; what was there is there, and the next import works."""
    store_path, path = tmp_path / "full.duckdb", big(tmp_path / "big.csv", 300_000)
    url = f"duckdb://{store_path}"
    store = open_store(url)
    take_in(store, focus(), Request([written(tmp_path / "first.csv", {"BillingAccountId": "222"})]), now=now)
    store.close()
    process = started(url, str(path), str(store_path.stat().st_size + 1_000_000))
    said, _ = process.communicate()
    assert process.returncode == 4, said
    assert "EngineFailed" in said
    store = open_store(url)
    assert left_behind(store) == {"take_in": 1, "source_file": 1, "partition": 1, "charge": 1}
    assert take_in(store, focus(), Request([path]), now=now).landed == 300_000
    store.close()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_import_leaves_nothing(tmp_path: Path, now: datetime, stop: signal.Signals) -> None:
    """Ctrl-C, or worse, in the midst of an import: what was there is there, nothing else, and the next one works."""
    url, path = f"duckdb://{tmp_path / 'stopped.duckdb'}", big(tmp_path / "big.csv", 400_000)
    store = open_store(url)
    take_in(store, focus(), Request([written(tmp_path / "first.csv", {"BillingAccountId": "222"})]), now=now)
    store.close()
    before = (tmp_path / "stopped.duckdb").stat().st_size
    process = started(url, str(path))
    assert process.stdout
    assert process.stdout.readline() == "READY\n"
    while process.poll() is None and (tmp_path / "stopped.duckdb").stat().st_size <= before:
        os.sched_yield()  # until rows are being written
    process.send_signal(stop)
    said = process.stdout.read()
    assert process.wait() != 0, said
    process.stdout.close()
    store = open_store(url)
    assert left_behind(store) == {"take_in": 1, "source_file": 1, "partition": 1, "charge": 1}
    assert take_in(store, focus(), Request([path]), now=now).landed == 400_000
    store.close()
