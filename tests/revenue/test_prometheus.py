from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from outlay.errors import BadInput, OutlayError, SourceFailed, Unreadable
from outlay.revenue.importer import importers
from outlay.revenue.take_in import take_in
from outlay.store import Store
from outlay.terms.period import Period
from outlay.terms.take_in import TakeIn
from tests.revenue.asking import ask
from tests.revenue.fronts import front
from tests.revenue.prometheus_server import prometheus

#: The day before yesterday, which is over by everybody's clock; samples come every ten minutes.
DAY = (datetime.now(UTC) - timedelta(days=2)).replace(hour=0, minute=0, second=0, microsecond=0)
_EVERY = timedelta(minutes=10)


def exposition() -> str:
    """Return samples of three days: a counter that starts anew at noon, one that ends there, a gauge, and no number."""
    lines = []
    for step in range(-144, 2 * 144):
        at = DAY + step * _EVERY
        when = int(at.timestamp() * 1000)
        lines.append(f'http_requests_total{{tenant="acme",code="200"}} {3 * (step + 144)} {when}')
        lines.append(f'http_requests_total{{tenant="acme",code="500"}} {step + 144} {when}')
        lines.append(f'http_requests_total{{tenant="beta",code="200"}} {2 * ((step + 144) % 72)} {when}')
        if step <= 72:
            lines.append(f'http_requests_total{{tenant="gone",code="200"}} {step + 144} {when}')
        lines.append(f'active_users{{tenant="acme"}} {40 if step < 72 else 60} {when}')
        lines.append(f'broken{{tenant="acme"}} NaN {when}')
    by_name = sorted(lines, key=lambda line: line.partition("{")[0])  # a family's samples stand together
    return "\n".join(by_name) + "\n"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A Prometheus that scraped them."""
    with prometheus(exposition()) as found:
        yield found


def fetched(store: Store, address: str, period: Period | None = None, /, **options: str) -> TakeIn:
    """Import from a server; the day unless another period is asked for."""
    asked = period or Period(DAY.date(), (DAY + timedelta(days=1)).date())
    told = {"metric": "requests", "tries": "1"} | {name.replace("_url", "-url"): text for name, text in options.items()}
    return take_in(store, importers()["prometheus"], [address], now=datetime.now(UTC), period=asked, options=told)


def rows(store: Store, metric: str) -> list[tuple[Any, ...]]:
    """Return the metric in force."""
    found = ask(
        store,
        "SELECT customer, starts_at, ends_at, quantity, unit, adds_up FROM current_metric"
        f" WHERE metric = '{metric}' ORDER BY customer, starts_at",
    )
    return [tuple(row.values()) for row in found]


def test_a_counter_becomes_what_it_grew_by_a_day(store: Store, address: str) -> None:
    """By customer, over all other labels; a counter that starts anew goes on, one that ends gives what it had."""
    result = fetched(store, address, counter="http_requests_total", labels="customer:tenant", unit="request")
    assert (result.lines, result.landed, result.problems) == (3, 3, ())
    acme, beta, gone = rows(store, "requests")
    assert acme[0] == "acme"
    assert str(acme[1])[:19] == f"{DAY:%Y-%m-%d %H:%M:%S}"
    assert acme[3:] == (Decimal(4 * 144), "request", True)
    assert beta[3] == 2 * 71 + 2 * 71 + 0  # twice from nought; what was lost between two samples nobody knows
    assert 72 <= gone[3] <= 73  # a series that ends is extended by half an interval at most


def test_hours_are_asked_for_as_hours(duck: Store, address: str) -> None:
    """Each hour has its own growth."""
    options = {"counter": "http_requests_total", "match": 'tenant="acme"', "step": "hour", "metric": "hourly"}
    result = fetched(duck, address, None, labels="customer:tenant", **options)
    assert result.lines == 24
    assert {row[3] for row in rows(duck, "hourly")} == {Decimal(24)}


def test_a_gauge_is_its_mean_and_does_not_add_up(duck: Store, address: str) -> None:
    """Users of the day, not the sum of what was seen."""
    fetched(duck, address, gauge="active_users", labels="customer:tenant", metric="active_users")
    ((who, _, _, much, _, adds_up),) = rows(duck, "active_users")
    assert (who, adds_up) == ("acme", False)
    assert 49 < much < 51


def test_a_query_of_ones_own_knows_the_step(duck: Store, address: str) -> None:
    """`$step` stands for its length; labels that no dimension was named for are told."""
    query = "sum by (code) (increase(http_requests_total[$step]))"
    result = fetched(duck, address, query=query, metric="by_code")
    assert [row[0] for row in rows(duck, "by_code")] == [None, None]
    assert any("no dimension was named for: code" in note for note in result.notes)


def test_what_is_no_number_is_a_problem(duck: Store, address: str) -> None:
    """With the day and customer it is about, since nobody has the file."""
    result = fetched(duck, address, gauge="broken", labels="customer:tenant", metric="broken")
    (problem,) = result.problems
    assert (problem.code, result.landed) == ("not-a-number", 0)
    assert problem.value == f"NaN {DAY:%Y-%m-%d}T00:00:00Z acme"


def test_what_is_not_over_is_not_taken(duck: Store, address: str) -> None:
    """Of the month, only days that have ended; the same again changes nothing."""
    period = Period(DAY.date(), (DAY + timedelta(days=20)).date())
    options = {"counter": "http_requests_total", "labels": "customer:tenant", "metric": "so_far"}
    first = fetched(duck, address, period, **options)
    assert max(row[2].replace(tzinfo=UTC) for row in rows(duck, "so_far")) <= datetime.now(UTC)
    assert fetched(duck, address, period, **options).repeated == first.take_in


def test_a_query_that_is_wrong_is_refused_in_prometheus_own_words(duck: Store, address: str) -> None:
    """With what it says about it."""
    with pytest.raises(SourceFailed, match="parse error"):
        fetched(duck, address, query="sum(")


@pytest.mark.parametrize(
    ("options", "place", "match"),
    [
        ({"counter": "a", "gauge": "b"}, "http://h", "one of a query, a counter and a gauge"),
        ({}, "http://h", "one of a query, a counter and a gauge"),
        ({"counter": "a", "metric": ""}, "http://h", "what the metric is called"),
        ({"counter": "a", "labels": "tenant"}, "http://h", "labels=tenant"),
        ({"counter": "a", "labels": "tenant:customer"}, "http://h", "labels=tenant:customer"),
        ({"counter": "a", "step": "week"}, "http://h", "step=week"),
        ({"counter": "a"}, "http://user:pw@h", "not the plain address"),
        ({"counter": "a"}, "ftp://h", "not the plain address"),
    ],
)
def test_options_that_cannot_be_followed_are_refused(
    duck: Store, options: dict[str, str], place: str, match: str
) -> None:
    """Before anybody is asked."""
    with pytest.raises(BadInput, match=match):
        fetched(duck, place, None, **options)


def test_a_token_goes_over_https_or_to_this_machine_only(duck: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is a header; without one, plain http is as good as Prometheus itself."""
    monkeypatch.setenv("PROMETHEUS_TOKEN", "hush-hush")
    with pytest.raises(BadInput, match="in the clear"):
        fetched(duck, "http://prometheus.example", counter="a")
    empty = {"status": "success", "data": {"resultType": "matrix", "result": []}}
    with front(lambda *_: (200, {}, empty)) as server:
        fetched(duck, server.url, counter="a", tenant="us")
    ((path, query, headers),) = server.asked
    assert (path, headers["authorization"]) == ("/api/v1/query_range", "Bearer hush-hush")
    assert (headers["x-scope-orgid"], query["step"]) == ("us", ["86400"])
    assert query["query"] == ["sum by () (increase(a{}[86400s]))"]


def answered(body: Mapping[str, Any], store: Store) -> TakeIn:
    """Import from a server that answers so."""
    with front(lambda *_: (200, {}, body)) as server:
        return fetched(store, server.url, counter="a", metric="odd")


@pytest.mark.parametrize(
    "data",
    [
        {"resultType": "vector", "result": []},
        {"resultType": "matrix", "result": [{"metric": {}, "values": [[1, 2, 3]]}]},
        {"resultType": "matrix", "result": [{"metric": {}, "values": [["x", "1"]]}]},
        {"resultType": "matrix", "result": [{"metric": {}, "histograms": []}]},
        {"resultType": "matrix", "result": [{"metric": {"tenant": 7}, "values": 7}, 7]},
    ],
)
def test_an_answer_of_another_shape_is_refused_whole(duck: Store, data: dict[str, Any]) -> None:
    """Nothing is guessed."""
    with pytest.raises(OutlayError) as refused:
        answered({"status": "success", "data": data}, duck)
    assert isinstance(refused.value, Unreadable)


def test_a_warning_is_a_problem_of_the_whole(duck: Store) -> None:
    """An answer of a part of the servers looks like any other."""
    empty = {"resultType": "matrix", "result": []}
    result = answered({"status": "success", "data": empty, "warnings": ["store a: no answer"]}, duck)
    assert [(problem.code, problem.value) for problem in result.problems] == [("source-warning", "store a: no answer")]
