from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from outlay import flow
from outlay.capture import retention
from outlay.capture.intake import Intake
from outlay.cost import stage as cost
from outlay.errors import BadInput, Refused
from outlay.explain import activity, replay
from outlay.explain.cost import costs
from outlay.explain.estimate import estimate, read_feature
from outlay.explain.evidence import evidence
from outlay.explain.whatif import Scenario, whatif
from outlay.store import Row, Store, open_store
from outlay.store.tables import RUN_TABLES
from outlay.terms.period import Period
from tests.laws.world import MONTH, charge, committed, event, laid, model_charge, published, read

#: October 2026 ended on the 1st of November; 90 days later is the 30th of January.
LATER = datetime(2027, 2, 15, tzinfo=UTC)
RULES: list[dict[str, Any]] = [
    {
        "name": "models",
        "match": {"service_name": "Model API"},
        "set": {"provider": "provider", "model": "resource_id"},
        "split": "driver",
        "driver": "estimated_cost",
        "within": ["provider", "model"],
        "to": ["feature", "customer", "user"],
        "fallback": "month",
    },
]
#: A feature that is planned to be like another one in October.
LIKE = """
feature = "new"
users = 1
requests_per_user_per_day = 1
like = "search"
like_period = "2026-10"
model = [{ provider = "acme-ai", model = "m-small" }]
"""


@pytest.fixture
def empty() -> Iterator[Store]:
    """An empty store in memory, for what is not about engines."""
    store = open_store("duckdb:///:memory:")
    yield store
    store.close()


def lay(store: Store) -> None:
    """Lay October with a bill, two calls of two users, a page, and a call that two sensors saw."""
    laid(
        store,
        charges=[model_charge(1, "10"), charge(2, "3", tags={"team": "a"})],
        usage=[
            event(1, feature="search", customer="acme", user="u-17", session="s-9"),
            event(2, feature="search", customer="acme", user="u-18", trace="t2"),
            event(3, feature="scan", model="m-page", unit="page", quantity=Decimal(4), input=0, output=0),
            event(4, feature="search", user="u-17", response_id="r1"),
            event(5, sensor="gateway", response_id="r1"),
        ],
        rules=RULES,
    )


def ledger(store: Store) -> dict[str, list[Row]]:
    """Return every row of every table that a run fills, without the observations, which go with the events."""
    names = [name for name in RUN_TABLES if name != "observation"]
    return {name: sorted(read(store, f'SELECT * FROM "{name}"'), key=repr) for name in names}


def audit(store: Store) -> list[tuple[object, ...]]:
    """Return who did what to which month."""
    names = ("actor", "action", "subject")
    return [tuple(row[name] for name in names) for row in read(store, "SELECT * FROM audit ORDER BY done_at, subject")]


def late(store: Store, *, taken_at: datetime, name: str = "late", **own: Any) -> None:  # noqa: ANN401 - any column
    """Let an event of October arrive in an import of its own."""
    store.insert("usage", [event(99, take_in=name, id=f"{name}-1", **own)])
    committed(store, name, source="events", taken_at=taken_at)


def test_events_of_old_months_go_and_everything_made_from_them_stays(store: Store) -> None:
    """The ledger, the roll-ups, the reconciliation and the prices are the same row by row, and so is every answer."""
    lay(store)
    run = published(store).run.name
    before, answer = ledger(store), costs(store, MONTH, ["feature", "customer"])
    done = retention.retain(store, now=LATER)
    assert done.removed == (retention.Removed(MONTH, 5),)
    assert (done.kept, done.waiting) == ((), {})
    assert store.count("usage") == store.count("observation") == 0
    assert ledger(store) == before
    assert costs(store, MONTH, ["feature", "customer"]) == answer
    assert [row["run"] for row in store.rows("explain/published")] == [run]
    assert audit(store) == [("local", "events-removed", "2026-10")]


def test_a_dry_run_says_the_same_and_leaves_everything(empty: Store) -> None:
    """It names what would go; events stay, nothing is sealed, and nothing is written to the audit."""
    lay(empty)
    published(empty)
    planned = retention.retain(empty, now=LATER, dry_run=True)
    assert planned.removed == (retention.Removed(MONTH, 5),)
    assert empty.count("usage") == 5
    assert retention.removals(empty) == []
    assert audit(empty) == []
    assert retention.retain(empty, now=LATER).removed == planned.removed


@pytest.mark.parametrize(("days", "goes"), [(106, True), (107, False)])
def test_a_month_goes_once_it_ended_more_than_so_many_days_ago(empty: Store, days: int, *, goes: bool) -> None:
    """On the 15th of February October has been over for 106 days: a second more than 106 days is enough."""
    lay(empty)
    published(empty)
    done = retention.retain(empty, days=days, now=LATER + timedelta(seconds=1))
    assert bool(done.removed) is goes
    assert empty.count("usage") == (0 if goes else 5)


def test_a_month_without_a_ledger_is_named_and_kept(empty: Store) -> None:
    """Nothing would be left of it; the fix says how to make one."""
    lay(empty)
    (kept,) = retention.retain(empty, now=LATER).kept
    assert (kept.month, kept.events) == (MONTH, 5)
    assert "outlay run --period 2026-10" in kept.fix
    assert empty.count("usage") == 5


def test_a_month_whose_ledger_lacks_events_is_named_and_kept(empty: Store) -> None:
    """An event that came after the run is in no ledger yet; once the month is run again all of them go."""
    lay(empty)
    published(empty)
    late(empty, taken_at=LATER)
    (kept,) = retention.retain(empty, now=LATER).kept
    assert "1 of its events" in kept.reason
    assert empty.count("usage") == 6
    published(empty, now=LATER)
    assert retention.retain(empty, now=LATER).removed == (retention.Removed(MONTH, 6),)


def test_a_sealed_month_is_not_made_anew(empty: Store) -> None:
    """By name it is refused, re-rating too, and so is a run that had begun before; without a period it is skipped."""
    lay(empty)
    empty.insert("usage", [event(50, day=35)])
    november = Period.month("2026-11")
    published(empty)
    published(empty, month=november)
    retention.retain(empty, days=80, now=LATER)
    before = ledger(empty)
    for refused in (
        lambda: flow.run(empty, MONTH, now=LATER),
        lambda: flow.run(empty, Period(MONTH.first, november.end), now=LATER),
        lambda: flow.run_month(empty, MONTH, now=LATER),
        lambda: flow.rerate(empty, MONTH, now=LATER),
    ):
        with pytest.raises(Refused, match="2026-10 were removed on 2027-02-15") as error:
            refused()
        assert error.value.code == "events-removed"
        assert error.value.fix
    assert ledger(empty) == before
    assert [one.run.month for one in flow.run(empty, None, now=LATER)] == [november]
    assert flow.months_with_data(empty) == [MONTH, november]


def test_a_run_that_began_before_the_removal_publishes_nothing(empty: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its stages may have found no usage any more: it leaves no row, and the ledger in force stays."""
    lay(empty)
    run = published(empty).run.name
    roll_up = cost.roll_up

    def slow(of: Store, values: Any) -> None:  # noqa: ANN401 - as the stage takes them
        retention.retain(of, now=LATER)
        roll_up(of, values)

    monkeypatch.setattr(cost, "roll_up", slow)  # what another process does meanwhile, at the worst moment
    with pytest.raises(Refused):
        flow.run_month(empty, MONTH, now=LATER)
    assert [row["run"] for row in empty.rows("explain/published")] == [run]
    assert {row["run"] for rows in ledger(empty).values() for row in rows} == {run}


def test_nothing_is_left_to_run_when_all_months_are_sealed(empty: Store) -> None:
    """A run without a period then says so."""
    lay(empty)
    published(empty)
    retention.retain(empty, now=LATER)
    with pytest.raises(Refused) as error:
        flow.run(empty, None, now=LATER)
    assert error.value.code == "events-removed"


def test_what_comes_late_for_a_sealed_month_waits_and_is_counted(empty: Store, tmp_path: Path) -> None:
    """An event that is sent to a collector is kept and shown as waiting; it changes no ledger."""
    lay(empty)
    published(empty)
    retention.retain(empty, now=LATER)
    before = ledger(empty)
    intake = Intake(empty, tmp_path / "journal", clock=lambda: LATER)
    usage = b'"usage": {"input": 10}, "provider": "acme-ai", "model": "m-large"}'
    intake.offer([b'{"id": "x", "time": "2026-10-05T00:00:00Z", ' + usage]).durable.result(timeout=30)
    intake.close()
    assert retention.waiting(empty) == {MONTH: 1}
    assert ledger(empty) == before


def test_what_has_waited_long_enough_goes_too(store: Store) -> None:
    """What came late is kept as many days from its import on, and goes without having been in a ledger."""
    lay(store)
    published(store)
    retention.retain(store, now=LATER)
    late(store, taken_at=LATER)
    kept = retention.retain(store, now=LATER + timedelta(days=91))
    assert (kept.removed, kept.waiting) == ((), {MONTH: 1})
    gone = retention.retain(store, now=LATER + timedelta(days=92))
    assert (gone.removed, gone.waiting) == ((retention.Removed(MONTH, 1, late=True),), {})
    assert store.count("usage") == 0
    assert audit(store) == [("local", "events-removed", "2026-10")] * 2
    assert [(one.month, one.events) for one in retention.removals(store)] == [(MONTH, 6)]


def test_a_removal_that_was_cut_short_goes_on(store: Store) -> None:
    """An engine without transactions may have sealed the month and no more: the next removal does the rest."""
    lay(store)
    published(store)
    begun = {"month": MONTH.first, "removed_at": LATER, "events": 0, "done": False}
    store.insert("removal", [begun])
    with pytest.raises(Refused):
        flow.run_month(store, MONTH, now=LATER)
    assert retention.waiting(store) == {}
    assert retention.retain(store, now=LATER + timedelta(days=1)).removed == (retention.Removed(MONTH, 5),)
    assert store.count("usage") == 0
    (one,) = retention.removals(store)
    assert (one.removed_at, one.events, one.done) == (LATER, 5, True)


def test_other_months_keep_their_events(store: Store) -> None:
    """The first and the last instant of a month go with it, those just outside stay."""
    ends = [MONTH.starts_at, MONTH.ends_at - timedelta(microseconds=1)]
    outside = [MONTH.starts_at - timedelta(microseconds=1), MONTH.ends_at]
    times = enumerate([*ends, *outside], start=1)
    laid(store, usage=[event(n, time=time) for n, time in times])
    published(store)
    done = retention.retain(store, days=80, now=LATER)
    assert done.removed == (retention.Removed(MONTH, 2),)
    assert sorted(one.month.name for one in done.kept) == ["2026-09"]
    assert sorted(str(row["id"]) for row in read(store, "SELECT id FROM current_usage")) == ["e3", "e4"]


def test_answers_that_need_events_say_that_they_were_removed(empty: Store, tmp_path: Path) -> None:
    """Replaying is refused with the day of the removal; a trace that is not found says which months are gone."""
    lay(empty)
    published(empty)
    retention.retain(empty, now=LATER)
    path = tmp_path / "feature.toml"
    path.write_text(LIKE, encoding="utf-8")
    planned = read_feature(path)
    for ask in (
        lambda: whatif(empty, MONTH, Scenario()),
        lambda: replay.known_prices(empty, Period(MONTH.first, LATER.date())),
        lambda: estimate(empty, planned, now=LATER),
    ):
        with pytest.raises(Refused, match="2026-10 were removed on 2027-02-15") as error:
            ask()
        assert error.value.code == "events-removed"
    with pytest.raises(BadInput, match=r"no event has .*'s-9'; the events of 2026-10 \(on 2027-02-15\) were removed"):
        activity.trace(empty, "s-9")


def test_evidence_of_a_sealed_month_goes_as_far_as_its_roll_ups(empty: Store) -> None:
    """Shares, pools, lines of the bill, rules and rolled-up usage are as before; events are said to be removed."""
    lay(empty)
    published(empty)
    before = evidence(empty, MONTH)
    retention.retain(empty, now=LATER)
    late(empty, taken_at=LATER, feature="search", user="u-17")
    after = evidence(empty, MONTH)
    assert before["events_removed"] == []
    assert after["events_removed"] == [{"month": "2026-10", "removed_at": LATER}]
    driven = [share for share in _rows(after["shares"]) if share["measured"]]
    assert driven
    assert all(share["events"] == [] and share["other_events"] is None for share in driven)
    kept = [{k: v for k, v in share.items() if "events" not in k} for share in _rows(after["shares"])]
    assert kept == [{k: v for k, v in share.items() if "events" not in k} for share in _rows(before["shares"])]
    assert (after["pools"], after["rules"], after["totals"]) == (before["pools"], before["rules"], before["totals"])


def test_keeping_events_for_no_time_is_refused(empty: Store) -> None:
    """Less than a day would remove what is still being counted."""
    with pytest.raises(BadInput) as error:
        retention.retain(empty, days=0, now=LATER)
    assert error.value.code == "bad-days"


def _rows(found: object) -> list[Row]:
    assert isinstance(found, list)
    return found
