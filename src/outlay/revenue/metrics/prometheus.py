"""Prometheus: a query over whole days or hours becomes a metric, asked of its query API.

Source of the shapes: the documentation of `/api/v1/query_range`. A value at an instant is about the step before it;
`increase()` sees counters that start anew, and series that end within the step. It extends what the samples show to the
edges of the step, so a count need not be whole.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

from outlay.errors import BadInput, Unreadable
from outlay.fetching.clock import Clock
from outlay.fetching.patience import Patience
from outlay.fetching.reading import Part, document
from outlay.fetching.web import Api, endpoint
from outlay.revenue.contract import Asked, Fetched
from outlay.revenue.metrics import fetched
from outlay.terms.problem import Problem

OPTIONS = (
    "metric", "unit", "adds_up", "query", "counter", "gauge", "match", "labels", "step", "days", "tenant",
    "endpoint-url", "tries", "retry_s",
)  # fmt: skip
#: Prometheus answers at most 11,000 points a series.
_POINTS = 10_000
_PAIR = 2
_KEY = "PROMETHEUS_TOKEN"


def fetch(asked: Asked) -> Fetched:
    """Ask Prometheus and write what it answers as a table of metrics.

    Args:
        asked: Its place is Prometheus's address; `OPTIONS` lists the options.

    Raises:
        BadInput: An option is missing or wrong, or nothing that was asked for is over yet.
        SourceFailed: Prometheus cannot be reached, or refuses.
        Unreadable: Its answer is not as documented.
    """
    options = asked.options
    metric, length = fetched.named(options), fetched.step(options)
    labels = fetched.dimensions(options, "labels")
    first, end = fetched.reach(asked, length)
    query = _query(options, labels, length)
    token = os.environ.get(_KEY, "").strip()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if tenant := options.get("tenant"):
        headers["X-Scope-OrgID"] = tenant
    base, clock = _base(asked, is_secret=bool(token)), Clock(asked.now)
    found: list[fetched.Measured] = []
    warnings: set[str] = set()
    unused: set[str] = set()
    patience = Patience.asked(options)
    with Api("Prometheus", base, headers, token, _KEY, clock, patience) as api:
        for since, until in _pieces(first, end, length):
            params = [("query", query), ("start", _unix(since + length)), ("end", _unix(until))]
            text = api.get("/api/v1/query_range", [*params, ("step", str(int(length.total_seconds())))])
            answer = _answered(document(text, "Prometheus query_range"))
            warnings.update(str(each) for each in _list(answer, "warnings"))
            for series in answer.part("data").parts("result"):
                own = series.part("metric")
                unused.update(set(own.fields) - set(labels.values()) - {"__name__"})
                who = {dimension: own.text(label) or "" for dimension, label in labels.items()}
                found += [one for one in _measured(series, length, who) if one.ends_at <= clock.settled_by]
    path = fetched.write(found, metric, asked, adds_up=not options.get("gauge"))
    problems = [_warned(warning) for warning in sorted(warnings)]
    if skewed := clock.problem("Prometheus"):
        problems.append(skewed)
    notes = [f"{first:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC asked for in {api.requests} requests"]
    if unused:
        notes.append(f"labels that no dimension was named for: {', '.join(sorted(unused))}; their series stand apart")
    return Fetched([path], problems, notes)


def _query(options: Mapping[str, str], labels: Mapping[str, str], length: timedelta) -> str:
    """Return the query: the one given with `$step` filled in, or what a counter or a gauge needs."""
    given = [name for name in ("query", "counter", "gauge") if options.get(name)]
    if len(given) != 1:
        raise BadInput(
            "Prometheus is asked for one of a query, a counter and a gauge",
            fix="for example --option counter=http_requests_total, or --option 'query=sum(increase(x_total[$step]))'",
            code="bad-option",
        )
    window = f"{int(length.total_seconds())}s"
    if given == ["query"]:
        return options["query"].replace("$step", window)
    of = f"{options[given[0]]}{{{options.get('match', '')}}}[{window}]"
    inner = f"increase({of})" if given == ["counter"] else f"avg_over_time({of})"
    return f"sum by ({', '.join(labels.values())}) ({inner})"


def _base(asked: Asked, *, is_secret: bool) -> str:
    """Return the address; without a token, plain http is as good as Prometheus itself."""
    place = asked.place or asked.options.get("endpoint-url", "")
    if not place:
        raise BadInput("nobody says where Prometheus is", fix="give its address: http://host:9090", code="bad-endpoint")
    parts = urlsplit(place)
    if parts.scheme != "http" or is_secret:
        return endpoint(place, place)
    endpoint(place.replace("http://", "https://", 1), "")  # all else that an address must be
    return place.rstrip("/")


def _pieces(first: datetime, end: datetime, length: timedelta) -> Iterator[tuple[datetime, datetime]]:
    while first < end:
        until = min(end, first + _POINTS * length)
        yield first, until
        first = until


def _answered(answer: Part) -> Part:
    """Return an answer that is one: a matrix."""
    kind = answer.part("data").text("resultType")
    if answer.text("status") != "success" or kind != "matrix":
        raise Unreadable(
            f"Prometheus answered with {answer.text('status')}, {kind or 'no result'}, where a matrix was asked for",
            fix="check the address and the query",
            code="not-as-documented",
        )
    return answer


def _list(part: Part, name: str) -> list[object]:
    found = part.fields.get(name)
    return found if isinstance(found, list) else []


def _measured(series: Part, length: timedelta, who: Mapping[str, str]) -> Iterator[fetched.Measured]:
    """Yield what a series says: each value is about the step that ends at its instant."""
    if "histograms" in series.fields:
        raise Unreadable(
            f"{series.where} is a histogram", fix="take its count: histogram_count(increase(...))", code="histogram"
        )
    for pair in _list(series, "values"):
        if not isinstance(pair, list) or len(pair) != _PAIR or not isinstance(pair[0], int | Decimal):
            raise Unreadable(
                f"{series.where} holds {str(pair)[:60]!r}, which is no instant and value",
                fix="check that the address is Prometheus's",
                code="not-as-documented",
            )
        at = datetime.fromtimestamp(int(pair[0]), UTC)
        yield fetched.Measured(at - length, at, fetched.measured(str(pair[1])), who)


def _unix(instant: datetime) -> str:
    return str(int(instant.timestamp()))


def _warned(warning: str) -> Problem:
    fix = "look at Prometheus: what it warns of may be missing from the answer"
    return Problem("source-warning", "Prometheus", None, None, " ".join(warning.split())[:80], None, None, fix)
