"""What is asked for: how all budgets stand, as the command and the API print it."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from outlay.store import Store
from outlay.watch.budgets.budget import Budgets
from outlay.watch.budgets.calls import call_standings
from outlay.watch.budgets.standing import OVER, standings


def asked(store: Store, budgets: Budgets, now: datetime) -> dict[str, Any]:
    """Return how budgets stand.

    Args:
        store: Holds the published ledger and usage.
        budgets: The budgets.
        now: The instant.

    Returns:
        `month`; `budgets`, a `Standing` each; `calls`, a `CallStanding` each; `breached`: how many are over. The worst
        stand first.
    """
    monthly = standings(store, budgets.monthly, now.date())
    calls = call_standings(store, budgets.of_calls, now)
    return {
        "month": f"{now:%Y-%m}",
        "budgets": [asdict(one) for one in monthly],
        "calls": [asdict(one) for one in calls],
        "breached": [*(one.state for one in monthly), *(one.state for one in calls)].count(OVER),
    }
