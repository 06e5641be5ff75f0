import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from outlay.capture.take_in import take_in
from outlay.capture.telemetry import read
from outlay.store import Store
from outlay.wire.event import Flaw, from_json
from tests.capture.telemetry.making import as_json
from tests.dialects.made_of import RECORDINGS, changed, names
from tests.dialects.playing import readings, recorded
from tests.laws.world import NOW, emptied, priced
from tests.laws.world import read as asked
from tools.golden import settle

SCENARIOS = sorted(path.parent for path in RECORDINGS.glob("*/*/expected.json"))
#: What one of the calls that are played uses, however finely it is told apart: asked, from a cache, to one, answered.
TOTALS = {(200, 1000, 0, 300), (200, 1000, 456, 300), (8, 0, 0, 0), (200, 1000, 0, 172 + 128)}
#: An emitter's own miscount, and a generation that a program reports by hand.
MISCOUNTED = {("traceloop", (200, 1000, 456, 301))}


def name_of(scenario: Path) -> str:
    """Return emitter and scenario."""
    return scenario.relative_to(RECORDINGS).as_posix()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=name_of)
def test_a_recording_gives_what_it_gave(scenario: Path) -> None:
    """What a real library sent is read as written down beside it, and each event can be taken in."""
    found = readings(recorded(scenario))
    settle(scenario / "expected.json", json.dumps(found, indent=1, sort_keys=True))
    for event in found["events"]:  # type: ignore[attr-defined] # a list of objects
        assert not isinstance(from_json(event), Flaw)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=name_of)
def test_every_emitter_says_the_same_of_the_same_call(scenario: Path) -> None:
    """A call that is the same uses the same, whoever reports it; one that is refused or untold uses nothing."""
    found = json.loads((scenario / "expected.json").read_text(encoding="utf-8"))
    assert found["rejected"] == []
    assert found["events"]
    for event in found["events"]:
        usage = event["usage"]
        written = sum(usage.get(unit, 0) for unit in ("cache_write", "cache_write_5m", "cache_write_1h"))
        answered = usage.get("output", 0) + usage.get("output_reasoning", 0)
        total = (usage.get("input", 0), usage.get("cache_read", 0), written, answered)
        if not usage:
            state = "refused" if "refused" in scenario.name else "unknown"
            assert event["state"] == state, event
        else:
            assert total in TOTALS or (scenario.parent.name, total) in MISCOUNTED, event


@pytest.mark.parametrize("scenario", SCENARIOS, ids=name_of)
def test_json_says_what_protobuf_says(scenario: Path) -> None:
    """The same request in OTLP's JSON gives the same events."""
    for sent in recorded(scenario):
        if sent.kind == "traces" and sent.media == "protobuf":
            mine = read("traces", sent.body, "protobuf")
            assert read("traces", as_json(sent.body, ExportTraceServiceRequest), "json") == mine


def test_every_emitter_has_recordings() -> None:
    """Whoever is played is replayed."""
    assert {path.parent.name for path in SCENARIOS} == set(names())


def apart(number: int, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a scenario's events ten minutes after those of the one before; all are played within seconds."""
    first = min(datetime.fromisoformat(event["time"]) for event in found)
    later = datetime(2026, 10, 5, 0, 10 * (number % 6), tzinfo=UTC) + timedelta(hours=number // 6) - first
    return [{**event, "time": (datetime.fromisoformat(event["time"]) + later).isoformat()} for event in found]


@pytest.mark.parametrize("emitter", names())
def test_a_recording_is_of_what_makes_it_now(emitter: str) -> None:
    """Whoever changes a driver, what it is pinned to or the fake server plays it again before it counts as tested."""
    assert not (found := changed(emitter)), (
        f"the recordings of {emitter} are stale: changed since are {', '.join(found)}."
        f" Fix: make test-dialects NAME={emitter}, with RECORD=1 if it now sends something else that is right"
    )


@pytest.mark.parametrize("emitter", names())
def test_every_call_of_an_emitter_costs_once(shared: Store, tmp_path: Path, emitter: str) -> None:
    """However many spans, sensors and traces a call was reported in, as many events carry it as there were calls."""
    emptied(shared)
    calls = 0
    events: list[dict[str, Any]] = []
    for number, scenario in enumerate(path for path in SCENARIOS if path.parent.name == emitter):
        found = json.loads((scenario / "expected.json").read_text(encoding="utf-8"))["events"]
        events += apart(number, found)
        # Of a call that was turned away nothing is left by which two accounts of it could be told to be one.
        calls += 1 if any(event["usage"] for event in found) else len(found)
    path = tmp_path / "events.ndjson"
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    taken = take_in(shared, [path], now=NOW)
    assert (taken.landed, taken.problem_lines) == (len(events), 0)
    priced(shared)
    rows = asked(shared, "SELECT take_in, file, line FROM current_usage WHERE attempt > 0")
    carried = asked(shared, "SELECT DISTINCT take_in, file, line FROM observation")
    assert len(rows) - len(carried) == calls
