import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from outlay.explain.estimate import estimate, read_feature
from outlay.explain.estimate.feature_file import _KEYS
from outlay.explain.self_hosted import read_nodes
from outlay.explain.whatif.scenario import read_scenarios
from outlay.prices.learn import seed
from outlay.store import Store
from tests.docs.examples import blocks, files
from tests.docs.pages import read
from tests.laws.world import NOW

PAGE = read("docs/estimate.md")


@pytest.mark.parametrize("text", blocks(PAGE, "toml"))
def test_every_file_on_the_page_can_be_read(text: str, tmp_path: Path) -> None:
    """Feature files, scenarios and machines are what the readers take."""
    path = tmp_path / "shown.toml"
    path.write_text(text, encoding="utf-8")
    found = tomllib.loads(text)
    if "scenario" in found:
        assert len(read_scenarios(path)) == len(found["scenario"])
    elif "node" in found:
        assert len(read_nodes(path)) == len(found["node"])
    else:
        assert read_feature(path).feature == found["feature"]


def test_the_first_file_costs_what_the_page_says(store: Store, tmp_path: Path) -> None:
    """The figures in the text are those that the command gives."""
    ((name, text),) = files(PAGE).items()
    (tmp_path / name).write_text(text, encoding="utf-8")
    seed(store, now=NOW)
    answer = cast("dict[str, Any]", estimate(store, read_feature(tmp_path / name), now=NOW))
    for one in answer["models"]:
        assert f"{one['monthly'].quantize(Decimal('0.01')):,} USD" in PAGE


def test_every_key_is_on_the_page() -> None:
    """Each key of a feature file has its row."""
    missing = [key for key in _KEYS if f"{key}`" not in PAGE and f"{key}]" not in PAGE]
    assert not missing
