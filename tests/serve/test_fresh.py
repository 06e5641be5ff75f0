"""What a server does by itself: it runs months that changed, and removes events that were kept long enough."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from time import monotonic

from outlay.serve.fresh import Fresh
from outlay.store import Store
from tests.laws.world import MONTH, at, emptied, event, laid

_SOON = timedelta(milliseconds=20)
#: Longer than it ever takes.
_PATIENCE_S = 120


def eventually(holds: Callable[[], bool]) -> bool:
    """Say whether something comes to hold."""
    until = monotonic() + _PATIENCE_S
    while not holds() and monotonic() < until:
        Event().wait(0.05)
    return holds()


def test_months_are_run_and_old_events_removed_without_anybody_asking(shared: Store) -> None:
    """A month without a ledger gets one; its events go when they are old enough, and what was made of them stays."""
    emptied(shared)
    laid(shared, usage=(event(1), event(2, day=6)))
    fresh = Fresh(shared, lambda: at(5) + timedelta(days=200), run_every=_SOON, retain_days=90)
    fresh.start()
    assert eventually(lambda: shared.count("usage") == 0)
    fresh.stop()
    assert [row["month"] for row in shared.rows("explain/published")] == [MONTH.first]
    assert shared.count("rollup_day") > 0
    assert shared.count("audit", action="events-removed") == 1


def test_events_stay_where_nobody_said_for_how_long(shared: Store) -> None:
    """Months are run all the same."""
    emptied(shared)
    laid(shared, usage=(event(1),))
    fresh = Fresh(shared, lambda: at(5) + timedelta(days=200), run_every=_SOON)
    fresh.start()
    assert eventually(lambda: bool(shared.rows("explain/published")))
    fresh.stop()
    assert shared.count("usage") == 1
