"""The company, built and read once for all tests of a run."""

import pytest

from outlay.demo.company import build
from tests.demo.story import Story


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Return the smallest company, with its events added up."""
    folder = tmp_path_factory.mktemp("company")
    found = Story(folder, build(folder))
    found.read_events()
    return found
