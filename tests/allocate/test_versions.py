"""Versions, plans, sensitivity and traces: what other rules would do, and what these did."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient
from hypothesis import given

from outlay.allocate.plan import plan
from outlay.allocate.versions import apply_rules, history, rules_in_force, rules_of
from outlay.errors import BadInput
from outlay.explain.sensitivity import sensitivity
from outlay.explain.trace_back import trace_back
from outlay.serve.app import create_app
from outlay.store import Row, Store
from outlay.store.tables import RUN_TABLES
from tests.laws.guesses import bills, events, few, rules
from tests.laws.world import MONTH, NOW, at, charge, emptied, event, laid, published, read, ruled, total

TAGS: dict[str, Any] = {"name": "tags", "set": {"team": "tag:team"}}
BY_CALLS: dict[str, Any] = {
    "name": "shared",
    "match": {"service_name": "Shared"},
    "split": "driver",
    "driver": "calls",
    "to": ["feature", "customer"],
}
USED = [
    event(1, feature="chat", customer="acme", input=100, output=0),
    event(2, feature="chat", customer="zeta", input=200, output=0, minute=1),
    event(3, feature="search", customer="zeta", input=100, output=0, minute=2),
]


def world(store: Store, *listed: dict[str, Any]) -> None:
    """Publish a month of one shared bill and one that has a team."""
    emptied(store)
    bill = [charge(1, "12", service_name="Shared"), charge(2, "5", tags={"team": "a"})]
    laid(store, charges=bill, usage=USED, rules=listed or (BY_CALLS, TAGS))
    published(store)


def test_a_month_uses_the_version_in_effect_for_it(shared: Store) -> None:
    """Rules from November on leave October's alone; rules for all months replace both; each can be read again."""
    emptied(shared)
    first, second, third = ruled([TAGS]), ruled([BY_CALLS, TAGS]), ruled([{"name": "other"}])
    october, november = date(2026, 10, 1), date(2026, 11, 1)
    apply_rules(shared, first, now=at(1), author="ada", reason="start")
    apply_rules(shared, second, now=at(2), author="grace", reason="share it", effective_from=november)
    assert rules_in_force(shared, october) == first
    assert rules_in_force(shared, november) == rules_in_force(shared) == second
    apply_rules(shared, third, now=at(3))
    assert rules_in_force(shared, october) == rules_in_force(shared, november) == third
    assert [(one.rule_version, one.author, one.reason, one.effective_from, one.rules) for one in history(shared)] == [
        (third.version, None, None, None, 1),
        (second.version, "grace", "share it", november, 2),
        (first.version, "ada", "start", None, 1),
    ]
    assert rules_of(shared, second.version) == second
    with pytest.raises(BadInput, match="no version 'x'"):
        rules_of(shared, "x")


def test_a_plan_says_what_moves_and_leaves_nothing(shared: Store) -> None:
    """By tokens instead of calls, three dollars go from acme to zeta's search; nothing is published or left behind."""
    world(shared)
    before = {table: shared.count(table) for table in RUN_TABLES}
    planned = plan(shared, ruled([BY_CALLS | {"driver": "tokens"}, TAGS]), MONTH, now=NOW)
    assert planned.changed == ["shared"]
    assert {name: [(row[name], row["change"]) for row in rows] for name, rows in planned.moved.items()} == {
        "feature": [("chat", 1), ("search", -1)],
        "customer": [("acme", -1), ("zeta", 1)],
        "team": [],
        "rule": [],
        "state": [],
    }
    assert {table: shared.count(table) for table in RUN_TABLES} == before


def test_a_plan_of_the_same_rules_moves_nothing(duck: Store) -> None:
    """Nothing is split anew when no rule differs."""
    world(duck)
    planned = plan(duck, ruled([BY_CALLS, TAGS]), MONTH, now=NOW)
    assert (planned.changed, any(planned.moved.values())) == ([], False)
    emptied(duck)
    with pytest.raises(BadInput, match="no ledger of 2026-10"):
        plan(duck, ruled([TAGS]), MONTH, now=NOW)


def hold_plan(store: Store, bill: list[Row], used: list[Row], first: list[Any], second: list[Any]) -> None:
    """Plan other rules, then apply and run them: the plan was right to the last digit."""
    emptied(store)
    laid(store, charges=bill, usage=used, rules=first)
    published(store)
    by = ("feature", "customer", "team", "rule", "state")
    was = {name: summed(store, name) for name in by}
    planned = plan(store, ruled(second), MONTH, now=NOW)
    apply_rules(store, ruled(second), now=NOW)
    published(store, now=NOW + timedelta(hours=1))
    for name in by:
        now = summed(store, name)
        changes = {key: now.get(key, Decimal(0)) - was[name].get(key, Decimal(0)) for key in {*now, *was[name]}}
        wanted = {key: change for key, change in changes.items() if change}
        assert {(row[name], row["currency"]): row["change"] for row in planned.moved[name]} == wanted


def summed(store: Store, name: str) -> dict[tuple[object, object], Decimal]:
    """Return the ledger by one dimension and currency."""
    rows = read(store, f"SELECT {name}, currency, SUM(amount) AS amount FROM ledger GROUP BY {name}, currency")
    return {(row[name], row["currency"]): cast(Decimal, row["amount"]) for row in rows}


STEP: dict[str, Any] = {"name": "step", "from": {"team": "a"}, "split": "driver", "driver": "calls", "to": ["feature"]}


@given(bill=bills(), used=events(), first=rules(), second=rules())
@few(4)
def test_a_plan_is_what_applying_then_does(
    duck: Store, bill: list[Row], used: list[Row], first: list[dict[str, Any]], second: list[dict[str, Any]]
) -> None:
    """Drawn rules replace drawn rules, with a step that passes on: what was planned is what comes."""
    hold_plan(duck, bill, used, first, [*second, STEP])
    hold_plan(duck, bill, used, [*first, STEP], [*(rule | {"split": rule["split"]} for rule in first), STEP][::-1])


def test_sensitivity_says_how_far_a_cost_depends_on_the_driver(shared: Store) -> None:
    """Acme pays 4 of 12 by calls and 3 by tokens; nothing else of it depends on a driver."""
    world(shared)
    answer = cast(dict[str, Any], sensitivity(shared, MONTH, {"customer": "acme"}))
    (row,) = answer["rows"]
    assert (row["rule"], row["driver"], row["amount"]) == ("shared", "calls", 4)
    assert (row["low"], row["low_driver"]) == (3, "estimated_cost")
    assert (row["high"], row["drivers"]["tokens"]) == (4, 3)
    (whole,) = answer["totals"]
    assert (whole["amount"], whole["low"], whole["high"], whole["fixed"]) == (4, 3, 4, 0)
    assert whole["spread_ratio"] == Decimal("0.25")
    (team,) = cast(list[dict[str, Any]], sensitivity(shared, MONTH, {"team": "a"})["totals"])
    assert (team["amount"], team["low"], team["high"]) == (5, 5, 5)
    with pytest.raises(BadInput, match="cannot be asked by 'colour'"):
        sensitivity(shared, MONTH, {"colour": "red"})


def test_every_share_leads_back_to_charges_and_on_to_its_rule_and_driver(shared: Store) -> None:
    """What a step gave leads to the share it took, to that share's pool and line; and to who applied the rule."""
    emptied(shared)
    listed = ruled([TAGS, STEP])
    laid(shared, charges=[charge(1, "9", tags={"team": "a"})], usage=USED)
    apply_rules(shared, listed, now=at(20), author="ada", reason="features pay")
    published(shared)
    found = cast(dict[str, Any], trace_back(shared, MONTH, where={"feature": "chat"}))
    (share,) = found["shares"]
    assert (share["amount"], share["rule"]) == (6, "step")
    assert [(row["weight"], row["feature"], row["driver_day"]) for row in share["driver_rows"]] == [
        (2000, "chat", date(2026, 10, 5))
    ]
    pools = {pool["pool"]: pool for pool in found["pools"]}
    into = pools[share["pool"]]
    assert (into["passing"], into["charges"]) == ("in", [])
    (taken,) = into["taken"]
    assert (taken["rule"], taken["team"], taken["amount"]) == ("tags", "a", 9)
    assert [line["line"] for line in pools[taken["pool"]]["charges"]] == [1]
    assert (pools[taken["pool"]]["taken"], pools[taken["pool"]]["off_by"]) == ([], 0)
    (rule,) = found["rules"]
    assert (rule["author"], rule["reason"], rule["effective_from"]) == ("ada", "features pay", None)
    asked = {"period": "2026-10", "where": "feature=chat"}
    answer = TestClient(create_app(shared), base_url="http://localhost").get("/v1/trace-back", params=asked)
    assert answer.json()["shares"][0]["amount"] == "6"
    assert total(answer.json()["shares"]) == 6
