"""What people test their own tagging with."""

import socket
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

import outlay
from outlay.testing import Recorded, recorded

ROOT = Path(__file__).parents[2]


def answered(customer: str) -> None:
    """Do what a host does: name the feature, call a model."""
    with outlay.context(feature="search.answer", customer=customer, plan="pro"):
        outlay.record(provider="openai", model="gpt-4o-mini", usage={"input": 10, "output": 3})


def test_what_is_recorded_can_be_looked_at() -> None:
    """The events are a sequence, in order, of this block only, from every thread."""
    with recorded() as events:
        answered("acme")
        thread = Thread(target=answered, args=("beta",))
        thread.start()
        thread.join()
    answered("gone")
    assert [event.customer for event in events] == ["acme", "beta"]
    assert (events[0].provider, events[0].tags, len(events[:5])) == ("openai", {"plan": "pro"}, 2)
    events.assert_attributed(feature="search.answer", customer=..., plan="pro")
    events.assert_recorded(times=2)
    events.assert_recorded(customer="beta", times=1)
    assert (events.total("input"), events.total("input", customer="beta"), events.total("page")) == (20, 10, 0)
    events.clear()
    assert len(events) == 0


def complaint(events: Recorded, **said: object) -> str:
    """Return what a failed assertion says."""
    with pytest.raises(AssertionError) as caught:
        events.assert_attributed(**said)
    return str(caught.value)


def test_a_failure_says_which_event_lacks_what_and_how_to_mend_it() -> None:
    """The message names the event, what it says, what was expected, and lists all of them."""
    with recorded() as events:
        answered("acme")
        outlay.record(provider="openai", model="gpt-4o-mini", usage={"input": 1})
    fix = "Fix: open outlay.context({}=...) around the call, or carry the context into its thread"
    assert complaint(events, customer="acme", team=...).splitlines() == [
        "2 events were recorded:",
        f"  0: team is not said, expected any value. {fix.format('team')}",
        f"  1: customer is not said, expected 'acme'. {fix.format('customer')}",
        f"  1: team is not said, expected any value. {fix.format('team')}",
        "  0: openai gpt-4o-mini complete [input=10 output=3] feature=search.answer customer=acme plan=pro",
        "  1: openai gpt-4o-mini complete [input=1] attributed to nobody",
    ]
    assert "0: customer is 'acme', expected 'beta'" in complaint(events, customer="beta")
    with pytest.raises(AssertionError, match="expected 3 events with customer='acme', found 1"):
        events.assert_recorded(times=3, customer="acme")
    with pytest.raises(AssertionError, match="expected at least one event with customer='x', found 0"):
        events.assert_recorded(customer="x")


def test_nothing_recorded_and_nothing_acceptable_are_failures() -> None:
    """A test passes neither because the client was not tracked nor because its events would be dropped."""
    with recorded() as events:
        pass
    assert complaint(events) == "nothing was recorded. Fix: track the client, or call outlay.record(...)"
    with recorded() as events:
        outlay.record(provider="openai", usage={"input": -1})
    assert complaint(events) == "events would be dropped:\n  bad-quantity: an event with provider, model, usage"


def test_the_work_of_integrations_is_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an integration leaves for later is in the events without waiting, and no network is touched."""
    from outlay.sdk.recording import keep  # noqa: PLC0415 - only here

    def no_network(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(socket, "socket", no_network)
    with recorded() as events:
        keep({"provider": "openai"}, lambda: {"usage": {"input": 5}})
    assert events.total("input") == 5


def test_what_took_events_before_takes_them_again(tmp_path: Path) -> None:
    """A block leaves the outputs as they were, also when it fails and when blocks nest."""
    outlay.configure(events=tmp_path / "e")
    try:
        outlay.record(usage={"input": 1})
        with pytest.raises(KeyError), recorded():
            raise KeyError
        with recorded() as outer:
            with recorded() as inner:
                answered("acme")
            answered("beta")
        outlay.record(usage={"input": 2})
    finally:
        outlay.configure()
    assert (len(outer), len(inner), len((tmp_path / "e").read_text().splitlines())) == (1, 1, 2)


def test_pytest_finds_the_fixture(tmp_path: Path) -> None:
    """With one line in conftest.py a test takes `outlay_events`, and a failure is told in its words."""
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["outlay.testing"]\n')
    (tmp_path / "test_host.py").write_text(
        "import outlay\n"
        "def test_tagged(outlay_events):\n"
        "    with outlay.context(feature='f'): outlay.record(usage={'input': 1})\n"
        "    outlay_events.assert_attributed(feature='f')\n"
        "def test_untagged(outlay_events):\n"
        "    outlay.record(usage={'input': 1})\n"
        "    outlay_events.assert_attributed(feature='f')\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "test_host.py"]
    environment = {"PYTHONPATH": str(ROOT / "src"), "PATH": ""}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "1 failed, 1 passed" in run.stdout, run.stdout + run.stderr
    assert "feature is not said, expected 'f'. Fix: open outlay.context(feature=...)" in run.stdout


def test_it_works_without_pytest() -> None:
    """Whoever tests with unittest needs nothing but the SDK."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import outlay.testing as t, outlay\n"
        "with t.recorded() as events: outlay.record(usage={'input': 1})\n"
        "events.assert_recorded(times=1)\nassert 'pytest' not in sys.modules and not hasattr(t, 'outlay_events')"
    )
    subprocess.run([sys.executable, "-I", "-S", "-c", program, str(ROOT / "src")], check=True)
