"""The company, built and read once for all tests of a run, whichever processes they run in."""

import fcntl
import pickle

import pytest

from outlay.demo.company import build
from tests.demo.story import Story


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Story:
    """Return the smallest company, with its events added up; the tests only read its files."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "smallest-company"
    folder.mkdir(exist_ok=True)
    kept = folder / "story.pickle"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            found = Story(folder / "files", build(folder / "files"))
            found.read_events()
            kept.write_bytes(pickle.dumps(found))
    return pickle.loads(kept.read_bytes())  # type: ignore[no-any-return] # noqa: S301 - written above
