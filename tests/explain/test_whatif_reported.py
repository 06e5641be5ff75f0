"""What a provider says its calls cost, in a replay: it counts of calls that stay as they were, if policy has it so."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from outlay.explain.whatif import Scenario, Swap, whatif
from outlay.prices.learn import overlay
from outlay.store import Store
from tests.laws.world import MONTH, emptied, event, laid, published

_POLICY = """
[[reported]]
provider = "acme-ai"
counts = true
valid_from = 2026-10-01
source = "agreement 7"
correction = true
"""
_SAID = Decimal("0.000500000001")
#: 100 tokens in and 10 out, at the prices of the small and of the large model.
_SMALL, _LARGE = Decimal("0.000014"), Decimal("0.00028")


@pytest.fixture
def policed(shared: Store, tmp_path: Path) -> Store:
    """A large call and a small one, both with a cost of the provider's own, which counts."""
    emptied(shared)
    laid(shared, usage=(event(1, reported_cost=_SAID), event(2, model="m-small", reported_cost=_SAID)))
    path = tmp_path / "policy.toml"
    path.write_text(_POLICY, encoding="utf-8")
    overlay(shared, path, now=datetime(2026, 9, 1, tzinfo=UTC))
    published(shared)
    return shared


def test_what_a_provider_said_counts_of_calls_that_stay(policed: Store) -> None:
    """Nothing changed gives what was; a call that is changed costs its price, the other what was said."""
    same = whatif(policed, MONTH, Scenario())
    assert same["actual"] == same["counterfactual"] == 2 * _SAID
    swapped = whatif(policed, MONTH, Scenario(swaps=[Swap("m-large", "m-small")]))
    assert swapped["counterfactual"] == _SMALL + _SAID
    cut = whatif(policed, MONTH, Scenario(prompt_cut=Decimal("0.000001")))
    assert cut["counterfactual"] == _SMALL + _LARGE
