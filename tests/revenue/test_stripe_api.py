from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from itertools import pairwise
from typing import Any

import pytest

from outlay.errors import BadInput, OutlayError, SourceFailed
from outlay.revenue.importer import importers
from outlay.revenue.take_in import take_in
from outlay.store import Store
from outlay.terms.period import Period
from outlay.terms.take_in import TakeIn
from tests.revenue.asking import ask, balanced
from tests.revenue.fronts import Answering, front
from tests.revenue.stripe_objects import invoice, line, listed

KEY = "rk_test_do_not_show_this"
OCTOBER = Period.month("2026-10")
Answer = tuple[int, Mapping[str, str], Any]


@pytest.fixture(autouse=True)
def _with_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", KEY)


def stripe(*pages: dict[str, Any], lines: Mapping[str, dict[str, Any]] | None = None) -> Answering:
    """Return what answers as Stripe: pages of invoices by cursor, further lines by invoice, nothing of the rest."""
    by_cursor: dict[str | None, dict[str, Any]] = {None: pages[0]}
    for before, page in pairwise(pages):
        by_cursor[before["data"][-1]["id"]] = page

    def answer(path: str, query: Mapping[str, list[str]]) -> Answer:
        after = query.get("starting_after", [None])[0]
        if path == "/v1/invoices":
            return 200, {}, by_cursor[after]
        if path.endswith("/lines"):
            return 200, {}, (lines or {})[path.split("/")[3]]
        if path == "/v1/invoice_payments":
            return 404, {}, {"error": {"message": "Unrecognized request URL", "type": "invalid_request_error"}}
        return 200, {}, listed(path, [])

    return answer


def fetched(store: Store, answering: Answering, now: datetime, **options: str) -> tuple[TakeIn, Any]:
    """Import October from a server."""
    with front(answering) as server:
        told = {"endpoint-url": server.url, "retry_s": "0", **options}
        result = take_in(store, importers()["stripe_invoices"], [], now=now, period=OCTOBER, options=told)
    return result, server


def test_all_pages_and_all_lines_are_fetched(store: Store, now: datetime) -> None:
    """A list goes on after the last object of a page, so do the lines of a long invoice; the key is only a header."""
    first, second = (invoice([line(100, "2026-10-01", "2026-11-01")], 100) for _ in range(2))
    second["lines"]["has_more"] = True
    second["total_excluding_tax"] = 300
    last = second["lines"]["data"][-1]["id"]
    own = f"/v1/invoices/{second['id']}/lines"
    more = {second["id"]: listed(own, [line(200, "2026-10-01", "2026-11-01")])}
    pages = [listed("/v1/invoices", [first], more=True), listed("/v1/invoices", [second])]
    result, server = fetched(store, stripe(*pages, lines=more), now)
    assert (result.lines, result.totals, balanced(result)) == (3, {"USD": Decimal(4)}, True)
    asked = [(path, query.get("starting_after")) for path, query, _ in server.asked]
    assert asked[:3] == [("/v1/invoices", None), ("/v1/invoices", [first["id"]]), (own, [last])]
    assert {headers["authorization"] for _, _, headers in server.asked} == {f"Bearer {KEY}"}
    since = server.asked[0][1]["created[gte]"][0]
    assert datetime.fromtimestamp(int(since), UTC) == datetime(2026, 10, 1, tzinfo=UTC) - timedelta(days=400)


def test_a_second_import_takes_back_what_is_gone(store: Store, now: datetime) -> None:
    """An invoice that was voided since no longer counts, though no line says so; the same again changes nothing."""
    kept, voided = (
        invoice([line(100, "2026-10-01", "2026-11-01")], 100, customer=f"cus_{name}") for name in ("kept", "voided")
    )
    fetched(store, stripe(listed("/v1/invoices", [kept, voided])), now)
    voided["status"] = "void"
    answer = stripe(listed("/v1/invoices", [kept, voided]))
    later, _ = fetched(store, answer, now + timedelta(hours=1))
    assert balanced(later)
    rows = ask(
        store, "SELECT customer, month, SUM(amount) AS amount FROM current_revenue GROUP BY ALL ORDER BY customer"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("cus_kept", date(2026, 10, 1), 1),
        ("cus_voided", date(2026, 10, 1), 0),
    ]
    assert fetched(store, answer, now + timedelta(hours=2))[0].repeated == later.take_in


def test_of_several_accounts_each_speaks_for_itself(duck: Store, now: datetime) -> None:
    """What one account does not say takes nothing back from another."""
    for name in ("eu", "us"):
        own = invoice([line(100, "2026-10-01", "2026-11-01")], 100, customer=f"cus_{name}")
        fetched(duck, stripe(listed("/v1/invoices", [own])), now + timedelta(hours=len(name)), account=name)
    question = "SELECT amount FROM current_revenue WHERE customer IN ('cus_eu', 'cus_us')"
    assert [row["amount"] for row in ask(duck, question)] == [1, 1]
    with pytest.raises(BadInput, match="account=e u"):
        fetched(duck, stripe(listed("/v1/invoices", [])), now, account="e u")


def test_a_busy_stripe_is_asked_again_and_an_expired_key_is_not(duck: Store, now: datetime) -> None:
    """After 429 the page is asked for again; 401 ends it, names the variable, and shows nothing of the key."""
    answers = stripe(listed("/v1/invoices", []))
    said: list[int] = []

    def busy(path: str, query: Mapping[str, list[str]]) -> Answer:
        said.append(1)
        return (429, {"Retry-After": "0"}, {"error": {"message": "slow"}}) if len(said) == 1 else answers(path, query)

    result, server = fetched(duck, busy, now)
    assert [path for path, _, _ in server.asked][:2] == ["/v1/invoices"] * 2
    assert result.lines == 0
    refused = {"error": {"message": f"Expired API Key provided: {KEY}", "type": "invalid_request_error"}}
    with pytest.raises(SourceFailed) as failed:
        fetched(duck, lambda *_: (401, {}, refused), now)
    assert failed.value.code == "denied"
    assert "STRIPE_API_KEY" in failed.value.fix
    assert KEY not in str(failed.value)


def test_a_cursor_that_repeats_ends_the_import(duck: Store, now: datetime) -> None:
    """A list whose next page is itself has no end; nothing of it lands."""
    page = listed("/v1/invoices", [invoice([line(100, "2026-10-01", "2026-11-01")], 100)], more=True)
    with pytest.raises(SourceFailed) as failed:
        fetched(duck, lambda path, _: (200, {}, page if path == "/v1/invoices" else listed(path, [])), now)
    assert failed.value.code == "repeated-page"


def test_a_clock_that_is_wrong_is_a_problem_of_the_whole(duck: Store, now: datetime) -> None:
    """Stripe's clock is heard; the import goes on."""
    answers = stripe(listed("/v1/invoices", []))
    theirs = format_datetime(now + timedelta(hours=3))
    result, _ = fetched(
        duck, lambda path, query: (*answers(path, query)[:1], {"Date": theirs}, answers(path, query)[2]), now
    )
    assert [(each.code, each.line) for each in result.problems] == [("clock-skew", None)]


@pytest.mark.parametrize(
    ("key", "options", "code"),
    [("", {}, "no-key"), (KEY, {"endpoint-url": "http://stripe.example"}, "plain-http")],
)
def test_no_key_and_plain_http_are_refused(
    duck: Store, now: datetime, monkeypatch: pytest.MonkeyPatch, key: str, options: dict[str, str], code: str
) -> None:
    """A key comes from the environment, and never leaves this machine in the clear."""
    monkeypatch.setenv("STRIPE_API_KEY", key)
    with pytest.raises(BadInput) as refused:
        take_in(duck, importers()["stripe_invoices"], [], now=now, options=options)
    assert refused.value.code == code


def test_subscriptions_are_fetched_whatever_their_state(duck: Store, now: datetime) -> None:
    """Ended ones too: a customer that left is a customer."""

    def answer(path: str, query: Mapping[str, list[str]]) -> Answer:
        assert (path, query["status"]) == ("/v1/subscriptions", ["all"])
        left = {"id": "sub_1", "object": "subscription", "status": "canceled", "created": 1, "customer": "cus_left"}
        return 200, {}, listed(path, [left])

    with front(answer) as server:
        options = {"endpoint-url": server.url}
        take_in(duck, importers()["stripe_subscriptions"], [], now=now, options=options)
    (row,) = ask(duck, "SELECT status, plan FROM customer WHERE customer = 'cus_left'")
    assert tuple(row.values()) == ("churned", None)


def test_errors_are_ours(duck: Store, now: datetime) -> None:
    """A web page in place of an answer, a redirect, and an answer of another shape."""
    for status, headers, body in (
        (200, {}, b"<html>sign in</html>"),
        (302, {"Location": "http://127.0.0.1:1/"}, b""),
        (200, {}, {"object": "list", "data": "none"}),
    ):
        with pytest.raises(OutlayError):
            fetched(duck, lambda *_, found=(status, headers, body): found, now)
