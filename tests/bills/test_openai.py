from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path

import openai
import pytest

from outlay.errors import BadInput, OutlayError, SourceFailed, Unreadable
from outlay.store import Store
from outlay.terms.period import Period
from tests.bills.fetched import Home
from tests.bills.making import ask
from tests.bills.servers.loopback import TODAY, Reply, Running, serving
from tests.bills.servers.openai import KEY, OpenAI, Spent

SOURCE = "openai"
SPENT = (
    Spent(1, 0.1, "gpt-4o-2024-08-06, input", quantity=40_000),
    Spent(1, 0.2, "gpt-4o-2024-08-06, cached input", quantity=160, unit="1000_tokens"),
    Spent(1, 0.7, "gpt-4o-2024-08-06, output", project_id="proj_lab", quantity=70_000),
    Spent(2, "1.25", "gpt-6-astra, output_tokens", quantity=1000),
    Spent(3, 0.03, "web search tool calls"),
    Spent(31, -0.5, "gpt-4o-2024-08-06, output", quantity=5),
)


@pytest.fixture
def vendor() -> OpenAI:
    """An organization of which October is known."""
    return OpenAI(SPENT)


@pytest.fixture
def front(vendor: OpenAI) -> Iterator[Running]:
    """Its API."""
    with serving(vendor) as running:
        yield running


@pytest.fixture
def home(front: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A machine with its key."""
    monkeypatch.setenv("OPENAI_ADMIN_KEY", KEY)
    return Home(tmp_path, front.url)


def charges(store: Store, columns: str) -> list[tuple[object, ...]]:
    """Return columns of all charges, in the order of their cost."""
    return [tuple(row.values()) for row in ask(store, f"SELECT {columns} FROM charge ORDER BY billed_cost, {columns}")]


def test_a_month_of_costs_lands_with_its_models_and_classes_of_tokens(store: Store, home: Home) -> None:
    """Each line item is a model and one of our units; the total is the one that the report states without groups."""
    result = home.take_in(store, SOURCE)
    assert result.matches
    assert result.problems == ()
    assert result.totals == {"USD": Decimal("1.78")}
    assert charges(store, "resource_id, sku_meter, sub_account_id, sub_account_name") == [
        ("gpt-4o-2024-08-06", "output", "proj_app", "App"),
        (None, "web_search", "proj_app", "App"),
        ("gpt-4o-2024-08-06", "input", "proj_app", "App"),
        ("gpt-4o-2024-08-06", "cache_read", "proj_app", "App"),
        ("gpt-4o-2024-08-06", "output", "proj_lab", None),
        ("gpt-6-astra", "output", "proj_app", "App"),
    ]


def test_quantities_are_counted_in_tokens_whatever_the_vendor_counts_in(own: Store, home: Home) -> None:
    """160 times a thousand tokens are 160,000 tokens."""
    home.take_in(own, SOURCE)
    assert charges(own, "consumed_quantity, consumed_unit")[2:] == [
        (40_000, "Tokens"), (160_000, "Tokens"), (70_000, "Tokens"), (1000, "Tokens"),
    ]  # fmt: skip


def test_a_cost_without_a_quantity_takes_it_from_the_usage_report(own: Store, home: Home, vendor: OpenAI) -> None:
    """Input is what was neither read from the cache nor written to it; each class of tokens goes to its own line."""
    vendor.spent = [Spent(1, 1.0, f"gpt-5, {words}") for words in ("input", "cached input", "output")]
    vendor.used = {(1, "proj_app", "gpt-5"): {
        "input_tokens": 1200, "input_cached_tokens": 1000, "input_cache_write_tokens": 50, "output_tokens": 300
    }}  # fmt: skip
    result = home.take_in(own, SOURCE)
    assert sorted(charges(own, "sku_meter, consumed_quantity")) == [
        ("cache_read", 1000), ("input", 150), ("output", 300),
    ]  # fmt: skip
    assert "2026-10: 3 of 3 lines without a quantity have it from the usage report" in result.notes


def test_a_tool_is_counted_in_its_calls(own: Store, home: Home, vendor: OpenAI) -> None:
    """Searches of the web have a report of their own; one that this key may not read leaves lines without a count."""
    vendor.spent = [Spent(3, 0.03, "web search tool calls"), Spent(3, 0.1, "file search tool calls")]
    vendor.searched = {(3, "proj_app"): 3}
    result = home.take_in(own, SOURCE)
    assert charges(own, "sku_meter, consumed_quantity, consumed_unit") == [
        ("web_search", 3, "Requests"), ("storage_search", None, None),
    ]  # fmt: skip
    assert any("file_search_calls cannot be read" in note for note in result.notes)


def test_two_lines_that_share_their_tokens_get_none(own: Store, home: Home, vendor: OpenAI) -> None:
    """Ordinary and batch calls of one model are two lines, but one count: it would be counted twice."""
    vendor.spent = [Spent(1, 1.0, "gpt-5, input"), Spent(1, 0.5, "gpt-5, batch input")]
    vendor.used = {(1, "proj_app", "gpt-5"): {"input_tokens": 1200}}
    home.take_in(own, SOURCE)
    assert charges(own, "sku_meter, consumed_quantity, extra['processing']") == [
        ("input", None, "batch"), ("input", None, None),
    ]  # fmt: skip


def test_keys_and_users_are_tags_that_rules_can_read(own: Store, home: Home) -> None:
    """Who spent it, where the report is asked for that, is in the tags."""
    home.take_in(own, SOURCE, group_by="line_item,api_key_id")
    assert {str(tags) for (tags,) in charges(own, "CAST(tags AS VARCHAR)")} == {"{api_key_id=key_1}"}


def test_a_negative_amount_is_a_correction(own: Store, home: Home) -> None:
    """It lands as it is, marked."""
    home.take_in(own, SOURCE)
    assert charges(own, "billed_cost, charge_class, charge_category")[0] == (Decimal("-0.5"), "Correction", "Usage")


def test_a_day_that_the_report_leaves_out_is_a_note_and_not_zero(home: Home, vendor: OpenAI) -> None:
    """Which days are silent is said."""
    vendor.silent = frozenset({5, 6})
    assert "2026-10: OpenAI says nothing of 2 days (05, 06); that is not zero" in home.fetch(SOURCE).notes


def test_days_within_the_settle_window_are_marked_as_estimated(own: Store, home: Home) -> None:
    """Today is 2 November: 31 October may still change, 3 October does not."""
    home.take_in(own, SOURCE)
    found = charges(own, "EXTRACT(day FROM charge_period_start), extra['estimated']")
    marks = {row[0]: row[1] for row in found}
    assert (marks[31], marks[3]) == ("true", None)


@pytest.fixture
def client(front: Running) -> Iterator[openai.OpenAI]:
    """The vendor's own library, asking the same server."""
    with openai.OpenAI(api_key="unused", admin_api_key=KEY, base_url=f"{front.url}/v1", max_retries=0) as made:
        yield made


def test_pages_are_followed_to_the_end(home: Home, client: openai.OpenAI) -> None:
    """The token of each page asks for the next; the real client reads the same pages one by one."""
    found = home.fetch(SOURCE, settle_days="0")
    assert found.controls == {"USD": Decimal("1.78")}
    total, pages = Decimal(0), 0
    page: str | None = ""
    start, end = (int(datetime(2026, month, 1, tzinfo=UTC).timestamp()) for month in (10, 11))
    while page is not None:
        answer = client.admin.organization.usage.costs(
            start_time=start, end_time=end, limit=5, group_by=["project_id", "line_item"], page=page or openai.omit
        )  # fmt: skip
        for bucket in answer.data:
            for result in bucket.results:
                assert result.object == "organization.costs.result"
                assert result.amount
                total += Decimal(str(result.amount.value))
        page, pages = answer.next_page, pages + 1
    assert (total, pages) == (Decimal("1.78"), 7)


def test_the_real_client_reads_the_same_usage(client: openai.OpenAI, vendor: OpenAI) -> None:
    """The server speaks the documented shape: the vendor's own library reads tokens from it."""
    vendor.used = {(1, "proj_app", "gpt-5"): {"input_tokens": 1200, "input_cached_tokens": 1000, "output_tokens": 3}}
    start = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())
    answer = client.admin.organization.usage.completions(start_time=start, limit=1, group_by=["project_id", "model"])
    [result] = answer.data[0].results
    assert result.object == "organization.usage.completions.result"
    assert (result.input_tokens, result.input_cached_tokens, result.model) == (1200, 1000, "gpt-5")


def test_an_organization_that_does_not_name_itself_is_noted(own: Store, home: Home, vendor: OpenAI) -> None:
    """A second one would replace it; the note says how to keep them apart, and `account` does."""
    vendor.says_organization = False
    assert any("--option account=" in note for note in home.take_in(own, SOURCE).notes)
    home.take_in(own, SOURCE, account="org-second")
    assert set(charges(own, "billing_account_id")) == {("organization",), ("org-second",)}


def test_a_total_that_the_line_items_do_not_meet_is_said_with_its_amount(
    own: Store, home: Home, vendor: OpenAI
) -> None:
    """The noise of binary numbers is none; two cents are."""
    vendor.drifts = 0.02
    assert home.take_in(own, SOURCE).differences == {"USD": Decimal("0.02")}


def test_an_amount_that_is_missing_is_a_problem_of_its_line(own: Store, home: Home, vendor: OpenAI) -> None:
    """It is not taken for zero."""
    vendor.spent = [Spent(1, None, "gpt-5, input")]
    result = home.take_in(own, SOURCE)
    assert [(found.code, found.column) for found in result.problems] == [("missing-value", "billed_cost")]


def test_an_unknown_currency_is_a_problem_of_its_line(own: Store, home: Home, vendor: OpenAI) -> None:
    """Its money stays visible."""
    vendor.spent = [Spent(1, 2.5, "gpt-5, input", currency="credits")]
    [found] = home.take_in(own, SOURCE).problems
    assert (found.code, found.value, found.amount) == ("wrong-currency", "CREDITS", Decimal("2.5"))


def test_a_vendor_that_is_busy_is_asked_again_when_it_says(home: Home, front: Running) -> None:
    """`Retry-After` is seconds or an instant; a longer wait than one has patience for ends the import."""
    soon = format_datetime(TODAY - timedelta(seconds=1), usegmt=True)
    front.moods.coming = [Reply({}, 429, {"retry-after": "0"}), Reply({}, 503, {"retry-after": soon}), Reply({}, 500)]
    assert home.fetch(SOURCE).controls
    front.moods.coming = [Reply({}, 429, {"retry-after": "3600"})]
    with pytest.raises(SourceFailed) as failed:
        home.fetch(SOURCE)
    assert failed.value.code == "throttled"


FAILURES = {
    "denied": Reply({"error": {"message": f"Incorrect API key provided: {KEY}", "code": "invalid_api_key"}}, 401),
    "not-allowed": Reply({"error": {"message": "no", "type": "insufficient_permissions"}}, 403),
    "vendor-refused": Reply({"error": {"message": f"user_id and project_id; key {KEY}", "type": "invalid"}}, 400),
    "redirected": Reply("", 302, {"location": "https://elsewhere.example.com/"}),
    "not-json": Reply(text="<html>sign in</html>", kind="text/html"),
    "not-as-documented": Reply({"object": "page", "data": [{"results": {}}], "has_more": False}),
    "broken-paging": Reply({"object": "page", "data": [], "has_more": True, "next_page": None}),
}


@pytest.mark.parametrize("code", FAILURES)
def test_each_failure_has_a_name_a_fix_and_no_key_in_it(own: Store, home: Home, front: Running, code: str) -> None:
    """Nothing lands, nothing of the last import moves, and no message, note or file holds the key."""
    before = home.take_in(own, SOURCE).landed
    front.moods.after, front.moods.coming = 1, [FAILURES[code]]
    with pytest.raises(OutlayError) as failed:
        home.take_in(own, SOURCE, refresh="yes")
    assert failed.value.code == code
    assert failed.value.fix
    assert KEY not in f"{failed.value!r}{failed.value}"
    assert "0123456789abcdef" not in str(failed.value)
    assert len(charges(own, "line")) == before
    assert not any(KEY in path.read_text(encoding="utf-8") for path in home.folder.rglob("*.json"))


def test_an_answer_cut_short_is_asked_for_again(home: Home, front: Running) -> None:
    """The connection ended before the length that was announced."""
    front.moods.after, front.moods.coming = 1, [Reply({"object": "page", "data": []}, cut=7)]
    assert home.fetch(SOURCE).controls


def test_numbers_beyond_all_measure_are_refused_and_not_written_out(home: Home, front: Running) -> None:
    """`1e999999999` would fill the memory; NaN is no amount."""
    for number in ("1e999999999", "NaN"):
        text = '{"object":"page","has_more":false,"data":[{"start_time":1790812800,"end_time":1790899200,"results":'
        reply = Reply(text=f'{text}[{{"amount":{{"value":{number},"currency":"usd"}}}}]}}]}}')
        front.moods.after, front.moods.coming = 1, [reply]
        with pytest.raises(Unreadable):
            home.fetch(SOURCE, refresh="yes")


def test_a_page_token_that_repeats_is_a_named_failure(home: Home, vendor: OpenAI) -> None:
    """The loop ends."""
    vendor.repeats = True
    with pytest.raises(SourceFailed) as failed:
        home.fetch(SOURCE)
    assert failed.value.code == "repeated-page"


def test_a_failure_half_way_keeps_the_pages_that_came(home: Home, front: Running, vendor: OpenAI) -> None:
    """The import that is tried again asks for the rest; a finished one leaves no page that may still change."""
    vendor.spent = [Spent(1, 1.0, "gpt-5, input")]
    front.moods.after, front.moods.coming = 2, [Reply({}, 500), Reply({}, 500)]
    with pytest.raises(SourceFailed):
        home.fetch(SOURCE, tries="2")
    before = len(front.heard)
    home.fetch(SOURCE, tries="2")
    again = [request.path for request in front.heard[before:]]
    assert "/v1/organization/costs" in again
    assert all(not request.all("group_by") for request in front.heard[before:] if request.path.endswith("costs"))
    assert list((home.folder / "cache").iterdir()) == []


def test_settled_months_are_not_asked_for_again(home: Home, front: Running) -> None:
    """September ended long ago: its pages are kept, only the names of projects are asked for."""
    september = Period.month("2026-09")
    home.fetch(SOURCE, september)
    before = len(front.heard)
    home.fetch(SOURCE, september)
    assert [request.path for request in front.heard[before:]] == ["/v1/organization/projects"]


def test_a_key_that_may_not_list_projects_still_brings_costs(own: Store, home: Home, front: Running) -> None:
    """Names are a comfort; costs land without them."""
    front.moods.coming = [Reply({"error": {"message": "no"}}, 403)]
    assert home.take_in(own, SOURCE).matches


def test_without_a_key_nothing_is_asked(home: Home, front: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fix names the variable."""
    monkeypatch.delenv("OPENAI_ADMIN_KEY")
    with pytest.raises(BadInput) as refused:
        home.fetch(SOURCE)
    assert (refused.value.code, "OPENAI_ADMIN_KEY" in refused.value.fix) == ("no-key", True)
    assert front.heard == []


def test_an_address_may_be_written_with_its_version(home: Home) -> None:
    """`http://host/v1` and `http://host` are the same API."""
    home.url += "/v1"
    assert home.fetch(SOURCE).controls


def test_groups_that_the_report_does_not_have_are_refused(home: Home) -> None:
    """Those it has are named."""
    with pytest.raises(BadInput, match="cannot be broken out by model") as refused:
        home.fetch(SOURCE, group_by="model")
    assert "line_item" in refused.value.fix
