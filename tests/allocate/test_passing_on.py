"""Rules that take what others gave, by example."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlay.allocate.passing import solve
from outlay.errors import BadConfig
from outlay.store import Row, Store
from tests.laws.guesses import bills, events, few
from tests.laws.world import NOW, charge, emptied, event, laid, ledger_of, published, read, ruled

TAGS: dict[str, Any] = {"name": "tags", "set": {"team": "tag:team"}}
ON: dict[str, Any] = {
    "name": "platform on",
    "from": {"team": "platform"},
    "split": "driver",
    "driver": "calls",
    "to": ["feature"],
    "fallback": ["previous", "month", "direct"],
}
CALLS = [event(1, feature="chat"), event(2, feature="search", minute=1), event(3, feature="search", minute=2)]


def sums(store: Store, *names: str, where: str = "1 = 1") -> dict[tuple[object, ...], Decimal]:
    """Return the ledger summed by some dimensions, without what sums to nothing."""
    listed = ", ".join(names)
    rows = read(store, f"SELECT {listed}, SUM(amount) AS amount FROM ledger WHERE {where} GROUP BY {listed}")
    return {tuple(row[name] for name in names): row["amount"] for row in rows if row["amount"]}  # type: ignore[misc]


def run(store: Store, bill: list[Row], rules: list[dict[str, Any]], usage: list[Row]) -> None:
    """Publish a small world."""
    emptied(store)
    laid(store, charges=bill, usage=usage, rules=rules)
    published(store)


def test_what_a_team_holds_goes_on_to_whom_it_serves(shared: Store) -> None:
    """The platform's 9 dollars leave it, with the sign turned, and arrive at the features by calls."""
    bill = [charge(1, "9", tags={"team": "platform"}), charge(2, "4", tags={"team": "growth"})]
    run(shared, bill, [TAGS, ON], CALLS)
    assert sums(shared, "team", "feature") == {("growth", None): 4, (None, "chat"): 3, (None, "search"): 6}
    assert sums(shared, "rule", "method") == {
        ("tags", "direct"): 13,
        ("platform on", "passed on"): -9,
        ("platform on", "driver"): 9,
    }


def test_what_one_rule_split_by_customer_is_split_by_feature_within_each(duck: Store) -> None:
    """A shared database: per customer by one driver, and per feature by the calls of that customer."""
    first = {"name": "db", "split": "driver", "driver": "tokens", "to": ["customer"]}
    then = {
        "name": "db by feature",
        "from": {"rule": "db"},
        "split": "driver",
        "driver": "calls",
        "within": ["customer"],
        "to": ["feature"],
    }
    used = [
        event(1, customer="acme", feature="chat", input=10, output=0),
        event(2, customer="acme", feature="ocr", input=20, output=0, minute=1),
        event(3, customer="zeta", feature="chat", input=10, output=0, minute=2),
    ]
    run(duck, [charge(1, "8")], [then, first], used)
    assert sums(duck, "customer", "feature") == {("acme", "chat"): 3, ("acme", "ocr"): 3, ("zeta", "chat"): 2}


def test_without_a_driver_what_was_taken_goes_back(duck: Store) -> None:
    """On the 1st nobody called yet: the day before has no driver, the month has; without usage it is the platform's."""
    run(duck, [charge(1, "9", day=1, tags={"team": "platform"})], [TAGS, ON], CALLS)
    assert sums(duck, "feature") == {("chat",): 3, ("search",): 6}
    run(duck, [charge(1, "9", day=1, tags={"team": "platform"})], [TAGS, ON], [])
    assert sums(duck, "team") == {("platform",): 9}


def test_nothing_flows_back_to_who_passed_on(duck: Store) -> None:
    """The second step gives by team, but not to the team of the first step, nor to its own."""
    second = {**ON, "name": "infra on", "from": {"team": "infra"}, "driver": "calls", "to": ["team"]}
    used = [event(n, minute=n, feature="chat", team=team) for n, team in enumerate(("platform", "infra", "growth"))]
    bill = [charge(1, "6", tags={"team": "platform"}), charge(2, "5", tags={"team": "infra"})]
    run(duck, bill, [TAGS, ON, second], used)
    assert sums(duck, "team", "feature") == {("growth", None): 5, (None, "chat"): 6}


def test_rules_that_wait_for_each_other_are_refused_with_the_circle() -> None:
    """The message shows the path along which the money would run in a circle."""
    one = {"name": "one", "from": {"rule": "two"}, "split": "even", "among": [{"team": "a"}]}
    two = {"name": "two", "from": {"rule": "three"}, "split": "even", "among": [{"team": "a"}]}
    three = {"name": "three", "from": {"rule": "one"}, "split": "even", "among": [{"team": "a"}]}
    with pytest.raises(BadConfig, match=r"wait for each other: \w+ -> \w+ -> \w+ -> \w+"):
        ruled([one, two, three])
    gives = [
        {"name": name, "from": {"team": own}, "split": "even", "among": [{"team": other}]}
        for name, own, other in (("a on", "a", "b"), ("b on", "b", "a"))
    ]
    with pytest.raises(BadConfig, match="a on -> b on -> a on"):
        ruled(gives)


RECIPROCAL: list[dict[str, Any]] = [
    {
        "name": "it",
        "from": {"team": "it"},
        "split": "fixed",
        "reciprocal": True,
        "among": [{"team": "hr", "percent": 20}, {"team": "a", "percent": 50}, {"team": "b", "percent": 30}],
    },
    {
        "name": "hr",
        "from": {"team": "hr"},
        "split": "fixed",
        "reciprocal": True,
        "among": [{"team": "it", "percent": 10}, {"team": "a", "percent": 40}, {"team": "b", "percent": 50}],
    },
]


def test_departments_that_serve_each_other_are_solved_at_once(shared: Store) -> None:
    """IT and HR serve each other; the equations' answer, and nothing stays with either.

    IT has 98 of its own and a tenth of HR's; HR has 49 and a fifth of IT's: 105 and 70 in the end, by hand.
    """
    bill = [charge(1, "98", tags={"team": "it"}), charge(2, "49", tags={"team": "hr"})]
    run(shared, bill, [TAGS, *RECIPROCAL], [])
    whole_it, whole_hr = Decimal("105.0"), Decimal("70.0")
    assert whole_it == 98 + whole_hr / 10
    assert whole_hr == 49 + whole_it / 5
    assert sums(shared, "team") == {
        ("a",): whole_it * 5 / 10 + whole_hr * 4 / 10,
        ("b",): whole_it * 3 / 10 + whole_hr * 5 / 10,
    }


def test_a_closed_circle_has_no_answer() -> None:
    """Two that give everything to each other are refused; so are equations that do not leave."""
    rules = ruled(
        [
            {"name": name, "from": {"team": own}, "split": "even", "reciprocal": True, "among": [{"team": other}]}
            for name, own, other in (("a on", "a", "b"), ("b on", "b", "a"))
        ]
    ).rules
    with pytest.raises(BadConfig, match="give everything to each other"):
        solve(rules)


@given(weights=st.lists(st.integers(1, 50), min_size=9, max_size=9))
def test_all_that_begins_anywhere_leaves_exactly(weights: list[int]) -> None:
    """For any weights among three departments and one outside, the parts of each row sum to one."""
    names = ("x", "y", "z")
    rules = [
        {
            "name": name,
            "from": {"team": name},
            "split": "fixed",
            "reciprocal": True,
            "among": [
                {"team": other, "weight": weights[3 * place + n]}
                for n, other in enumerate([*(o for o in names if o != name), "outside"])
            ],
        }
        for place, name in enumerate(names)
    ]
    for row in solve(ruled(rules).rules):
        assert sum(row, Fraction(0)) == 1
        assert all(part >= 0 for part in row)


@st.composite
def chains(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw rules that give to teams, and up to three that take from them in steps."""
    found: list[dict[str, Any]] = [
        {"name": "support", "match": {"service_name": "Support"}, "split": "proportional", "to": ["team"]},
        {"name": "tags", "set": {"team": "tag:team"}, "match": {"tag:team": "?*"}},
        {"name": "rest", "split": "driver", "driver": "calls", "to": ["team", "feature"], "fallback": "month"},
    ]
    if draw(st.booleans()):
        return [
            *found,
            *(
                dict(rule)
                | {
                    "from": {"team": own},
                    "among": [
                        {"team": other, "weight": draw(st.integers(1, 9))},
                        {"team": "z", "weight": draw(st.integers(1, 9))},
                    ],
                }
                for rule, own, other in zip(RECIPROCAL, "ab", "ba", strict=True)
            ),
        ]
    for number in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(["tags", "rest", "support"]))
        taken: dict[str, Any] = draw(st.sampled_from([{"team": "abc"[number]}, {"rule": name}]))
        fallback = draw(st.sampled_from(["direct", "unallocated", ["previous", "even", "direct"]]))
        measured = draw(st.sampled_from([("driver", "calls"), ("driver", "tokens"), ("proportional", "")]))
        within = draw(st.sampled_from([[], ["team"]]))
        rule: dict[str, Any] = {"name": f"step {number}", "from": taken, "split": measured[0], "fallback": fallback}
        rule |= {"to": draw(st.sampled_from([["feature"], ["team"], ["feature", "customer"]])), "within": within}
        found.append(rule | ({"driver": measured[1]} if measured[1] else {}))
    return found


@given(bill=bills(), used=events(), drawn=chains())
@few(8)
def test_chains_of_any_kind_lose_and_double_nothing(
    duck: Store, bill: list[Row], used: list[Row], drawn: list[dict[str, Any]]
) -> None:
    """Credits, steps, fallbacks and circles: every run meets the bill, twice the same, and what is taken is given."""
    hold(duck, bill, used, drawn)


@given(bill=bills(), used=events(), drawn=chains())
@few(2)
def test_chains_of_any_kind_lose_and_double_nothing_on_clickhouse(
    click: Store, bill: list[Row], used: list[Row], drawn: list[dict[str, Any]]
) -> None:
    """The same on the other engine."""
    hold(click, bill, used, drawn)


def hold(store: Store, bill: list[Row], used: list[Row], drawn: list[dict[str, Any]]) -> None:
    """Publish a world, which compares it with the bill; twice; and hold what was taken against what was given."""
    run(store, bill, drawn, used)
    before = ledger_of(store)
    taken = read(store, "SELECT passing, SUM(amount) AS amount FROM pool WHERE passing <> '' GROUP BY passing")
    assert sum((Decimal(str(row["amount"])) for row in taken), Decimal(0)) == 0
    by_pool = "SELECT pool, SUM(amount) AS amount FROM {} GROUP BY pool ORDER BY pool"
    assert read(store, by_pool.format("ledger")) == read(store, by_pool.format("pool"))
    published(store, now=NOW + timedelta(hours=1))
    assert ledger_of(store) == before
