"""The demo company, built once by the real command, for every journey."""

import json

import pytest

from tests.journeys.company import Demo, outlay


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The company of seed 7 at scale 1, its ledger made."""
    folder = tmp_path_factory.mktemp("demo")
    printed = outlay("demo", "--no-serve", "--folder", str(folder))
    return Demo(folder, printed["store"], printed, json.loads((folder / "truth.json").read_text()))
