"""Every figure of the truth is found again by adding up the files."""

import json
import tomllib
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

import pytest

from outlay.demo.cast import LARGE, SMALL, TAGGING
from outlay.demo.season import at_work
from tests.demo.story import PICO, Story

MONTHS = ("2026-09", "2026-10")


def tags(row: dict[str, str]) -> dict[str, str]:
    """Return a bill line's tags."""
    return json.loads(row["Tags"]) if row["Tags"] else {}


def test_the_bill_jumps_by_a_third(story: Story) -> None:
    """All bills together grow by 30 to 36 percent, from 30 to 45 thousand dollars a month."""
    before, after = (story.billed(f"*-{month}") for month in MONTHS)
    ratio = (after - before) / before
    assert Decimal("0.30") <= ratio <= Decimal("0.36")
    assert ratio.quantize(Decimal("0.0001")) == story.truth.jump
    assert Decimal(30_000) < before < after < Decimal(45_000)


def test_tagging_causes_most_of_the_jump(story: Story) -> None:
    """The tagging feature's own calls, at list price, carry 70 to 90 percent of the change."""
    change = story.billed("*-2026-10") - story.billed("*-2026-09")
    caused = (story.tagging["2026-10"] - story.tagging["2026-09"]) / PICO
    assert Decimal("0.70") <= caused / change <= Decimal("0.90")
    assert abs(caused - story.truth.culprit.change) < story.truth.culprit.change / 20  # some timed out unseen
    assert story.truth.culprit.feature == TAGGING


def test_the_release_changes_the_model(story: Story) -> None:
    """Before the release the small model tags; with it, and after it, the large one does."""
    culprit = story.truth.culprit
    assert culprit.release == "2026.10.2"
    for release, models in story.models.items():
        assert models == ({LARGE} if release >= culprit.release else {SMALL}), release
    releases = (story.folder / "releases.csv").read_text(encoding="utf-8")
    assert f"{culprit.release},ai-service,{culprit.released_at}" in releases


@pytest.mark.parametrize("month", MONTHS)
def test_bills_sum_to_what_the_truth_says(story: Story, month: str) -> None:
    """Each provider's file adds up to the truth's figure to the last digit."""
    for provider, amount in story.truth.billed[month].items():
        assert story.billed(f"{provider.lower()}-{month}") == amount


@pytest.mark.parametrize("month", MONTHS)
def test_model_providers_are_about_a_third_before_the_jump(story: Story, month: str) -> None:
    """Model invoices are a good quarter to a third of the bill at first, and nearly half after it."""
    part = story.billed(f"openai-{month}") + story.billed(f"anthropic-{month}")
    low, high = ("0.25", "0.37") if month == MONTHS[0] else ("0.37", "0.50")
    assert Decimal(low) < part / story.billed(f"*-{month}") < Decimal(high)


def test_the_gap_between_invoice_and_telemetry_has_names(story: Story) -> None:
    """Invoiced usage exceeds what was seen by a few percent: unseen, timed out, cut and rounded, to the last digit."""
    truth = story.truth
    invoiced = sum(story.billed(name, "Usage") for name in ("openai", "anthropic"))
    seen = sum(cost for (_, who), cost in story.cost.items() if who in {"openai", "anthropic"}) / PICO
    gap = invoiced - seen
    assert Decimal("0.005") < gap / invoiced < Decimal("0.04")
    rounding = sum(amount for month in truth.rounding.values() for amount in month.values())
    assert gap == sum(truth.unseen.values()) + truth.timeouts_billed + truth.cut_streams_unheard + rounding
    assert min(*truth.unseen.values(), truth.timeouts_billed, truth.cut_streams_unheard, truth.billed_late) > 0
    assert rounding != 0


def test_unseen_usage_is_one_project_of_the_invoices(story: Story) -> None:
    """The notebooks' project holds what no sensor saw, about one and a half percent of an ordinary month."""
    for month in MONTHS:
        rows = [*story.bill(f"openai-{month}"), *story.bill(f"anthropic-{month}")]
        unseen = sum(Decimal(row["BilledCost"]) for row in rows if row["SubAccountName"] == "notebooks")
        assert abs(unseen - story.truth.unseen[month]) < Decimal("0.5")
    usual = story.billed("openai-2026-09", "Usage") + story.billed("anthropic-2026-09", "Usage")
    assert Decimal("0.01") < story.truth.unseen["2026-09"] / usual < Decimal("0.02")


def test_an_evening_is_billed_in_the_next_month(story: Story) -> None:
    """By month, the seen usage of one provider differs from its invoice by that evening too."""
    late = story.truth.billed_late
    assert late > 0
    seen = story.cost["2026-09", "anthropic"] / PICO
    production = sum(
        Decimal(row["BilledCost"])
        for row in story.bill("anthropic-2026-09")
        if row["ChargeCategory"] == "Usage" and row["SubAccountName"] != "notebooks"
    )
    assert production - seen < story.truth.timeouts_billed + 2 - late


def test_some_calls_are_seen_twice(story: Story) -> None:
    """The gateway repeats about two percent of the model calls under the same response id."""
    assert story.counts["seen twice"] == story.truth.double_seen_calls == story.counts["gateway"]
    calls = sum(story.counts[state] for state in ("complete", "partial"))
    assert 0.008 < story.counts["gateway"] / calls < 0.03


def test_events_are_as_flawed_as_real_ones(story: Story) -> None:
    """150 to 200 thousand events with distinct ids in their month; some lack a feature, fewer a customer."""
    counts = story.counts
    assert 150_000 < counts["events"] == len(story.ids) < 200_000
    assert {month: counts[month] for month in MONTHS} == dict(story.truth.events)
    assert counts["elsewhere"] == 0
    assert 0.03 < counts["no feature"] / counts["events"] < 0.05
    assert 0.005 < counts["no customer"] / counts["events"] < 0.02
    assert counts["staging"] > 0
    assert min(counts[state] for state in ("complete", "partial", "refused", "unknown", "not_sent")) > 50


def test_retries_are_attempts_of_one_call(story: Story) -> None:
    """A call with two attempts failed first and completed then."""
    assert len(story.attempts) > 1_000
    assert {tuple(states) for states in story.attempts.values()} == {("refused", "complete"), ("unknown", "complete")}


def test_a_few_users_make_most_calls(story: Story) -> None:
    """One user in ten makes more than half of all calls."""
    often = sorted(story.users.values(), reverse=True)
    assert sum(often[: len(often) // 10]) * 2 > sum(often)


@pytest.mark.parametrize("month", MONTHS)
def test_metered_cost_is_the_same_by_feature_and_by_customer(story: Story, month: str) -> None:
    """Both views of the truth hold the same dollars, and what nobody caused is in both."""
    features, customers = story.truth.features[month], story.truth.customers[month]
    assert sum(features.values()) == sum(customers.values())
    assert features["unattributed"] >= story.truth.unseen[month]


@pytest.mark.parametrize("month", MONTHS)
def test_one_dollar_in_eight_has_no_team(story: Story, month: str) -> None:
    """Cloud usage without a team tag in any spelling is 9 to 15 percent, as the truth says."""
    rows = [row for row in story.bill(f"aws-{month}") if row["ChargeCategory"] == "Usage"]
    missing = [row for row in rows if "team" not in {key.lower() for key in tags(row)}]
    untagged = sum(Decimal(row["BilledCost"]) for row in missing)
    assert untagged == story.truth.no_team[month]
    assert sum(Decimal(row["BilledCost"]) for row in rows) == story.truth.cloud_usage[month]
    assert Decimal("0.09") < untagged / story.truth.cloud_usage[month] < Decimal("0.15")


@pytest.mark.parametrize("month", MONTHS)
def test_machines_that_nobody_needs_are_in_the_bill(story: Story, month: str) -> None:
    """The forgotten pair, and staging's nights and weekends, cost what the truth says."""
    pair = nights = Decimal(0)
    for row in story.bill(f"aws-{month}"):
        if row["SubAccountName"] != "staging" or row["ResourceType"] != "Instance":
            continue
        starts = datetime.fromisoformat(row["ChargePeriodStart"])
        if row["ResourceName"].startswith("load-test"):
            pair += Decimal(row["BilledCost"])
            assert tags(row) == {"environment": "staging", "created_by": "role/load-test-engineer"}
        elif not at_work(starts.date(), starts.hour):
            nights += Decimal(row["BilledCost"])
    assert (pair, nights) == (story.truth.forgotten[month], story.truth.staging_nights[month])


@pytest.mark.parametrize("month", MONTHS)
def test_most_gpu_time_is_idle(story: Story, month: str) -> None:
    """Held GPU hours less the seconds in use, at the node's price, are idle; no day uses more than is held."""
    nodes = [row for row in story.bill(f"aws-{month}") if row["SkuId"] == "g5.4xlarge"]
    assert sum(Decimal(row["BilledCost"]) for row in nodes) == story.truth.gpu[month]
    used = story.units[month, "gpu_second"] * Decimal("1.624") / 3600
    assert abs(story.truth.gpu[month] - used - story.truth.gpu_idle[month]) < Decimal("0.000001")
    assert 0 < story.truth.gpu_idle[month] < story.truth.gpu[month]


@pytest.mark.parametrize("month", MONTHS)
def test_pages_and_read_units_are_billed_as_seen(story: Story, month: str) -> None:
    """OCR pages and vector reads on the bills are those of the events."""
    rows = [*story.bill(f"aws-{month}"), *story.bill(f"pinecone-{month}")]
    for unit, meter in (("page", "Pages"), ("read_unit", "Read Units")):
        billed = sum(Decimal(row["ConsumedQuantity"]) for row in rows if row["SkuMeter"] == meter)
        assert billed == story.units[month, unit]


def test_the_rules_leave_only_what_has_no_owner(story: Story) -> None:
    """Every rule gathers something, and what no rule gathers is data transfer and the forgotten pair."""
    rules = tomllib.loads((story.folder / "rules.toml").read_text(encoding="utf-8"))["rule"]
    used: set[str] = set()
    left: set[str] = set()
    for row in {tuple(r.items()): r for r in map(identity, story.bill(""))}.values():
        name = next((rule["name"] for rule in rules if matches(rule["match"], row)), None)
        (left if name is None else used).add(name or row["ServiceName"] + "/" + row["SubAccountName"])
    assert used == {rule["name"] for rule in rules}
    assert left == {"AWS Data Transfer/production", "Amazon Elastic Compute Cloud/staging"}


def identity(row: dict[str, str]) -> dict[str, str]:
    """Return the columns that rules look at."""
    columns = ("ProviderName", "ServiceCategory", "ServiceSubcategory", "ServiceName", "ChargeCategory", "Tags")
    return {column: row[column] for column in (*columns, "SubAccountName")}


def matches(match: dict[str, Any], row: dict[str, str]) -> bool:
    """Say whether a charge has what a rule asks for."""
    for column, asked in match.items():
        if column.startswith("tag:"):
            value = tags(row).get(column[4:], "")
        else:
            value = row["ProviderName" if column == "provider" else column.title().replace("_", "")]
        if not any(fnmatchcase(value, glob) for glob in ([asked] if isinstance(asked, str) else asked)):
            return False
    return True
