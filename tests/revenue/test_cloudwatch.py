from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from outlay.errors import BadConfig, BadInput, OutlayError, SourceFailed
from outlay.revenue.importer import importers
from outlay.revenue.take_in import take_in
from outlay.store import Store
from outlay.terms.period import Period
from outlay.terms.take_in import TakeIn
from tests.revenue.asking import ask
from tests.revenue.fronts import front

DAY = (datetime.now(UTC) - timedelta(days=2)).replace(hour=0, minute=0, second=0, microsecond=0)
#: More than one request may ask for.
_CUSTOMERS = 505


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A CloudWatch with requests by tenant and service, of two days, and the same by service alone."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    cloudwatch = boto3.client("cloudwatch", region_name="us-east-1", endpoint_url=url, **keys)
    data = []
    for number in range(_CUSTOMERS):
        by = [{"Name": "Tenant", "Value": f"t{number:03}"}, {"Name": "Service", "Value": "api"}]
        data += [
            {
                "MetricName": "Requests",
                "Dimensions": by,
                "Timestamp": DAY + timedelta(hours=hour),
                "Value": number + 0.5,
            }
            for hour in (1, 25)
        ]
    alone = {"MetricName": "Requests", "Dimensions": [{"Name": "Service", "Value": "api"}]}
    data.append({**alone, "Timestamp": DAY, "Value": 1e6})
    for at in range(0, len(data), 1000):
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=data[at : at + 1000])
    yield url
    server.stop()


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials as AWS's own chain finds them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATESTTESTTEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_PROFILE", raising=False)


def fetched(store: Store, address: str, days: int = 1, /, **options: str) -> TakeIn:
    """Import from a CloudWatch."""
    period = Period(DAY.date(), (DAY + timedelta(days=days)).date())
    told = {"metric": "requests", "namespace": "Shop", "name": "Requests", "tries": "1", "endpoint-url": address}
    return take_in(store, importers()["cloudwatch"], [], now=datetime.now(UTC), period=period, options=told | options)


def test_a_day_is_the_sum_of_its_values_by_dimension(duck: Store, address: str) -> None:
    """Each combination once, more of them than one request takes; what is published by service alone is not added."""
    result = fetched(duck, address, dimensions="customer:Tenant,service:Service", unit="request")
    assert (result.lines, result.landed, result.problems) == (_CUSTOMERS, _CUSTOMERS, ())
    question = "SELECT COUNT(*) AS n, SUM(quantity) AS q, MIN(service) AS s FROM current_metric WHERE unit = 'request'"
    (row,) = ask(duck, question)
    assert tuple(row.values()) == (_CUSTOMERS, Decimal(_CUSTOMERS**2) / 2, "api")


def test_exactly_the_dimensions_asked_for_are_taken(duck: Store, address: str) -> None:
    """By service alone it is another metric; hours are asked for as hours, and a mean does not add up."""
    fetched(duck, address, dimensions="service:Service", metric="alone", step="hour", stat="Average")
    (row,) = ask(
        duck, "SELECT quantity, adds_up, ends_at - starts_at AS long FROM current_metric WHERE metric = 'alone'"
    )
    assert tuple(row.values()) == (1_000_000, False, timedelta(hours=1))


def test_a_fixed_dimension_must_have_its_value(duck: Store, address: str) -> None:
    """It is part of the set, and no dimension of ours."""
    options = {"dimensions": "service:Service", "fixed": "Tenant=t007", "metric": "fixed"}
    assert fetched(duck, address, 2, **options).landed == 2


@pytest.mark.parametrize(
    "options",
    [{"namespace": ""}, {"name": ""}, {"metric": ""}, {"fixed": "Stage"}, {"dimensions": "Tenant"}, {"step": "minute"}],
)
def test_options_that_cannot_be_followed_are_refused(duck: Store, options: dict[str, str]) -> None:
    """Before AWS is asked."""
    with pytest.raises(BadInput):
        fetched(duck, "http://127.0.0.1:9", 1, **options)


def test_no_credentials_are_said_to_be_missing(duck: Store, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They come from AWS's own chain and nowhere else."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    with pytest.raises(BadConfig) as refused:
        fetched(duck, address, dimensions="service:Service")
    assert refused.value.code == "no-key"


def posts(answers: dict[str, Any]) -> Any:  # noqa: ANN401 - what a test serves
    """Return what serves AWS's errors; boto3 posts, which the front reads as any request."""
    return lambda *_: (400, {}, answers)


def test_an_expired_token_is_named(duck: Store) -> None:
    """And what to do; nothing of the credentials is shown."""
    error = {"__type": "ExpiredTokenException", "message": "The security token AKIATESTTESTTEST is expired"}
    with front(posts(error)) as server, pytest.raises(OutlayError) as failed:
        fetched(duck, server.url, dimensions="service:Service")
    assert isinstance(failed.value, SourceFailed)
    assert failed.value.code == "expired-token"
    assert "AKIATESTTESTTEST" not in str(failed.value)
