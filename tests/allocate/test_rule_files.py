from pathlib import Path
from typing import Any

import pytest

from outlay.allocate.rules import DEFAULT, Rules, from_definitions, from_toml, read
from outlay.allocate.stage import apply_rules, rules_in_force
from outlay.errors import BadConfig
from outlay.store import Store
from tests.laws.world import at, emptied, ruled

DRIVER = {"name": "r", "split": "driver", "driver": "calls", "to": ["feature"]}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"match": {}}, "rule 1 has no name"),
        ({"name": ""}, "rule 1 has no name"),
        ({"name": "r", "spilt": "even"}, r"rule 1 \(r\) has an unknown key 'spilt'"),
        ({"name": "r", "split": "random"}, "split 'random' is not one"),
        ({**DRIVER, "driver": "tokns"}, "driver 'tokns' is not one"),
        ({"name": "r", "split": "driver"}, "driver '' is not one"),
        ({**DRIVER, "to": []}, "names no dimension to split to"),
        ({**DRIVER, "to": ["colour"]}, "'colour' is not a dimension"),
        ({**DRIVER, "within": ["colour"]}, "'colour' is not a dimension"),
        ({**DRIVER, "fallback": "hope"}, "fallback 'hope' is not one"),
        ({"name": "r", "split": "even"}, "splits even among nobody"),
        ({"name": "r", "split": "fixed", "among": [{"team": "a"}]}, "among needs a whole weight above 0"),
        ({"name": "r", "split": "fixed", "among": [{"team": "a", "weight": 0}]}, "among needs a whole weight above 0"),
        ({"name": "r", "split": "even", "among": ["a"]}, "among needs a whole weight above 0"),
        ({"name": "r", "split": "even", "among": [{"colour": "a"}]}, "'colour' is not a dimension"),
        ({"name": "r", "match": {"servce_name": "x"}}, "no bill column named 'servce_name'"),
        ({"name": "r", "set": {"team": "tg:team"}}, "no bill column named 'tg:team'"),
        ({"name": "r", "set": {"colour": "tag:team"}}, "'colour' is not a dimension"),
        (
            {**DRIVER, "capacity": {"unit": "gpu_second", "per_consumed": 3600}},
            "capacity does not fit its driver 'calls'",
        ),
        (
            {**DRIVER, "driver": "unit:page", "capacity": {"unit": "page", "per_consumed": 0}},
            "capacity does not fit its driver 'unit:page'",
        ),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_by_name(rule: dict[str, Any], said: str) -> None:
    """The message names the rule and the key, and says how to mend it."""
    with pytest.raises(BadConfig, match=said) as caught:
        from_toml({"rule": [rule]}, "rules.toml")
    assert caught.value.message.startswith("rules.toml")
    assert caught.value.fix


def test_two_rules_of_one_name_are_refused() -> None:
    """A name is how a share leads to its rule."""
    with pytest.raises(BadConfig, match="two rules named 'r'"):
        from_toml({"rule": [{"name": "r"}, {"name": "r"}]})


def test_a_file_that_is_not_there_or_not_toml_is_refused(tmp_path: Path) -> None:
    """The path and the reason are in the message."""
    with pytest.raises(BadConfig, match="cannot be read"):
        read(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[[rule]\n", encoding="utf-8")
    with pytest.raises(BadConfig, match="is not TOML"):
        read(broken)
    broken.write_text("[rules]\n", encoding="utf-8")
    with pytest.raises(BadConfig, match="something other than"):
        read(broken)


def test_a_version_is_a_fingerprint_of_what_the_rules_say() -> None:
    """The same rules have the same version, another order or weight another one, and both survive the store."""
    one, other = {"name": "a", "set": {"team": "=a"}}, {"name": "b"}
    assert ruled([one, other]).version == ruled([dict(reversed(one.items())), other]).version
    assert ruled([one, other]).version != ruled([other, one]).version
    assert from_definitions(ruled([one, other]).definitions) == ruled([one, other])


def test_the_default_rules_can_be_read() -> None:
    """Without rules of one's own, model bills follow usage and tags name who they name."""
    default = read(DEFAULT)
    assert isinstance(default, Rules)
    assert [rule.name for rule in default.rules] == ["model usage", "what tags say"]
    assert "tag:team" in default.columns


def test_the_rules_applied_last_are_in_force(shared: Store) -> None:
    """Going back to an earlier version is applying it again."""
    emptied(shared)
    assert rules_in_force(shared) == read(DEFAULT)
    first, second = ruled([{"name": "a"}]), ruled([{"name": "a"}, {"name": "b"}])
    for day, rules in enumerate((first, second, first), start=1):
        apply_rules(shared, rules, now=at(day))
        assert rules_in_force(shared) == rules
