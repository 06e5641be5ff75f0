"""A month that is closed: its figures stay, and what comes later is shown in the month in which it comes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import pytest

from outlay import flow
from outlay.closing import close, closing_of, closings, reopen, unchanged
from outlay.errors import BadInput, Refused
from outlay.explain.cost import costs
from outlay.explain.restatements import restatements
from outlay.explain.states import states
from outlay.store import Row, Store
from outlay.terms.period import Period
from tests.laws.world import MONTH, NOW, charge, committed, emptied, event, laid, ledger_of, model_charge, read, total

NOVEMBER = Period.month("2026-11")
LATER, LATEST = datetime(2026, 11, 10, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)
#: The company's only rule: what tags say.
RULES: Sequence[dict[str, Any]] = (
    {"name": "tags", "set": {"team": "tag:team", "feature": "tag:feature"}, "split": "direct"},
)


def settled(store: Store) -> str:
    """Lay a month of machines, run and close it; return the run."""
    emptied(store)
    lines = [charge(1, "10", tags={"team": "a", "feature": "x"}), charge(2, "5", day=9, tags={"team": "b"})]
    laid(store, charges=lines, rules=RULES)
    run = flow.run_month(store, MONTH, now=NOW).run.name
    close(store, MONTH, now=NOW, reason="books are done")
    return run


def came(store: Store, name: str, lines: Sequence[Row], when: datetime, *, replaces: str = "") -> None:
    """Import a late bill, which may replace an earlier one."""
    store.insert("charge", [{**line, "take_in": name} for line in lines])
    key = {"provider": "AWS", "billing_account_id": "111", "billing_period_start": MONTH.starts_at}
    store.insert(
        "partition",
        [
            {
                **key,
                "take_in": name,
                "source": "focus",
                "billing_currency": "USD",
                "first_day": MONTH.first,
                "last_day": MONTH.first.replace(day=31),
                "lines": len(lines),
                "billed_cost": sum((Decimal(str(line["billed_cost"])) for line in lines), Decimal(0)),
                "control_total": Decimal(0),
            }
        ],
    )
    if replaces:
        store.insert("supersession", [{**key, "take_in": replaces, "replaced_by": name}])
    committed(store, name, taken_at=when)


def test_a_closed_months_figures_stay_whatever_comes(shared: Store) -> None:
    """A bill that comes late moves neither the ledger nor what was billed; both are those that were closed."""
    run = settled(shared)
    asked = {"ledger": ["team"], "billed": ["tag:team"]}
    before = {origin: costs(shared, MONTH, by, origin=origin)["rows"] for origin, by in asked.items()}
    shares = ledger_of(shared)
    came(shared, "late", [charge(1, "7", tags={"team": "a", "feature": "x"})], LATER)
    made = flow.run_month(shared, MONTH, now=LATER)
    assert made.run.name == run
    assert total(cast("list[Row]", made.conserved), "billed") == 15
    assert ledger_of(shared) == shares
    assert {origin: costs(shared, MONTH, by, origin=origin)["rows"] for origin, by in asked.items()} == before
    closing = closing_of(shared, MONTH)
    assert closing
    assert unchanged(shared, closing)


def test_what_comes_late_is_an_adjustment_of_the_month_in_which_it_comes(shared: Store) -> None:
    """It is shown beside November, names October and the import, and sums to what the bill grew by, for whom."""
    settled(shared)
    came(shared, "late", [charge(1, "7", tags={"team": "a", "feature": "x"}), charge(2, "-2", day=9)], LATER)
    made = flow.run_month(shared, MONTH, now=LATER)
    assert made.movement
    assert made.movement.change == {"USD": Decimal(5)}
    shown = cast(dict[str, Any], costs(shared, NOVEMBER, ["team"]))
    assert [(row["adjusts"], row["team"], row["amount"]) for row in shown["adjustments"]] == [
        (MONTH.first, "a", Decimal(7)),
        (MONTH.first, None, Decimal(-2)),
    ]
    assert costs(shared, MONTH, ["team"])["adjustments"] == []
    told = cast(dict[str, Any], restatements(shared, MONTH))
    (movement,) = told["movements"]
    assert (movement["closed"], movement["booked_in"], movement["take_ins"]) == (True, "2026-11", ["late"])
    assert {(row["feature"], row["team"], row["change"]) for row in movement["rows"]} == {
        ("x", "a", 7),
        (None, None, -2),
    }
    assert told["adjustments"] == {"USD": Decimal(5)}


def test_a_second_late_bill_adjusts_only_what_the_first_did_not(duck: Store) -> None:
    """Running again books nothing twice; a restated bill is booked with its difference, and all sum to the bill."""
    settled(duck)
    came(duck, "late", [charge(1, "7", tags={"team": "a", "feature": "x"})], LATER)
    flow.run_month(duck, MONTH, now=LATER)
    again = flow.run_month(duck, MONTH, now=LATER)
    assert again.movement
    assert not again.movement.rows
    came(duck, "newer", [charge(1, "6", tags={"team": "a", "feature": "x"})], LATEST, replaces="late")
    flow.run_month(duck, MONTH, now=LATEST)
    told = cast(dict[str, Any], restatements(duck, MONTH))
    assert [movement["change"] for movement in told["movements"]] == [{"USD": Decimal(7)}, {"USD": Decimal(-1)}]
    billed = total(read(duck, "SELECT billed_cost AS amount FROM current_charge"))
    assert told["adjustments"] == {"USD": billed - 15}
    assert [(row["replaced"], row["replaced_by"], row["change"]) for row in told["bills"]] == [("late", "newer", -1)]


def test_late_events_move_shares_and_no_total(duck: Store) -> None:
    """Events that come after the closing change who caused what: the adjustments sum to nothing."""
    emptied(duck)
    rule = {
        "name": "models",
        "split": "driver",
        "driver": "calls",
        "to": ["feature"],
        "fallback": "unallocated",
    }
    laid(duck, charges=[model_charge(1, "8")], usage=[event(1, feature="chat")], rules=[rule])
    flow.run_month(duck, MONTH, now=NOW)
    close(duck, MONTH, now=NOW, accept_gap="a made-up bill")
    duck.insert("usage", [event(1, feature="search", take_in="more")])
    committed(duck, "more", source="events", taken_at=LATER)
    made = flow.run_month(duck, MONTH, now=LATER)
    assert made.movement
    assert made.movement.change == {"USD": Decimal(0)}
    assert {
        (row["feature"], cast(Decimal, row["after"]) - cast(Decimal, row["before"])) for row in made.movement.rows
    } == {
        ("chat", Decimal(-4)),
        ("search", Decimal(4)),
    }


def test_a_month_is_closed_only_when_everything_is_settled(duck: Store) -> None:
    """Not over, without a ledger, with newer imports, with an open gap: each is refused with what to do."""
    emptied(duck)
    with pytest.raises(Refused) as early:
        close(duck, MONTH, now=NOW.replace(month=10, day=30))
    with pytest.raises(BadInput) as unmade:
        close(duck, MONTH, now=NOW)
    laid(duck, charges=[model_charge(1, "8")], rules=RULES)
    flow.run_month(duck, MONTH, now=NOW)
    with pytest.raises(Refused, match="100 % of acme-ai") as unexplained:
        close(duck, MONTH, now=NOW)
    came(duck, "late", [charge(9, "1")], LATER)
    with pytest.raises(Refused, match="late") as stale:
        close(duck, MONTH, now=LATER, accept_gap="known")
    codes = [caught.value.code for caught in (early, unmade, unexplained, stale)]
    assert codes == ["month-not-over", "no-ledger", "gap-open", "not-up-to-date"]
    assert all(caught.value.fix for caught in (early, unmade, unexplained, stale))
    assert not closings(duck)


def test_opening_again_takes_a_reason_and_takes_the_adjustments_in(shared: Store) -> None:
    """The month's next run holds what was beside later months, which no longer show it; the audit knows who and why."""
    settled(shared)
    came(shared, "late", [charge(1, "7", tags={"team": "a", "feature": "x"})], LATER)
    flow.run_month(shared, MONTH, now=LATER)
    with pytest.raises(BadInput):
        reopen(shared, MONTH, now=LATEST, reason=" ")
    reopen(shared, MONTH, now=LATEST, reason="the auditor asked")
    made = flow.run_month(shared, MONTH, now=LATEST)
    assert total(cast("list[Row]", made.conserved), "billed") == 22
    assert costs(shared, NOVEMBER, [])["adjustments"] == []
    assert restatements(shared, MONTH)["adjustments"] == {}
    acts = read(shared, "SELECT action, actor, detail FROM audit ORDER BY done_at")
    assert [(act["action"], act["actor"]) for act in acts] == [("month-closed", "local"), ("month-reopened", "local")]
    assert "the auditor asked" in str(acts[1]["detail"])


def test_a_closed_month_is_neither_rerated_nor_closed_twice(duck: Store) -> None:
    """Both say that it is closed, and how to go on."""
    settled(duck)
    with pytest.raises(Refused) as rerated:
        flow.rerate(duck, MONTH, now=LATER)
    with pytest.raises(Refused) as closed:
        close(duck, MONTH, now=LATER)
    assert {rerated.value.code, closed.value.code} == {"closed"}
    assert "outlay reopen 2026-10" in rerated.value.fix


def test_a_failure_leaves_the_closed_ledger_as_it_was(duck: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run for adjustments that breaks off half way leaves nothing behind."""
    settled(duck)
    shares = ledger_of(duck)
    came(duck, "late", [charge(1, "7")], LATER)

    def broken(*_: object) -> None:
        raise Refused("torn off")

    monkeypatch.setattr(flow, "_movement", broken)
    with pytest.raises(Refused):
        flow.run_month(duck, MONTH, now=LATER)
    assert ledger_of(duck) == shares
    assert not duck.count("movement")
    assert {row["run"] for row in read(duck, "SELECT DISTINCT run FROM conservation")} == {closings(duck)[0].run}


def test_an_open_month_that_was_over_says_what_moved_too(duck: Store) -> None:
    """Without a closing the month itself moves; it is written down for whom, and by which import."""
    emptied(duck)
    laid(duck, charges=[charge(1, "10", tags={"team": "a"})], rules=RULES)
    flow.run_month(duck, MONTH, now=NOW)
    came(duck, "late", [charge(1, "2", tags={"team": "b"})], LATER)
    flow.run_month(duck, MONTH, now=LATER)
    (movement,) = cast(dict[str, Any], restatements(duck, MONTH))["movements"]
    assert (movement["closed"], movement["booked_in"], movement["change"]) == (False, "2026-10", {"USD": Decimal(2)})
    assert [row["team"] for row in movement["rows"]] == ["b"]


def test_every_figure_says_how_final_it_is(duck: Store) -> None:
    """Usage alone is estimated, a bill without usage billed, one that usage explains reconciled, and then closed."""
    emptied(duck)
    model = [
        model_charge(day, "0.00028", day=day, consumed_quantity=Decimal(110), consumed_unit="Tokens")
        for day in range(1, 32)
    ]
    seen = [event(day, day=day) for day in range(1, 32)]
    laid(duck, charges=[*model, charge(99, "3", day=31)], usage=[*seen, event(99, provider="other-ai")], rules=RULES)
    flow.run_month(duck, MONTH, now=NOW)
    found = {row["provider"]: row["state"] for row in states(duck, MONTH)}
    assert found == {"acme-ai": "reconciled", "AWS": "billed", "other-ai": "estimated"}
    close(duck, MONTH, now=NOW, accept_gap="other-ai sends no bill")
    assert {row["state"] for row in states(duck, MONTH)} == {"closed"}
