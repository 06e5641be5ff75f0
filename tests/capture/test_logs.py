import gzip
import json
import os
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from outlay.capture.log_places import gathered
from outlay.capture.mapping import mapping_of
from outlay.capture.take_in import take_in
from outlay.errors import BadInput, SourceFailed, Unreadable
from outlay.store import Store
from outlay.terms.take_in import TakeIn
from tests.capture.making import usage
from tests.docs.examples import blocks
from tests.docs.pages import read

MAPPING: dict[str, object] = {
    "constants": {"provider": "openai"},
    "columns": {"time": "ts", "model": "model", "customer": "ctx.tenant"},
    "usage": {"input": "usage.in", "output": "usage.out"},
}
LINE: dict[str, object] = {
    "ts": "2026-10-03T12:00:00Z",
    "model": "gpt-4o-mini",
    "usage": {"in": 812, "out": "64"},
    "ctx": {"tenant": "acme"},
    "prompt": "Dear doctor",
}


def taken(store: Store, now: datetime, *paths: Path, mapping: dict[str, object] | None = None) -> TakeIn:
    """Import logs."""
    return take_in(store, paths, mapping=MAPPING if mapping is None else mapping, now=now, source="logs")


def log(path: Path, *lines: object) -> Path:
    """Write a log; texts as they are, everything else as JSON."""
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def test_the_log_that_is_shown_is_taken_in(duck: Store, tmp_path: Path, now: datetime) -> None:
    """One event with its attribution, one line of another kind, one that is no JSON."""
    text = read("docs/logs.md")
    (shown,), (mapping,) = blocks(text, "json"), blocks(text, "toml")
    (tmp_path / "app.ndjson").write_text(shown, encoding="utf-8")
    result = taken(duck, now, tmp_path / "app.ndjson", mapping=tomllib.loads(mapping))
    assert (result.source, result.lines, result.landed, result.problem_lines) == ("logs", 3, 1, 0)
    assert result.skipped == {"not-where": 1, "not-json": 1}
    assert duck.count("usage", take_in=result.take_in, feature="search.answer", customer="acme") == 1


def test_events_are_found_among_other_lines(store: Store, tmp_path: Path, now: datetime) -> None:
    """Behind prefixes and in envelopes; lines without usage are skipped, and nothing but mapped fields is kept."""
    wrapped = {"log": json.dumps(LINE) + "\n", "stream": "stdout"}
    deeper = {"message": json.dumps({"msg": json.dumps(LINE)})}
    path = log(
        tmp_path / "app.log.gz",
        LINE,
        f"12:00 INFO {json.dumps(LINE)}",
        wrapped,
        deeper,
        {"ts": "2026-10-03T12:00:00Z", "level": "info"},
        "plain text",
        {**LINE, "usage": {"in": -1}},
        {**LINE, "ts": "soon"},
    )
    result = taken(store, now, path)
    assert (result.lines, result.landed, result.skipped) == (8, 4, {"no-usage": 1, "not-json": 1})
    assert [(problem.line, problem.code) for problem in result.problems] == [(7, "bad-quantity"), (8, "bad-time")]
    rows = usage(store)
    assert {(row["input"], row["output"], row["customer"]) for row in rows} == {(812, 64, "acme")}
    assert "doctor" not in repr(rows)
    assert taken(store, now, path).repeated == result.take_in


def test_results_of_a_query_are_events_that_keep_their_identity(store: Store, tmp_path: Path, now: datetime) -> None:
    """Fields of the query and of the message; a record that a second query returns again is a duplicate."""
    mapping = {**MAPPING, "columns": {"time": "@timestamp", "model": "model", "customer": "ctx.tenant"}}

    def row(pointer: str) -> list[dict[str, str]]:
        said = {"@timestamp": "2026-10-03 12:00:00.123", "@message": json.dumps(LINE), "@ptr": pointer}
        return [{"field": name, "value": value} for name, value in said.items()]

    first = tmp_path / "first.json"
    first.write_text(json.dumps({"results": [row("a"), row("b")], "status": "Complete"}), encoding="utf-8")
    second = tmp_path / "second.json"
    second.write_text(json.dumps({"results": [row("b"), row("c")], "statistics": {}}, indent=4), encoding="utf-8")
    assert taken(store, now, first, mapping=mapping).landed == 2
    result = taken(store, now, second, mapping=mapping)
    assert (result.landed, result.skipped) == (1, {"duplicate": 1})
    assert sorted(str(found["id"]) for found in usage(store)) == ["a", "b", "c"]


def test_a_query_that_still_runs_is_refused(duck: Store, tmp_path: Path, now: datetime) -> None:
    """Half of its results would look like all of them."""
    path = tmp_path / "running.json"
    path.write_text(json.dumps({"results": [], "status": "Running"}), encoding="utf-8")
    with pytest.raises(Unreadable, match="is running") as caught:
        taken(duck, now, path)
    assert caught.value.code == "unfinished-query"


def test_a_table_may_say_which_lines_are_events(duck: Store, tmp_path: Path, now: datetime) -> None:
    """`[where]` holds for CSV, too."""
    path = tmp_path / "e.csv"
    path.write_text("ts,kind,n\n2026-10-03T12:00:00Z,call,5\n2026-10-03T12:00:00Z,other,7\n", encoding="utf-8")
    mapping = {"columns": {"time": "ts"}, "usage": {"input": "n"}, "where": {"kind": "call"}}
    result = take_in(duck, [path], mapping=mapping, now=now)
    assert (result.landed, result.skipped) == (1, {"not-where": 1})


def test_a_mapping_that_asks_for_nothing_means_what_it_meant() -> None:
    """Files that were imported before `[where]` was there are still known."""
    assert b"where" not in mapping_of(MAPPING).written()
    assert b"where" in mapping_of({**MAPPING, "where": {"a": "b"}}).written()


def test_logs_need_a_mapping(duck: Store, tmp_path: Path, now: datetime) -> None:
    """Nobody can guess what a program called its fields."""
    with pytest.raises(BadInput, match="logs need a mapping"):
        take_in(duck, [log(tmp_path / "a.log", LINE)], now=now, source="logs")


def test_a_folder_stands_for_its_files(tmp_path: Path) -> None:
    """In the order of their names, however deep; hidden files are left out, and an empty folder is said to be."""
    for name in ("b/2.log", "b/1.log", "a.log", ".hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        log(tmp_path / name, LINE)
    with gathered([tmp_path, tmp_path / "a.log"]) as found:
        assert [path.relative_to(tmp_path).as_posix() for path in found] == ["a.log", "b/1.log", "b/2.log", "a.log"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="holds no files"), gathered([tmp_path / "empty"]):
        pass


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket in a server that answers as S3 does, found as boto3 finds the real one."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    assert "AWS_ENDPOINT_URL" in os.environ
    boto3.client("s3").create_bucket(Bucket="logs")
    yield "logs"
    server.stop()


def test_a_prefix_in_s3_stands_for_its_objects(duck: Store, tmp_path: Path, now: datetime, bucket: str) -> None:
    """All pages of it, packed or not; names that come again in other folders do not meet."""
    client = boto3.client("s3")
    for number in range(3):
        path = log(tmp_path / "app.log.gz", {**LINE, "ts": f"2026-10-0{number + 1}T12:00:00Z"})
        client.upload_file(str(path), bucket, f"2026/10/0{number}/app.log.gz")
    client.put_object(Bucket=bucket, Key="2026/10/", Body=b"")
    client.put_object(Bucket=bucket, Key="2027/app.log", Body=b"x")
    with gathered([Path(f"s3://{bucket}/2026/")]) as found:
        kept = list(found)
        result = taken(duck, now, *found)
    assert (result.files, result.landed) == (("app.log.gz",) * 3, 3)
    assert not any(path.exists() for path in kept)
    with pytest.raises(BadInput, match="holds no files"), gathered([Path(f"s3://{bucket}/2030/")]):
        pass
    with pytest.raises(SourceFailed), gathered([Path("s3://nobody/")]):
        pass
