from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from outlay.errors import OutlayError, SourceFailed
from outlay.store import Store
from outlay.terms.period import Period
from tests.bills.fetched import Home
from tests.bills.making import ask
from tests.bills.servers.loopback import Reply, Running, serving
from tests.bills.servers.openrouter import KEY, OpenRouter, activity
from tests.conftest import NOW

SOURCE = "openrouter"
NOVEMBER = Period.month("2026-11")


@pytest.fixture
def vendor() -> OpenRouter:
    """An account of which the first of November is known."""
    return OpenRouter([
        activity("2026-11-01", 0.015),
        activity("2026-11-01 00:00:00", 1.5, "anthropic/claude-opus-5", byok_usage_inference=0.25),
        activity("2026-11-02", 99),
    ])  # fmt: skip


@pytest.fixture
def front(vendor: OpenRouter) -> Iterator[Running]:
    """Its API."""
    with serving(vendor) as running:
        yield running


@pytest.fixture
def home(front: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A machine with its key."""
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    return Home(tmp_path, front.url)


def charges(store: Store, columns: str) -> list[tuple[object, ...]]:
    """Return columns of all charges, in the order of their cost."""
    return [tuple(row.values()) for row in ask(store, f"SELECT {columns} FROM charge ORDER BY billed_cost, {columns}")]


def test_complete_days_land_by_model_and_endpoint(store: Store, home: Home) -> None:
    """Tokens of a row are all its tokens; today is not complete and is not asked for."""
    result = home.take_in(store, SOURCE, NOVEMBER)
    assert result.problems == ()
    assert charges(store, "resource_id, sku_id, billed_cost, consumed_quantity, billing_currency") == [
        ("openai/gpt-4.1", "openai/gpt-4.1-2025-04-14", Decimal("0.015"), 175, "USD"),
        ("anthropic/claude-opus-5", "anthropic/claude-opus-5-2025-04-14", Decimal("1.5"), 175, "USD"),
    ]


def test_what_ones_own_keys_spent_is_beside_the_cost_and_not_in_it(own: Store, home: Home) -> None:
    """That is on another vendor's bill; counted here, it would be there twice."""
    home.take_in(own, SOURCE, NOVEMBER)
    assert charges(own, "extra['byok_usage_inference'], extra['prompt_tokens'], extra['reasoning_tokens']") == [
        (None, "50", "25"), ("0.25", "50", "25"),
    ]  # fmt: skip


def test_a_vendor_that_does_not_heed_the_day_is_not_counted_twice(own: Store, home: Home, vendor: OpenRouter) -> None:
    """Each day is asked for by itself; rows of other days in its answer are those days' own."""
    vendor.filters = False
    vendor.rows = [activity(f"2026-10-{day:02}", 1) for day in range(3, 32)]
    assert home.take_in(own, SOURCE, partial="yes").totals == {"USD": Decimal(29)}


def test_a_month_of_which_days_are_gone_is_left_out(own: Store, home: Home) -> None:
    """30 days are given: on 2 November, 1 and 2 October are gone, and half a month would replace a whole one."""
    with pytest.raises(SourceFailed) as failed:
        home.take_in(own, SOURCE)
    assert failed.value.code == "gone"
    assert "partial=yes" in failed.value.fix
    found = home.fetch(SOURCE, None)
    assert [(problem.code, problem.file) for problem in found.problems] == [("gone", "openrouter 2026-10")]
    assert [path.name for path in found.files] == ["openrouter-2026-11.csv"]


def test_days_that_were_fetched_in_time_are_kept(home: Home, vendor: OpenRouter, front: Running) -> None:
    """A settled day stays known after OpenRouter has forgotten it."""
    vendor.rows = [activity("2026-10-31", 3)]
    home.fetch(SOURCE, partial="yes", settle_days="0")
    before = len(front.heard)
    home.fetch(SOURCE, partial="yes", settle_days="0")
    assert [request.path for request in front.heard[before:]] == ["/api/v1/credits"]


def test_the_balance_is_a_note_and_no_control_total(home: Home) -> None:
    """It is of all time, not of a month."""
    found = home.fetch(SOURCE, NOVEMBER)
    assert found.controls == {}
    assert "25.75 of 100.5 USD of credits are spent, over all time" in found.notes


@pytest.mark.parametrize(
    ("code", "reply"),
    [
        ("denied", Reply({"error": {"message": f"No auth {KEY}", "code": 401}}, 401)),
        ("not-json", Reply(text="<html>", kind="text/html")),
        ("not-as-documented", Reply({"data": [{"date": "2026-11-01", "usage": "much"}]})),
    ],
)
def test_each_failure_has_a_name_and_no_key_in_it(home: Home, front: Running, code: str, reply: Reply) -> None:
    """Nothing lands."""
    front.moods.coming = [reply]
    with pytest.raises(OutlayError) as failed:
        home.fetch(SOURCE, NOVEMBER)
    assert (failed.value.code, KEY in str(failed.value)) == (code, False)


def test_an_amount_that_is_missing_is_a_problem_of_its_line(own: Store, home: Home, vendor: OpenRouter) -> None:
    """It is not taken for zero."""
    vendor.rows = [{"date": "2026-11-01", "model": "x/y"}]
    result = home.take_in(own, SOURCE, NOVEMBER)
    assert [(problem.code, problem.column) for problem in result.problems] == [("missing-value", "billed_cost")]


def test_the_first_of_a_month_has_no_complete_day(home: Home) -> None:
    """The months asked for without a period are those of which a day is over."""
    assert NOW.day == 2
    assert [path.name for path in home.fetch(SOURCE, NOVEMBER).files] == ["openrouter-2026-11.csv"]
