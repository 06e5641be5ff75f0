import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outlay.capture.take_in import take_in
from outlay.store import Row, Store
from tests.capture.making import content, event
from tests.conftest import fresh

NOW = datetime(2026, 11, 2, tzinfo=UTC)
USAGE = st.dictionaries(st.sampled_from(["input", "output", "page", "form"]), st.integers(0, 5), min_size=1)
EVENTS = st.lists(
    st.tuples(st.integers(0, 9), USAGE, st.sampled_from(["2026-10-01T00:00:00Z", "2026-10-31T23:59:59+02:00"])),
    min_size=1,
    max_size=12,
    unique_by=lambda told: told[0],
)


@pytest.fixture(params=["duckdb", "clickhouse"])
def engine(request: pytest.FixtureRequest, clickhouse_folder: Path) -> tuple[str, Path]:
    """Return an engine by name, and where ClickHouse may keep its databases."""
    return request.param, clickhouse_folder


def landed(engine: tuple[str, Path], files: list[list[dict[str, Any]]], *, together: bool) -> list[Row]:
    """Return what an empty store holds after files of events, in one import or one each."""
    with fresh(*engine) as store, tempfile.TemporaryDirectory() as folder:
        paths = []
        for place, events in enumerate(files):
            paths.append(Path(folder) / f"{place}.ndjson")
            paths[-1].write_text("".join(json.dumps(e) + "\n" for e in events), encoding="utf-8")
        for batch in [paths] if together else [[path] for path in paths]:
            result = take_in(store, batch, now=NOW)
            assert result.lines == result.landed + sum(result.skipped.values()) + result.problem_lines
        again(store, paths)
        return content(store)


def again(store: Store, paths: list[Path]) -> None:
    """Import everything once more, which must change nothing."""
    before = content(store)
    take_in(store, paths, now=NOW)
    assert content(store) == before


@given(data=st.data(), told=EVENTS)
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_order_batching_and_repetition_of_events_change_nothing(
    engine: tuple[str, Path], data: st.DataObject, told: list[tuple[int, dict[str, int], str]]
) -> None:
    """Any permutation of the same events, cut into any files, sent again any number of times, lands the same rows."""
    events = [event(f"e-{ident}", usage=usage, time=time) for ident, usage, time in told]
    straight = landed(engine, [events], together=True)
    assert len({row["id"] for row in straight}) == len(events)
    sent = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=4))))
    cut = data.draw(st.integers(1, len(sent)))
    files = [part for part in (sent[:cut], sent[cut:]) if part]
    assert landed(engine, files, together=data.draw(st.booleans())) == straight


@given(order=st.permutations([1, 2, 3]))
@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_which_of_several_contents_of_one_id_lands_does_not_depend_on_their_order(
    engine: tuple[str, Path], order: list[int]
) -> None:
    """Of conflicting events within one import the same one lands, whatever comes first."""
    files = [[event("e-1", usage={"input": n}) for n in sequence] for sequence in ([1, 2, 3], order)]
    assert landed(engine, [files[0]], together=True) == landed(engine, [files[1]], together=True)
