import json
import subprocess
import sys
import tomllib
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from outlay.allocate.rules import from_toml
from outlay.bills.take_in import Request, take_in
from outlay.capture import take_in as events
from outlay.capture.mapping import read_mapping
from outlay.store import Store
from outlay.terms.unit import TOKEN_UNITS
from outlay.terms.usage_event import STATES, UsageEvent
from tests.docs.examples import blocks
from tests.docs.pages import read


@pytest.mark.parametrize("page", ["docs/rules.md", "docs/add-a-rule.md", "docs/other-clouds.md"])
def test_every_rule_that_is_shown_can_be_applied(page: str) -> None:
    """Each example on the pages about rules is read as a rule, alone and all together."""
    shown = blocks(read(page), "toml")
    assert shown
    alone = [from_toml(tomllib.loads(text), page).rules for text in shown]
    assert all(alone)
    together = from_toml(tomllib.loads("\n".join(shown)), page)
    assert len(together.rules) == sum(len(rules) for rules in alone)


def test_the_importer_that_is_shown_takes_in_the_bill_that_is_shown(
    store: Store, tmp_path: Path, now: datetime
) -> None:
    """Two lines land with their money and tag, and the third is the problem that the page names."""
    text = read("docs/add-an-importer.md")
    (program,) = blocks(text, "python")
    (bill,) = blocks(text, "csv")
    names: dict[str, object] = {}
    exec(compile(program, "docs/add-an-importer.md", "exec"), names)  # noqa: S102 - running our example is the test
    report = tmp_path / "report.csv"
    report.write_text(bill, encoding="utf-8")
    result = take_in(store, names["IMPORTER"], Request(paths=[report]), now=now)  # type: ignore[arg-type] # from exec
    assert (result.lines, result.landed, result.problem_lines) == (3, 2, 1)
    assert result.totals == {"USD": Decimal("26.25")}
    assert [problem.code for problem in result.problems] == ["bad-amount"]
    assert store.count("charge", take_in=result.take_in, service_name="Storage") == 2


def test_the_events_that_are_shown_are_taken_in(store: Store, tmp_path: Path, now: datetime) -> None:
    """Both examples of an event are read as such, with the attribution and units that the page gives them."""
    shown = [json.loads(text) for text in blocks(read("docs/events.md"), "json")]
    path = tmp_path / "events.json"
    path.write_text(json.dumps(shown), encoding="utf-8")
    result = events.take_in(store, [path], now=now)
    assert (result.lines, result.landed, result.problems) == (len(shown), len(shown), ())
    assert store.count("usage", feature="onboarding.document_import", customer="acme", user="u-17") == 1


def test_the_table_that_is_shown_is_taken_in_by_its_mapping(store: Store, tmp_path: Path, now: datetime) -> None:
    """Each line of the example becomes an event of the model the mapping names; a second import adds nothing."""
    text = read("docs/events.md")
    (table,), (mapping,) = blocks(text, "csv"), blocks(text, "toml")
    (tmp_path / "table.csv").write_text(table, encoding="utf-8")
    (tmp_path / "mapping.toml").write_text(mapping, encoding="utf-8")
    read_as = read_mapping(tmp_path / "mapping.toml")
    first, second = (events.take_in(store, [tmp_path / "table.csv"], mapping=read_as, now=now) for _ in range(2))
    assert (first.lines, first.landed, first.problems) == (2, 2, ())
    assert second.repeated == first.take_in
    assert store.count("usage", provider="azure", model="gpt-4o") == 2


def test_every_field_of_an_event_is_described() -> None:
    """Each field of a usage event, each unit of tokens and each state is named on the page."""
    text = read("docs/events.md")
    names = [*(field.name for field in fields(UsageEvent)), *TOKEN_UNITS, *STATES]
    missing = [f"`{name}`" for name in names if f"`{name}`" not in text]
    assert not missing, f"docs/events.md does not describe {', '.join(missing)}"


@pytest.mark.parametrize("page", ["README.md", "docs/events.md"])
def test_the_program_that_is_shown_writes_an_event(page: str, tmp_path: Path) -> None:
    """The example of the SDK, run as a program of its own, writes one event with what the context says."""
    program = blocks(read(page), "python")[0]
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, timeout=60)
    (line,) = (tmp_path / "usage.ndjson").read_text(encoding="utf-8").splitlines()
    event = json.loads(line)
    assert (event["feature"], event["customer"], event["usage"]["input"]) == ("search.query_expansion", "acme", 812)
