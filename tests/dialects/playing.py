"""Play the real libraries against a fake provider and a real receiver, and compare what they send with the recordings.

`make test-dialects` runs this for the emitters whose recordings are stale (`made_of`); ALL=1 plays all of them,
NAME=... one, and RECORD=1 writes the recordings anew. Each library is in an environment of its own (`environments`).
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from outlay.capture.telemetry import Reading, read
from tests.dialects.environments import command, folder
from tests.dialects.fake_llm import FakeLlm
from tests.dialects.made_of import RECORDINGS, ROOT, changed, names, stamp
from tests.dialects.receiver import Receiver, Sent
from tests.dialects.scrubbing import scrubbed

_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: What differs from one run to the next; the endpoint is known when the server's span came in the same request.
_PASSING = ("id", "time", "trace", "span", "parent", "duration_ms", "call", "endpoint")
_SUFFIX = {"protobuf": "bin", "json": "json"}
_TIMEOUT_S = 240


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
    with FakeLlm() as llm, Receiver() as receiver:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
        done = subprocess.run(
            [*command(name), llm.url, receiver.url],
            cwd=folder(name),
            env=environment,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{name} failed:\n{done.stderr[-4000:]}")
        return [scrubbed(sent) for sent in receiver.sent]


def by_scenario(sent: Iterable[Sent]) -> dict[str, list[Sent]]:
    """Return requests by scenario; metrics, which are no events, and what came before the first one are left out.

    Spans are put together in one request: where a sender's timer cuts them apart differs from one run to the next, and
    with it what a call is told by the spans around it. Messages of protobuf are joined by setting one behind the other.
    """
    groups: dict[str, list[Sent]] = {}
    for one in sent:
        if not one.scenario or one.kind == "metrics":
            continue
        held = groups.setdefault(one.scenario, [])
        alike = [at for at, other in enumerate(held) if (other.kind, other.media) == ("traces", "protobuf")]
        if alike and (one.kind, one.media) == ("traces", "protobuf"):
            held[alike[0]] = replace(one, body=held[alike[0]].body + one.body)
        else:
            held.append(one)
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
    held = {path.name for path in (RECORDINGS / name).iterdir() if path.is_dir()}
    wrong = [f"{name}/{scenario}: recorded and not sent, or sent and not recorded" for scenario in held ^ groups.keys()]
    for scenario in sorted(held & groups.keys()):
        expected = json.loads((RECORDINGS / name / scenario / "expected.json").read_text(encoding="utf-8"))
        now = json.loads(json.dumps(readings(groups[scenario])))
        if lasting(now) != lasting(expected):
            wrong.append(f"{name}/{scenario}: gives {lasting(now)}, recorded is {lasting(expected)}")
    return wrong


def main(asked: Sequence[str]) -> int:
    """Play emitters; return how many scenarios gave something else than what is recorded.

    An emitter that gives what is recorded is no longer stale: its recordings were compared with what there is now.

    Args:
        asked: Which ones; those whose recordings are stale when none is named.
    """
    wrong: list[str] = []
    for name in asked or wanted():
        sent = played(name)
        if os.environ.get("RECORD"):
            _record(name, sent)
        different = _differences(name, sent)
        print(f"{name}: {len(by_scenario(sent))} scenarios, {len(different)} differ", flush=True)  # noqa: T201 - for whoever runs this
        wrong += different
        if not different and changed(name):
            stamp(name)
            print(f"{name}: its recordings are no longer stale; keep {_shown(name)} with them")  # noqa: T201 - as above
    print("\n".join(wrong), end="\n" if wrong else "")  # noqa: T201 - as above
    return len(wrong)


def wanted(root: Path = ROOT, recordings: Path = RECORDINGS) -> list[str]:
    """Return the emitters to play when none is named: those whose recordings are stale, or all; and say why."""
    if os.environ.get("ALL") or os.environ.get("RECORD"):
        return names(root)
    stale = {name: parts for name in names(root) if (parts := changed(name, root, recordings))}
    for name, parts in stale.items():
        print(f"{name}: its recordings are stale, changed since: {', '.join(parts)}", flush=True)  # noqa: T201 - as above
    if not stale:
        print("no recording is stale; ALL=1 plays all emitters")  # noqa: T201 - as above
    return list(stale)


def _shown(name: str) -> str:
    return (RECORDINGS / name).relative_to(ROOT).as_posix()


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
