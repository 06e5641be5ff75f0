"""Virtual dimensions, mapping tables and patterns."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from outlay.allocate.grammar.patterns import LONGEST
from outlay.allocate.rules import Rules, from_definitions, from_toml, read
from outlay.errors import BadConfig
from outlay.store import Store
from tests.laws.world import charge, emptied, laid, published
from tests.laws.world import read as asked

DAY = date(2026, 10, 5)


def told(found: dict[str, Any], values: dict[str, str | None], on: date = DAY) -> dict[str, str | None]:
    """Return what the dimensions of a file say about a charge."""
    rules = from_toml(found)
    return {name: rules.dimensions.told(values, on)[name] for name in rules.dimensions.cases}


def squad(**case: object) -> dict[str, Any]:
    """Return a case of a dimension `squad`."""
    return {"name": "squad", **case}


def test_the_first_case_that_fits_and_says_something_wins() -> None:
    """Cases are tried in order, sources within a case too; what says nothing is passed over."""
    cases = [
        squad(when={"sub_account_name": "prod-*"}, set=["tag:team", "tag:Team"]),
        squad(set="=nobody"),
    ]
    found = {"dimension": cases}
    assert told(found, {"sub_account_name": "prod-1", "tag:Team": "a"}) == {"squad": "a"}
    assert told(found, {"sub_account_name": "prod-1"}) == {"squad": "nobody"}
    assert told(found, {"sub_account_name": "dev", "tag:team": "a"}) == {"squad": "nobody"}


@pytest.mark.parametrize(
    ("transform", "value", "becomes"),
    [
        (["trim", "lower"], " Growth ", "growth"),
        ("upper", "a", "A"),
        ({"replace": "_", "with": "-"}, "a_b_c", "a-b-c"),
        ({"regex": r"^team-(\w+)$"}, "team-growth", "growth"),
        ({"regex": r"^team-(\w+)$"}, "growth", None),
        ({"regex": r"prod"}, "my-prod-1", "prod"),
        ({"regex": r"^(\w+)-(\w+)$", "with": r"\2.\1"}, "a-b", "b.a"),
        (["trim", {"regex": "x"}], "   ", None),
    ],
)
def test_each_transform_does_what_its_name_says(transform: object, value: str, becomes: str | None) -> None:
    """Texts are cleaned, taken apart and put together; what does not fit says nothing."""
    assert told({"dimension": [squad(set="tag:t", transform=transform)]}, {"tag:t": value}) == {"squad": becomes}


def test_a_mapping_holds_from_a_day_until_another() -> None:
    """The account moved from one team to the other in the middle of October; until is not included."""
    rows = [
        {"key": "111", "value": "growth", "until": "2026-10-15"},
        {"key": "111", "value": "search", "from": "2026-10-15"},
    ]
    found = {
        "mapping": [{"name": "accounts", "rows": rows}],
        "dimension": [squad(set="sub_account_id", transform=[{"map": "accounts"}])],
    }
    account: dict[str, str | None] = {"sub_account_id": "111"}
    assert told(found, account, date(2026, 10, 14)) == {"squad": "growth"}
    assert told(found, account, date(2026, 10, 15)) == {"squad": "search"}
    assert told(found, {"sub_account_id": "9"}) == {"squad": None}
    rules = from_toml(found | {"rule": [{"name": "r", "set": {"team": "squad"}}]})
    assert rules.columns_of(date(2026, 10, 1), date(2026, 11, 1)) == ["day", "sub_account_id"]
    assert rules.columns_of(date(2026, 11, 1), date(2026, 12, 1)) == ["sub_account_id"]


RULES = """
[[mapping]]
name = "accounts"
file = "accounts.csv"

[[dimension]]
name = "squad"
set = "squad of account"

[[dimension]]
name = "squad"
set = ["tag:team", "tag:Team"]
transform = "lower"

[[dimension]]
name = "squad of account"
set = "sub_account_name"
transform = [{ map = "accounts" }]

[[rule]]
name = "growth"
match = { squad = "growth" }
set = { team = "squad", feature = "=g" }

[[rule]]
name = "support"
match = { service_name = "Support" }
split = "proportional"
for_each = "squad"
to = ["team"]

[[rule]]
name = "rest"
set = { team = "squad" }
"""


@pytest.fixture
def rule_file(tmp_path: Path) -> Path:
    """A file of rules with a mapping beside it."""
    (tmp_path / "accounts.csv").write_text("key,value,from,until\nprod,growth,,2026-10-10\nprod,search,2026-10-10,\n")
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    return path


def test_dimensions_decide_rules_and_shares_on_each_day(shared: Store, rule_file: Path) -> None:
    """A charge of the 5th falls to the account's squad of then, one of the 12th to that of later."""
    rules = read(rule_file)
    emptied(shared)
    support: dict[str, Any] = {"service_name": "Support", "sub_account_name": "prod"}
    bill = [
        charge(1, "1", sub_account_name="prod"),
        charge(2, "2", day=12, sub_account_name="prod"),
        charge(3, "4", tags={"Team": "Ops"}),
        charge(4, "8", day=12, **support),
        charge(5, "16", day=12, tags={"team": "ops"}),
    ]
    laid(shared, charges=bill, rules=rules)
    published(shared)
    rows = asked(
        shared, 'SELECT rule, team, "day", SUM(amount) AS amount FROM ledger GROUP BY 1, 2, 3 ORDER BY 1, 2, 3'
    )
    assert [(row["rule"], row["team"], row["day"].day, row["amount"]) for row in rows] == [  # type: ignore[attr-defined]
        ("growth", "growth", 5, 1),
        ("rest", "ops", 5, 4),
        ("rest", "ops", 12, 16),
        ("rest", "search", 12, 2),
        ("support", "search", 12, 8),
    ]


def test_a_version_keeps_the_mapping_it_was_read_with(rule_file: Path) -> None:
    """What is stored holds the file's rows, so a ledger can be made again; another row is another version."""
    first = read(rule_file)
    stored = from_definitions(first.definitions, first.named)
    assert isinstance(stored, Rules)
    assert (stored.version, stored.columns) == (first.version, first.columns)
    assert stored.dimensions.told({"sub_account_name": "prod"}, DAY)["squad"] == "growth"
    (rule_file.parent / "accounts.csv").write_text("key,value\nprod,other\n")
    assert read(rule_file).version != first.version


MAPPING: dict[str, Any] = {"name": "m", "rows": [{"key": "a", "value": "x"}]}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"dimension": [{"set": "tag:t"}]}, "dimension 1 has no name"),
        ({"dimension": [{"name": "team", "set": "tag:t"}]}, "the name 'team' is taken"),
        ({"dimension": [squad()]}, r"dimension 1 \(squad\) sets nothing"),
        ({"dimension": [squad(set="tg:t")]}, "no bill column or dimension named 'tg:t'"),
        ({"dimension": [squad(set="tag:t", wen={})]}, "unknown key 'wen'"),
        ({"dimension": [squad(set="tag:t", transform="lowr")]}, "transform 'lowr' is not one"),
        ({"dimension": [squad(set="tag:t", transform={"map": "none"})]}, "there is no mapping 'none'"),
        ({"dimension": [squad(set="tag:t", transform={"regex": "("})]}, "cannot be compiled"),
        ({"dimension": [squad(set="tag:t", transform={"regex": "(a)", "with": r"\2"})]}, "does not fit its regex"),
        (
            {"dimension": [squad(set="b"), {"name": "b", "when": {"squad": "?*"}, "set": "=x"}]},
            "look at each other: squad -> b -> squad",
        ),
        ({"mapping": [{"rows": []}]}, "mapping 1 has no name"),
        ({"mapping": [{"name": "m"}]}, "needs a file or rows"),
        ({"mapping": [{"name": "m", "file": "none.csv"}]}, "none.csv cannot be read"),
        ({"mapping": [MAPPING, MAPPING]}, "two mappings named 'm'"),
        ({"mapping": [{"name": "m", "rows": [{"key": "a"}]}]}, "row 1 needs a key and a value"),
        ({"mapping": [{"name": "m", "rows": [{"key": "a", "value": "x"}, {"key": "a", "value": "y"}]}]}, "row 2: 'a'"),
        (
            {"mapping": [{"name": "m", "rows": [{"key": "a", "value": "x", "from": "2026-10-32"}]}]},
            "'2026-10-32' is not a day",
        ),
        (
            {"mapping": [{"name": "m", "rows": [["a", "x", "2026-10-02", "2026-10-01"]]}]},
            "holds until 2026-10-01, from 2026-10-02",
        ),
        ({"rule": [{"name": "r", "match": {"squad": "a"}}]}, "no bill column named 'squad'"),
        ({"rule": [{"name": "r", "set": {"squad": "tag:t"}}]}, "'squad' is not a dimension"),
    ],
)
def test_a_dimension_that_cannot_be_used_is_refused_by_name(found: dict[str, Any], said: str, tmp_path: Path) -> None:
    """The message names the table and the key, and says how to mend it."""
    with pytest.raises(BadConfig, match=said) as caught:
        from_toml(found, "rules.toml", folder=tmp_path)
    assert caught.value.fix


@pytest.mark.parametrize(
    "regex",
    [
        r"(a+)+$",
        r"(a|aa)+$",
        r"(a?){30}a{30}",
        r"((ab)*)*c",
        r"^(.*)(.*)(.*)(.*)x",
        r".*.*.*x$",
        r"(a)\1",
        r"(?P<x>a)(?P=x)+",
    ],
)
def test_a_pattern_that_may_take_for_ever_is_refused(regex: str) -> None:
    """Repetitions within repetitions, choices within them, and references back are refused before they meet a bill."""
    with pytest.raises(BadConfig, match="so it may take for ever"):
        from_toml({"dimension": [squad(set="tag:t", transform={"regex": regex})]})


@pytest.mark.parametrize("regex", [r"^.*.*.*x$", r".*.*x$", r"^(.{0,99})-(.*)-(.*)$"])
def test_the_slowest_patterns_that_are_left_end(regex: str) -> None:
    """As many open repetitions as there may be, over more text than is looked at, come to an end."""
    found = {"dimension": [squad(set="tag:t", transform={"regex": regex})]}
    assert told(found, {"tag:t": "a" * 10 * LONGEST}) == {"squad": None}
