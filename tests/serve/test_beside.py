"""The pages beside the overview: where an amount comes from, whether bills match usage, how fresh the sources are."""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from outlay import flow
from outlay.allocate.versions import apply_rules
from outlay.schedule.config import read
from outlay.schedule.runs import FAILED, IMPORTED, Run
from outlay.serve.app import create_app
from outlay.store import Store, open_store
from tests.closing.test_close import LATER, LATEST, came, settled
from tests.laws.world import MONTH, at, charge, emptied, event, laid, published, ruled
from tests.serve.making import make_ledger
from tests.serve.test_page import amounts_of, tags_of, text_of

RULES: list[dict[str, Any]] = [
    {"name": "tags", "match": {"service_name": "Machines"}, "set": {"team": "tag:team"}},
    {"name": "by calls", "match": {"service_name": "Shared"}, "split": "driver", "driver": "calls", "to": ["feature"]},
    {"name": "step", "from": {"team": "a"}, "split": "driver", "driver": "calls", "to": ["feature"]},
]
CONFIG = """
[[source]]
name = "bills"
import = "focus"
place = "/exports/here"
every = "6h"

[[source]]
name = "stripe"
import = "stripe_invoices"
every = "1d"
"""


@pytest.fixture(scope="module")
def traced() -> TestClient:
    """A month whose machines a team pays for and passes on to features, and a bill that is shared by calls."""
    store = open_store("duckdb:///:memory:")
    bill = [charge(1, "9", service_name="Machines", tags={"team": "a"}), charge(2, "12", service_name="Shared")]
    bill += [charge(3, "1.5", service_name="Nobody's", charge_description="=1+1")]
    used = [event(1, feature="chat", input=100), event(2, feature="chat", input=200, minute=1)]
    used += [event(3, feature="search", input=100, minute=2)]
    laid(store, charges=bill, usage=used)
    apply_rules(store, ruled(RULES), now=at(20), author="ada", reason="features pay")
    published(store)
    return TestClient(create_app(store), base_url="http://localhost")


@pytest.fixture(scope="module")
def plain() -> TestClient:
    """The two months that the overview is tested with."""
    store = open_store("duckdb:///:memory:")
    make_ledger(store)
    return TestClient(create_app(store), base_url="http://localhost")


def test_a_feature_leads_back_to_its_bills_rules_and_who_decided(traced: TestClient) -> None:
    """Its amount, the rules that gave it, the line of the file, and when, by whom and why the rule was put in force."""
    text = text_of(traced.get("/trace-back?period=2026-10&where=feature%3Dsearch").text)
    assert "$7.00 USD" in text
    assert "by calls split by calls" in text
    assert "bill.csv, line 2 import bill" in text
    assert "In force since 20 October 2026, 00:00 UTC, by ada. Why: “features pay”." in text
    assert "Calls of 5 October 2026: 33.3 % of all that was measured." in text
    assert "Feature search" in text


def test_what_was_passed_on_leads_to_the_line_it_began_with(traced: TestClient) -> None:
    """A share of a step shows the shares it was made of, and their lines of the bill."""
    text = text_of(traced.get("/trace-back?where=feature%3Dsearch&where=rule%3Dstep").text)
    assert "$3.00 on 5 October 2026" in text
    assert "The share of another rule that it is made of $9.00 of $9.00 , from the rule tags" in text
    assert "bill.csv, line 1 import bill" in text


def test_both_ways_to_cut_an_amount_sum_to_it(traced: TestClient) -> None:
    """Who billed it and which rules gave it each add up to the whole, to the last digit."""
    page = traced.get("/trace-back?most=1").text
    total, *rest = [Decimal(value) for value in amounts_of(page.partition('id="shares"')[0])]
    half = len(rest) - len(rest) // 2
    assert total == Decimal("22.5")
    assert sum(rest) == 2 * total
    assert half >= 3


def test_no_trace_ends_dead(traced: TestClient) -> None:
    """Every link of the page answers, also of what no rule takes and of what is not there."""
    links = set()
    for path in ("/trace-back?most=3", "/trace-back?where=feature%3D", "/trace-back?where=feature%3Dnobody"):
        page = traced.get(path)
        assert page.status_code == 200
        links |= {(attrs["href"] or "").partition("#")[0] for tag, attrs in tags_of(page.text) if tag == "a"}
    assert len(links) > 10
    for link in sorted(links - {""}):
        assert traced.get(link).status_code == 200, link


def test_the_trace_is_a_table_too(traced: TestClient) -> None:
    """One row per share and line, with the rule between; the parts of a share's own line are all of the pool."""
    answer = traced.get("/v1/trace-back.csv?period=2026-10")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="trace-back-2026-10.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    stepped = [row for row in rows if row["rule"] == "step" and row["feature"] == "search"]
    assert [(row["amount"], row["line"], row["billed_cost"]) for row in stepped if row["line"]] == [("3", "1", "9")]
    assert {(row["author"], row["reason"]) for row in stepped} == {("ada", "features pay")}
    assert "'=1+1" in {row["charge_description"] for row in rows}


def test_the_overview_leads_to_where_amounts_come_from(traced: TestClient) -> None:
    """Each amount of the table, and the headline, has a link to its trace."""
    page = traced.get("/?period=2026-10&by=feature").text
    links = [attrs["href"] or "" for tag, attrs in tags_of(page) if tag == "a"]
    assert "/trace-back?period=2026-10&where=feature=search" in links
    assert "/trace-back?period=2026-10" in links


def test_the_gap_is_shown_cause_by_cause_with_its_evidence(plain: TestClient) -> None:
    """Billed, estimated, the gap and its causes stand there as the API gives them, and the causes sum to the gap."""
    page = plain.get("/reconcile?period=2026-10").text
    answer = plain.get("/v1/reconcile?period=2026-10").json()
    shown = set(amounts_of(page))
    assert {answer["billed"], answer["estimated"], answer["gap"]} <= shown
    assert {row["gap"] for row in answer["rows"]} <= shown
    causes = [cause["amount"] for cause in answer["causes"] if cause["amount"] != "0"]
    assert set(causes) <= shown
    assert sum(map(Decimal, causes)) == Decimal(answer["gap"])
    assert "Nothing: no bill of October 2026 was changed" in text_of(page)


def test_a_closed_month_says_who_closed_it_and_what_came_later(duck: Store) -> None:
    """States, the decision, and the adjustment of a late line, for whom."""
    settled(duck)
    late = [charge(1, "7", tags={"team": "a", "feature": "x"})]
    came(duck, "late", late, LATER)
    came(duck, "newer", [charge(1, "6", tags={"team": "a", "feature": "x"})], LATEST, replaces="late")
    flow.run_month(duck, MONTH, now=LATEST)
    client = TestClient(create_app(duck), base_url="http://localhost")
    text = text_of(client.get("/reconcile?period=2026-10").text)
    assert "2026-10 Closed AWS by local on 2026-11-02" in text
    assert "2026-10 was closed on 2 November 2026, 09:30 UTC by local: “books are done”." in text
    assert "Closed months have +$6.00 USD in later ones, beside those months' own figures." in text
    assert "on 20 November 2026, 00:00 UTC by import newer $7.00 $6.00" in text
    assert "2026-10 moved by +$6.00 on 20 November 2026, 00:00 UTC; it was closed, so it is shown in 2026-11" in text
    assert "x, a $10.00 $16.00 +$6.00" in text
    months = client.get("/v1/periods").json()["periods"]
    assert [month["closed"]["reason"] for month in months if month["closed"]] == ["books are done"]


def test_sources_say_how_fresh_they_are_and_what_is_wrong(duck: Store, tmp_path: Path) -> None:
    """A source that came, one that failed with an error somebody has to mend, and a configuration that broke since."""
    emptied(duck)
    now = datetime.now(UTC)
    place = tmp_path / "outlay.toml"
    place.write_text(CONFIG, encoding="utf-8")
    hour = timedelta(hours=1)
    came = now - 2 * hour
    Run("bills", came, came, IMPORTED, "one", 12, now.date(), None, None, came + 6 * hour).keep(duck)
    Run("stripe", came, came, FAILED, None, 0, None, "expired-token", "the key has expired", now + hour).keep(duck)
    client = TestClient(create_app(duck, config=place), base_url="http://localhost")
    text = text_of(client.get("/sources").text)
    assert "1 of 2 needs somebody." in text
    assert "stripe Fails Failed once, last with expired-token: the key has expired." in text
    assert "bills focus, here, every 6h Brought something new 2 hours ago" in text
    assert "in 3 hours" in text
    answer = client.get("/v1/sources").json()
    assert [row["source"] for row in answer["sources"]] == ["bills", "stripe"]
    assert [finding["rule"] for finding in answer["findings"]] == ["source-failing"]
    assert answer["flaw"] is None
    place.write_text("[[source]", encoding="utf-8")
    assert "The configuration cannot be read, so what it said before goes on" in text_of(client.get("/sources").text)
    assert len(client.get("/v1/sources").json()["sources"]) == 2
    assert duck.count("finding") == 0


def test_without_sources_it_says_how_to_have_some(plain: TestClient) -> None:
    """A server without a configuration shows one to begin with, and what was imported by hand."""
    text = text_of(plain.get("/sources").text)
    assert "Nothing is imported by itself. Write what is to be imported again and again into outlay.toml" in text
    assert "bill-USD" in text
    assert plain.get("/v1/sources").json() == {"sources": [], "findings": [], "flaw": None}


def test_the_example_on_the_page_can_be_used(plain: TestClient, tmp_path: Path) -> None:
    """What the page shows as a first configuration is one."""
    page = plain.get("/sources").text
    text = page.partition("<pre>")[2].partition("</pre>")[0].replace("&#34;", '"')
    (tmp_path / "outlay.toml").write_text(text, encoding="utf-8")
    assert [source.name for source in read(tmp_path / "outlay.toml").sources] == ["invoices"]


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/trace-back?period=2026-13", "2026-13"),
        ("/trace-back?most=many", "not a number of rows"),
        ("/trace-back?where=colour%3Dred", "colour"),
        ("/reconcile?perod=2026-10", "did you mean period"),
    ],
)
def test_a_wrong_address_says_what_is_wrong(plain: TestClient, path: str, part: str) -> None:
    """As on the overview: what is wrong, how to mend it, and a way back."""
    answer = plain.get(path)
    assert answer.status_code == 400
    assert part in text_of(answer.text)
