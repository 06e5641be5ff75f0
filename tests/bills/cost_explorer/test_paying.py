from decimal import Decimal

import pytest

from outlay.errors import BadInput, SourceFailed
from outlay.store import Store
from outlay.terms.period import Period
from tests.bills.cost_explorer.bill import BILL, NOVEMBER, SOURCE, charges, line, throttled
from tests.bills.fetched import OCTOBER, Home
from tests.bills.servers.cost_explorer import CostExplorer
from tests.bills.servers.loopback import Running


def test_pages_are_followed_to_the_end_and_each_is_paid(home: Home, aws: CostExplorer) -> None:
    """There is no paginator in boto3: the same request goes out again with the token of the page before."""
    aws.page = 2
    found = home.fetch(SOURCE)
    requests = len(aws.asked)
    tokens = [body.get("NextPageToken") for _, body in aws.asked]
    assert any(tokens)
    assert found.notes[0].startswith(f"{requests} requests, {requests * Decimal('0.01')} USD")
    assert found.controls == {"USD": sum((one.cost for one in BILL), Decimal(0))}
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) - 1 for path in found.files) == len(BILL)


def test_what_is_settled_is_never_paid_twice(home: Home, aws: CostExplorer) -> None:
    """Pages of a month that is final and old enough are kept; asking again costs nothing."""
    september = Period.month("2026-09")
    aws.lines, aws.closed = [line(5, "2", month=9)], frozenset({"2026-09"})
    first = home.fetch(SOURCE, september)
    paid = len(aws.asked)
    again = home.fetch(SOURCE, september)
    assert len(aws.asked) == paid
    assert again.notes[0].startswith("0 requests, 0.00 USD; 3 further pages")
    assert again.files[0].read_bytes() == first.files[0].read_bytes()
    home.fetch(SOURCE, september, refresh="yes")
    assert len(aws.asked) == 2 * paid


def test_days_that_may_still_change_are_fetched_again_and_replace_what_was_there(
    own: Store, home: Home, aws: CostExplorer
) -> None:
    """Within the settle window a later import brings the new figure, and the restatement is shown."""
    aws.lines = [line(1, "5", month=11)]
    home.take_in(own, SOURCE, NOVEMBER)
    aws.lines = [line(1, "6", month=11)]
    result = home.take_in(own, SOURCE, NOVEMBER, refresh="yes")
    assert [(moved.before, moved.after) for moved in result.restated] == [(Decimal(5), Decimal(6))]


def test_figures_younger_than_four_hours_are_not_paid_for_again(home: Home, aws: CostExplorer) -> None:
    """AWS computes new ones up to three times a day; a page of today stands for a while."""
    aws.lines = [line(1, "5", month=11)]
    home.fetch(SOURCE, NOVEMBER)
    paid = len(aws.asked)
    home.fetch(SOURCE, NOVEMBER)
    assert len(aws.asked) == paid


def test_a_failure_half_way_keeps_what_was_paid(own: Store, home: Home, aws: CostExplorer, front: Running) -> None:
    """Nothing is taken in; the next import asks only for the pages that were missing."""
    front.moods.after, front.moods.coming = 4, [throttled() for _ in range(2)]
    with pytest.raises(SourceFailed) as failed:
        home.take_in(own, SOURCE, tries="2")
    assert failed.value.code == "throttled"
    assert charges(own, "COUNT(*)") == [(0,)]
    paid = len(aws.asked)
    result = home.take_in(own, SOURCE)
    repeated = [body for place, body in enumerate(aws.asked) if body in aws.asked[:place]]
    assert repeated == []
    assert len(aws.asked) > paid
    assert result.matches


def test_no_more_is_paid_than_was_allowed(home: Home, aws: CostExplorer) -> None:
    """With `max_requests` an import stops before the next request, and says what it paid."""
    with pytest.raises(BadInput, match=r"3 requests are paid, 0\.03 USD") as refused:
        home.fetch(SOURCE, max_requests="3")
    assert "max_requests=6" in refused.value.fix
    assert len(aws.asked) == 3


def test_without_a_period_the_last_month_and_this_one_are_fetched(home: Home) -> None:
    """Those may still change."""
    assert [path.name[-11:] for path in home.fetch(SOURCE, None).files] == ["2026-10.csv", "2026-11.csv"]


def test_pages_of_one_account_are_not_shown_to_another(home: Home, aws: CostExplorer) -> None:
    """What is kept is kept for the account that asked."""
    home.fetch(SOURCE, account="1")
    paid = len(aws.asked)
    home.fetch(SOURCE, account="2")
    assert len(aws.asked) == 2 * paid


def test_importing_again_changes_nothing(own: Store, home: Home) -> None:
    """The same month fetched twice is the same file."""
    first = home.take_in(own, SOURCE, OCTOBER)
    again = home.take_in(own, SOURCE, OCTOBER)
    assert again.repeated == first.take_in
    assert again.notes[0].startswith("0 requests, 0.00 USD")
