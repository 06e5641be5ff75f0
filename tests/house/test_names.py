from pathlib import Path

import pytest

from tests.house.planting import planted
from tools.laws.names import check


@pytest.mark.parametrize(
    "path",
    [
        "src/outlay/cost/utils.py",
        "src/outlay/helpers/__init__.py",
        "src/outlay/cost/_common.py",
        "src/outlay/serve/api/models.py",
        "tests/cost/test_base.py",
        "tools/manager.py",
        "src/outlay/cost/price_and_split.py",
    ],
)
def test_a_name_that_says_nothing_is_named(tmp_path: Path, path: str) -> None:
    """Modules and packages with a name that can hold anything, or that names two things, are breaches."""
    place = planted(tmp_path, path, "")
    (found,) = check([place])
    assert found.startswith(f"{place}:1: ")
    assert "Fix: " in found


def test_names_of_the_domain_pass(tmp_path: Path) -> None:
    """A name from the domain is no breach, nor is a test named for a sentence."""
    paths = ["src/outlay/terms/money.py", "src/outlay/terms/__init__.py", "tests/terms/test_money_and_split.py"]
    assert check([planted(tmp_path, path, "") for path in paths]) == []
