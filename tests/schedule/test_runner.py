from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from outlay.errors import EngineFailed, SourceFailed
from outlay.schedule.runner import run_due
from outlay.schedule.runs import FAILED, IMPORTED, UNCHANGED, history
from outlay.schedule.state import state
from outlay.store import Store
from outlay.terms.take_in import TakeIn
from tests.conftest import fresh
from tests.schedule.world import BEGAN, Clock, brings, fails, source

TODAY = BEGAN.date()


@pytest.fixture
def duck(clickhouse_folder: Path) -> Iterator[Store]:
    """An empty DuckDB store for every test."""
    with fresh("duckdb", clickhouse_folder) as made:
        yield made


def test_what_is_due_is_imported_and_written_down(store: Store, tmp_path: Path) -> None:
    """A source runs at once, then when its time is over, and not in between."""
    clock, sources = Clock(), [source()]
    (run,) = run_due(store, sources, clock, tmp_path, importing=brings(TODAY))
    assert (run.outcome, run.landed, run.newest_day) == (IMPORTED, 1, TODAY)
    assert run.next_at == BEGAN + timedelta(hours=6)
    clock.on(hours=5, minutes=59)
    assert run_due(store, sources, clock, tmp_path, importing=brings(TODAY)) == []
    clock.on(minutes=1)
    (again,) = run_due(store, sources, clock, tmp_path, importing=brings(None))
    assert (again.outcome, again.landed) == (UNCHANGED, 0)
    assert history(store, sources, clock())["bills"] == [run, again]


def test_one_that_fails_does_not_stop_the_others(duck: Store, tmp_path: Path) -> None:
    """Neither a vendor that fails nor a mistake of ours; both are written down with a code."""

    def importing(store: Store, asked: object, now: object, cache: object) -> TakeIn:
        name = asked.name  # type: ignore[attr-defined]
        errors = {"a": SourceFailed("no answer", fix="wait", code="unreachable"), "b": ZeroDivisionError("oh")}
        return (fails(errors[name]) if name in errors else brings(TODAY))(store, asked, now, cache)  # type: ignore[arg-type]

    made = run_due(duck, [source(name) for name in "abc"], Clock(), tmp_path, importing=importing)
    assert [(run.source, run.outcome, run.error_code) for run in made] == [
        ("a", FAILED, "unreachable"),
        ("b", FAILED, "unexpected"),
        ("c", IMPORTED, None),
    ]


def test_a_failed_source_is_tried_again_ever_more_rarely(duck: Store, tmp_path: Path) -> None:
    """A minute, two, four ... and at most its ordinary time; a success begins anew."""
    clock, sources = Clock(), [source(every="10m")]
    waits = []
    for _ in range(6):
        (run,) = run_due(duck, sources, clock, tmp_path, importing=fails(SourceFailed("no", code="throttled")))
        waits.append(int((run.next_at - clock.now).total_seconds()) // 60)
        clock.now = run.next_at
    assert waits == [1, 2, 4, 8, 10, 10]
    run_due(duck, sources, clock, tmp_path, importing=brings(TODAY))
    clock.on(minutes=10)
    (run,) = run_due(duck, sources, clock, tmp_path, importing=fails(SourceFailed("no", code="throttled")))
    assert run.next_at == clock.now + timedelta(minutes=1)


def test_no_secret_is_kept(duck: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an error shows of keys, tokens and passwords is left out, whoever put it there."""
    monkeypatch.setenv("VENDOR_API_KEY", "hush-hush-9")
    text = "GET https://me:pw@host/a?access_token=abc: hush-hush-9, Bearer xyz, sk_live_123456789 refused"
    (run,) = run_due(duck, [source()], Clock(), tmp_path, importing=fails(SourceFailed(text)))
    assert run.error == "GET https://***@host/a?access_token=*** ***, *** *** refused"
    shown = state(duck, [source()], BEGAN).sources[0]["last_error"]
    assert shown == run.error


def test_a_store_that_fails_is_no_fault_of_the_source(duck: Store, tmp_path: Path) -> None:
    """Nothing is written down, and the source is due again."""
    with pytest.raises(EngineFailed):
        run_due(duck, [source()], Clock(), tmp_path, importing=fails(EngineFailed("disk full")))
    assert duck.count("source_run") == 0


def test_a_clock_that_was_wrong_does_not_stop_a_source(duck: Store, tmp_path: Path) -> None:
    """A run that says it began tomorrow is not waited for."""
    ahead = Clock(BEGAN + timedelta(days=300))
    run_due(duck, [source()], ahead, tmp_path, importing=brings(TODAY))
    assert len(run_due(duck, [source()], Clock(), tmp_path, importing=brings(TODAY))) == 1


def test_days_to_come_are_not_the_newest(duck: Store, tmp_path: Path) -> None:
    """A bill may speak of the rest of its month; a source is not fresher than today."""
    (run,) = run_due(duck, [source()], Clock(), tmp_path, importing=brings(date(2026, 11, 30)))
    assert run.newest_day == TODAY


def test_the_state_says_how_fresh_each_source_is(duck: Store, tmp_path: Path) -> None:
    """Last run, last success, newest day, when it is due; a source that never ran says so."""
    clock, sources = Clock(), [source(), source("never")]
    run_due(duck, sources[:1], clock, tmp_path, importing=brings(TODAY - timedelta(days=1), landed=7))
    clock.on(hours=7)
    run_due(duck, sources[:1], clock, tmp_path, importing=fails(SourceFailed("no", code="denied")))
    first, never = state(duck, sources, clock()).sources
    assert (first["state"], first["landed"], first["days_behind"], first["failures"]) == (FAILED, 7, 1, 1)
    assert (first["last_success"], first["last_run"]) == (BEGAN, BEGAN + timedelta(hours=7))
    assert first["error_code"] == "denied"
    assert (never["state"], never["next_run"]) == ("never run", None)
