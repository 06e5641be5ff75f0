"""The API answers as the answers do, on both engines, and says what is wrong in one form."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from outlay.errors import EngineFailed
from outlay.exchange.conversion import InCurrency
from outlay.explain import activity, change, cost, gap, restatements, unit_cost
from outlay.explain.trace_back import trace_back
from outlay.serve.encode import to_jsonable
from outlay.store import Store, open_store
from tests.serve.conftest import client_of
from tests.serve.making import MONTHS

OCTOBER = MONTHS[1]


def test_every_route_gives_what_explain_gives(api: TestClient, ledger: Store) -> None:
    """Each route's JSON is the answer of `explain`, encoded, on both engines."""
    where = {"team": "search"}
    expected = {
        "/v1/costs?period=2026-10&by=feature,model&by=team": cost.costs(ledger, OCTOBER, ["feature", "model", "team"]),
        "/v1/costs?period=2026-10&origin=billed&by=provider": cost.costs(
            ledger, OCTOBER, ["provider"], origin="billed"
        ),
        "/v1/costs?from=2026-10-01&to=2026-11-01&where=team%3Dsearch": cost.costs(ledger, OCTOBER, [], where=where),
        "/v1/costs?period=2026-10&by=feature&currency=EUR&rate_days=3": cost.costs(
            ledger, OCTOBER, ["feature"], currency=InCurrency("EUR", 3)
        ),
        "/v1/customers?period=2026-10&currency=EUR": unit_cost.customers(ledger, OCTOBER, currency=InCurrency("EUR")),
        "/v1/features?period=2026-10&currency=EUR": unit_cost.features(ledger, OCTOBER, currency=InCurrency("EUR")),
        "/v1/reconcile?period=2026-10&currency=EUR": gap.reconcile(ledger, OCTOBER, currency=InCurrency("EUR")),
        "/v1/explain?before=2026-09&after=2026-10&currency=EUR": change.change(
            ledger, *MONTHS, currency=InCurrency("EUR")
        ),
        "/v1/explain?before=2026-09&after=2026-10": change.change(ledger, *MONTHS),
        "/v1/customers?period=2026-10": unit_cost.customers(ledger, OCTOBER),
        "/v1/features?period=2026-10": unit_cost.features(ledger, OCTOBER),
        "/v1/models?period=2026-10": unit_cost.models(ledger, OCTOBER),
        "/v1/users?period=2026-10&most=2": unit_cost.users(ledger, OCTOBER, most=2),
        "/v1/failures?period=2026-10": activity.failures(ledger, OCTOBER),
        "/v1/heatmap?period=2026-10": activity.heatmap(ledger, OCTOBER),
        "/v1/reconcile?period=2026-10&by=provider": gap.reconcile(ledger, OCTOBER, ["provider"]),
        "/v1/restatements?period=2026-10": restatements.restatements(ledger, OCTOBER),
        "/v1/trace-back?period=2026-10&where=team%3Dsearch&most=2": trace_back(ledger, OCTOBER, where=where, most=2),
    }
    for path, answer in expected.items():
        response = api.get(path)
        assert response.status_code == 200, (path, response.text)
        assert response.json() == to_jsonable(answer), path


def test_coverage_tells_ratios_and_dollars_that_agree(api: TestClient) -> None:
    """The amount that names a dimension over the total is its ratio."""
    answer = api.get("/v1/coverage?period=2026-10").json()
    (row,) = answer["amounts"]
    assert Decimal(row["named"]["feature"]) + Decimal(row["idle"]) + Decimal(row["unallocated"]) == Decimal(
        row["total"]
    )
    ratio = Decimal(row["named"]["feature"]) / Decimal(row["total"])
    assert ratio.quantize(Decimal("0.0001")) == Decimal(answer["coverage"]["feature"])


def test_periods_show_that_each_month_adds_up(api: TestClient) -> None:
    """Every published month lists billed, allocated, idle and unallocated by provider, and nothing is missing."""
    months = api.get("/v1/periods").json()["periods"]
    assert [month["period"] for month in months] == ["2026-09", "2026-10"]
    for month in months:
        for row in month["published"]["conserved"]:
            parts = [Decimal(row[name]) for name in ("allocated", "idle", "unallocated")]
            assert sum(parts) == Decimal(row["billed"])
            assert row["off_by"] == "0"


def test_without_a_period_everything_is_meant(api: TestClient) -> None:
    """As on the command line, no period means from the first to the last month with data."""
    assert api.get("/v1/costs").json()["period"] == "2026-09-01..2026-11-01"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/costs?period=2026-13", 400, "bad-date"),
        ("/v1/costs?period=2026-10&from=2026-10-01", 400, "bad-input"),
        ("/v1/costs?from=2026-10-01", 400, "bad-input"),
        ("/v1/costs?from=2026-10-02&to=2026-10-01", 400, "empty-period"),
        ("/v1/costs?by=colour", 400, "unknown-name"),
        ("/v1/costs?where=team", 400, "bad-input"),
        ("/v1/costs?where=team%3Da&where=team%3Db", 400, "bad-input"),
        ("/v1/costs?origin=guess", 400, "bad-input"),
        ("/v1/costs?perod=2026-10", 400, "unknown-name"),
        ("/v1/explain?before=2026-09", 400, "bad-input"),
        ("/v1/users?most=many", 400, "bad-input"),
        ("/v1/trace/nobody", 404, "no-such-trace"),
        ("/v1/nowhere", 404, "no-such-path"),
    ],
)
def test_what_cannot_be_answered_is_a_problem_with_a_fix(api: TestClient, path: str, status: int, code: str) -> None:
    """Errors are problem+json (RFC 9457) with our code and what to do, and tell nothing of the inside."""
    response = api.get(path)
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert (response.status_code, body["status"], body["code"]) == (status, status, code), body
    assert body["type"] == f"urn:outlay:problem:{code}"
    assert body["title"]
    assert body["detail"]
    assert body["fix"]
    assert "Traceback" not in response.text


def test_only_reading_is_possible(api: TestClient) -> None:
    """Every other method is refused, in the same form."""
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        response = api.request(method, "/v1/costs")
        assert (response.status_code, response.json()["code"]) == (405, "wrong-method")


def test_a_failing_database_is_503(tmp_path: Path) -> None:
    """When the engine fails the answer is 503, not a trace of what failed."""
    store = open_store(f"duckdb:///{tmp_path}/closed.duckdb")
    client = client_of(store)
    store.close()
    response = client.get("/v1/health")
    assert response.status_code == 503, response.text
    assert response.json()["code"] == EngineFailed.code


def test_the_description_is_valid_and_complete(api: TestClient) -> None:
    """The OpenAPI document is 3.1, describes every route and parameter, and every problem."""
    described = api.get("/v1/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    paths = {path: found for path, found in described["paths"].items() if not path.startswith("/v1/keys")}
    nouns = ["costs", "coverage", "explain", "customers", "features", "models", "users"]
    nouns += ["failures", "heatmap", "reconcile", "restatements", "trace-back", "trace-back.csv", "periods", "health"]
    nouns += ["sources", "budgets", "budgets/decision"]
    assert set(paths) == {*(f"/v1/{noun}" for noun in nouns), "/v1/trace/{id}"}
    for path, operations in paths.items():
        assert list(operations) == ["get"], path
        operation = operations["get"]
        assert operation["description"], path
        assert "application/problem+json" in operation["responses"]["400"]["content"], path
        for parameter in operation.get("parameters", []):
            described_there = parameter.get("description") or parameter["schema"].get("description")
            assert described_there or parameter["name"] == "id", (path, parameter)
    periods = {parameter["name"] for parameter in paths["/v1/costs"]["get"]["parameters"]}
    assert periods == {"period", "from", "to", "where", "by", "origin", "currency", "rate_days"}


def test_an_amount_is_a_decimal_string(api: TestClient) -> None:
    """No amount is a JSON number, which readers would take for a float."""
    answer = api.get("/v1/costs?period=2026-10").json()
    assert isinstance(answer["total"], str)
    assert Decimal(answer["total"]) == sum(Decimal(row["amount"]) for row in answer["rows"])


def test_a_day_may_be_asked_for(api: TestClient) -> None:
    """Half-open days add up to the month."""
    days = [date(2026, 10, 1), date(2026, 10, 17), date(2026, 11, 1)]
    parts = [Decimal(api.get(f"/v1/costs?from={first}&to={end}").json()["total"]) for first, end in pairwise(days)]
    assert sum(parts) == Decimal(api.get("/v1/costs?period=2026-10").json()["total"])
