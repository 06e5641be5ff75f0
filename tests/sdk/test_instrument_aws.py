import base64
import io
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import handlers
from botocore.exceptions import ClientError
from moto import mock_aws

import outlay
from outlay.sdk.instrument.aws_units import READERS, facts_of, route_of
from outlay.testing import recorded

ROOT = Path(__file__).parents[2]
KEY: Any = {"a": {"S": "x"}}


@pytest.fixture(autouse=True)
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stand in for AWS; leave nothing instrumented."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with mock_aws():
        yield
    outlay.uninstrument()


def table(client: Any) -> None:  # noqa: ANN401 - botocore's clients have no class to name
    """Make a table."""
    client.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def test_s3_is_metered_by_class_of_request_and_bytes() -> None:
    """What writes, copies and lists is one class, what reads another; deleting is free and bytes go each their way."""
    outlay.instrument()
    s3 = boto3.client("s3")
    where: Any = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    s3.create_bucket(Bucket="bucket", **where)
    with recorded() as events, outlay.context(customer="acme"):
        s3.put_object(Bucket="bucket", Key="k", Body=b"x" * 100)
        s3.put_object(Bucket="bucket", Key="k", Body=io.BytesIO(b"x" * 70))
        assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == b"x" * 70
        s3.list_objects_v2(Bucket="bucket")
        s3.delete_object(Bucket="bucket", Key="k")
        with pytest.raises(ClientError):
            s3.get_object(Bucket="bucket", Key="k")
    assert [dict(event.usage) for event in events] == [
        {"request_tier1": 1, "byte_in": 100},
        {"request_tier1": 1, "byte_in": 70},
        {"request_tier2": 1, "byte_out": 70},
        {"request_tier1": 1},
        {"request_tier2": 1},
    ]
    assert [(event.state, event.error) for event in events][-1] == ("complete", "NoSuchKey")
    assert {(event.provider, event.model, event.customer, event.tags["bucket"]) for event in events} == {
        ("aws", "s3", "acme", "bucket")
    }


def test_dynamodb_is_metered_by_capacity_where_it_is_stated() -> None:
    """Capacity that a program asks for is read; where nobody asks, the request is counted."""
    outlay.instrument()
    client = boto3.client("dynamodb")
    table(client)
    with recorded() as events:
        client.put_item(TableName="t", Item=KEY, ReturnConsumedCapacity="TOTAL")
        answer = client.get_item(TableName="t", Key=KEY, ReturnConsumedCapacity="TOTAL")
        client.get_item(TableName="t", Key=KEY)
    assert answer["ConsumedCapacity"]["CapacityUnits"]
    assert [dict(event.usage) for event in events] == [{"write_unit": 1}, {"read_unit": Decimal("0.5")}, {"request": 1}]
    assert events[0].tags == {"region": "eu-west-1", "table": "t"}


def test_asking_for_capacity_changes_no_answer() -> None:
    """Asked for by us, capacity is read and taken out again: a program gets what it would have got."""
    bare = boto3.client("dynamodb")
    table(bare)
    bare.put_item(TableName="t", Item=KEY)
    expected = bare.get_item(TableName="t", Key=KEY)
    outlay.instrument(dynamodb_capacity=True)
    with recorded() as events:
        answer = boto3.client("dynamodb").get_item(TableName="t", Key=KEY)
    assert answer.keys() == expected.keys()
    assert answer["Item"] == expected["Item"]
    assert [dict(event.usage) for event in events] == [{"read_unit": Decimal("0.5")}]


def test_sqs_is_metered_by_pieces_of_64_kib() -> None:
    """A request of more than 64 KiB counts as several, in either direction."""
    outlay.instrument()
    client = boto3.client("sqs")
    address = client.create_queue(QueueName="q")["QueueUrl"]
    with recorded() as events:
        client.send_message(QueueUrl=address, MessageBody="x" * 100_000)
        assert client.receive_message(QueueUrl=address)["Messages"]
        client.send_message(QueueUrl=address, MessageBody="short")
    assert [event.usage["request"] for event in events] == [2, 2, 1]
    assert {event.tags["queue"] for event in events} == {"q"}


def test_textract_is_metered_by_the_page() -> None:
    """The pages of a document are counted by what the answer says."""
    outlay.instrument()
    with recorded() as events:
        boto3.client("textract").detect_document_text(Document={"Bytes": b"x"})
    (event,) = events
    assert (event.model, event.operation) == ("textract-detect-document-text", "DetectDocumentText")
    assert event.usage["page"] >= 1


def test_pages_of_a_job_are_counted_once() -> None:
    """A job says all of its pages with every page of its results: the first one counts, under the id of the job."""
    units = READERS["textract"].units
    done = {"JobStatus": "SUCCEEDED", "DocumentMetadata": {"Pages": 7}}
    asked = {"JobId": "j-1"}
    assert units(facts_of("GetDocumentTextDetection", asked), done, 0) == {"page": 7}
    assert units(facts_of("GetDocumentTextDetection", {**asked, "NextToken": "2"}), done, 0) == {}
    assert units(facts_of("GetDocumentTextDetection", asked), {"JobStatus": "IN_PROGRESS"}, 0) == {}
    assert facts_of("GetDocumentTextDetection", asked).job == "j-1"
    found = route_of("textract", "AnalyzeDocument", {"FeatureTypes": ["FORMS", "TABLES"]}, None)
    assert found is not None
    assert found.tags == {"features": "FORMS,TABLES"}


def test_lambda_is_metered_by_the_request_and_its_gb_seconds() -> None:
    """Where a caller asks for the end of the log, the billed time and memory are in it."""
    report = (
        b"REPORT RequestId: x\tDuration: 2.1 ms\tBilled Duration: 250 ms\tMemory Size: 512 MB\tMax Memory Used: 40 MB"
    )
    units = READERS["lambda"].units
    facts = facts_of("Invoke", {})
    assert units(facts, {"LogResult": base64.b64encode(report).decode()}, 0) == {
        "request": 1,
        "gb_second": Decimal("0.125"),
    }
    assert units(facts, {}, 0) == {"request": 1}
    found = route_of("lambda", "Invoke", {"FunctionName": "resize"}, "eu-west-1")
    assert found is not None
    assert found.tags == {"region": "eu-west-1", "function": "resize"}


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ([{"CapacityUnits": 2.0}, {"CapacityUnits": 0.5}], {"read_unit": Decimal("2.5")}),
        (
            [{"CapacityUnits": 3.0, "ReadCapacityUnits": 1.0, "WriteCapacityUnits": 2.0}],
            {"read_unit": 1, "write_unit": 2},
        ),
        ({"CapacityUnits": 0.0}, {"request": 1}),
        ("nonsense", {"request": 1}),
        (None, {"request": 1}),
    ],
)
def test_capacity_is_read_in_every_form(stated: object, expected: dict[str, object]) -> None:
    """Several tables, reads and writes apart, none at all: the units add up as stated."""
    assert READERS["dynamodb"].units(facts_of("BatchGetItem", {}), {"ConsumedCapacity": stated}, 0) == expected


def test_a_client_or_a_session_is_tracked_by_itself() -> None:
    """`track` takes a client, a resource's client, or a session; others stay as they are; twice counts once."""
    session = boto3.Session()
    assert outlay.track(session) is session
    tracked = outlay.track(session.client("sqs"))
    other = boto3.Session().client("sqs")
    with recorded() as events:
        tracked.create_queue(QueueName="q")
        other.create_queue(QueueName="r")
    assert [event.operation for event in events] == ["CreateQueue"]


def test_undone_nothing_is_left_and_clients_fall_silent() -> None:
    """After `uninstrument` botocore's list of handlers is as it was, and clients made before record no more."""
    before = list(handlers.BUILTIN_HANDLERS)
    outlay.instrument()
    outlay.instrument()
    client = boto3.client("sqs")
    outlay.uninstrument()
    assert before == handlers.BUILTIN_HANDLERS
    with recorded() as events:
        client.create_queue(QueueName="q")
    assert list(events) == []


def test_botocore_imported_later_is_found(tmp_path: Path) -> None:
    """`instrument()` imports nothing of AWS, and reaches sessions made after botocore came."""
    program = (
        "import sys\nsys.path.insert(0, sys.argv[1])\nimport outlay\noutlay.configure(events=sys.argv[2])\n"
        "outlay.instrument()\nassert 'botocore' not in sys.modules\n"
        "import boto3\nfrom moto import mock_aws\n"
        "with mock_aws(): boto3.client('sqs', region_name='eu-west-1').create_queue(QueueName='q')\n"
        "outlay.flush()\nassert outlay.dropped() == 0, outlay.drops()"
    )
    command = [sys.executable, "-c", program, str(ROOT / "src"), str(tmp_path / "e")]
    subprocess.run(command, check=True, timeout=120)
    assert '"CreateQueue"' in (tmp_path / "e").read_text(encoding="utf-8")
