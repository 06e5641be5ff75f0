import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from outlay.capture.intake import Intake
from outlay.errors import BadInput, Refused, UnknownName
from outlay.serve import keys
from outlay.serve.app import create_app
from outlay.serve.keys.key import listed
from outlay.store import Store
from tests.conftest import NOW
from tests.laws.world import read
from tests.serve.running import running

EVENT = {"id": "e1", "time": "2026-11-02T09:00:00Z", "provider": "openai", "usage": {"input": 10}, "team": "other"}


def bearer(text: str) -> dict[str, str]:
    """Return the header that carries a key."""
    return {"authorization": f"Bearer {text}"}


@pytest.fixture
def closed(store: Store, tmp_path: Path) -> Iterator[TestClient]:
    """A client of a collector that answers nothing without a key."""
    intake = Intake(store, tmp_path / "journal", clock=lambda: NOW)
    yield TestClient(create_app(store, intake=intake, only_keys=True), base_url="http://collector.example")
    intake.close()


def refused(answer: Any) -> tuple[int, str]:  # noqa: ANN401 - a response
    """Return the status and the code of a refusal."""
    return answer.status_code, answer.json()["code"]


def test_a_key_opens_what_it_is_for_and_nothing_else(store: Store, closed: TestClient) -> None:
    """Without one, with a forged one, with one of another scope: refused; what it sends is bound to its team."""
    _, text = keys.made(store, "importer", now=NOW, bound={"team": "growth"})
    forged = text[:-1] + ("A" if text[-1] != "A" else "B")
    for path in ("/", "/v1/costs", "/v1/events", "/v1/keys", "/v1/health"):
        assert refused(closed.get(path)) == (401, "no-key")
    assert closed.get("/").headers["www-authenticate"] == "Bearer"
    for wrong in (forged, "x", "outlay_000000000000_" + "A" * 43, text.swapcase()):
        assert refused(closed.post("/v1/events", json=[EVENT], headers=bearer(wrong))) == (401, "unknown-key")
    assert refused(closed.get("/v1/costs", headers=bearer(text))) == (403, "wrong-scope")
    assert refused(closed.get("/v1/keys", headers=bearer(text))) == (403, "wrong-scope")
    assert closed.post("/v1/events", json=[EVENT], headers=bearer(text)).status_code == 200


def test_what_a_key_sends_is_bound_to_it(store: Store, tmp_path: Path) -> None:
    """A caller cannot speak for another team."""
    _, text = keys.made(store, "importer", now=NOW, bound={"team": "growth"})
    intake = Intake(store, tmp_path / "journal", clock=lambda: NOW)
    client = TestClient(create_app(store, intake=intake), base_url="http://localhost")
    assert client.post("/v1/events", json=[EVENT], headers=bearer(text)).status_code == 200
    intake.close()
    assert (store.count("usage", team="growth"), store.count("usage")) == (1, 1)


def test_a_key_ends_when_it_is_revoked_or_its_time_is_over(store: Store) -> None:
    """A revoked one, an expired one and one whose grace is over are refused; the one that replaced it is not."""
    clock = [NOW]
    ring = keys.Ring(store, lambda: clock[0])
    _, first = keys.made(store, "a", now=NOW, scopes=("read", "ingest"))
    _, second = keys.made(store, "b", now=NOW, expires_at=NOW + timedelta(days=1))
    assert ring.checked(f"Bearer {first}", "read").scopes == ("ingest", "read")
    _, third = keys.rotated(store, "a", now=NOW, until=NOW + timedelta(hours=24))
    ring.forget()
    for text in (first, second, third):
        assert ring.checked(f"bearer {text}", "ingest").name in ("a", "b")
    clock[0] = NOW + timedelta(days=1)
    for text in (first, second):
        with pytest.raises(Refused, match="ended"):
            ring.checked(f"Bearer {text}", "ingest")
    keys.revoked(store, "a", now=clock[0])
    ring.forget()
    with pytest.raises(Refused, match="revoked"):
        ring.checked(f"Bearer {third}", "ingest")
    assert [row["action"] for row in _audit(store)] == ["key-made"] * 2 + ["key-made", "key-rotated", "key-revoked"]


def test_no_secret_is_kept(store: Store) -> None:
    """Neither the key's text nor its secret part is in the store."""
    _, text = keys.made(store, "a", now=NOW)
    kept = json.dumps([store.rows("serve/keys"), _audit(store)], default=str)
    assert text not in kept
    assert text.rpartition("_")[2] not in kept


def test_a_key_sends_as_fast_as_it_may(store: Store, closed: TestClient) -> None:
    """What is over its rate is told how long to wait; another key is not held up."""
    _, slow = keys.made(store, "slow", now=NOW, events_per_second=10)
    _, other = keys.made(store, "other", now=NOW)
    batch = [{**EVENT, "id": f"e{n}"} for n in range(50)]
    assert closed.post("/v1/events", json=batch, headers=bearer(slow)).status_code == 200
    answer = closed.post("/v1/events", json=batch, headers=bearer(slow))
    assert refused(answer) == (429, "too-fast")
    assert 1 <= int(answer.headers["retry-after"]) <= 5
    assert closed.post("/v1/events", json=batch, headers=bearer(other)).status_code == 200


def test_keys_that_make_no_sense_are_not_made(duck: Store) -> None:
    """No name, no such scope or dimension, no events at all, an end in the past."""
    for wrong, kind in (
        ({"name": " "}, BadInput),
        ({"scopes": ["write"]}, UnknownName),
        ({"scopes": []}, BadInput),
        ({"bound": {"plan": "pro"}}, UnknownName),
        ({"events_per_second": 0}, BadInput),
        ({"expires_at": NOW}, BadInput),
    ):
        with pytest.raises(kind):
            keys.made(duck, **{"name": "k", "now": NOW, **wrong})  # type: ignore[arg-type]
    with pytest.raises(UnknownName):
        keys.revoked(duck, "nobody", now=datetime.now(UTC))
    assert listed(duck) == []


def test_the_command_asks_the_server_that_holds_the_store(tmp_path: Path) -> None:
    """A key made while the server runs opens it at once; one that is revoked closes it at once."""
    url = f"duckdb:///{tmp_path}/s.duckdb"

    def outlay(*arguments: str) -> Any:  # noqa: ANN401 - what it prints
        command = [sys.executable, "-m", "outlay", "--store", url, "keys", *arguments, "--json"]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        return json.loads(run.stdout)

    before = outlay("make", "before")
    with running(url, tmp_path / "journal", "--only-keys") as (_, client):
        client.headers.update(bearer(before["text"]))
        assert client.post("/v1/events", json=[]).status_code == 200
        assert outlay("revoke", "before")["revoked"] is True
        assert client.post("/v1/events", json=[]).status_code == 401
        assert outlay("revoke", "before")["error"]["code"] == "unknown-name"
        client.headers.update(bearer(outlay("make", "during", "--scope", "read")["text"]))
        assert client.get("/v1/health").status_code == 200
        assert {key["name"] for key in outlay("list")["keys"]} == {"before", "during"}


def _audit(store: Store) -> list[dict[str, object]]:
    return read(store, "SELECT * FROM audit ORDER BY done_at, action")
