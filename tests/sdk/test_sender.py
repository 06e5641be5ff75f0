"""The background sender against a real server that takes, refuses, asks for patience, or talks nonsense."""

import json
from pathlib import Path
from typing import Any

import pytest

import outlay
from tests.sdk.fake_collector import collector, configured, deaf, refusing


def spooled(folder: Path) -> list[dict[str, Any]]:
    """Return the events that wait in a folder."""
    return [json.loads(line) for path in sorted(folder.rglob("*.ndjson")) for line in path.read_text().splitlines()]


def record(count: int, **fields: Any) -> None:  # noqa: ANN401 - fields of an event
    """Record so many events, each with its number as its input tokens."""
    for number in range(count):
        outlay.record(provider="openai", model="m", usage={"input": number}, **fields)


def test_events_arrive_in_batches_gzipped_with_the_key_over_one_connection() -> None:
    """Requests are compressed lines under the key, none larger than a batch, and all use one connection."""
    with collector() as (fake, url), configured(collector=url, key="secret", batch_events=10) as lost:
        record(25)
        assert outlay.flush(20)
        record(3)
        assert outlay.flush(20)
        assert lost() == {}
    assert sorted(event["usage"]["input"] for event in fake.events.values()) == sorted([*range(25), *range(3)])
    assert max(request["count"] for request in fake.requests) <= 10
    assert {request["peer"] for request in fake.requests} == {fake.requests[0]["peer"]}
    (first, *_) = fake.requests
    assert (first["path"], first["authorization"]) == ("/v1/events", "Bearer secret")
    assert (first["content-type"], first["content-encoding"]) == ("application/x-ndjson", "gzip")


def test_events_are_sent_without_being_asked() -> None:
    """A moment after an event was recorded it is sent, by itself."""
    with collector() as (fake, url), configured(collector=url):
        record(1)
        fake.wait_for_requests(1)
    assert len(fake.events) == 1


@pytest.mark.parametrize("mode", ["503", "500", "429", "404", "301", "garbage", "half"])
def test_what_a_collector_does_not_take_is_sent_again_with_the_same_id(mode: str, tmp_path: Path) -> None:
    """Errors, redirects and answers of something else are no acknowledgement; every event arrives once, later."""
    with collector(mode) as (fake, url), configured(collector=url, spool=tmp_path) as lost:
        record(5)
        assert not outlay.flush(20)
        sent = [json.loads(line)["id"] for line in fake.raw[0].splitlines()]
        assert [event["id"] for event in spooled_or_part(tmp_path)] == sent
        fake.mode = "up"
        assert outlay.flush(20)
        assert lost() == {}
    assert list(fake.events) == sent
    assert files(tmp_path) == []


def spooled_or_part(folder: Path) -> list[dict[str, Any]]:
    """Return the events that wait in a folder, in files that are complete and in those being written."""
    return [json.loads(line) for path in files(folder) for line in path.read_text().splitlines()]


def files(folder: Path) -> list[Path]:
    """Return the files of a spool."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_without_a_spool_events_wait_in_memory() -> None:
    """They are sent when the collector is back; what does not fit meanwhile is counted."""
    with collector("503") as (fake, url), configured(collector=url, queue_events=8) as lost:
        record(5)
        assert not outlay.flush(20)
        record(8)
        assert not outlay.flush(20)
        fake.mode = "up"
        assert outlay.flush(20)
        assert lost() == {"queue-full": 5}
    assert len(fake.events) == 8


def test_a_collector_that_asks_for_patience_gets_it() -> None:
    """After 429 with `Retry-After`, not even a flush asks again before the time is over."""
    with collector("429") as (fake, url), configured(collector=url):
        fake.headers = {"Retry-After": "3600"}
        record(1)
        assert not outlay.flush(20)
        assert not outlay.flush(20)
        record(1)
        assert not outlay.flush(20)
        assert len(fake.requests) == 1


def test_a_request_that_is_too_large_is_halved_until_it_fits() -> None:
    """413 splits a batch; an event that is too large alone is dropped and counted."""
    with collector() as (fake, url), configured(collector=url) as lost:

        def small(events: list[dict[str, Any]]) -> tuple[int, dict[str, str], bytes]:
            if len(events) > 3 or any(event["usage"]["input"] == 7 for event in events):
                return 413, {}, b""
            return 200, {}, json.dumps(fake.take(events)).encode()

        fake.mode = small
        record(20)
        assert outlay.flush(20)
        assert lost() == {"too-large": 1}
    assert sorted(event["usage"]["input"] for event in fake.events.values()) == [n for n in range(20) if n != 7]


@pytest.mark.parametrize("status", [200, 400, 409])
def test_events_with_a_problem_are_dropped_and_the_others_arrive(status: int) -> None:
    """Problems are named by index: with 200 the others were taken, else they are sent again without the bad."""
    with collector() as (fake, url), configured(collector=url) as lost:

        def picky(events: list[dict[str, Any]]) -> tuple[int, dict[str, str], bytes]:
            bad = [at for at, event in enumerate(events) if event["usage"]["input"] % 2]
            problems = [{"index": at, "field": "usage", "code": "odd", "fix": "make it even"} for at in bad]
            if status != 200 and bad:
                return status, {}, json.dumps({"accepted": 0, "problems": problems}).encode()
            answer = fake.take([event for event in events if event["usage"]["input"] % 2 == 0])
            return 200, {}, json.dumps({**answer, "problems": problems}).encode()

        fake.mode = picky
        record(10)
        assert outlay.flush(20)
        assert lost() == {"refused": 5}
    assert len(fake.events) == 5


def test_what_is_refused_for_good_is_counted_and_not_sent_again() -> None:
    """400 without a word about which: the batch is lost, the next one is tried."""
    with collector("400") as (fake, url), configured(collector=url) as lost:
        record(4)
        assert outlay.flush(20)
        fake.mode = "up"
        record(1)
        assert outlay.flush(20)
        assert lost() == {"refused": 4}
    assert len(fake.events) == 1


def test_conflicts_are_counted() -> None:
    """An id that the collector knows with another content is lost, and said so."""

    def conflicting(events: list[dict[str, Any]]) -> tuple[int, dict[str, str], bytes]:
        conflicts = [{"index": 0, "id": events[0]["id"]}, {"id": "another"}]
        return 200, {}, json.dumps({"accepted": 0, "duplicates": 0, "conflicts": conflicts, "problems": []}).encode()

    with collector(conflicting) as (_, url), configured(collector=url) as lost:
        record(2)
        assert outlay.flush(20)
        assert lost() == {"conflict": 1, "refused": 1}


@pytest.mark.parametrize("status", ["401", "403"])
def test_a_key_that_is_not_accepted_stops_the_sending(
    status: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """One request, one warning; what is recorded then is lost and counted, or waits on disk for a better key."""
    with collector(status) as (fake, url), configured(collector=url, key="wrong") as lost:
        for _ in range(3):
            record(2)
            assert not outlay.flush(20)
        assert len(fake.requests) == 1
        assert lost() == {"key": 6}
    warnings = [each.message for each in caplog.records if each.name == "outlay"]
    assert warnings == [f"{url}/v1/events does not accept the key: nothing is sent to it any more"]
    with collector(status) as (fake, url), configured(collector=url, key="early", spool=tmp_path) as lost:
        record(2)
        assert not outlay.flush(20)
        assert (len(files(tmp_path)), lost()) == (1, {})


def test_an_outage_is_said_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    """Three failed attempts are one warning; coming back is another."""
    with collector("503") as (fake, url), configured(collector=url):
        record(1)
        assert [outlay.flush(20) for _ in range(3)] == [False] * 3
        fake.mode = "up"
        assert outlay.flush(20)
    said = [each.message for each in caplog.records if each.name == "outlay"]
    assert said == [f"{url}/v1/events is away (status 503): events wait", f"{url}/v1/events is back"]


def test_a_connection_closed_between_two_requests_is_made_anew() -> None:
    """A server that closes a kept connection costs nothing, not even a failed attempt."""
    with collector() as (fake, url), configured(collector=url):

        def closing(events: list[dict[str, Any]]) -> tuple[int, dict[str, str], bytes]:
            return 200, {"Connection": "close"}, json.dumps(fake.take(events)).encode()

        fake.mode = closing
        for _ in range(3):
            record(1)
            assert outlay.flush(20)
    assert (len(fake.events), len(fake.requests)) == (3, 3)


@pytest.mark.parametrize("mode", ["hang", "drip"])
def test_an_answer_that_takes_too_long_is_none(mode: str, tmp_path: Path) -> None:
    """A collector that hangs, or sends a byte now and then, is away once the time for an answer is over."""
    with collector(mode) as (fake, url), configured(collector=url, spool=tmp_path, timeout_s=0.3):
        record(3)
        assert not outlay.flush(20)
        assert len(spooled_or_part(tmp_path)) == 3
        fake.released.set()
        fake.mode = "up"
        assert outlay.flush(20)
    assert len(fake.events) == 3


def test_nobody_there_and_nobody_answering_are_the_same(tmp_path: Path) -> None:
    """A closed port, a black hole, a name that means nothing: events wait on disk."""
    for place in (refusing, deaf):
        with place() as url, configured(collector=url, spool=tmp_path / place.__name__, timeout_s=0.3):
            record(2)
            assert not outlay.flush(20)
            assert len(spooled_or_part(tmp_path / place.__name__)) == 2
    with configured(collector="http://no-such-host.invalid", spool=tmp_path / "name"):
        record(2)
        assert not outlay.flush(60)
        assert len(spooled_or_part(tmp_path / "name")) == 2


def test_while_an_answer_is_awaited_a_full_queue_goes_to_the_disk(tmp_path: Path) -> None:
    """A collector that hangs under load loses nothing: what comes meanwhile is written down."""
    settings: dict[str, Any] = {"queue_events": 50, "batch_events": 10, "timeout_s": 20, "spool": tmp_path}
    with collector("hang") as (fake, url), configured(collector=url, **settings) as lost:
        record(1)
        fake.wait_for_requests(1)
        for _ in range(20):
            record(20)
            assert until(lambda: len(outlay_queue()) < 25)
        assert lost() == {}
        assert len(spooled_or_part(tmp_path)) >= 300
        fake.mode = "up"
        fake.released.set()
        assert outlay.flush(20)
        assert lost() == {}
    assert len(fake.events) == 401


def outlay_queue() -> Any:  # noqa: ANN401 - a queue of whatever was recorded
    """Return the queue of whoever takes events now."""
    from outlay.sdk import recording  # noqa: PLC0415 - only here

    return recording._state.recorder._queue  # type: ignore[union-attr]  # noqa: SLF001 - how full it is, nobody tells


def until(condition: Any) -> bool:  # noqa: ANN401 - a function without arguments
    """Wait until something holds, by giving way to other threads; say whether it did in time."""
    from time import monotonic, sleep  # noqa: PLC0415 - only here

    end = monotonic() + 20
    while not condition() and monotonic() < end:
        sleep(0)
    return bool(condition())


def test_events_go_to_every_place_that_is_named(tmp_path: Path) -> None:
    """The file, the collector and an OpenTelemetry collector get each event, under the same id."""
    path = tmp_path / "e.ndjson"
    with collector() as (fake, url), collector() as (otel, other):
        with configured(collector=url, events=path, otlp=other, otlp_headers={"x-vendor": "v"}):
            record(2)
            assert len(path.read_text().splitlines()) == 2
            assert outlay.flush(20)
        assert {json.loads(line)["id"] for line in path.read_text().splitlines()} == set(fake.events)
        (request,) = otel.requests
        assert (request["path"], request["content-type"]) == ("/v1/traces", "application/x-protobuf")
        assert request["x-vendor"] == "v"
        assert all(ident.encode() in otel.raw[0] for ident in fake.events)


def test_configuring_anew_delivers_what_was_recorded_before() -> None:
    """Events go to the place that was set when they were recorded, and none is lost in between."""
    with collector() as (old, first), collector() as (new, second), configured(collector=first):
        record(3)
        outlay.configure(collector=second, every_s=0.01, spool=False)
        record(2)
        assert outlay.flush(20)
        assert (len(old.events), len(new.events)) == (3, 2)
        outlay.configure()
        assert outlay.flush(20)
