import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from outlay.capture.intake import Intake
from outlay.capture.row import Made, Rows
from outlay.errors import EngineFailed
from outlay.store import Store
from tests.conftest import NOW

EVENT: dict[str, Any] = {
    "id": "e1",
    "time": "2026-11-02T09:00:00Z",
    "provider": "openai",
    "model": "gpt-4o",
    "feature": "search",
    "usage": {"input": 10, "output": 2},
}


def raw(**said: object) -> bytes:
    """Return an event as JSON."""
    return json.dumps({**EVENT, **said}).encode()


@contextmanager
def opened(store: Store, folder: Path, **options: Any) -> Iterator[Intake]:  # noqa: ANN401 - as Intake takes them
    """Keep an intake open; on leaving, all is filed."""
    intake = Intake(store, folder / "journal", clock=lambda: NOW, **options)
    try:
        yield intake
    finally:
        intake.close()


def usage(store: Store) -> list[str]:
    """Return the ids of the events in the store, each as often as it is there."""
    return sorted(str(row["id"]) for row in store.rows("capture/recent"))


def test_events_are_answered_for_one_by_one_and_filed(store: Store, tmp_path: Path) -> None:
    """New ones are accepted, repeated ones are not, a changed one is a conflict, a broken one says what to mend."""
    with opened(store, tmp_path) as intake:
        offer = intake.offer([raw(), raw(id="e2"), raw(), raw(id="e2", feature="other"), raw(id="e3", usage=None)])
        offer.durable.result(timeout=30)
        answer = offer.answer
        assert (answer.accepted, answer.duplicates) == (2, 1)
        assert [(conflict.index, conflict.id) for conflict in answer.conflicts] == [(3, "e2")]
        assert [(index, flaw.code) for index, flaw in answer.problems] == [(4, "missing-usage")]
    assert usage(store) == ["e1", "e2"]
    assert store.count("problem", code="conflict", value="e2") == 1
    assert not list((tmp_path / "journal").glob("*.ndjson"))


def test_what_was_filed_is_known_after_a_restart(store: Store, tmp_path: Path) -> None:
    """Another process repeats events, some filed long ago: each is there once."""
    with opened(store, tmp_path) as intake:
        intake.offer([raw(id=f"e{n}") for n in range(50)]).durable.result(timeout=30)
    with opened(store, tmp_path) as intake:
        offer = intake.offer([raw(id=f"e{n}") for n in range(40, 60)])
        offer.durable.result(timeout=30)
        assert (offer.answer.accepted, offer.answer.duplicates) == (10, 10)
    assert len(usage(store)) == 60


def test_a_journal_left_behind_is_filed_by_the_next_process(store: Store, tmp_path: Path) -> None:
    """A segment with a torn last line, as a loss of power leaves it: whole lines count, the torn one never did."""
    made = Rows("collector-of-yesterday", 42).make(raw(), 1)
    assert isinstance(made, Made)
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "000000000042.ndjson").write_bytes(made.rows + made.rows[:50])
    with opened(store, tmp_path) as intake:
        assert intake.journal.number >= 43
        assert intake.offer([raw()]).answer.duplicates == 1
    assert usage(store) == ["e1"]


def test_dimensions_bound_to_a_key_hold_whatever_the_event_says(store: Store, tmp_path: Path) -> None:
    """A caller cannot speak for another team."""
    with opened(store, tmp_path) as intake:
        told = [raw(team="other"), raw(id="e2", usage={"page": 3}, team="other")]
        intake.offer(told, {"team": "growth"}).durable.result(timeout=30)
    assert store.count("usage", team="growth") == 2


def test_a_clock_that_is_years_off_is_told_so(store: Store, tmp_path: Path) -> None:
    """Events of 2016 and 2036 are not taken; yesterday's are."""
    times: list[datetime] = [NOW.replace(year=2016), NOW.replace(year=2036), NOW - timedelta(days=1)]
    with opened(store, tmp_path) as intake:
        offer = intake.offer([raw(id=f"e{n}", time=when.isoformat()) for n, when in enumerate(times)])
        offer.durable.result(timeout=30)
    assert [(index, flaw.code) for index, flaw in offer.answer.problems] == [(0, "time-far-off"), (1, "time-far-off")]
    assert usage(store) == ["e2"]


def test_a_full_journal_asks_senders_to_wait(duck: Store, tmp_path: Path) -> None:
    """What is over the limit is refused before it is looked at, and what was acknowledged stays."""
    with opened(duck, tmp_path, most_waiting=0) as intake:
        intake.offer([raw()]).durable.result(timeout=30)
        with pytest.raises(EngineFailed) as refused:
            intake.offer([raw(id="e2")])
        assert refused.value.code == "busy"
    assert usage(duck) == ["e1"]


def test_a_journal_has_one_owner(duck: Store, tmp_path: Path) -> None:
    """A second collector on the same folder is refused by name."""
    with opened(duck, tmp_path), pytest.raises(EngineFailed) as refused:
        Intake(duck, tmp_path / "journal")
    assert refused.value.code == "journal-held"
