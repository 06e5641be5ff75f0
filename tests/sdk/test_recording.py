"""What happens between `record` and the outputs: settings, the queue, hashing, what is dropped and said."""

import hashlib
import hmac
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import outlay
from outlay.sdk import recording
from outlay.sdk.output.drops import DROPS
from outlay.sdk.output.settings import Settings
from tests.docs.examples import blocks
from tests.docs.pages import read
from tests.sdk.fake_collector import collector, configured, refusing

CANARY = "the canary sings at midnight"


def test_later_runs_in_the_background_and_counts_more(tmp_path: Path) -> None:
    """What an integration finds out later overrides what it gave, and what it gave overrides the scope."""
    path = tmp_path / "e"
    with configured(events=path), outlay.context(feature="scope", customer="scope", team="scope"):
        given: dict[str, object] = {"feature": "given", "customer": "given", "model": None, "team": None}
        recording.keep(given, lambda: {"customer": "later", "usage": {"input": 3}})
        assert outlay.flush(20)
    (event,) = map(json.loads, path.read_text().splitlines())
    assert (event["feature"], event["customer"], event["team"]) == ("given", "later", "scope")
    assert (event["usage"], event["sensor"], len(event["id"])) == ({"input": 3}, "sdk", 32)


def test_what_fails_later_is_counted(tmp_path: Path) -> None:
    """An integration that fails in the background loses its event, and no other."""

    def failing() -> dict[str, object]:
        raise MemoryError

    with configured(events=tmp_path / "e") as lost:
        recording.keep({}, failing)
        recording.keep({}, lambda: {"usage": {"input": -1}})
        recording.keep({}, lambda: {"usage": {"input": 1}})
        assert outlay.flush(20)
        assert lost() == {"failed": 1, "bad-quantity": 1}
    assert len((tmp_path / "e").read_text().splitlines()) == 1


def test_an_event_is_as_it_was_when_it_was_recorded() -> None:
    """What the host does to its dictionaries afterwards, and where it goes, changes nothing; the time is the call's."""
    usage: dict[str, object] = {"input": 1}
    with collector() as (fake, url), configured(collector=url, every_s=60):
        with outlay.context(feature="then"):
            outlay.record(usage=usage, tags=(tags := {"plan": "pro"}))
        usage["input"] = 99
        tags["plan"] = "free"
        with outlay.context(feature="now"):
            assert outlay.flush(20)
    (event,) = fake.events.values()
    assert (event["usage"], event["tags"], event["feature"]) == ({"input": 1}, {"plan": "pro"}, "then")


def test_a_full_queue_drops_and_counts(tmp_path: Path) -> None:
    """Neither many events nor large ones fill the memory; what has no room is counted, at once."""
    with refusing() as url, configured(collector=url, queue_events=5, every_s=60, spool=tmp_path) as lost:
        for _ in range(9):
            outlay.record(usage={"input": 1})
        assert lost() == {"queue-full": 4}
    with refusing() as url, configured(collector=url, queue_bytes=100_000, every_s=60, spool=tmp_path) as lost:
        for _ in range(5):
            recording.keep({}, lambda: {"usage": {"input": 1}}, 60_000)
        assert lost() == {"queue-full": 3}


def test_without_a_place_to_go_it_is_said_once_at_debug_level(caplog: pytest.LogCaptureFixture) -> None:
    """Each event counts as dropped; the log says why once, to whoever listens that closely."""
    caplog.set_level(logging.DEBUG, "outlay")
    DROPS.forget("not-configured")
    before = outlay.drops().get("not-configured", 0)
    outlay.configure()
    outlay.record(usage={"input": 1})
    outlay.record(usage={"input": 1})
    assert outlay.drops()["not-configured"] == before + 2
    said = [each for each in caplog.records if each.name == "outlay"]
    assert [each.levelno for each in said] == [logging.DEBUG]


def test_without_a_place_to_go_there_is_nothing_to_wait_for() -> None:
    """A program that configured nothing ends at once; in a process of its own, where nothing else is on its way."""
    program = "import outlay; outlay.record(usage={'input': 1}); raise SystemExit(not outlay.flush(20))"
    elsewhere = {name: value for name, value in os.environ.items() if not name.startswith("OUTLAY_")}
    subprocess.run([sys.executable, "-c", program], env=elsewhere, check=True, timeout=60)


@pytest.mark.parametrize("address", ["localhost:8321", "ftp://x", "http://", "http://h:port", "//x", "http://h\n"])
def test_an_address_that_is_none_is_said_and_counted(address: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is raised into the program that configures; the warning shows what was written."""
    DROPS.forget("bad collector")
    with configured(collector=address) as lost:
        outlay.record(usage={"input": 1})
        assert lost() == {"bad-address": 1}
    assert "is no address. Fix: write http://HOST:PORT" in caplog.text


def test_the_environment_says_what_configure_does_not() -> None:
    """Every setting has its variable, and an argument goes before it."""
    found = Settings(
        {"collector": "http://given"},
        {
            "OUTLAY_COLLECTOR": "http://c",
            "OUTLAY_KEY": "k",
            "OUTLAY_EVENTS": "/e",
            "OUTLAY_OTLP": "http://o:4318",
            "OUTLAY_OTLP_HEADERS": "api-key=1=2, x = y",
            "OUTLAY_METRICS": "1",
            "OUTLAY_HASH_USERS": "s",
            "OUTLAY_SPOOL": "/spool",
        },
    )
    assert (found.collector, found.key, found.events, found.otlp) == ("http://given", "k", "/e", "http://o:4318")
    assert found.otlp_headers == {"api-key": "1=2", "x": "y"}
    assert (found.metrics, found.hashing.key, found.spool) == (True, b"s", "/spool")
    assert Settings({}, {"OUTLAY_SPOOL": "off", "OUTLAY_METRICS": "0"}).spool is False
    assert (Settings({}, {}).spool, Settings({"spool": Path("/x")}, {}).spool) == (True, "/x")
    assert not Settings({}, {"OUTLAY_METRICS": "0", "OUTLAY_KEY": "k"}).goes_somewhere


def test_senseless_sizes_are_left_at_what_they_are_usually() -> None:
    """A queue of none, or of a word, would lose everything."""
    found = Settings({"queue_events": 0, "batch_events": "many", "every_s": -1, "exit_s": None}, {})
    assert (found.queue_events, found.batch_events, found.every_s, found.exit_s) == (20_000, 1000, 1, 0.8)


def test_users_are_hashed_before_anything_leaves(tmp_path: Path) -> None:
    """In the file, on the wire and on disk stands the keyed hash, the same for the same user; the name nowhere."""
    expected = hmac.new(b"secret", b"ann@example.com", hashlib.sha256).hexdigest()
    settings: dict[str, Any] = {"hash_users": "secret", "hashed": ("user", "email"), "spool": tmp_path / "s"}
    with collector() as (fake, url), collector("503") as (otel, other):
        with configured(collector=url, otlp=other, events=tmp_path / "e", **settings):
            for _ in range(2):
                outlay.record(usage={"input": 1}, user="ann@example.com", tags={"email": "ann@example.com"})
            recording.keep({"customer": "acme"}, lambda: {"user": "ann@example.com", "usage": {"input": 1}})
            outlay.flush(20)
        written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        assert b"ann@" not in b"".join([written, *fake.raw, *otel.raw])
        assert {event["user"] for event in fake.events.values()} == {expected}
        assert {event["customer"] for event in fake.events.values() if "customer" in event} == {"acme"}
        assert [event["tags"]["email"] for event in fake.events.values() if "tags" in event] == [expected] * 2


def test_what_people_and_models_say_never_leaves(tmp_path: Path) -> None:
    """Fields that hold prompts and answers are dropped unread, wherever they are put: none is sent or kept."""
    wrong: list[dict[str, Any]] = [
        {"messages": [{"role": "user", "content": CANARY}]},
        {"completion": CANARY, "output": CANARY, "prompt_text": CANARY},
        {"tags": {"messages": CANARY, "input": CANARY}},
        {"note": f"{CANARY}\nand goes on"},
        {"prompt": CANARY * 20},
        {"error": f"bad request\n{CANARY}"},
        {"endpoint": f"/ask?q={CANARY}"},
        {"gen_ai.prompt.0.content": CANARY},
    ]
    with collector("503") as (fake, url), collector() as (otel, other):
        with configured(collector=url, otlp=other, events=tmp_path / "e", spool=tmp_path / "s") as lost:
            for fields in wrong:
                outlay.record(provider="openai", model="m", usage={"input": 1}, **fields)
            with outlay.context(response=CANARY, messages=CANARY):
                recording.keep({}, lambda: {"usage": {"input": 1}, "body": CANARY})
            outlay.flush(20)
            assert lost() == {}
        written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        assert len(written) == 2
        everything = b"".join([*written, *fake.raw, *otel.raw])
    assert CANARY.encode() not in everything


def test_what_the_disk_does_not_take_still_goes_to_the_collector(tmp_path: Path) -> None:
    """One output that fails is counted and does not hold up the other."""
    with collector() as (fake, url), configured(collector=url, events="/dev/full") as lost:
        outlay.record(usage={"input": 1})
        recording.keep({}, lambda: {"usage": {"input": 2}})
        assert outlay.flush(20)
        assert lost() == {"file": 2}
    assert len(fake.events) == 2
    del tmp_path


def test_a_pipe_that_nobody_reads_does_not_hold_up_the_host(tmp_path: Path) -> None:
    """Opening a pipe without a reader would wait for ever; here the event is counted instead."""
    import os  # noqa: PLC0415 - only here

    os.mkfifo(tmp_path / "pipe")
    with configured(events=tmp_path / "pipe") as lost:
        outlay.record(usage={"input": 1})
        assert lost() == {"file": 1}


def test_half_a_line_does_not_take_the_next_one_with_it(tmp_path: Path) -> None:
    """After the disk took half a line, the next event stands on a line of its own."""
    import resource  # noqa: PLC0415 - only here
    import subprocess  # noqa: PLC0415 - only here
    import sys  # noqa: PLC0415 - only here

    path = tmp_path / "e"
    program = (
        "import resource, sys; sys.path.insert(0, sys.argv[1]); import outlay\n"
        "outlay.configure(events=sys.argv[2])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))\n"
        "outlay.record(usage={'input': 1})\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)\n"
        "outlay.record(usage={'input': 2})\nassert outlay.drops() == {'file': 1}, outlay.drops()"
    )
    source = str(Path(__file__).parents[2] / "src")
    subprocess.run([sys.executable, "-IB", "-c", program, source, str(path)], check=True)
    torn, whole = path.read_text().splitlines()
    assert (len(torn), json.loads(whole)["usage"]) == (100, {"input": 2})
    del resource


def test_taking_an_event_costs_the_caller_an_append(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller neither reads nor writes anything: a thousand events are in the queue, none was made yet."""
    del monkeypatch
    asked: list[int] = []

    def later() -> dict[str, object]:
        asked.append(1)
        return {"usage": {"input": 1}}

    with collector() as (fake, url), configured(collector=url, every_s=60):
        for _ in range(500):
            recording.keep({}, later)
        assert asked == []
        assert outlay.flush(20)
        assert len(asked) == len(fake.events) == 500


def test_the_examples_of_the_page_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every program in docs/sending.md runs as it stands."""
    monkeypatch.setenv("OUTLAY_SPOOL", str(tmp_path))
    try:
        for program in blocks(read("docs/sending.md"), "python"):
            exec(compile(program, "docs/sending.md", "exec"), {})  # noqa: S102 - running our examples is the test
    finally:
        outlay.flush(5)
        outlay.configure()
    assert "ai_inference_tokens_total" in outlay.metrics_text()


def test_events_wait_in_a_folder_of_the_user_s_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where nothing is said, they wait in the state folder, one below it for each collector and key."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("OUTLAY_SPOOL", raising=False)
    with refusing() as url:
        for key in ("one", "two", None):
            with configured(collector=url, key=key, spool=None) as lost:
                outlay.record(usage={"input": 1})
                assert not outlay.flush(20)
                assert lost() == {}
    folders = sorted((tmp_path / "outlay" / "spool").iterdir())
    assert (len(folders), {len(folder.name) for folder in folders}) == (3, {16})
    assert "one" not in str(folders)
