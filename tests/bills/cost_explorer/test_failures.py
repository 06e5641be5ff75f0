import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from outlay.errors import BadInput, SourceFailed
from outlay.store import Store
from outlay.terms.period import Period
from tests.bills.cost_explorer.bill import SOURCE, charges, line, throttled
from tests.bills.fetched import Home
from tests.bills.servers.cost_explorer import CostExplorer
from tests.bills.servers.loopback import Reply, Running

REFUSALS = {
    "ExpiredTokenException": "expired-token",
    "UnrecognizedClientException": "denied",
    "AccessDeniedException": "not-allowed",
    "BillExpirationException": "bill-expired",
    "DataUnavailableException": "data-unavailable",
    "ValidationException": "vendor-refused",
    "InvalidSignatureException": "clock-skew",
}


def test_more_than_two_groups_are_refused_before_anything_is_paid(home: Home, aws: CostExplorer) -> None:
    """Cost Explorer takes two at most; a third is refused here, with the way to have all at once."""
    with pytest.raises(BadInput, match="names 3 dimensions") as refused:
        home.fetch(SOURCE, group_by="service,region,tag:team")
    assert "cost export" in refused.value.fix
    assert aws.asked == []


def test_a_dimension_that_does_not_exist_is_refused(home: Home) -> None:
    """The dimensions that exist are named."""
    with pytest.raises(BadInput, match="is not a dimension") as refused:
        home.fetch(SOURCE, group_by="servize")
    assert "service" in refused.value.fix


def test_attributes_of_products_from_before_aws_kept_them_leave_the_month_out(home: Home, aws: CostExplorer) -> None:
    """A month without such data is a named problem, and the other months are fetched."""
    aws.lines = [line(1, "1", month=8), line(1, "1", month=9)]
    found = home.fetch(SOURCE, Period.parse("2026-08-01..2026-10-01"), group_by="product_attribute:model")
    assert [(problem.code, problem.file) for problem in found.problems] == [("data-unavailable", f"{SOURCE} 2026-08")]
    assert [path.name for path in found.files] == [f"{SOURCE}-2026-09.csv"]


def test_hours_that_are_not_switched_on_are_a_named_failure(home: Home, aws: CostExplorer) -> None:
    """The fix names the setting; nothing is taken in."""
    aws.hours_kept = False
    with pytest.raises(SourceFailed) as failed:
        home.fetch(SOURCE, granularity="hourly")
    assert failed.value.code == "data-unavailable"
    assert "switch the detail on" in failed.value.fix


@pytest.mark.parametrize("code", ["LimitExceededException", "ThrottlingException"])
def test_a_vendor_that_throttles_is_asked_again(home: Home, front: Running, code: str) -> None:
    """Two refusals for asking too often cost nothing but time."""
    front.moods.after, front.moods.coming = 1, [throttled(code), throttled(code)]
    assert home.fetch(SOURCE).controls


def test_a_page_token_that_repeats_is_a_named_failure_and_nothing_lands(
    own: Store, home: Home, aws: CostExplorer
) -> None:
    """Pages without an end would be paid for ever; the last import stays as it was."""
    before = home.take_in(own, SOURCE)
    aws.page, aws.repeats = 2, True
    with pytest.raises(SourceFailed) as failed:
        home.take_in(own, SOURCE, refresh="yes")
    assert failed.value.code == "repeated-page"
    assert charges(own, "COUNT(*)") == [(before.landed,)]
    assert len(aws.asked) < 40


def test_a_total_that_the_groups_do_not_meet_is_said_with_its_amount(own: Store, home: Home, aws: CostExplorer) -> None:
    """What AWS's own total has and its groups have not is a difference, in dollars."""
    aws.adrift = Decimal("0.07")
    result = home.take_in(own, SOURCE)
    assert result.differences == {"USD": Decimal("0.07")}


def test_an_unknown_record_type_is_a_problem_with_its_name_and_money(own: Store, home: Home, aws: CostExplorer) -> None:
    """A kind of line that nobody has heard of is never dropped, nor put where it does not belong."""
    aws.lines = [line(1, "4.2", dimensions={"RECORD_TYPE": "Novelty"})]
    result = home.take_in(own, SOURCE)
    assert [(found.code, found.value, found.amount) for found in result.problems] == [
        ("bad-category", "Novelty", Decimal("4.2"))
    ]


def test_an_unknown_currency_is_a_problem_and_its_money_is_shown(own: Store, home: Home, aws: CostExplorer) -> None:
    """Lines in something that is no currency do not land."""
    aws.currency = "XBT"
    result = home.take_in(own, SOURCE)
    assert result.landed == 0
    assert {found.code for found in result.problems} == {"wrong-currency"}


@pytest.mark.parametrize("code", REFUSALS)
def test_each_refusal_of_aws_has_a_name_and_holds_no_secret(home: Home, front: Running, code: str) -> None:
    """What AWS says is told in our words: what happened, what mends it, and no key, token or signature."""
    said = "Signature expired: 20261102 is now earlier than 20261103" if code == "InvalidSignatureException" else ""
    secret = f"{said} AKIAEXAMPLEEXAMPLE12 secretsecretsecretsecretsecretsecretse40"
    front.moods.after, front.moods.coming = 1, [Reply({"__type": code, "message": secret}, 400)]
    with pytest.raises(SourceFailed) as failed:
        home.fetch(SOURCE)
    assert failed.value.code == REFUSALS[code]
    assert failed.value.fix
    assert "AKIA" not in str(failed.value)
    assert "secretsecret" not in str(failed.value)


def test_a_web_page_instead_of_an_answer_is_a_named_failure(home: Home, front: Running) -> None:
    """A proxy that answers in AWS's place is not taken for an empty bill."""
    front.moods.after = 1
    front.moods.coming = [Reply(text="<html>please log in</html>", kind="text/html") for _ in range(9)]
    with pytest.raises(SourceFailed):
        home.fetch(SOURCE)


def test_an_answer_that_ends_too_early_is_asked_for_again(home: Home, front: Running) -> None:
    """Half an answer is none."""
    front.moods.after, front.moods.coming = 1, [Reply({"ResultsByTime": []}, cut=9)]
    assert home.fetch(SOURCE).controls


def test_a_clock_that_disagrees_with_aws_is_a_problem_of_the_whole(
    home: Home, front: Running, aws: CostExplorer
) -> None:
    """If our clock is ahead, days look settled that are not: they are not kept for good, and it is said."""
    september = Period.month("2026-09")
    front.clock, aws.closed = datetime(2026, 10, 10, tzinfo=UTC), frozenset({"2026-09"})
    found = home.fetch(SOURCE, september, account="1")
    assert [problem.code for problem in found.problems] == ["clock-skew"]
    kept = [json.loads(path.read_text(encoding="utf-8")) for path in (home.folder / "cache").iterdir()]
    assert {page["settled"] for page in kept} == {False}


def test_a_month_older_than_aws_keeps_is_refused_before_anything_is_paid(home: Home, aws: CostExplorer) -> None:
    """13 months and the current one; the fix says from where on."""
    with pytest.raises(BadInput) as refused:
        home.fetch(SOURCE, Period.month("2025-09"))
    assert refused.value.code == "too-old"
    assert "2025-10" in refused.value.fix
    assert aws.asked == []


def test_part_of_a_month_is_refused(home: Home) -> None:
    """A month is what replaces a month: a week would replace it with less."""
    with pytest.raises(BadInput, match="whole months"):
        home.fetch(SOURCE, Period.parse("2026-10-05..2026-10-12"))


def test_plain_http_to_another_machine_is_refused(home: Home) -> None:
    """Credentials do not travel in the clear."""
    home.url = "http://ce.example.com"
    with pytest.raises(BadInput) as refused:
        home.fetch(SOURCE)
    assert refused.value.code == "plain-http"


def test_a_front_that_does_not_say_whose_costs_these_are_is_noted(home: Home, front: Running) -> None:
    """Behind an address of one's own there may be no STS; the account is then a stand-in, and the note says so."""
    front.moods.coming = [Reply({}, 404), Reply({}, 404)]
    found = home.fetch(SOURCE)
    assert any("--option account=" in note for note in found.notes)
