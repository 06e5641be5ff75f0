"""The folder where events wait: private, bounded, shared, and indifferent to what breaks."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from outlay.sdk.output.spool import Full, Spool

LINES = [json.dumps({"id": f"e-{n}"}).encode() + b"\n" for n in range(10)]
MOST = 1 << 20
SOURCE = str(Path(__file__).parents[2] / "src")


def spool(folder: Path, most: int = MOST) -> Spool:
    """Return a spool two folders down, as in use."""
    return Spool(folder / "outlay" / "spool", most)


def names(folder: Path) -> list[str]:
    """Return what the files of a spool are for."""
    return sorted(path.suffix for path in folder.rglob("*") if path.is_file())


def age(folder: Path, seconds: int) -> None:
    """Make every file look as if nothing had happened to it for a while."""
    for path in folder.rglob("*.*"):
        found = path.stat().st_mtime - seconds
        os.utime(path, (found, found))


def test_what_waits_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    """Folders are 0700 and files 0600, whatever the process's mask is."""
    before = os.umask(0)
    try:
        spool(tmp_path).append(LINES)
    finally:
        os.umask(before)
    modes = {path.name.rpartition(".")[2]: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    assert modes == {"outlay": 0o700, "spool": 0o700, "part": 0o600}


def test_a_folder_that_others_may_write_is_not_used(tmp_path: Path) -> None:
    """Events are not put where somebody else could exchange them."""
    folder = tmp_path / "outlay" / "spool"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    with pytest.raises(PermissionError):
        spool(tmp_path).append(LINES)
    assert names(tmp_path) == []


def test_one_process_gets_a_file_and_another_does_not(tmp_path: Path) -> None:
    """A file that is claimed is nobody else's until it is put back; removed, it is gone."""
    writer, first, second = spool(tmp_path), spool(tmp_path), spool(tmp_path)
    writer.append(LINES[:5])
    assert first.claim() is None
    writer.append(LINES[5:])
    writer.roll()
    claimed = first.claim()
    assert claimed is not None
    assert (claimed[1], claimed[2]) == (LINES, 0)
    assert (second.claim(), second.waits()) == (None, False)
    first.release(claimed[0])
    assert second.waits()
    again = second.claim()
    assert again is not None
    second.remove(again[0])
    assert (names(tmp_path), second.waits()) == ([], False)


def test_what_a_killed_process_left_is_taken_over_after_a_while(tmp_path: Path) -> None:
    """A file half written, and one claimed and never finished, are free when they were quiet long enough."""
    spool(tmp_path).append(LINES[:3])
    other = spool(tmp_path)
    other.append(LINES[3:])
    other.roll()
    assert other.claim() is not None
    later = spool(tmp_path)
    assert names(tmp_path) == [".claim", ".part"]
    assert later.claim() is None
    age(tmp_path, 301)
    assert later.waits()
    found = [later.claim(), later.claim(), later.claim()]
    assert sorted(line for each in found if each for line in each[1]) == LINES


def test_half_a_line_and_nonsense_are_set_aside(tmp_path: Path) -> None:
    """What is no event does not stop those around it; it is kept beside, and counted."""
    writer = spool(tmp_path)
    writer.append([LINES[0], b"\xff\x00nonsense\n", b"[1, 2]\n", b'{"no": "id"}\n', LINES[1], b'{"id": "torn'])
    writer.roll()
    claimed = spool(tmp_path).claim()
    assert claimed is not None
    assert (claimed[1], claimed[2]) == (LINES[:2], 4)
    (aside,) = tmp_path.rglob("*.corrupt")
    assert aside.read_bytes() == b'\xff\x00nonsense\n[1, 2]\n{"no": "id"}\n{"id": "torn\n'
    assert aside.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_read_stops_nothing(tmp_path: Path) -> None:
    """A folder with a file's name, or a file that vanishes, is passed over."""
    (tmp_path / "outlay" / "spool" / "0.ndjson").mkdir(parents=True)
    writer = spool(tmp_path)
    writer.append(LINES)
    writer.roll()
    claimed = writer.claim()
    assert claimed is not None
    assert claimed[1] == LINES


def test_the_folder_holds_no_more_than_it_may(tmp_path: Path) -> None:
    """The bound is for all processes together; what is there already stays."""
    first, second = spool(tmp_path, 100), spool(tmp_path, 100)
    first.append(LINES[:5])
    with pytest.raises(Full):
        second.append(LINES)
    second.append(LINES[:1])
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.*")) <= 100


def test_a_full_disk_takes_all_of_it_or_nothing(tmp_path: Path) -> None:
    """A write that the disk cuts short is undone, so that no line is half there; later ones succeed."""
    program = (
        "import resource, sys; from pathlib import Path\nsys.path.insert(0, sys.argv[1])\n"
        "from outlay.sdk.output.spool import Spool\nspool = Spool(Path(sys.argv[2]), 10**6)\n"
        "line = [b'x' * 59 + b'\\n']\n"
        "spool.append(line)\nresource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))\n"
        "try: spool.append(line)\nexcept OSError: pass\nelse: raise SystemExit('it fitted')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)\nspool.append(line)"
    )
    subprocess.run([sys.executable, "-IB", "-c", program, SOURCE, str(tmp_path / "s")], check=True)
    (path,) = tmp_path.rglob("*.part")
    assert path.read_bytes() == (b"x" * 59 + b"\n") * 2
    assert resource.getrlimit(resource.RLIMIT_FSIZE) is not None


def test_a_large_file_is_completed_and_another_begun(tmp_path: Path) -> None:
    """No file grows much beyond a MiB, so that none is too much for one process to take."""
    writer = spool(tmp_path, 10 * MOST)
    for _ in range(3):
        writer.append([b"x" * 700_000 + b"\n"])
    assert names(tmp_path) == [".ndjson", ".ndjson", ".part"]
