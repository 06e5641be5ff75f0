import json
from datetime import timedelta
from pathlib import Path

import pytest

from outlay.errors import BadInput, UnknownName
from outlay.schedule.config import Source
from outlay.schedule.importing import bring_in, known
from outlay.schedule.runner import run_due
from outlay.store import Store
from tests.schedule.world import BEGAN, Clock

CASES = Path(__file__).parents[1] / "cases"
EVENT = {"id": "e-1", "time": "2026-10-03T12:00:00Z", "provider": "openai", "model": "m", "usage": {"input": 5}}


def asked(importer: str, *places: Path, name: str = "it", **own: object) -> Source:
    """Return a source of some files."""
    return Source(name, importer, tuple(map(str, places)), timedelta(hours=6), **own)  # type: ignore[arg-type]


def test_every_room_can_be_imported(duck: Store, tmp_path: Path) -> None:
    """Bills, events, revenue, metrics and exchange rates, each through its own door."""
    events, customers, rates = (tmp_path / name for name in ("events.ndjson", "customers.csv", "rates.csv"))
    events.write_text(json.dumps(EVENT), encoding="utf-8")
    customers.write_text("customer\nacme\n", encoding="utf-8")
    rates.write_text("day,from,to,rate,source\n2026-10-01,EUR,USD,1.1,bank\n", encoding="utf-8")
    bill = CASES / "bills" / "focus" / "parts" / "input-1.csv"
    found = {
        name: bring_in(duck, asked(name, place), BEGAN, tmp_path / "cache")
        for name, place in (("focus", bill), ("events", events), ("customers_csv", customers), ("rates_csv", rates))
    }
    assert {name: result.landed for name, result in found.items()} == {
        "focus": 1,
        "events": 1,
        "customers_csv": 1,
        "rates_csv": 1,
    }
    assert set(found) <= set(known())


def test_the_newest_day_of_a_bill_and_of_events_is_known(duck: Store, tmp_path: Path) -> None:
    """From what landed; customers have none."""
    events, customers = tmp_path / "events.ndjson", tmp_path / "customers.csv"
    events.write_text(json.dumps({**EVENT, "id": "e-2"}), encoding="utf-8")
    customers.write_text("customer\nbirch\n", encoding="utf-8")
    sources = [asked("events", events, name="events"), asked("customers_csv", customers, name="customers")]
    first, second = run_due(duck, sources, Clock(), tmp_path)
    assert [str(first.newest_day), second.newest_day] == ["2026-10-03", None]


def test_an_importer_that_is_none_is_named_with_the_nearest(duck: Store, tmp_path: Path) -> None:
    """As on the command line."""
    with pytest.raises(UnknownName, match="focsu") as refused:
        bring_in(duck, asked("focsu"), BEGAN, tmp_path)
    assert "did you mean focus" in refused.value.fix
    with pytest.raises(BadInput):
        bring_in(duck, asked("metrics_csv"), BEGAN, tmp_path)
