"""CloudWatch: one statistic of one metric by day or hour, for each combination of some dimensions.

Source of the shapes: the API reference of ListMetrics and GetMetricData. A metric that is published with several sets
of dimensions is several metrics; only those with exactly the dimensions asked for are taken, so that nothing counts
twice. ListMetrics knows what got data within the last two weeks.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from outlay.errors import BadInput, Unreadable
from outlay.fetching.aws import asked as ask
from outlay.fetching.aws import client
from outlay.fetching.pages import each_page
from outlay.fetching.patience import Patience
from outlay.revenue.contract import Asked, Fetched
from outlay.revenue.metrics import fetched

OPTIONS = (
    "metric", "unit", "adds_up", "namespace", "name", "stat", "dimensions", "fixed", "step", "days",
    "endpoint-url", "region", "profile", "tries", "retry_s",
)  # fmt: skip
#: What one request may ask for, and how many values it may bring.
_QUERIES, _VALUES = 500, 100_000
#: Statistics whose periods may be added up.
_SUMS = ("Sum", "SampleCount")


def fetch(asked: Asked) -> Fetched:
    """Ask CloudWatch and write what it answers as a table of metrics.

    Args:
        asked: `OPTIONS` lists the options; credentials come from AWS's own chain.

    Raises:
        BadInput: An option is missing or wrong, or nothing that was asked for is over yet.
        SourceFailed: AWS refuses or cannot be reached, or has only a part of the data.
    """
    options = asked.options
    metric, length = fetched.named(options), fetched.step(options)
    named = fetched.dimensions(options, "dimensions")
    fixed = _fixed(options)
    first, end = fetched.reach(asked, length)
    for name in ("namespace", "name"):
        if not options.get(name):
            raise BadInput(f"nobody says the {name} of the metric", fix=f"--option {name}=...", code="bad-option")
    stat = options.get("stat", "Sum")
    cloudwatch, patience = client("cloudwatch", options), Patience.asked(options)
    wanted = {*named.values(), *fixed}
    found_by_name = (one for one in _listed(cloudwatch, options, fixed, patience) if set(one) == wanted)
    listed = list({tuple(sorted(one.items())): one for one in found_by_name}.values())
    most = max(1, min(_QUERIES, _VALUES // max(1, (end - first) // length)))
    found: list[fetched.Measured] = []
    for at in range(0, len(listed), most):
        some = listed[at : at + most]
        queries = [_query(f"m{n}", options, stat, one, length) for n, one in enumerate(some)]
        for ident, instant, value in _values(cloudwatch, queries, (first, end), patience):
            own = some[int(ident[1:])]
            who = {dimension: own[name] for dimension, name in named.items()}
            found.append(fetched.Measured(instant, instant + length, fetched.measured(str(value)), who))
    path = fetched.write(found, metric, asked, adds_up=stat in _SUMS)
    spoken = ", ".join(sorted(wanted)) or "no dimensions"
    return Fetched(
        [path], notes=[f"{len(listed)} metrics with exactly {spoken}, {first:%Y-%m-%d} to {end:%Y-%m-%d} UTC"]
    )


def _fixed(options: Mapping[str, str]) -> dict[str, str]:
    """Return dimensions that must have one value: `--option fixed=Stage=prod,Api=main`."""
    found = {}
    for pair in filter(None, (part.strip() for part in options.get("fixed", "").split(","))):
        name, equals, value = pair.partition("=")
        if not equals or not value:
            raise BadInput(
                f"--option fixed={pair} is not NAME=VALUE", fix="write for example fixed=Stage=prod", code="bad-option"
            )
        found[name] = value
    return found


def _listed(
    cloudwatch: Any,  # noqa: ANN401 - boto3 ships no types
    options: Mapping[str, str],
    fixed: Mapping[str, str],
    patience: Patience,
) -> Iterator[dict[str, str]]:
    """Yield the dimensions of every metric of that name."""

    def page(token: str | None) -> tuple[dict[str, Any], str | None]:
        where = {"Dimensions": [{"Name": name, "Value": value} for name, value in fixed.items()]} if fixed else {}
        more = {"NextToken": token} if token else {}
        asked_for = {"Namespace": options["namespace"], "MetricName": options["name"], **where, **more}
        answer = ask(lambda: cloudwatch.list_metrics(**asked_for), "cloudwatch:ListMetrics", patience)
        return answer, answer.get("NextToken")

    for answer in each_page(page, "cloudwatch:ListMetrics"):
        for one in answer["Metrics"]:
            yield {dimension["Name"]: dimension["Value"] for dimension in one.get("Dimensions", [])}


def _query(
    ident: str, options: Mapping[str, str], stat: str, dimensions: Mapping[str, str], length: timedelta
) -> dict[str, Any]:
    metric = {
        "Namespace": options["namespace"],
        "MetricName": options["name"],
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
    }
    return {"Id": ident, "MetricStat": {"Metric": metric, "Period": int(length.total_seconds()), "Stat": stat}}


def _values(
    cloudwatch: Any,  # noqa: ANN401 - boto3 ships no types
    queries: Sequence[Mapping[str, Any]],
    reach: tuple[datetime, datetime],
    patience: Patience,
) -> Iterator[tuple[str, datetime, object]]:
    """Yield query, start of the period and value.

    Raises:
        Unreadable: A query was answered only in part to the end.
    """

    def page(token: str | None) -> tuple[dict[str, Any], str | None]:
        more = {"NextToken": token} if token else {}
        when = {"StartTime": reach[0], "EndTime": reach[1], "ScanBy": "TimestampAscending"}
        answer = ask(
            lambda: cloudwatch.get_metric_data(MetricDataQueries=queries, **when, **more),
            "cloudwatch:GetMetricData",
            patience,
        )
        return answer, answer.get("NextToken")

    states: dict[str, str] = {}
    for answer in each_page(page, "cloudwatch:GetMetricData"):
        for result in answer["MetricDataResults"]:
            states[result["Id"]] = result.get("StatusCode", "Complete")
            for instant, value in zip(result["Timestamps"], result["Values"], strict=True):
                if reach[0] <= instant.astimezone(UTC) < reach[1]:
                    yield result["Id"], instant.astimezone(UTC), value
    if cut := [ident for ident, state in states.items() if state != "Complete"]:
        raise Unreadable(
            f"cloudwatch:GetMetricData answered {len(cut)} of {len(queries)} queries only in part ({states[cut[0]]})",
            fix="ask again, or for a shorter period",
            code="partial-answer",
        )
