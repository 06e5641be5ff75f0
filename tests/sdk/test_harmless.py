import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

import outlay
from outlay.capture.take_in import take_in
from outlay.store import open_store

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Begin and end every test without a file for events."""
    monkeypatch.delenv("OUTLAY_EVENTS", raising=False)
    outlay.configure()
    yield
    outlay.configure()


def test_the_public_surface_is_what_is_documented() -> None:
    """`import outlay` offers names in order, each loads, says what it is, and is on a page; its version is ours."""
    pages = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md")))
    assert list(outlay.__all__) == sorted(outlay.__all__)
    assert set(outlay._LATER) <= set(outlay.__all__)  # noqa: SLF001 - nobody is offered what is not named
    for name in set(outlay.__all__) - {"__version__", "Priced"}:  # the last is only what `price` returns
        assert getattr(outlay, name).__doc__, name
        assert re.search(rf"\b{name}\b", pages), f"outlay.{name} is on no page. Fix: write about it in docs/"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert outlay.__version__ == project["version"]


class Hostile:
    """An object that fails whatever is done with it."""

    def __str__(self) -> str:
        """Fail."""
        raise RuntimeError

    __repr__ = __eq__ = __hash__ = __str__  # type: ignore[assignment]


WRONG: list[dict[str, object]] = [
    {"usage": {"input": -1}},
    {"usage": {"input": 1.5}},
    {"usage": {"input": float("nan")}},
    {"usage": 5},
    {"usage": {"input": 5}, "customer": Hostile()},
    {"usage": {"input": 5}, "customer": "half a character \ud800"},
    {"usage": {"input": 5}, "customer": "x" * 5000},
    {"usage": {Hostile: 5}},
    {"state": "gone"},
    {"usage": {"input": 5}, "time": "yesterday"},
    {"usage": {"input": 5}, "id": ""},
]


@pytest.mark.parametrize("wrong", WRONG, ids=[str(n) for n in range(len(WRONG))])
def test_what_no_import_would_take_is_counted_and_never_raised(tmp_path: Path, wrong: dict[str, object]) -> None:
    """A hopeless event is dropped and counted; nothing is written and nothing reaches the host."""
    outlay.configure(events=tmp_path / "e.ndjson")
    before = outlay.dropped()
    outlay.record(provider="openai", **wrong)  # type: ignore[arg-type]
    assert outlay.dropped() == before + 1
    assert not (tmp_path / "e.ndjson").exists()


def test_without_a_place_to_write_events_are_counted(tmp_path: Path) -> None:
    """No file named, a folder in its place, a full disk: the host goes on and the drops are counted."""
    for place in (None, tmp_path, tmp_path / "no" / "folder", Path("/dev/full")):
        outlay.configure(events=place)
        before = outlay.dropped()
        outlay.record(provider="openai", usage={"input": 1})
        assert outlay.dropped() == before + 1


def test_the_environment_names_the_file_and_configure_overrides_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`OUTLAY_EVENTS` holds until `configure` names another file, and again after `configure()`."""
    monkeypatch.setenv("OUTLAY_EVENTS", str(tmp_path / "a"))
    outlay.record(state="refused")
    outlay.configure(events=str(tmp_path / "b"))
    outlay.record(state="refused")
    outlay.configure()
    outlay.record(state="refused")
    lines = [len((tmp_path / name).read_text(encoding="utf-8").splitlines()) for name in "ab"]
    assert lines == [2, 1]
    assert (tmp_path / "a").stat().st_mode & 0o077 == 0


def test_lines_of_many_threads_and_processes_do_not_mix(tmp_path: Path) -> None:
    """Every line of a file that several write to is one whole event with an id of its own."""
    path = tmp_path / "e.ndjson"
    program = "import outlay\nfor n in range(200): outlay.record(usage={'input': n}, note='x' * 150)"
    others = [
        subprocess.Popen(
            [sys.executable, "-c", program], env={"OUTLAY_EVENTS": str(path), "PYTHONPATH": str(ROOT / "src")}
        )
        for _ in range(2)
    ]
    outlay.configure(events=path)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: outlay.record(usage={"output": n}), range(400)))
    assert [other.wait(timeout=60) for other in others] == [0, 0]
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len({event["id"] for event in events}) == len(events) == 800


def test_what_is_recorded_can_be_imported(tmp_path: Path) -> None:
    """Every line the SDK writes lands: decimals to the last digit, other units, tags, states."""
    from datetime import UTC, datetime  # noqa: PLC0415 - only here

    outlay.configure(events=tmp_path / "e.ndjson")
    with outlay.context(feature="f", environment="production", plan="pro"):
        outlay.record(provider="aws", usage={"page": Decimal("1.000000001"), "input": 3, "read_unit": 2.5})
        outlay.record(provider="aws", state="unknown", error="timeout", duration_ms=12.5, reported_cost=Decimal("0.1"))
    store = open_store("duckdb:///:memory:")
    result = take_in(store, [tmp_path / "e.ndjson"], now=datetime(2026, 11, 2, tzinfo=UTC))
    store.close()
    assert (result.lines, result.landed, result.problems) == (2, 2, ())


def test_the_first_record_loads_only_the_standard_library(tmp_path: Path) -> None:
    """Recording needs no installed package, so the SDK brings nothing into its host."""
    program = (
        "import sys\nsys.path.insert(0, sys.argv[1])\nimport outlay\noutlay.configure(events=sys.argv[2])\n"
        "outlay.record(usage={'input': 1})\nassert outlay.dropped() == 0\n"
        "print(*{m.partition('.')[0] for m in sys.modules} - sys.stdlib_module_names - {'outlay', '__main__'})"
    )
    command = [sys.executable, "-I", "-S", "-c", program, str(ROOT / "src"), str(tmp_path / "e")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout.strip(), run.stderr) == (0, "", "")
