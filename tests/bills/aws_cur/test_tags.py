from datetime import datetime
from decimal import Decimal
from pathlib import Path

from outlay.bills.take_in import Request, take_in
from outlay.store import Store
from tests.bills.aws_cur.making import as_csv, as_parquet, cur, lines, of
from tests.bills.making import charges, focus, left_behind, written


def test_tags_have_the_same_keys_in_every_layout(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """A tag that people set is called what they called it, in a column or in a map; AWS's keep their prefix."""
    legacy, flat, nested = (tmp_path / name for name in ("legacy.csv", "flat.csv", "cur2.parquet"))
    line = of("Usage", "1")
    own = {"resourceTags/user:Team": "search", "resourceTags/aws:createdBy": "Root", "costCategory/Unit": "web"}
    legacy.write_bytes(as_csv(lines(line | own), legacy=True))
    underscored = {
        "resource_tags_user_team": "search",
        "resource_tags_aws_created_by": "Root",
        "cost_category_unit": "web",
    }
    flat.write_bytes(as_csv(lines(line | underscored)))
    as_parquet(nested, lines(line), tags=[{"user_team": "search", "aws_created_by": "Root"}])
    for path in (legacy, flat, nested):
        take_in(duck_store, cur(), Request([path], append=True), now=now)
    found = [row["tags"] for row in charges(duck_store)]
    assert found == [
        {"Team": "search", "aws:createdBy": "Root", "cost_category:Unit": "web"},
        {"team": "search", "aws_created_by": "Root", "cost_category:unit": "web"},
        {"team": "search", "aws_created_by": "Root"},
    ]


def test_three_hundred_tag_keys_all_land(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """A report with 300 tag columns keeps each of them on its line, and only those that the line has."""
    path = tmp_path / "cur.csv"
    tags = {f"resourceTags/user:key{n}": f"value{n}" for n in range(300)}
    path.write_bytes(as_csv(lines(of("Usage", "1") | tags, of("Usage", "2")), legacy=True))
    result = take_in(duck_store, cur(), Request([path]), now=now)
    assert (result.problems, result.matches) == ((), True)
    first, second = (row["tags"] for row in charges(duck_store))
    assert first == {f"key{n}": f"value{n}" for n in range(300)}
    assert second == {}


def test_a_key_in_three_spellings_is_named_and_kept(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """Keys that differ only in how they are written are a problem of the whole that lists them; every value lands."""
    path = tmp_path / "cur.csv"
    ways = [{f"resourceTags/user:{key}": "cc-7"} for key in ("CostCenter", "cost-center", "cost_center")]
    path.write_bytes(as_csv(lines(*(of("Usage", "1") | way for way in ways)), legacy=True))
    result = take_in(duck_store, cur(), Request([path]), now=now)
    (problem,) = result.problems
    assert (problem.code, problem.line, problem.value) == (
        "tag-spellings",
        None,
        "CostCenter, cost-center, cost_center",
    )
    assert (result.landed, result.problem_lines) == (3, 0)
    assert [row["tags"] for row in charges(duck_store)] == [
        {"CostCenter": "cc-7"},
        {"cost-center": "cc-7"},
        {"cost_center": "cc-7"},
    ]


def test_both_engines_name_the_same_spellings(both: tuple[Store, Store], tmp_path: Path, now: datetime) -> None:
    """What is told of tag keys does not depend on the engine."""
    path = tmp_path / "cur.csv"
    ways = [{f"resourceTags/user:{key}": "x"} for key in ("Team", "team", "env")]
    path.write_bytes(as_csv(lines(*(of("Usage", "1") | way for way in ways)), legacy=True))
    duck, click = (take_in(store, cur(), Request([path]), now=now).problems for store in both)
    assert duck == click
    assert [problem.value for problem in duck] == ["Team, team"]


def test_a_currency_that_changes_within_a_month_is_told_and_kept_apart(
    duck_store: Store, tmp_path: Path, now: datetime
) -> None:
    """Lines of one bill in two currencies land as they are, add up apart, and the change is a problem of the whole."""
    path = tmp_path / "cur.csv"
    path.write_bytes(as_csv(lines(of("Usage", "1"), of("Usage", "2", line_item_currency_code="EUR"))))
    result = take_in(duck_store, cur(), Request([path]), now=now)
    assert result.totals == {"USD": Decimal(1), "EUR": Decimal(2)}
    assert [(p.code, p.value) for p in result.problems] == [
        ("several-currencies", "AWS 123456789012 2026-10: EUR, USD")
    ]


def test_a_restatement_that_is_smaller_replaces_and_is_told(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """A month sent again with less on it counts as the newer says, with the difference shown."""
    path = tmp_path / "cur.csv"
    path.write_bytes(as_csv(lines(of("Usage", "10"), of("Usage", "5"))))
    take_in(duck_store, cur(), Request([path]), now=now)
    path.write_bytes(as_csv(lines(of("Usage", "10"))))
    result = take_in(duck_store, cur(), Request([path]), now=now)
    assert [(r.before, r.after) for r in result.restated] == [(Decimal(15), Decimal(10))]


def test_a_dry_run_says_what_would_land_and_keeps_nothing(store: Store, tmp_path: Path, now: datetime) -> None:
    """The counts, totals and first rows are those of the import; the store is as before, on both engines."""
    path = written(tmp_path / "bill.csv", {}, {"BilledCost": "x"})
    result = take_in(store, focus(), Request([path], dry_run=True), now=now)
    assert (result.lines, result.landed, result.problem_lines) == (2, 1, 1)
    assert result.preview is not None
    assert [row["billed_cost"] for row in result.preview] == [Decimal("1.5")]
    assert left_behind(store) == {}
