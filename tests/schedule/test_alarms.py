from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from outlay.errors import SourceFailed
from outlay.schedule.alarms import FAILING, SILENT, STOPPED
from outlay.schedule.config import Source
from outlay.schedule.runner import run_due
from outlay.schedule.state import State, state
from outlay.store import Store
from tests.conftest import fresh
from tests.schedule.world import BEGAN, Clock, brings, fails, source


@pytest.fixture
def duck(clickhouse_folder: Path) -> Iterator[Store]:
    """An empty DuckDB store for every test."""
    with fresh("duckdb", clickhouse_folder) as made:
        yield made


def rules(answer: State) -> list[str]:
    """Return the rules of the findings."""
    return [finding.rule for finding in answer.findings]


def daily(store: Store, asked: Source, clock: Clock, days: int, folder: Path, *, behind: int = 1) -> None:
    """Import once a day, each time with a newer day."""
    for _ in range(days):
        run_due(store, [asked], clock, folder, importing=brings(clock().date() - timedelta(days=behind)))
        clock.on(days=1)


def test_a_source_that_nobody_runs_any_more_is_a_finding_the_same_day(store: Store, tmp_path: Path) -> None:
    """Half a day after it was due, whoever looks; and it closes when it runs again."""
    clock, asked = Clock(), source()
    run_due(store, [asked], clock, tmp_path, importing=brings(clock().date()))
    clock.on(hours=11)
    assert rules(state(store, [asked], clock())) == []
    clock.on(hours=2)
    (finding,) = state(store, [asked], clock()).findings
    assert (finding.rule, finding.subject, finding.severity) == (STOPPED, "bills", "critical")
    assert finding.opened_at - BEGAN < timedelta(days=1)
    assert "last succeeded at 2026-11-02 08:00 UTC" in finding.evidence
    clock.on(hours=1)
    (same,) = state(store, [asked], clock()).findings
    assert (same.finding, same.opened_at, store.count("finding")) == (finding.finding, finding.opened_at, 1)
    run_due(store, [asked], clock, tmp_path, importing=brings(clock().date()))
    assert rules(state(store, [asked], clock())) == []
    (closed,) = closed_ones(store)
    assert (closed["finding"], closed["closed_at"]) == (finding.finding, clock())


def closed_ones(store: Store) -> list[dict[str, object]]:
    """Return the newest record of every finding that is closed."""
    from tests.revenue.asking import ask  # noqa: PLC0415 - one question of this test

    rows = ask(store, "SELECT finding, closed_at FROM current_finding WHERE closed_at IS NOT NULL")
    return [{**row, "closed_at": _aware(row["closed_at"])} for row in rows]


def _aware(found: object) -> datetime:
    assert isinstance(found, datetime)
    return found if found.tzinfo else found.replace(tzinfo=BEGAN.tzinfo)


def test_an_error_that_somebody_must_mend_is_a_finding_at_once(duck: Store, tmp_path: Path) -> None:
    """An expired token does not heal; a vendor that is busy may, and is one after three times."""
    clock = Clock()
    run_due(duck, [source()], clock, tmp_path, importing=fails(SourceFailed("expired", code="expired-token")))
    (finding,) = state(duck, [source()], clock()).findings
    assert (finding.rule, "expired-token" in finding.evidence) == (FAILING, True)
    other = source("busy")
    for times in (1, 2, 3):
        run_due(duck, [other], clock, tmp_path, importing=fails(SourceFailed("busy", code="throttled")))
        assert (FAILING in rules(state(duck, [other], clock(), keep=False))) is (times == 3)
        clock.on(minutes=10)


def test_a_source_that_brings_no_new_days_is_a_finding(duck: Store, tmp_path: Path) -> None:
    """Imports succeed and hold nothing newer: after longer than was usual before, that is said."""
    clock, asked = Clock(), source(every="1d")
    daily(duck, asked, clock, 10, tmp_path)
    stood = clock().date() - timedelta(days=2)
    for days in (0, 1, 2):
        run_due(duck, [asked], clock, tmp_path, importing=brings(stood))
        assert (rules(state(duck, [asked], clock()))) == ([SILENT] if days >= 1 else []), days
        clock.on(days=1)
    daily(duck, asked, clock, 1, tmp_path)
    assert rules(state(duck, [asked], clock() - timedelta(days=1))) == []


def test_a_source_that_is_always_late_is_not_silent(duck: Store, tmp_path: Path) -> None:
    """A vendor whose days come after five is as usual at five, and not at eight."""
    clock, asked = Clock(), source(every="1d")
    daily(duck, asked, clock, 10, tmp_path, behind=5)
    assert rules(state(duck, [asked], clock() - timedelta(days=1))) == []
    for _ in range(3):
        run_due(duck, [asked], clock, tmp_path, importing=brings(BEGAN.date() + timedelta(days=4)))
        clock.on(days=1)
    assert rules(state(duck, [asked], clock() - timedelta(days=1))) == [SILENT]


def test_settle_says_what_is_usual(duck: Store, tmp_path: Path) -> None:
    """Who knows how late a vendor is need not wait until it is learnt."""
    clock = Clock()
    run_due(duck, [source()], clock, tmp_path, importing=brings(clock().date() - timedelta(days=3)))
    assert rules(state(duck, [source()], clock())) == []
    assert rules(state(duck, [source(settle=timedelta(days=1))], clock())) == [SILENT]


def test_a_source_that_is_no_longer_configured_has_no_findings(duck: Store, tmp_path: Path) -> None:
    """What was open about it is closed."""
    clock = Clock()
    run_due(duck, [source()], clock, tmp_path, importing=fails(SourceFailed("no", code="denied")))
    assert rules(state(duck, [source()], clock())) == [FAILING]
    assert rules(state(duck, [source("other")], clock())) == []
    assert len(closed_ones(duck)) == 1
