import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from outlay.capture.intake.journal import Journal
from outlay.errors import EngineFailed

LINE = b'{"id": "%06d"}\n'


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Let no file grow past 4,000 bytes: a write that would fails, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def lines(journal: Journal) -> list[bytes]:
    """Return all that waits to be filed."""
    return b"".join(path.read_bytes() for path in journal.waiting).splitlines(keepends=True)


@pytest.mark.usefixtures("small_disk")
def test_a_full_disk_refuses_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    """What was refused leaves nothing behind, what was written stays, and the next line stands whole after it."""
    journal = Journal(tmp_path / "journal")
    first = [LINE % number for number in range(200)]
    journal.write(first)
    with pytest.raises(EngineFailed) as refused:
        journal.write([LINE % number for number in range(200, 400)])
    assert refused.value.code == "disk-full"
    journal.write([LINE % 400])
    journal.close_segment()
    assert lines(journal) == [*first, LINE % 400]
    journal.close()


def test_segments_are_numbered_on_when_all_were_filed(tmp_path: Path) -> None:
    """A number is never used twice, so that a line is known by its segment and its place."""
    numbers = []
    for _ in range(3):
        journal = Journal(tmp_path / "journal")
        journal.write([LINE % 1])
        numbers.append(journal.number)
        journal.close_segment()
        for segment in journal.waiting:
            journal.forget(segment)
        journal.close()
    assert numbers == sorted(set(numbers))


def test_the_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    """Others on the machine read no events."""
    journal = Journal(tmp_path / "journal")
    journal.write([LINE % 1])
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "journal").iterdir()}
    assert ((tmp_path / "journal").stat().st_mode & 0o777, modes) == (0o700, {0o600})
    journal.close()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The message says which, and what to do."""
    (tmp_path / "file").touch()
    with pytest.raises(EngineFailed, match="file") as refused:
        Journal(tmp_path / "file")
    assert refused.value.fix
