"""What happens where a driver has nothing to say, who is too small, and drivers of other kinds."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlay.errors import BadConfig
from outlay.store import Row, Store
from outlay.terms.period import Period
from tests.allocate.test_methods import shares
from tests.laws.guesses import bills, events, few, rules
from tests.laws.test_law_03_conservation import hold_to_the_oracle
from tests.laws.world import NOW, at, charge, committed, emptied, event, laid, published, ruled

BY_CALLS: dict[str, Any] = {"name": "r", "split": "driver", "driver": "calls", "to": ["feature"]}


def run(store: Store, bill: list[Row], rule: dict[str, Any], usage: list[Row]) -> None:
    """Publish a world of one rule."""
    emptied(store)
    laid(store, charges=bill, usage=usage, rules=[rule])
    published(store)


@pytest.mark.parametrize(
    ("fallback", "wanted"),
    [
        ("previous", [("allocated", "chat", 8)]),
        ("even", [("allocated", "chat", 4), ("allocated", "ocr", 4)]),
        (["previous", "month"], [("allocated", "chat", 8)]),
        ("month", [("allocated", "chat", 2), ("allocated", "ocr", 6)]),
    ],
)
def test_a_day_without_a_driver_looks_where_it_is_told(duck: Store, fallback: object, wanted: object) -> None:
    """At the last day that has one, at everyone alike, or at the month."""
    used = [event(1, day=5, feature="chat"), *(event(n, day=20, minute=n, feature="ocr") for n in (2, 3, 4))]
    run(duck, [charge(1, "8", day=9)], {**BY_CALLS, "fallback": fallback}, used)
    assert shares(duck, "feature") == wanted


@pytest.mark.parametrize("driver", ["calls", "metric:requests"])
def test_a_month_without_a_driver_takes_that_of_the_month_before(shared: Store, driver: str) -> None:
    """Usage as the ledger of that month knows it, metrics as they are; without any the next fallback is tried."""
    emptied(shared)
    committed(shared, "metrics", source="metrics_csv")
    sizes = {"chat": 3, "ocr": 1}
    shared.insert(
        "metric",
        [
            {"take_in": "metrics", "file": 1, "line": n, "metric": "requests", "starts_at": at(5), "ends_at": at(6),
             "feature": name, "quantity": Decimal(size), "unit": "", "adds_up": True}
            for n, (name, size) in enumerate(sizes.items(), start=1)
        ],
    )  # fmt: skip
    used = [event(10 * n + k, feature=name) for n, (name, size) in enumerate(sizes.items()) for k in range(size)]
    rule = {**BY_CALLS, "driver": driver, "fallback": ["month", "last_month", "unallocated"]}
    laid(
        shared, charges=[charge(1, "8"), charge(2, "4", day=40, billing_period_start=at(32))], usage=used, rules=[rule]
    )
    november = Period.month("2026-11")
    published(shared, month=november)
    assert shares(shared, "feature") == [("unallocated", None, 4)] if driver == "calls" else True
    published(shared)
    published(shared, month=november, now=NOW + timedelta(hours=1))
    assert shares(shared, "month", "feature") == [
        ("allocated", date(2026, 10, 1), "chat", 6),
        ("allocated", date(2026, 10, 1), "ocr", 2),
        ("allocated", date(2026, 11, 1), "chat", 3),
        ("allocated", date(2026, 11, 1), "ocr", 1),
    ]


def test_what_follows_costs_cannot_follow_those_of_another_month() -> None:
    """It is refused with what to write instead."""
    with pytest.raises(BadConfig, match="costs of its own month"):
        ruled([{"name": "r", "split": "proportional", "to": ["feature"], "fallback": "last_month"}])


def test_before_the_first_day_with_a_driver_there_is_no_previous_one(duck: Store) -> None:
    """The next fallback is tried, and in the end it stays in sight."""
    run(duck, [charge(1, "8", day=2)], {**BY_CALLS, "fallback": "previous"}, [event(1, day=5, feature="chat")])
    assert shares(duck, "feature") == [("unallocated", None, 8)]


@pytest.mark.parametrize(
    ("cutoff", "wanted"),
    [
        ({"percent": "10"}, {"big": 96, "mid": 24}),
        ({"amount": "13"}, {"big": 96, "mid": 24}),
        ({"percent": 10, "into": {"feature": "all others"}}, {"big": 80, "mid": 20, "all others": 20}),
        ({"percent": 99}, {"big": 80, "mid": 20, "tiny": 10, "wee": 10}),
    ],
)
def test_who_is_too_small_gets_nothing_and_nothing_is_lost(duck: Store, cutoff: object, wanted: object) -> None:
    """The others get it in proportion, or one name does; where all are too small, nobody is."""
    sizes = {"big": 8, "mid": 2, "tiny": 1, "wee": 1}
    used = [event(10 * n + k, minute=10 * n + k, feature=f) for n, (f, c) in enumerate(sizes.items()) for k in range(c)]
    run(duck, [charge(1, "120")], {**BY_CALLS, "cutoff": cutoff}, used)
    assert {feature: amount for _, feature, amount in shares(duck, "feature")} == wanted


def test_a_metric_splits_by_what_a_company_counts(shared: Store) -> None:
    """Bytes of a month, requests of a day and the larger of two: metrics of any period split the days they cover."""
    emptied(shared)
    committed(shared, "metrics", source="metrics_csv")
    row = {"take_in": "metrics", "file": 1, "unit": "", "adds_up": True}
    names = [
        ("stored", "acme", 1, 32, 30, False),
        ("stored", "zeta", 1, 32, 10, False),
        ("requests", "acme", 5, 6, 1, True),
        ("requests", "zeta", 5, 6, 3, True),
        ("request", "acme", 5, 6, 6, True),
        ("usage", "acme", 5, 6, 2, True),
        ("request", "zeta", 5, 6, 1, True),
        ("usage", "zeta", 5, 6, 2, True),
    ]
    shared.insert(
        "metric",
        [
            {
                **row,
                "line": n,
                "metric": m,
                "customer": c,
                "starts_at": at(a),
                "ends_at": at(b),
                "quantity": q,
                "adds_up": up,
            }
            for n, (m, c, a, b, q, up) in enumerate(names, start=2)
        ],
    )
    by = {"split": "driver", "to": ["customer"]}
    rules: list[dict[str, Any]] = [
        {**by, "name": "disk", "match": {"service_name": "disk"}, "driver": "metric:stored"},
        {**by, "name": "api", "match": {"service_name": "api"}, "driver": "metric:requests"},
        {
            **by,
            "name": "pods",
            "driver": ["metric:request", "metric:usage"],
            "capacity": {"unit": "metric:request", "per_consumed": 16},
        },
    ]
    bill = [
        charge(1, "40", service_name="disk", day=20),
        charge(2, "8", service_name="api"),
        charge(3, "16", service_name="nodes"),
    ]
    laid(shared, charges=bill, rules=rules)
    published(shared)
    assert shares(shared, "rule", "customer") == [
        ("allocated", "api", "acme", 2),
        ("allocated", "api", "zeta", 6),
        ("allocated", "disk", "acme", 30),
        ("allocated", "disk", "zeta", 10),
        ("allocated", "pods", "acme", 6),
        ("allocated", "pods", "zeta", 2),
        ("idle", "pods", None, 8),
    ]


def test_a_cost_is_followed_for_each_account_apart(duck: Store) -> None:
    """Support of one account follows the cost of that account, and of the rules it names only."""
    emptied(duck)
    machines = {"name": "machines", "match": {"service_name": "Compute"}, "set": {"team": "tag:team"}}
    support = {"name": "support", "match": {"service_name": "Support"}, "split": "proportional", "to": ["team"]}
    support |= {"for_each": "sub_account_name", "follow": ["machines"]}
    other = {"name": "other", "set": {"team": "=other"}}
    bill = [
        charge(n, "3", tags={"team": "abc"[n - 1]}, service_name="Compute", sub_account_name=name)
        for n, name in enumerate(("prod", "dev", "dev"), start=1)
    ]
    bill += [charge(4, "10", service_name="Support", sub_account_name="dev"), charge(5, "9", service_name="Else")]
    laid(duck, charges=bill, rules=[support, machines, other])
    published(duck)
    found = [told[2:] for told in shares(duck, "rule", "team") if told[1] == "support"]
    assert found == [("b", 5), ("c", 5)]


def test_percents_are_exact() -> None:
    """33.3 is 333 in a thousand, not a float."""
    rule = {
        "name": "r",
        "split": "fixed",
        "among": [{"team": "a", "percent": "33.3"}, {"team": "b", "percent": "66.7"}],
    }
    assert [weight for _, weight in ruled([rule]).rules[0].among] == [333, 667]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"fallback": ["direct", "month"]}, "cannot be tried in that order"),
        ({"fallback": []}, "cannot be tried in that order"),
        ({"driver": ["calls", "calls"]}, "is not one"),
        ({"driver": "metric:"}, "driver 'metric:' is not one"),
        ({"driver": "metric:x", "within": ["provider"]}, "a metric knows no provider"),
        ({"for_each": "sub_account_name"}, "what is measured does not know 'sub_account_name'"),
        ({"cutoff": {}}, "says no limit"),
        ({"cutoff": {"percent": "-1"}}, "is no number above 0"),
        ({"cutoff": {"percent": "1", "into": {"provider": "x"}}}, "names what no share has"),
        ({"follow": ["x"]}, "which follows no cost"),
        ({"from": {"team": "a"}, "match": {"provider": "x"}}, "which have no bill columns"),
        ({"from": {"team": "a"}, "set": {"team": "tag:team"}}, "which have no bill columns"),
        ({"from": {"colour": "a"}}, "from 'colour' is not one"),
        ({"from": {"rule": "gone"}}, "names rule named 'gone'"),
        ({"from": {}}, "names no holder of shares"),
        ({"reciprocal": True}, "cannot be reciprocal"),
        ({"split": "fixed", "among": [{"team": "a", "percent": 99}]}, "sum to 99"),
        ({"split": "proportional", "follow": ["gone"]}, "names rule named 'gone'"),
    ],
)
def test_what_a_rule_cannot_mean_is_refused(rule: dict[str, Any], said: str) -> None:
    """Each message names the rule and the key, and how to mend it."""
    with pytest.raises(BadConfig, match=said) as caught:
        ruled([{**BY_CALLS, **rule}])
    assert caught.value.fix


WINDOWS = st.lists(st.sampled_from(["previous", "month", "even"]), unique=True, max_size=3)


@st.composite
def rich(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw rules with any order of fallbacks and any cut-off."""
    found = draw(rules())
    for rule in found:
        if rule["split"] in ("driver", "proportional"):
            rule["fallback"] = [*draw(WINDOWS), draw(st.sampled_from(["direct", "unallocated"]))]
            limit = draw(st.sampled_from([None, {"percent": "30"}, {"amount": "0.5"}, {"percent": "0.001"}]))
            if limit:
                rule["cutoff"] = limit | draw(st.sampled_from([{}, {"into": {"team": "rest"}}]))
    return found


@given(bill=bills(), used=events(), drawn=rich())
@few(8)
def test_every_fallback_and_cut_off_meets_the_oracle(
    duck: Store, bill: list[Row], used: list[Row], drawn: list[dict[str, Any]]
) -> None:
    """Whatever is drawn: shares sum to the bill, and are the oracle's to the last digit."""
    hold_to_the_oracle(duck, bill, used, drawn)


@given(bill=bills(), used=events(), drawn=rich())
@few(2)
def test_every_fallback_and_cut_off_meets_the_oracle_on_clickhouse(
    click: Store, bill: list[Row], used: list[Row], drawn: list[dict[str, Any]]
) -> None:
    """The same on the other engine."""
    hold_to_the_oracle(click, bill, used, drawn)


def test_zero_is_nobody_s_and_days_keep_their_date(duck: Store) -> None:
    """A charge of nothing on a day without usage is there, as nothing; another day's is not doubled."""
    run(duck, [charge(1, "0", day=3), charge(2, "-4", day=5)], BY_CALLS, [event(1, feature="chat")])
    assert shares(duck, "day", "feature") == [
        ("allocated", date(2026, 10, 5), "chat", Decimal(-4)),
        ("unallocated", date(2026, 10, 3), None, Decimal(0)),
    ]
