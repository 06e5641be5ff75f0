"""Every way to split, by example."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from outlay.store import Row, Store
from tests.laws.world import charge, emptied, event, laid, model_charge, published, read

Told = list[tuple[Any, ...]]
TAGS = {"name": "tags", "set": {"team": "tag:team"}}


def shares(store: Store, *names: str) -> Told:
    """Return state, the asked dimensions, and amount of every share, sorted."""
    rows = read(store, "SELECT * FROM ledger")
    return sorted(((r["state"], *(r[n] for n in names), r["amount"]) for r in rows), key=repr)


def run(store: Store, charges: list[Row], rules: list[dict[str, Any]], usage: Sequence[Row] = ()) -> None:
    """Publish a small world."""
    emptied(store)
    laid(store, charges=charges, rules=rules, usage=usage)
    published(store)


def test_direct_gives_a_charge_to_whom_its_tags_name(shared: Store) -> None:
    """A tag names the team; a charge that names nobody stays unallocated, in sight."""
    run(shared, [charge(1, "10", tags={"team": "a"}), charge(2, "4")], [TAGS])
    assert shares(shared, "team") == [("allocated", "a", 10), ("unallocated", None, 4)]


def test_a_literal_in_set_needs_no_tag(shared: Store) -> None:
    """`=platform` is the word itself, not a column."""
    rule = {"name": "ops", "match": {"service_name": "Support"}, "set": {"team": "=platform"}}
    run(shared, [charge(1, "10", service_name="Support")], [rule])
    assert shares(shared, "team") == [("allocated", "platform", 10)]


def test_even_gives_each_the_same_and_the_last_unit_to_the_smaller_name(shared: Store) -> None:
    """Ten dollars among three: a thousand-billionth goes to the first by name, whatever the order in the file."""
    rule = {"name": "even", "split": "even", "among": [{"team": "c"}, {"team": "a"}, {"team": "b"}]}
    run(shared, [charge(1, "10")], [rule])
    third = Decimal("3.333333333333")
    assert shares(shared, "team") == [
        ("allocated", "a", third + Decimal("1e-12")),
        ("allocated", "b", third),
        ("allocated", "c", third),
    ]


def test_fixed_gives_by_weights(shared: Store) -> None:
    """Three to one, also of a credit."""
    among = [{"team": "a", "weight": 3}, {"team": "b", "weight": 1}]
    run(shared, [charge(1, "-2", charge_category="Credit")], [{"name": "fixed", "split": "fixed", "among": among}])
    assert shares(shared, "team") == [("allocated", "a", Decimal("-1.5")), ("allocated", "b", Decimal("-0.5"))]


def test_a_driver_follows_the_day_s_usage(shared: Store) -> None:
    """The large call carries the large part, on the day it happened."""
    calls = [
        event(1, feature="chat"),
        event(2, feature="search", input=400, output=20),
        event(3, day=6, feature="chat"),
    ]
    run(shared, [model_charge(1, "6"), model_charge(2, "5", day=6)], [], usage=calls)
    # 100 x 2 + 10 x 8 = 280 and 400 x 2 + 20 x 8 = 960 millionths of a dollar: 7 to 24.
    assert shares(shared, "day", "feature") == [
        ("allocated", date(2026, 10, 5), "chat", Decimal("1.354838709677")),
        ("allocated", date(2026, 10, 5), "search", Decimal("4.645161290323")),
        ("allocated", date(2026, 10, 6), "chat", 5),
    ]


@pytest.mark.parametrize(
    ("driver", "parts"),
    [("calls", (3, 1)), ("attempts", (4, 1)), ("tokens", (5, 15)), ("duration_ms", (1, 4)), ("unit:page", (0, 1))],
)
def test_each_driver_measures_what_its_name_says(shared: Store, driver: str, parts: tuple[int, int]) -> None:
    """Calls, attempts, tokens, time and any unit split the same bill differently."""
    small: dict[str, Any] = {"feature": "chat", "input": 1, "output": 0, "duration_ms": 25}
    used = [event(n, minute=n, **small) for n in range(1, 4)]
    used += [event(4, attempt=2, feature="chat", input=2, output=0, duration_ms=25)]
    used += [event(5, feature="ocr", model="m-page", unit="page", quantity=7, input=15, output=0, duration_ms=400)]
    rule = {"name": "r", "split": "driver", "driver": driver, "to": ["feature"]}
    run(shared, [charge(1, Decimal(sum(parts)))], [rule], usage=used)
    wanted = [("allocated", name, part) for name, part in zip(("chat", "ocr"), parts, strict=True) if part]
    assert shares(shared, "feature") == wanted


@pytest.mark.parametrize(
    ("fallback", "wanted"),
    [
        ("unallocated", [("unallocated", "a", None, 8)]),
        ("direct", [("allocated", "a", None, 8)]),
        ("month", [("allocated", "a", "chat", 8)]),
    ],
)
def test_a_day_without_a_driver_falls_back(shared: Store, fallback: str, wanted: Told) -> None:
    """To nobody, to whom the charge names, or to who used it in the month."""
    rule = {
        "name": "r",
        "set": {"team": "tag:team"},
        "split": "driver",
        "driver": "calls",
        "to": ["feature"],
        "fallback": fallback,
    }
    run(shared, [charge(1, "8", day=9, tags={"team": "a"})], [rule], usage=[event(1, day=5, feature="chat")])
    assert shares(shared, "team", "feature") == wanted


def test_what_nobody_measured_in_the_month_stays_unallocated(shared: Store) -> None:
    """Falling back to a month without usage leaves the money in sight."""
    rule = {"name": "r", "split": "driver", "driver": "calls", "to": ["feature"], "fallback": "month"}
    run(shared, [charge(1, "8")], [rule])
    assert shares(shared, "feature") == [("unallocated", None, 8)]


def test_a_driver_is_followed_within_what_the_charge_says(shared: Store) -> None:
    """A small model's bill follows the small model's users, without regard to case."""
    used = [event(1, feature="chat"), event(2, feature="ocr", model="m-small")]
    run(shared, [model_charge(1, "3", model="M-SMALL")], [], usage=used)
    assert [(state, feature, amount) for state, feature, amount in shares(shared, "feature")] == [
        ("allocated", "ocr", 3)
    ]


def test_capacity_that_nobody_used_is_idle(shared: Store) -> None:
    """A GPU hour has 3,600 seconds: 900 used is a quarter; the rest is idle, and belongs to nobody."""
    rule = {
        "name": "gpus",
        "split": "driver",
        "driver": "unit:gpu_second",
        "to": ["feature"],
        "capacity": {"unit": "gpu_second", "per_consumed": 3600},
    }
    used = event(1, feature="chat", unit="gpu_second", quantity=900)
    run(shared, [charge(1, "4", consumed_quantity=1)], [rule], usage=[used])
    assert shares(shared, "feature") == [("allocated", "chat", 1), ("idle", None, 3)]


def test_more_use_than_capacity_leaves_nothing_idle(shared: Store) -> None:
    """When the measured use exceeds what was paid for, everything is allocated."""
    rule = {
        "name": "gpus",
        "split": "driver",
        "driver": "unit:gpu_second",
        "to": ["feature"],
        "capacity": {"unit": "gpu_second", "per_consumed": 3600},
    }
    used = event(1, feature="chat", unit="gpu_second", quantity=9000)
    run(shared, [charge(1, "4", consumed_quantity=1)], [rule], usage=[used])
    assert shares(shared, "feature") == [("allocated", "chat", 4)]


def test_proportional_comes_after_all_others_wherever_it_stands(shared: Store) -> None:
    """Support follows what machines and models cost, although its rule is the first of the list."""
    support = {"name": "support", "match": {"service_name": "Support"}, "split": "proportional", "to": ["team"]}
    shared_cost = {
        "name": "shared",
        "match": {"service_name": "Shared"},
        "split": "fixed",
        "among": [{"team": "a", "weight": 1}],
    }
    bill = [
        charge(1, "10", service_name="Support"),
        charge(2, "1", service_name="Shared"),
        charge(3, "3", tags={"team": "b"}),
    ]
    run(shared, bill, [support, shared_cost, TAGS])
    assert shares(shared, "team", "rule") == [
        ("allocated", "a", "shared", 1),
        ("allocated", "a", "support", Decimal("2.5")),
        ("allocated", "b", "support", Decimal("7.5")),
        ("allocated", "b", "tags", 3),
    ]


def test_the_first_rule_that_matches_wins(shared: Store) -> None:
    """The order of the list decides, globs and negations included."""
    rules = [
        {"name": "not aws", "match": {"provider": "!AWS"}, "set": {"team": "=others"}},
        {"name": "ec2", "match": {"service_name": ["*EC2*", "*Fargate*"]}, "set": {"team": "=compute"}},
        {"name": "untagged", "match": {"tag:team": ""}, "set": {"team": "=nobody"}},
        TAGS,
    ]
    bill = [
        charge(1, "1", provider="Google Cloud", service_name="EC2 look-alike"),
        charge(2, "2", service_name="Amazon EC2", tags={"team": "a"}),
        charge(3, "4"),
        charge(4, "8", tags={"team": "a"}),
    ]
    run(shared, bill, rules)
    assert shares(shared, "team") == [
        ("allocated", "a", 8),
        ("allocated", "compute", 2),
        ("allocated", "nobody", 4),
        ("allocated", "others", 1),
    ]
