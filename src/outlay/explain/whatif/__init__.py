"""What if: a period's usage replayed through other choices, and what would have changed.

Comes in: published usage, and a scenario that names the choices. Goes out: actual, counterfactual, change, assumptions.
"""

from outlay.explain.whatif.answer import whatif
from outlay.explain.whatif.scenario import NewPrice, Scenario, Swap

__all__ = ["NewPrice", "Scenario", "Swap", "whatif"]
