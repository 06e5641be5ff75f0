import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from outlay.capture import retention
from outlay.capture.intake import Intake, journal_of
from outlay.capture.row import Made, Rows
from outlay.errors import BadInput, Refused
from outlay.explain.cost import costs
from outlay.explain.evidence import evidence
from outlay.explain.rows import distinct
from outlay.explain.unit_cost import customers, features, models, users
from outlay.serve.encode import to_json
from outlay.serve.keys import made
from outlay.store import Row, Store, open_store
from outlay.store.duckdb import DuckDB
from outlay.store.tables import TABLES
from outlay.terms.money import pico
from tests.conftest import NOW
from tests.laws.world import MONTH, charge, event, laid, model_charge, published, read

#: An id with all that a statement may trip over.
WHO = "Zoë.O'Brien\\17"
PSEUDONYM = re.compile(r"erased-[0-9a-f]{12}")
RULES: list[dict[str, Any]] = [
    {
        "name": "models",
        "match": {"service_name": "Model API"},
        "set": {"provider": "provider", "model": "resource_id", "user": "tag:user"},
        "split": "driver",
        "driver": "estimated_cost",
        "within": ["provider", "model", "user"],
        "to": ["feature", "customer"],
        "fallback": "month",
    },
    {
        "name": "gpus",
        "match": {"service_name": "GPU"},
        "split": "driver",
        "driver": "calls",
        "to": ["feature", "customer", "team", "user", "environment"],
    },
    {"name": "tags", "set": {"team": "tag:team", "user": "tag:user"}},
]


@pytest.fixture
def empty() -> Iterator[Store]:
    """An empty store in memory, for what is not about engines."""
    store = open_store("duckdb:///:memory:")
    yield store
    store.close()


def lay(store: Store) -> None:
    """Lay October with a user in events, their tags and sessions, in tags of the bill, and in refused lines."""
    tagged: dict[str, Any] = {"tags": {"team": "a", "user": WHO}}
    laid(
        store,
        charges=[
            model_charge(1, "10", **tagged),
            model_charge(2, "7", tags={"user": "u-18"}),
            charge(3, "3", tags={"team": "a"}),
            charge(4, "2.5", **tagged, extra={"x_login": WHO}),
            charge(5, "4", service_name="GPU"),
        ],
        usage=[
            event(1, feature="search", customer="acme", user=WHO, session="s-1", trace="t1"),
            event(2, feature="search", customer="acme", user=WHO, session="s-2", tags={"login": WHO, "plan": "pro"}),
            event(3, feature="scan", user=WHO, session=WHO, model="m-page", unit="page", quantity=4),
            event(4, feature="search", customer="acme", user="u-18", session="s-2"),
            event(5, feature="search", user="u-18", response_id="r1", environment="production"),
            event(6, sensor="gateway", response_id="r1", user=WHO),
            event(7, feature="scan", user=f"{WHO}0", session="s-7"),
        ],
        rules=RULES,
    )
    place = {"take_in": "events", "file": 1, "code": "bad", "fix": "mend it"}
    values = [WHO, f'{{"user": "{WHO}", "usage": 7', f"{WHO}0", None]
    store.insert("problem", [{**place, "line": line, "value": value} for line, value in enumerate(values, start=90)])
    published(store)


def everything(store: Store) -> dict[str, list[Row]]:
    """Return every row of every table, audit apart."""
    return {t.name: read(store, f'SELECT * FROM "{t.name}"') for t in TABLES if t.name != "audit"}


def texts_of(value: object) -> list[str]:
    """Return the texts a value is or holds."""
    if isinstance(value, dict):
        return [text for pair in value.items() for each in pair for text in texts_of(each)]
    return [value] if isinstance(value, str) else []


def named(store: Store, text: str) -> set[str]:
    """Return the tables in which a text stands as a word, in any column and any case."""
    word = re.compile(rf"(?<![\w-]){re.escape(text)}(?![\w-])", re.IGNORECASE)
    tables = {**everything(store), "audit": read(store, "SELECT * FROM audit")}
    return {
        name
        for name, rows in tables.items()
        for row in rows
        for value in row.values()
        if any(map(word.search, texts_of(value)))
    }


def shaped(value: object, pseudonym: str | None = None) -> str:
    """Return an answer as JSON, its pseudonym put back to the id, without the turns of equal remainders."""
    text = re.sub(r'"place": \d+', "", to_json(value))
    return text.replace(json.dumps(pseudonym), json.dumps(WHO, ensure_ascii=False)) if pseudonym else text


def recomputed(share: Row) -> Decimal:
    """Return a share's amount from its pool, its weight and its turn for what is left over."""
    whole = pico(cast(Decimal, share["pool_amount"]))
    weight, weights, place, left_over = _ints(share, "weight", "total_weight", "place", "left_over")
    return Decimal(whole * weight // weights + (1 if place <= left_over else 0)).scaleb(-12)


def answers(store: Store) -> dict[str, object]:
    """Return what one can ask about the month, without naming users."""
    dimensions = ["feature", "customer", "team", "environment", "model", "provider"]
    return {
        **{f"{by}, ledger": costs(store, MONTH, [by]) for by in dimensions},
        **{f"{by}, estimated": costs(store, MONTH, [by], origin="estimated") for by in dimensions},
        "bill": costs(store, MONTH, ["service_name", "tag:team"], origin="billed"),
        "features": features(store, MONTH),
        "customers": customers(store, MONTH),
        "models": models(store, MONTH),
        "users": distinct(store, MONTH),
        "users of features": sorted(distinct(store, MONTH, ["feature"]), key=repr),
        "counts": {name: len(rows) for name, rows in everything(store).items()},
    }


def test_the_id_is_nowhere_and_no_answer_changes(store: Store) -> None:
    """No column of any table names the user any more; every sum, count and distinct count is as before."""
    lay(store)
    before = answers(store)
    assert named(store, WHO) >= {
        "usage",
        "charge",
        "problem",
        "assignment",
        "observation",
        "share",
        "rollup_day",
        "pool",
    }
    done = retention.erase(store, WHO, now=NOW)
    assert done.pseudonym is not None
    assert PSEUDONYM.fullmatch(done.pseudonym)
    assert named(store, WHO) == set()
    assert answers(store) == before
    assert store.count("usage", user=done.pseudonym) == 4
    assert (done.elsewhere, done.rules) == ({}, ())


def test_one_pseudonym_stands_for_the_user_everywhere(store: Store) -> None:
    """Each row of each table is as it was, but for the pseudonym in the place of the id; others' rows are untouched."""
    lay(store)
    before = everything(store)
    done = retention.erase(store, WHO, now=NOW)
    after = everything(store)
    anew = {str(done.pseudonym): WHO}
    sessions = {row["id"]: row["session"] for row in before["usage"]}
    for row in after["usage"]:
        if row["session"] is not None and PSEUDONYM.fullmatch(str(row["session"])):
            anew[str(row["session"])] = cast(str, sessions[row["id"]])
    assert anew.keys() >= {done.pseudonym}
    for name, rows in before.items():
        put_back = [{k: _put_back(v, anew, name) for k, v in row.items()} for row in after[name]]
        assert sorted(map(repr, put_back)) == sorted(map(repr, rows)), name


def test_sessions_of_the_user_get_other_names_and_stay_apart(store: Store) -> None:
    """Events of one session stay together, also those of others in it; sessions of others keep their names."""
    lay(store)
    done = retention.erase(store, WHO, now=NOW)
    found = {str(row["id"]): row["session"] for row in read(store, "SELECT id, session FROM usage")}
    assert found["e2"] == found["e4"] != found["e1"]
    assert all(PSEUDONYM.fullmatch(str(found[ident])) for ident in ("e1", "e2", "e3", "e4"))
    assert found["e3"] == done.pseudonym
    assert found["e7"] == "s-7"
    assert done.sessions == 2


def test_evidence_still_adds_up(store: Store) -> None:
    """Shares lead to the same lines of the bill and the same events as before, under the pseudonym."""
    lay(store)
    before = evidence(store, MONTH)
    done = retention.erase(store, WHO, now=NOW)
    after = evidence(store, MONTH)
    for part in ("shares", "pools", "totals", "rules"):
        found = (
            [shaped(one) for one in _rows(before[part])],
            [shaped(one, done.pseudonym) for one in _rows(after[part])],
        )
        assert sorted(found[0]) == sorted(found[1]), part
    assert all(not pool["off_by"] for pool in _rows(after["pools"]))
    assert all(recomputed(share) == share["amount"] for share in _rows(after["shares"]))


def test_ties_that_a_name_decided_stay_decided(empty: Store) -> None:
    """Three equal users share a cent's worth of units that do not divide: evidence still says who got what was left."""
    usage = [event(n, user=user) for n, user in enumerate(("a", "b", "c"), start=1)]
    laid(empty, charges=[charge(1, "0.00000000001", service_name="GPU")], usage=usage, rules=RULES)
    published(empty)
    retention.erase(empty, "a", now=NOW)
    shares = _rows(evidence(empty, MONTH)["shares"])
    assert len(shares) == 3
    assert all(recomputed(share) == share["amount"] for share in shares)


def test_the_month_can_be_run_again(store: Store) -> None:
    """A run makes the same ledger anew, under the pseudonym, and brings the id nowhere back."""
    lay(store)
    before = answers(store)
    done = retention.erase(store, WHO, now=NOW)
    published(store, now=NOW + timedelta(hours=1))
    assert named(store, WHO) == set()
    after = answers(store)
    before.pop("counts"), after.pop("counts")
    assert after == before
    assert done.pseudonym in [row["user"] for row in _rows(users(store, MONTH)["rows"])]


def test_the_audit_says_that_and_never_whom(empty: Store) -> None:
    """One row: when, who asked, under which pseudonym and how much; the id is not in it."""
    lay(empty)
    done = retention.erase(empty, WHO, now=NOW, actor="k1")
    (row,) = read(empty, "SELECT * FROM audit")
    assert (row["done_at"], row["actor"], row["action"], row["subject"]) == (NOW, "k1", "user-erased", done.pseudonym)
    assert WHO not in str(row["detail"])


def test_a_dry_run_changes_nothing(empty: Store) -> None:
    """It says where the id stands, as the real one then does."""
    lay(empty)
    before = everything(empty)
    planned = retention.erase(empty, WHO, now=NOW, dry_run=True)
    assert planned.pseudonym is None
    assert everything(empty) == before
    assert not read(empty, "SELECT * FROM audit")
    done = retention.erase(empty, WHO, now=NOW)
    assert (done.rows, done.sessions) == (planned.rows, planned.sessions)


def test_ids_are_told_apart_exactly(store: Store) -> None:
    """An id in other capitals is another user, and so is a longer one that begins alike."""
    lay(store)
    store.insert("usage", [event(50, user=WHO.lower())])
    retention.erase(store, WHO, now=NOW)
    assert store.count("usage", user=WHO.lower()) == store.count("usage", user=f"{WHO}0") == 1
    assert store.count("problem", value=f"{WHO}0") == 1
    with pytest.raises(Refused) as error:
        retention.erase(store, WHO, now=NOW)
    assert error.value.code == "no-such-user"


def test_nobody_is_refused(empty: Store) -> None:
    """An empty id would be that of everybody who has none."""
    with pytest.raises(BadInput) as error:
        retention.erase(empty, " ", now=NOW)
    assert error.value.code == "no-user"


def test_the_same_id_later_is_a_new_person(empty: Store) -> None:
    """What is sent afterwards stands under the id, and is erased under another pseudonym."""
    lay(empty)
    first = retention.erase(empty, WHO, now=NOW)
    empty.insert("usage", [event(50, user=WHO)])
    second = retention.erase(empty, WHO, now=NOW)
    assert second.rows == {"usage.user": 1}
    assert first.pseudonym != second.pseudonym
    assert empty.count("usage", user=str(first.pseudonym)) == 4


def test_the_event_sent_again_does_not_bring_the_id_back(empty: Store, tmp_path: Path) -> None:
    """It is known by its own id, and left out like any repeated one."""
    said: dict[str, object] = {"id": "x", "time": NOW.isoformat(), "provider": "acme-ai", "user": WHO}
    for _ in range(2):
        intake = Intake(empty, tmp_path / "journal", clock=lambda: NOW)
        intake.offer([{**said, "usage": {"input": 1}}]).durable.result(timeout=30)
        intake.close()
        assert empty.count("usage") == 1
        if empty.count("usage", user=WHO):
            retention.erase(empty, WHO, now=NOW)
    assert named(empty, WHO) == set()


def test_what_says_the_same_and_means_another_thing_is_left_and_named(empty: Store) -> None:
    """A customer of that name, a key that is bound to it and a rule that names it are told, not touched."""
    laid(
        empty,
        usage=[event(1, user="acme", customer="acme")],
        rules=[{"name": "mine", "set": {"user": "=acme"}}, {"name": "rest"}],
    )
    made(empty, name="their key", bound={"customer": "acme"}, now=NOW)
    done = retention.erase(empty, "acme", now=NOW)
    assert done.rows == {"usage.user": 1}
    assert done.elsewhere == {"usage.customer": 1, "api_key.bound": 1}
    assert empty.count("usage", customer="acme") == 1


def test_many_sessions_are_renamed_at_once(store: Store) -> None:
    """More sessions than are replaced at a time: each gets a name of its own."""
    store.insert("usage", (event(n, user="u-17", session=f"s-{n}") for n in range(2_500)))
    done = retention.erase(store, "u-17", now=NOW)
    assert done.sessions == 2_500
    found = [str(row["session"]) for row in read(store, 'SELECT DISTINCT session FROM "usage"')]
    assert len(found) == 2_500
    assert all(map(PSEUDONYM.fullmatch, found))


def test_what_a_collector_left_is_filed_first(empty: Store, tmp_path: Path) -> None:
    """A journal that waits is filed and erased with the rest; one that a running collector has is told."""
    folder = tmp_path / "journal"
    row = Rows("collector-of-yesterday", 42).make(_raw(NOW), 1)
    assert isinstance(row, Made)
    folder.mkdir()
    (folder / "000000000042.ndjson").write_bytes(row.rows)
    assert retention.file_journal(empty, folder)
    assert retention.erase(empty, WHO, now=NOW).rows["usage.user"] == 1
    assert not list(folder.glob("*.ndjson"))
    running = Intake(empty, folder)
    try:
        assert not retention.file_journal(empty, folder)
    finally:
        running.close()
    assert retention.file_journal(empty, tmp_path / "none")


def test_the_file_of_the_store_forgets_too(tmp_path: Path) -> None:
    """Once DuckDB's store is closed, its log has gone with the id in it."""
    store = DuckDB(tmp_path / "store.duckdb")
    lay(store)
    retention.erase(store, WHO, now=NOW)
    assert journal_of(store).name == "store.duckdb.journal"
    store.close()
    log = tmp_path / "store.duckdb.wal"
    assert not log.exists() or WHO.encode() not in log.read_bytes()


def _rows(found: object) -> list[Row]:
    return cast("list[Row]", found)


def _ints(row: Row, *names: str) -> list[int]:
    return [cast(int, row[name]) for name in names]


def _raw(now: datetime) -> bytes:
    usage = {"usage": {"input": 1}, "provider": "acme-ai", "user": WHO}
    return json.dumps({"id": "x", "time": now.isoformat(), **usage}).encode()


def _put_back(value: object, anew: dict[str, str], table: str) -> object:
    """Return a value with pseudonyms put back; what drives a split is kept without capitals."""
    if isinstance(value, dict):
        return {key: _put_back(each, anew, table) for key, each in value.items()}
    if not isinstance(value, str):
        return value
    for pseudonym, stands_for in anew.items():
        value = value.replace(pseudonym, stands_for if table != "driver" or value == pseudonym else stands_for.lower())
    return value
