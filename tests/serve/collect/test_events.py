import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from fastapi.testclient import TestClient

from outlay.capture.intake import Intake
from outlay.serve.app import create_app
from outlay.store import Store
from tests.conftest import NOW

EVENT: dict[str, Any] = {"id": "e1", "time": "2026-11-02T09:00:00Z", "provider": "openai", "usage": {"input": 10}}
JSON = {"content-type": "application/json"}


def events(*idents: str, **said: object) -> list[dict[str, Any]]:
    """Return events of these ids."""
    return [{**EVENT, "id": ident, **said} for ident in idents]


@pytest.fixture
def sender(duck: Store, tmp_path: Path) -> Iterator[TestClient]:
    """A client of a collector; what it takes is filed when the test ends."""
    duck.delete("usage")
    intake = Intake(duck, tmp_path / "journal", clock=lambda: NOW)
    yield TestClient(create_app(duck, intake=intake), base_url="http://localhost")
    intake.close()


def counts(answer: Any) -> tuple[int, ...]:  # noqa: ANN401 - a response
    """Return how many events were accepted, repeated, in conflict and at fault."""
    found = answer.json()
    return (found["accepted"], found["duplicates"], len(found["conflicts"]), len(found["problems"]))


def test_all_the_forms_events_come_in(sender: TestClient) -> None:
    """An array, one object, lines, CloudEvents alone and in a batch, gzip and zstd: all are taken."""
    cloud = {"specversion": "1.0", "type": "usage", "source": "/app", "id": "c1", "data": EVENT, "subject": "acme"}
    lines = "\n".join(map(json.dumps, events("l1", "l2"))).encode()
    for body, media in (
        (json.dumps(events("a1", "a2")), "application/json; charset=utf-8"),
        (json.dumps(events("o1")[0]), "application/json"),
        (lines + b"\n\n", "application/x-ndjson"),
        (json.dumps(cloud), "application/cloudevents+json"),
        (json.dumps([{**cloud, "id": "c2"}, {**cloud, "id": "c3"}]), "application/cloudevents-batch+json"),
    ):
        answer = sender.post("/v1/events", content=body, headers={"content-type": media})
        assert answer.status_code == 200, answer.text
    for encoding, packed in (
        ("gzip", gzip.compress(json.dumps(events("g1")).encode())),
        ("zstd", zstandard.ZstdCompressor().compress(json.dumps(events("z1")).encode())),
    ):
        answer = sender.post("/v1/events", content=packed, headers={**JSON, "content-encoding": encoding})
        assert counts(answer) == (1, 0, 0, 0)
    again = sender.post("/v1/events", json=events("a1", "a2", "o1", "l1", "l2", "/app/c1", "g1", "z1", customer="acme"))
    assert counts(again) == (0, 1, 7, 0), "only the CloudEvent says a customer"


def test_each_bad_event_is_named_by_its_place_and_the_good_ones_are_kept(sender: TestClient) -> None:
    """JSON that breaks off inside a batch, wrong values, texts that are none: the rest is taken."""
    good = [json.dumps(event).encode() for event in events("e1", "e2", "e3")]
    deep = b'{"id": "d", "time": "2026-11-02T09:00:00Z", "usage": {}, "x": ' + b"[" * 5000 + b"]" * 5000 + b"}"
    bad = (
        (b'{"id": "x", nonsense}', "not-json"),
        (b'{"id": "\xff", "time": "2026-11-02T09:00:00Z", "usage": {}}', "bad-encoding"),
        (json.dumps(events("n", usage={"input": -1})[0]).encode(), "bad-quantity"),
        (json.dumps(events("i" * 10_000)[0]).encode(), "field-too-long"),
        (json.dumps(events("t", time="2016-11-02T09:00:00Z")[0]).encode(), "time-far-off"),
        (deep, "not-json"),
        (b"7", "not-an-object"),
        (b"null", "not-an-object"),
    )
    for place, (broken, code) in enumerate(bad):
        batch = [good[0].replace(b"e1", b"a%d" % place), broken, good[1].replace(b"e2", b"b%d" % place)]
        for body, media in (
            (b"[" + b", ".join(batch) + b"]", "application/json"),
            (b"\n".join(batch), "application/jsonl"),
        ):
            answer = sender.post("/v1/events", content=body, headers={"content-type": media})
            assert answer.status_code == 200, (code, answer.text)
            assert [(problem["index"], problem["code"]) for problem in answer.json()["problems"]] == [(1, code)]


def test_what_cannot_be_taken_is_told_with_a_status(sender: TestClient) -> None:
    """Nothing good, nothing new, an unread format or encoding, a damaged body, one too large."""
    post = sender.post
    zeros = b"0" * 100_000_000
    for status, code, answer in (
        (400, "missing-usage", post("/v1/events", json=[{}])),
        (400, "not-json", post("/v1/events", content=b"{", headers=JSON)),
        (415, "unknown-media", post("/v1/events", content=b"[]", headers={"content-type": "text/plain"})),
        (415, "unknown-media", post("/v1/events", content=b"[]", headers={**JSON, "content-encoding": "br"})),
        (400, "bad-body", post("/v1/events", content=b"[]", headers={**JSON, "content-encoding": "gzip"})),
        (400, "bad-body", _packed(sender, "gzip", gzip.compress(b"[]" * 999)[:-9])),
        (400, "bad-body", _packed(sender, "zstd", zstandard.ZstdCompressor().compress(b"[]" * 999)[:-5])),
        (413, "body-too-large", post("/v1/events", content=zeros, headers=JSON)),
        (413, "body-too-large", _packed(sender, "gzip", gzip.compress(zeros))),
        (413, "body-too-large", _packed(sender, "zstd", zstandard.ZstdCompressor().compress(zeros))),
        (405, "wrong-method", sender.put("/v1/events", json=[])),
    ):
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.json()["fix"]
    assert counts(post("/v1/events", json=[])) == (0, 0, 0, 0)
    post("/v1/events", json=events("e1"))
    changed = post("/v1/events", json=events("e1", model="other"))
    assert (changed.status_code, changed.json()["code"]) == (409, "conflict")
    assert changed.json()["conflicts"] == [{"index": 0, "id": "e1"}]


def _packed(sender: TestClient, encoding: str, body: bytes) -> Any:  # noqa: ANN401 - a response
    return sender.post("/v1/events", content=body, headers={**JSON, "content-encoding": encoding})
