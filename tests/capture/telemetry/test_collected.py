import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

from fastapi.testclient import TestClient

from outlay.capture.intake import Intake
from outlay.serve.app import create_app
from outlay.store import Store
from tests.capture.making import usage
from tests.capture.telemetry.making import BEGAN, CHAT, as_json, records, request, span
from tests.dialects.made_of import RECORDINGS
from tests.dialects.playing import recorded
from tests.laws.world import emptied

_MEDIA = {"protobuf": "application/x-protobuf", "json": "application/json"}


def test_what_real_libraries_sent_lands_in_a_real_collector(duck: Store, tmp_path: Path) -> None:
    """Every recorded request is accepted, packed and not; each of its events is a row, with its attribution."""
    emptied(duck)
    told = [
        event
        for path in RECORDINGS.glob("*/*/expected.json")
        for event in json.loads(path.read_text(encoding="utf-8"))["events"]
    ]
    recently = max(datetime.fromisoformat(event["time"]) for event in told)
    intake = Intake(duck, tmp_path / "journal", clock=lambda: recently)
    sender = TestClient(create_app(duck, intake=intake), base_url="http://localhost")
    for number, path in enumerate(sorted(RECORDINGS.glob("*/*/expected.json"))):
        for sent in recorded(path.parent):
            packed = number % 2 == 0
            headers = {"content-type": _MEDIA[sent.media], **({"content-encoding": "gzip"} if packed else {})}
            body = gzip.compress(sent.body) if packed else sent.body
            answer = sender.post(f"/v1/{sent.kind}", content=body, headers=headers)
            assert answer.status_code == 200, answer.text
            assert answer.content in (b"", b'{"problems":[]}')
    intake.close()
    rows = usage(duck)
    assert {row["id"] for row in rows} == {event["id"] for event in told}
    assert any((row["feature"], row["customer"]) == ("onboarding.document_import", "acme") for row in rows)


def test_the_collector_says_which_spans_it_could_not_take(duck: Store, tmp_path: Path) -> None:
    """The others are kept; a request that is sent again adds nothing, and a body that is none is refused."""
    emptied(duck)
    began = datetime.fromtimestamp(BEGAN // 10**9, UTC)
    intake = Intake(duck, tmp_path / "journal", clock=lambda: began)
    sender = TestClient(create_app(duck, intake=intake), base_url="http://localhost")
    good, bad = span(1, CHAT), span(2, {**CHAT, "gen_ai.usage.input_tokens": -1})
    body = as_json(request(good, bad).SerializeToString())
    for _ in range(2):
        told = sender.post("/v1/traces", content=body, headers={"content-type": "application/json"}).json()
        assert told["partialSuccess"]["rejectedSpans"] == "1"
        assert told["partialSuccess"]["errorMessage"].startswith("span 1: usage.input: bad-quantity")
    logged = sender.post("/v1/logs", content=records(CHAT), headers={"content-type": "application/x-protobuf"})
    assert (logged.status_code, logged.content) == (200, b"")
    refused = sender.post("/v1/traces", content=b"\xff\xff", headers={"content-type": "application/x-protobuf"})
    assert refused.status_code == 400
    intake.close()
    assert sorted(str(row["sensor"]) for row in usage(duck)) == ["otel-genai", "otel-log"]
