"""The demo company, built once by the real command, for every journey."""

import fcntl
import json
import shutil

import pytest

from tests.journeys.company import Demo, outlay


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Demo:
    """The company of seed 7 at scale 1, its ledger made: built once, and copied for each process that runs tests."""
    base = tmp_path_factory.getbasetemp()
    built = (base if worker_id == "master" else base.parent) / "demo-company"
    with built.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (built / "printed.json").exists():
            printed = outlay("demo", "--no-serve", "--folder", str(built))
            (built / "printed.json").write_text(json.dumps(printed), encoding="utf-8")
    printed = json.loads((built / "printed.json").read_text(encoding="utf-8"))
    own = tmp_path_factory.mktemp("demo") / built.name
    shutil.copytree(built, own)
    store = str(printed["store"]).replace(str(built), str(own))
    return Demo(own, store, printed | {"store": store}, json.loads((own / "truth.json").read_text()))
