import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from outlay.bills.cost_explorer.tags import backfill_month
from outlay.cli import main
from outlay.errors import BadInput
from outlay.terms.period import Period
from tests.bills.fetched import aws_credentials
from tests.bills.servers.cost_explorer import CostExplorer
from tests.bills.servers.loopback import Reply, Running, serving

NOW = datetime(2026, 11, 2, tzinfo=UTC)
THIS_MONTH = f"{datetime.now(UTC):%Y-%m}"


@pytest.fixture
def aws() -> CostExplorer:
    """An organization with tag keys, one of them in three spellings."""
    kinds = {"team": "Active", "Cost-Center": "Inactive", "cost_center": "Inactive", "CostCenter": "Active"}
    tags = {key: {"Type": "UserDefined", "Status": status} for key, status in kinds.items()}
    tags["aws:createdBy"] = {"Type": "AWSGenerated", "Status": "Inactive", "LastUsedDate": "2026-10-01T00:00:00Z"}
    return CostExplorer(tags=tags, now=datetime.now(UTC))


@pytest.fixture
def front(aws: CostExplorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """The front that boto3 talks to, with credentials."""
    aws_credentials(monkeypatch, tmp_path)
    with serving(aws) as running:
        yield running


def typed(front: Running, *words: str) -> Result:
    """Type a command."""
    return CliRunner().invoke(main, ["aws-tags", *words, "--endpoint-url", front.url], catch_exceptions=False)


def refused(front: Running, *words: str) -> tuple[int, str]:
    """Type a command that ends with an error; return its exit code and what it says."""
    found = typed(front, *words)
    return found.exit_code, found.stderr


def answer(front: Running, *words: str) -> dict[str, object]:
    """Return what a command prints as JSON."""
    found: dict[str, object] = json.loads(typed(front, *words, "--json").stdout)
    return found


def test_every_key_is_listed_with_its_spellings(front: Running) -> None:
    """Keys that differ only in spelling split the money between them: each names the others."""
    tags = answer(front, "list")["tags"]
    assert isinstance(tags, list)
    assert {tag["key"]: tag["also"] for tag in tags}["Cost-Center"] == ["CostCenter", "cost_center"]
    assert [tag["key"] for tag in tags if tag["status"] == "active"] == ["CostCenter", "team"]
    assert "also spelled" in typed(front, "list", "--status", "inactive").stdout


def test_a_long_list_is_read_to_its_end(front: Running, aws: CostExplorer) -> None:
    """300 keys take three pages."""
    aws.tags |= {f"key-{place}": {"Type": "UserDefined", "Status": "Inactive"} for place in range(300)}
    assert len(answer(front, "list")["tags"]) == 305  # type: ignore[arg-type]


def test_nothing_changes_unless_it_is_applied(front: Running, aws: CostExplorer) -> None:
    """A dry run is the usual: it says what would change, and how to do it."""
    before = json.dumps(aws.tags)
    found = answer(front, "activate", "cost_center", "team")
    assert found == {"applied": False, "changed": ["cost_center"], "unchanged": ["team"], "refused": {}}
    assert "add --apply" in typed(front, "activate", "cost_center").stdout
    assert json.dumps(aws.tags) == before
    assert {operation for operation, _ in aws.asked} == {"ListCostAllocationTags"}


def test_keys_are_activated_and_deactivated_when_it_is_applied(front: Running, aws: CostExplorer) -> None:
    """AWS takes twenty in one request; more are sent in several."""
    many = [f"key-{place:02}" for place in range(45)]
    aws.tags |= {key: {"Type": "UserDefined", "Status": "Inactive"} for key in many}
    assert answer(front, "activate", *many, "--apply")["changed"] == many
    sizes = [len(body["CostAllocationTagsStatus"]) for operation, body in aws.asked if "Update" in operation]
    assert sizes == [20, 20, 5]
    answer(front, "deactivate", "team", "--apply")
    assert aws.tags["team"]["Status"] == "Inactive"


def test_a_key_that_aws_has_not_seen_is_refused_with_the_nearest(front: Running) -> None:
    """A typing error activates nothing."""
    code, said = refused(front, "activate", "CostCentre", "--apply")
    assert (code, "did you mean CostCenter" in said) == (2, True)


def test_a_backfill_reaches_back_twelve_months_and_one_runs_at_a_time(front: Running, aws: CostExplorer) -> None:
    """It is shown first; a second one is refused while the first runs."""
    assert answer(front, "backfill", "--from", THIS_MONTH)["backfill"] is None
    assert aws.backfills == []
    found = answer(front, "backfill", "--from", THIS_MONTH, "--apply")["backfill"]
    assert isinstance(found, dict)
    assert found["status"] == "processing"
    code, said = refused(front, "backfill", "--from", THIS_MONTH, "--apply")
    assert (code, "still runs" in said) == (2, True)
    assert "backfill from" in typed(front, "list").stdout


@pytest.mark.parametrize(("month", "code"), [("2025-10", "too-old"), ("2026-12", "future-period")])
def test_a_month_that_aws_does_not_fill_in_is_refused(month: str, code: str) -> None:
    """Twelve months back, and none that has not begun."""
    assert backfill_month(Period.month("2025-11"), NOW).name == "2025-11"
    with pytest.raises(BadInput) as told:
        backfill_month(Period.month(month), NOW)
    assert told.value.code == code


def test_an_account_that_may_not_see_tags_is_told_which_action_it_lacks(front: Running) -> None:
    """Only the management account may."""
    front.moods.coming = [Reply({"__type": "AccessDeniedException", "message": "not authorized"}, 400)]
    code, said = refused(front, "list")
    assert (code, "ce:ListCostAllocationTags" in said, "not-allowed" in said) == (3, True, True)
