"""Messages: Kafka's headers, plain mappings, SQS as moto runs it, and the environment of another program."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

import outlay
from outlay.sdk.propagate import carriers, sqs
from outlay.sdk.propagate.cron import main
from outlay.sdk.scope import said

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAID = {"feature": "a.b", "customer": "acme", "plan": "pro"}
HEARD = "import json; from outlay.sdk.scope import said; print(json.dumps(said()))"


def heard(scope: outlay.context) -> dict[str, object]:
    """Return what is said inside a scope."""
    with scope:
        return said()


def test_kafka_headers_carry_the_scope() -> None:
    """Lists of text and bytes, as Kafka's clients write and read them; None and other headers do no harm."""
    with outlay.context(**SAID, service="producer"):
        headers = outlay.inject([("kind", b"order"), ("empty", None)])
    assert headers[:2] == [("kind", b"order"), ("empty", None)]
    assert {type(value) for _, value in headers[2:]} == {bytes}
    assert heard(outlay.extract(headers)) == SAID
    assert heard(outlay.extract(tuple(headers))) == SAID
    assert heard(outlay.extract(None)) == heard(outlay.extract([])) == {}


def test_a_handler_can_be_decorated_and_adds_to_what_is_around_it() -> None:
    """The scope of a message nests in the consumer's own."""

    @outlay.extract({"Baggage": "outlay.customer=acme"})
    def handle() -> dict[str, object]:
        return said()

    with outlay.context(service="consumer", customer="nobody"):
        assert handle() == {"service": "consumer", "customer": "acme"}


def test_a_trace_goes_on_from_message_to_message() -> None:
    """With a traceparent the next span is a child of ours; a trace of our own travels in the baggage."""
    with outlay.extract({"traceparent": f"00-{TRACE}-{SPAN}-01"}):
        mine = said()
        headers = outlay.inject()
    assert (mine["trace"], mine["parent"]) == (TRACE, SPAN)
    assert headers["traceparent"] == f"00-{TRACE}-{mine['span']}-01"
    following = heard(outlay.extract(headers))
    assert (following["trace"], following["parent"]) == (TRACE, mine["span"])
    with outlay.context(trace=TRACE):
        own = outlay.inject()
    assert own == {"baggage": f"outlay.trace={TRACE}"}
    assert heard(outlay.extract(own)) == {"trace": TRACE}


def test_what_others_wrote_into_a_message_stays() -> None:
    """Their members of the baggage are kept and ours replaced; a traceparent of their own is not touched."""
    theirs = {"Baggage": "vendor=1;p=2,outlay.customer=old", "traceparent": "theirs", "x": "y"}
    with outlay.extract({"traceparent": f"00-{TRACE}-{SPAN}-01"}), outlay.context(customer="acme"):
        found = outlay.inject(theirs)
    assert found["baggage"] == f"outlay.trace={TRACE},outlay.customer=acme,vendor=1;p=2"
    assert (found["traceparent"], found["x"], len(found)) == ("theirs", "y", 3)
    assert theirs["Baggage"].startswith("vendor")


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, str]]:
    """A client of SQS and the URL of an empty queue."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("sqs", region_name="eu-west-1")
        yield client, client.create_queue(QueueName="q")["QueueUrl"]


def test_a_message_of_sqs_carries_the_scope(queue: tuple[Any, str]) -> None:
    """Through the queue and back, beside attributes of one's own."""
    client, url = queue
    own = {"kind": {"DataType": "String", "StringValue": "order"}}
    with outlay.context(**SAID):
        client.send_message(QueueUrl=url, MessageBody="{}", MessageAttributes=sqs.attributes(own))
    client.send_message(QueueUrl=url, MessageBody="{}", MessageAttributes=sqs.attributes())
    found = client.receive_message(QueueUrl=url, MessageAttributeNames=["All"], MaxNumberOfMessages=10)["Messages"]
    assert [heard(sqs.extract(message)) for message in found] == [SAID, {}]
    assert found[0]["MessageAttributes"]["kind"]["StringValue"] == "order"


def test_a_record_of_lambda_and_a_message_of_any_other_form_are_read() -> None:
    """Lambda writes attributes in another case; what is no message at all says nothing."""
    record = {"messageAttributes": {"baggage": {"dataType": "String", "stringValue": "outlay.customer=acme"}}}
    assert heard(sqs.extract(record)) == {"customer": "acme"}
    for odd in (
        {},
        {"MessageAttributes": None},
        {"MessageAttributes": {"baggage": "x"}},
        {"messageAttributes": 3},
        None,
    ):
        assert heard(sqs.extract(odd)) == {}  # type: ignore[arg-type] # that is the point


def test_a_message_that_is_full_is_sent_as_it_is() -> None:
    """SQS refuses an eleventh attribute; the message matters more than who caused it, and that is counted."""
    full = {f"a{n}": {"DataType": "String", "StringValue": "x"} for n in range(10)}
    before = outlay.ignored().get("not-sent:baggage", 0)
    with outlay.context(customer="acme"):
        assert sqs.attributes(full) == full
    assert outlay.ignored()["not-sent:baggage"] == before + 1


def test_another_program_begins_in_the_scope_of_whoever_starts_it() -> None:
    """`OUTLAY_CONTEXT` says it, also where a program runs; what it cannot say is left out."""
    with outlay.context(**SAID, user="two words"):
        surroundings = {**os.environ, **carriers.environment()}
    assert carriers.environment() == {}
    for variable, expected in [
        (surroundings["OUTLAY_CONTEXT"], SAID),
        (
            "outlay.environment=staging,outlay.service=nightly,outlay.id=x",
            {"environment": "staging", "service": "nightly"},
        ),
        ("nonsense\x01;,=", {}),
    ]:
        environment = {**surroundings, "OUTLAY_CONTEXT": variable}
        out = subprocess.run([sys.executable, "-c", HEARD], env=environment, capture_output=True, check=True).stdout
        assert json.loads(out) == expected


def test_an_entry_point_of_cron_says_what_it_is_for() -> None:
    """As a decorator, plain and async, and as `with`."""

    @outlay.cron("nightly", feature="report.nightly", customer=None)
    def job(number: int) -> tuple[int, dict[str, object]]:
        return number, said()

    expected = {"scheduled": "nightly", "endpoint": "cron nightly", "feature": "report.nightly"}
    assert job(3) == (3, expected)
    assert heard(outlay.cron("nightly", feature="report.nightly")) == expected


def test_a_line_of_a_crontab_starts_its_command_in_a_scope() -> None:
    """The command and what it starts hear the name and the feature; its status and arguments are its own."""
    program = f"import sys, subprocess; subprocess.run([sys.executable, '-c', {HEARD!r}]); sys.exit(int(sys.argv[1]))"
    cron = [sys.executable, "-m", "outlay.sdk.propagate.cron"]
    line = [*cron, "nightly", "--feature", "report.nightly", "--team", "data", "--"]
    done = subprocess.run([*line, sys.executable, "-c", program, "7"], capture_output=True, check=False)
    assert done.returncode == 7
    found = json.loads(done.stdout)
    assert len(found.pop("trace")) == 32
    assert found == {"scheduled": "nightly", "feature": "report.nightly", "team": "data"}


def test_a_command_that_cannot_be_started_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a shell would: 127 for none, 126 for one that is no program, 2 for none given."""
    assert main(["n", "--", "no-such-command-anywhere"]) == 127
    (tmp_path / "text").write_text("not a program", encoding="utf-8")
    assert main(["n", "--", str(tmp_path / "text")]) == 126
    assert capsys.readouterr().err.splitlines() == [
        "no-such-command-anywhere: there is no such command",
        f"{tmp_path}/text: Permission denied",
    ]
    with pytest.raises(SystemExit, match="2"):
        main(["n", "--feature", "f"])
