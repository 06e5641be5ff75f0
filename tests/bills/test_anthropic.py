from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import anthropic
import pytest

from outlay.errors import BadInput, OutlayError, SourceFailed
from outlay.store import Store
from outlay.terms.period import Period
from tests.bills.fetched import Home
from tests.bills.making import ask
from tests.bills.servers.anthropic import KEY, Anthropic, Spent
from tests.bills.servers.loopback import Reply, Running, serving

SOURCE = "anthropic"
SPENT = (
    Spent(1, "123.45", "input", 400_000),
    Spent(1, "0.125", "cache_read", 1_000_000),
    Spent(1, "7", "cache_write_5m", 3000),
    Spent(2, "9.5", "cache_write_1h", 100),
    Spent(2, "500", "output", 20_000, workspace_id=None),
    Spent(3, "1000", "web_search", 100, model=None),
    Spent(3, "2.5", "code_execution", model=None),
    Spent(31, "-40", "output", 0),
)
CENTS = sum((Decimal(one.cents) for one in SPENT), Decimal(0))


@pytest.fixture
def vendor() -> Anthropic:
    """An organization of which October is known."""
    return Anthropic(SPENT)


@pytest.fixture
def front(vendor: Anthropic) -> Iterator[Running]:
    """Its API."""
    with serving(vendor) as running:
        yield running


@pytest.fixture
def home(front: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A machine with its key."""
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", KEY)
    return Home(tmp_path, front.url)


def charges(store: Store, columns: str, where: str = "1 = 1") -> list[tuple[object, ...]]:
    """Return columns of all charges, in the order of their cost."""
    question = f"SELECT {columns} FROM charge WHERE {where} ORDER BY billed_cost, {columns}"
    return [tuple(row.values()) for row in ask(store, question)]


@pytest.mark.parametrize("report", ["analytics", "enterprise", "legacy"])
def test_each_report_of_a_month_meets_its_own_total(own: Store, home: Home, report: str) -> None:
    """Cents become dollars exactly, and the groups add up to what the report says without groups."""
    result = home.take_in(own, SOURCE, report=report)
    assert result.problems == ()
    assert result.totals == result.control_totals == {"USD": CENTS / 100}
    assert set(charges(own, "provider, billing_account_id")) == {("Anthropic", "org-1")}


@pytest.mark.parametrize("report", ["analytics", "legacy"])
def test_each_class_of_tokens_lands_as_our_unit_with_its_count(own: Store, home: Home, report: str) -> None:
    """The usage report counts the tokens of the same groups; what is no token keeps its own name."""
    home.take_in(own, SOURCE, report=report)
    found = charges(own, "sku_meter, consumed_quantity, consumed_unit, resource_id", "billed_cost > 0")
    assert found == [
        ("cache_read", 1_000_000, "Tokens", "claude-opus-5-5"),
        ("code_execution", None, None, None),
        ("cache_write_5m", 3000, "Tokens", "claude-opus-5-5"),
        ("cache_write_1h", 100, "Tokens", "claude-opus-5-5"),
        ("input", 400_000, "Tokens", "claude-opus-5-5"),
        ("output", 20_000, "Tokens", "claude-opus-5-5"),
        ("web_search", 100, "Requests", None),
    ]


def test_a_month_lands_on_both_engines(store: Store, home: Home) -> None:
    """List cost is before the discount, billed cost after it; the workspace brings its name and its tags."""
    home.take_in(store, SOURCE)
    found = charges(store, "billed_cost, list_cost, sub_account_name, tags['team']", "sku_meter = 'input'")
    assert found == [(Decimal("1.2345"), Decimal("2.469"), "App", "growth")]


def test_who_spent_it_is_in_the_tags(own: Store, home: Home, vendor: Anthropic) -> None:
    """The profile of an end user, and the identity that a call is attributed to, where the report is asked for them."""
    actor = {"type": "user_actor", "user_id": "user_7", "email_address": "a@example.com"}
    vendor.spent = [Spent(1, "5", fields={"user_profile_id": "uprof_1", "actor": actor})]
    home.take_in(own, SOURCE, group_by="workspace_id,model,user_profile_id,actor,token_type,cost_type")
    assert charges(own, "tags['user_profile_id'], tags['actor']") == [("uprof_1", "user:user_7")]


def test_groups_of_people_overlap_and_are_refused(home: Home, front: Running) -> None:
    """Rows by group of people add up to more than the bill; the message says so."""
    with pytest.raises(BadInput, match="add up to more than the bill"):
        home.fetch(SOURCE, group_by="rbac_group_id")
    with pytest.raises(BadInput, match="more than 5 groups"):
        home.fetch(SOURCE, group_by="model,speed,product,workspace_id,api_key_id,service_tier")
    assert front.heard == []


def test_an_organization_without_the_beta_is_read_through_the_older_reports(
    own: Store, home: Home, vendor: Anthropic
) -> None:
    """It is noted; the money is the same."""
    vendor.has_analytics = False
    result = home.take_in(own, SOURCE)
    assert result.totals == {"USD": CENTS / 100}
    assert any("older reports" in note for note in result.notes)


def test_months_before_the_beta_are_read_through_the_older_reports(home: Home, front: Running) -> None:
    """Analytics begin with 2026."""
    home.fetch(SOURCE, Period.month("2025-12"))
    assert not any("/analytics/" in request.path for request in front.heard)


def test_tokens_of_the_priority_tier_are_named_where_their_cost_is_missing(home: Home, vendor: Anthropic) -> None:
    """The older cost report leaves them out: a note says how many there are."""
    vendor.spent = [Spent(1, "5", count=10, fields={"service_tier": "priority"})]
    notes = home.fetch(SOURCE, report="legacy").notes
    assert "2026-10: 10 units of the priority tier were used, whose cost this report leaves out" in notes


def test_what_is_beyond_a_hundred_groups_is_a_row_of_its_own(own: Store, home: Home, vendor: Anthropic) -> None:
    """The Enterprise report gives the first hundred groups of a day and no row for the rest."""
    vendor.most_groups = 2
    vendor.spent = [Spent(1, str(cents), model=f"claude-{cents}") for cents in (1, 2, 3, 4)]
    result = home.take_in(own, SOURCE, report="enterprise")
    assert result.matches
    assert result.totals == {"USD": Decimal("0.10")}
    assert charges(own, "billed_cost", "charge_description LIKE 'beyond%'") == [(Decimal("0.07"),)]


def test_the_default_workspace_has_no_id_and_stays_without(own: Store, home: Home) -> None:
    """Null is the organization's own workspace, not an unknown one."""
    home.take_in(own, SOURCE)
    assert charges(own, "sub_account_id, billed_cost", "sub_account_id IS NULL") == [(None, 5)]


def test_a_batch_and_a_fast_call_keep_their_context(own: Store, home: Home, vendor: Anthropic) -> None:
    """What a price depends on stands beside the cost."""
    vendor.spent = [Spent(1, "5", fields={"service_tier": "batch", "speed": "fast", "context_window": "200k-1M"})]
    home.take_in(own, SOURCE)
    assert charges(own, "extra['service_tier'], extra['speed'], extra['context_window'], charge_description") == [
        ("batch", "fast", "200k-1M", "claude-opus-5-5, input, batch, fast, long context")
    ]


@pytest.fixture
def client(front: Running) -> Iterator[anthropic.Anthropic]:
    """The vendor's own library, asking the same server."""
    with anthropic.Anthropic(api_key=KEY, base_url=front.url, max_retries=0) as made:
        yield made


def test_the_real_client_reads_the_same_total_page_by_page(client: anthropic.Anthropic, home: Home) -> None:
    """The server speaks the documented shape: the vendor's own library walks its pages to the same sum."""
    listed = client.beta.organization.analytics.cost.list(
        starting_at="2026-10-01T00:00:00Z", ending_at="2026-11-01T00:00:00Z", time_bucket_width="1d", limit=3,
        group_by=["workspace_id", "model", "cost_type", "token_type"],
    )  # fmt: skip
    rows = list(listed)
    assert len(rows) == len(SPENT)
    assert sum((Decimal(row.cost.amount) for row in rows), Decimal(0)) == CENTS
    used = client.beta.organization.analytics.usage.list(
        starting_at="2026-10-01T00:00:00Z", ending_at="2026-11-01T00:00:00Z", time_bucket_width="1d", limit=2
    )
    assert sum(row.usage.uncached_input_tokens for row in used) == 400_000
    assert home.fetch(SOURCE).controls == {"USD": CENTS / 100}


def test_the_real_client_reads_the_same_buckets(client: anthropic.Anthropic) -> None:
    """The Enterprise report is bucketed; its library reads the same sum."""
    buckets = client.beta.organization.analytics.cost_report.list(
        starting_at="2026-10-01T00:00:00Z", ending_at="2026-11-01T00:00:00Z", bucket_width="1d", limit=7
    )
    total = sum((Decimal(result.amount) for bucket in buckets for result in bucket.results), Decimal(0))
    assert total == CENTS


def test_pages_are_followed_and_rows_are_asked_for_by_time(home: Home, front: Running) -> None:
    """By amount, which is usual, rows would move from page to page while one reads."""
    home.fetch(SOURCE)
    asked = [request for request in front.heard if request.path.endswith("/analytics/cost")]
    assert {request.one("order_by") for request in asked} == {"time"}
    assert {request.headers["anthropic-beta"] for request in asked} == {"analytics-usage-cost-2026-08-24"}


def test_a_day_that_the_report_leaves_out_is_a_note(home: Home, vendor: Anthropic) -> None:
    """It is not zero."""
    vendor.silent = frozenset({7})
    assert (
        "2026-10: Anthropic says nothing of 1 days (07); that is not zero" in home.fetch(SOURCE, report="legacy").notes
    )


def test_a_total_that_the_groups_do_not_meet_is_said_with_its_amount(own: Store, home: Home, vendor: Anthropic) -> None:
    """To the last digit: these are decimal texts."""
    vendor.drifts = Decimal("0.0001")
    assert home.take_in(own, SOURCE).differences == {"USD": Decimal("0.000001")}


def test_an_organization_that_does_not_name_itself_is_noted(own: Store, home: Home, vendor: Anthropic) -> None:
    """`account` keeps two organizations apart."""
    vendor.names_itself = False
    assert any("--option account=" in note for note in home.take_in(own, SOURCE).notes)
    home.take_in(own, SOURCE, account="second")
    assert {row[0] for row in charges(own, "billing_account_id")} == {"organization", "second"}


FAILURES: Mapping[str, Reply] = {
    "denied": Reply({"type": "error", "error": {"type": "authentication_error", "message": f"bad key {KEY}"}}, 401),
    "redirected": Reply("", 307, {"location": "https://elsewhere.example.com/"}),
    "not-json": Reply(text="<!doctype html><html></html>", kind="text/html"),
    "not-as-documented": Reply({"data": [{"starting_at": "yesterday", "ending_at": "today"}], "has_more": False}),
    "broken-paging": Reply({"data": [], "has_more": True, "next_page": None}),
}


@pytest.mark.parametrize("code", FAILURES)
def test_each_failure_has_a_name_a_fix_and_no_key_in_it(own: Store, home: Home, front: Running, code: str) -> None:
    """Nothing lands, and what the last import brought stays."""
    before = home.take_in(own, SOURCE).landed
    front.moods.after, front.moods.coming = 2, [FAILURES[code]]
    with pytest.raises(OutlayError) as failed:
        home.take_in(own, SOURCE, refresh="yes")
    assert failed.value.code == code
    assert failed.value.fix
    assert KEY not in str(failed.value)
    assert len(charges(own, "line")) == before


def test_a_page_token_that_repeats_is_a_named_failure(home: Home, vendor: Anthropic) -> None:
    """The loop ends; nothing is taken for the whole."""
    vendor.repeats = True
    with pytest.raises(SourceFailed) as failed:
        home.fetch(SOURCE)
    assert failed.value.code == "repeated-page"


def test_a_busy_vendor_is_asked_again(home: Home, front: Running) -> None:
    """429 with Retry-After, and 529, which means overloaded."""
    front.moods.after = 2
    front.moods.coming = [Reply({}, 429, {"retry-after": "0"}), Reply({}, 529)]
    assert home.fetch(SOURCE).controls


def test_the_report_is_chosen_by_name(home: Home) -> None:
    """Another name is refused with those there are."""
    with pytest.raises(BadInput, match="none of Anthropic's reports") as refused:
        home.fetch(SOURCE, report="newest")
    assert "legacy" in refused.value.fix
