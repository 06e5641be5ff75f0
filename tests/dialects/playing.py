"""Play the real libraries against a fake provider and a real receiver, and compare what they send with the recordings.

`make test-dialects` runs this; NAME=... plays one emitter, RECORD=1 writes the recordings anew. Each library is in an
environment of its own below `.cache/dialects`, made from `tests/dialects/requirements` when it is not there.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from outlay.capture.telemetry import Reading, read
from tests.dialects.fake_llm import FakeLlm
from tests.dialects.receiver import Receiver, Sent
from tests.dialects.scrubbing import scrubbed

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT / "tests" / "cases" / "telemetry"
_HERE = Path(__file__).parent
_CACHE = ROOT / ".cache" / "dialects"
_NODE = "vercel"
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: What differs from one run to the next; the endpoint is known when the server's span came in the same request.
_PASSING = ("id", "time", "trace", "span", "parent", "duration_ms", "call", "endpoint")
_SUFFIX = {"protobuf": "bin", "json": "json"}
_TIMEOUT_S = 240


def names() -> list[str]:
    """Return the names of all emitters.

    >>> "otel_genai" in names()
    True
    """
    return sorted([*(path.stem for path in (_HERE / "requirements").glob("*.txt")), _NODE])


def found(reading: Reading) -> dict[str, object]:
    """Return a reading as it stands in `expected.json`."""
    return {"seen": reading.seen, "rejected": reading.rejected, "events": reading.events}


def recorded(scenario: Path) -> list[Sent]:
    """Return the requests of a recorded scenario, in the order in which they came."""
    kinds = {path: path.name.split(".") for path in scenario.iterdir() if path.name != "expected.json"}
    media = {suffix: name for name, suffix in _SUFFIX.items()}
    return [
        Sent(scenario.name, kind, media[suffix], path.read_bytes()) for path, (_, kind, suffix) in sorted(kinds.items())
    ]


def lasting(reading: object) -> object:
    """Return what of a reading is the same in every run."""
    text = _UUID.sub("uuid", json.dumps(reading, sort_keys=True))
    known = json.loads(text)
    for event in known["events"]:
        for name in _PASSING:
            event.pop(name, None)
    known["events"].sort(key=lambda event: json.dumps(event, sort_keys=True))
    return known


def played(name: str) -> list[Sent]:
    """Play an emitter and return what it sent, content left out."""
    command = _node() if name == _NODE else [_python(name), "-m", f"tests.dialects.emitters.{name}"]
    with FakeLlm() as llm, Receiver() as receiver:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
        done = subprocess.run(
            [*command, llm.url, receiver.url],
            cwd=_CACHE / _NODE if name == _NODE else ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{name} failed:\n{done.stderr[-4000:]}")
        return [scrubbed(sent) for sent in receiver.sent]


def _python(name: str) -> str:
    """Return the interpreter of an emitter's environment, which is made when it is not there."""
    wanted = _HERE / "requirements" / f"{name}.txt"
    place = _CACHE / name
    if not _is_made(place, wanted):
        print(f"{name}: making {place.relative_to(ROOT)}", flush=True)  # noqa: T201 - for whoever runs this
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, stdout=subprocess.DEVNULL)
        quiet = ["-q", "--disable-pip-version-check", "--no-input"]
        _install([f"{place}/bin/python", "-m", "pip", "install", *quiet, "-r", str(wanted)], place)
        _say_made(place, wanted)
    return f"{place}/bin/python"


def _node() -> list[str]:
    place, source = _CACHE / _NODE, _HERE / "emitters" / _NODE
    place.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        shutil.copy(path, place)
    if not _is_made(place, source / "package.json"):
        print(f"{_NODE}: making {place.relative_to(ROOT)}", flush=True)  # noqa: T201 - for whoever runs this
        _install(["npm", "install", "--no-audit", "--no-fund", "--silent"], place)
        _say_made(place, source / "package.json")
    return ["node", "send.mjs"]


def _install(command: list[str], place: Path) -> None:
    """Run an installer in a folder. What it has to say goes to a log there."""
    log = place / "install.log"
    with log.open("wb") as file:
        done = subprocess.run(command, cwd=place, stdout=file, stderr=file, check=False)
    if done.returncode:
        raise SystemExit(f"{place.name}: its packages could not be installed; {log.relative_to(ROOT)} says why")


def _is_made(place: Path, wanted: Path) -> bool:
    stamp = place / ".made"
    return stamp.is_file() and stamp.read_text(encoding="ascii") == _digest(wanted)


def _say_made(place: Path, wanted: Path) -> None:
    (place / ".made").write_text(_digest(wanted), encoding="ascii")


def _digest(wanted: Path) -> str:
    return hashlib.sha256(wanted.read_bytes()).hexdigest()


def by_scenario(sent: Iterable[Sent]) -> dict[str, list[Sent]]:
    """Return requests by scenario; metrics, which are no events, and what came before the first one are left out."""
    groups: dict[str, list[Sent]] = {}
    for one in sent:
        if one.scenario and one.kind != "metrics":
            groups.setdefault(one.scenario, []).append(one)
    return groups


def readings(sent: Sequence[Sent]) -> dict[str, object]:
    """Return what a scenario's requests give together."""
    parts = [read(one.kind, one.body, one.media) for one in sorted(sent, key=lambda one: one.kind)]
    together = Reading(
        [event for part in parts for event in part.events],
        sum(part.seen for part in parts),
        [one for part in parts for one in part.rejected],
    )
    return found(together)


def _record(name: str, sent: Sequence[Sent]) -> None:
    place = RECORDINGS / name
    shutil.rmtree(place, ignore_errors=True)
    for scenario, requests in by_scenario(sent).items():
        folder = place / scenario
        folder.mkdir(parents=True)
        for number, one in enumerate(sorted(requests, key=lambda one: one.kind), start=1):
            (folder / f"{number}.{one.kind}.{_SUFFIX[one.media]}").write_bytes(one.body)
        text = json.dumps(readings(requests), indent=1, sort_keys=True)
        (folder / "expected.json").write_text(text + "\n", encoding="utf-8")


def _differences(name: str, sent: Sequence[Sent]) -> list[str]:
    groups = by_scenario(sent)
    held = {path.name for path in (RECORDINGS / name).iterdir()}
    wrong = [f"{name}/{scenario}: recorded and not sent, or sent and not recorded" for scenario in held ^ groups.keys()]
    for scenario in sorted(held & groups.keys()):
        expected = json.loads((RECORDINGS / name / scenario / "expected.json").read_text(encoding="utf-8"))
        now = json.loads(json.dumps(readings(groups[scenario])))
        if lasting(now) != lasting(expected):
            wrong.append(f"{name}/{scenario}: gives {lasting(now)}, recorded is {lasting(expected)}")
    return wrong


def main(asked: Sequence[str]) -> int:
    """Play emitters; return how many scenarios gave something else than what is recorded."""
    wrong: list[str] = []
    for name in asked or names():
        sent = played(name)
        if os.environ.get("RECORD"):
            _record(name, sent)
        different = _differences(name, sent)
        print(f"{name}: {len(by_scenario(sent))} scenarios, {len(different)} differ", flush=True)  # noqa: T201 - as above
        wrong += different
    print("\n".join(wrong))  # noqa: T201 - as above
    return len(wrong)


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
