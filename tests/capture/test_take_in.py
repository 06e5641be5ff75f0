import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from outlay.capture.mapping import read_mapping
from outlay.capture.take_in import take_in
from outlay.errors import BadConfig, BadInput, Unreadable
from outlay.store import Store
from tests.capture.making import EVENT, arrived, content, event, usage, written


def test_an_event_lands_as_one_row_with_every_field(store: Store, tmp_path: Path, now: datetime) -> None:
    """Fields are columns, tokens stand in their own, the ordinary context is empty, the rest has its default."""
    path = written(
        tmp_path / "e.ndjson", {**EVENT, "context": {"tier": "flex"}, "tags": {"plan": "pro"}, "sensor": "sdk"}
    )
    result = take_in(store, [path], now=now)
    assert (result.lines, result.landed, result.problem_lines) == (1, 1, 0)
    (row,) = usage(store)
    assert (row["id"], row["line"], row["attempt"], row["state"], row["currency"]) == ("e-1", 1, 1, "complete", "USD")
    assert (row["input"], row["output"], row["cache_read"], row["unit"], row["quantity"]) == (200, 30, 0, None, 0)
    assert (row["context"], row["sensor"], row["tags"]) == ("tier=flex", "sdk", {"plan": "pro"})
    assert str(row["time"]).startswith("2026-10-03 12:00:00.123")
    assert arrived(store) == 0


def test_several_units_are_rows_of_one_attempt(store: Store, tmp_path: Path, now: datetime) -> None:
    """Tokens and the first other unit stand in one row; each further unit has a row with attempt 0 and no tokens."""
    both = event("e-1", usage={"input": 5, "page": 2, "form": "1.5"}, reported_cost="0.25", duration_ms=10.6)
    result = take_in(store, [written(tmp_path / "e.ndjson", both)], now=now)
    assert (result.lines, result.landed) == (1, 1)
    first, second = usage(store)
    assert (first["attempt"], first["input"], first["unit"], first["quantity"]) == (1, 5, "form", Decimal("1.5"))
    assert (first["reported_cost"], first["duration_ms"]) == (Decimal("0.25"), 11)
    assert (second["attempt"], second["input"], second["unit"], second["quantity"]) == (0, 0, "page", 2)
    assert (second["reported_cost"], second["line"], second["customer"]) == (0, 1, "acme")


BAD = [
    (b'{"id": "x"', "not-json"),
    (b"not json at all", "not-json"),
    (b'{"id": "x", "time": "2026-10-03T12:00:00Z", "usage": {"input": NaN}}', "not-json"),
    (b'{"id": "\xff"}', "bad-encoding"),
    (b'{"id": "\\ud800", "time": "2026-10-03T12:00:00Z", "state": "refused"}', "not-json"),
    (b'{"id": "a\\u0000b", "time": "2026-10-03T12:00:00Z", "state": "refused"}', "bad-text"),
    (b"[]", "not-an-object"),
    (b"5", "not-an-object"),
    (b"[" * 100_000, "not-json"),
    (b'{"time": "2026-10-03T12:00:00Z", "state": "refused"}', "missing-id"),
    (b'{"id": "x", "state": "refused"}', "missing-time"),
    (b'{"id": "x", "time": "2026-10-03T12:00:00Z"}', "missing-usage"),
    (b'{"id": "x", "time": "2026-10-03T12:00:00Z", "usage": {"input": 1e30}}', "bad-quantity"),
    (b'{"id": "x", "time": "2026-10-03T12:00:00Z", "state": "gone"}', "unknown-state"),
    (b'{"id": "' + b"x" * 3_000_000 + b'"}', "field-too-long"),
]


@pytest.mark.parametrize(("line", "code"), BAD, ids=[f"{i}-{code}" for i, (_, code) in enumerate(BAD)])
def test_a_bad_line_is_a_problem_of_its_own_line(
    store: Store, tmp_path: Path, now: datetime, line: bytes, code: str
) -> None:
    """A bad line says what and where and spoils nothing around it; every line is accounted for."""
    path = written(tmp_path / "e.ndjson", event("a"), line, b"", event("b"))
    result = take_in(store, [path], now=now)
    (problem,) = result.problems
    assert (result.lines, result.landed, result.problem_lines) == (3, 2, 1)
    assert (problem.code, problem.file, problem.line) == (code, "e.ndjson", 2)
    assert problem.fix
    assert [row["line"] for row in usage(store)] == [1, 4]


def test_content_of_a_broken_line_is_not_kept(store: Store, tmp_path: Path, now: datetime) -> None:
    """A line that is no JSON may be a prompt: the problem tells where it breaks, not what it says."""
    path = written(tmp_path / "e.ndjson", b'{"prompt_text": "my password is tulip"', b'"my password is tulip"')
    result = take_in(store, [path], now=now)
    assert result.problem_lines == 2
    assert "tulip" not in repr(result)


def test_the_last_of_a_repeated_key_counts(store: Store, tmp_path: Path, now: datetime) -> None:
    """An object that says a field twice means the last, in the quick way and in the careful one."""
    line = b'{"id": "a", "id": "b", "time": "2026-10-03T12:00:00Z", "usage": {"input": 1, "input": 2}%s}'
    path = written(tmp_path / "e.ndjson", line % b"", line.replace(b'"b"', b'"c"') % b', "own": "tag"')
    take_in(store, [path], now=now)
    assert [(row["id"], row["input"]) for row in usage(store)] == [("b", 2), ("c", 2)]


def test_text_of_every_script_is_kept(store: Store, tmp_path: Path, now: datetime) -> None:
    """Unicode stands as it came: in fields, tags, ids, and with quotes and backslashes."""
    odd = 'Zoë "北京" \\u0041 🐙 \\'
    path = written(tmp_path / "e.ndjson", event("é", customer=odd, tags={"région": odd}), event("f", own=odd))
    take_in(store, [path], now=now)
    rows = usage(store)
    assert [(r["customer"], r["tags"]) for r in rows] == [("acme", {"own": odd}), (odd, {"région": odd})]


def test_a_repeated_event_is_skipped_and_a_changed_one_is_a_conflict(
    store: Store, tmp_path: Path, now: datetime
) -> None:
    """The same id and content is a duplicate within a file and across imports; other content is a conflict."""
    first = take_in(store, [written(tmp_path / "1.ndjson", event("a"), event("a"), event("b"))], now=now)
    assert (first.lines, first.landed, first.skipped) == (3, 2, {"duplicate": 1})
    reordered = dict(reversed(event("a", usage={"output": 30, "input": 200, "cache_read": 0}).items()))
    later = written(tmp_path / "2.ndjson", reordered, event("b", usage={"input": 7}), event("c"))
    second = take_in(store, [later], now=now)
    assert (second.lines, second.landed, second.skipped, second.problem_lines) == (3, 1, {"duplicate": 1}, 1)
    (problem,) = second.problems
    assert (problem.code, problem.file, problem.line, problem.value) == ("conflict", "2.ndjson", 2, "b")
    assert [(row["id"], row["input"]) for row in usage(store)] == [("a", 200), ("b", 200), ("c", 200)]


def test_a_conflict_days_later_leaves_every_line_accounted_for(store: Store, tmp_path: Path, now: datetime) -> None:
    """The same id with another time is a conflict within a week, an event of its own beyond, and never both."""
    take_in(store, [written(tmp_path / "1.ndjson", event("a"), event("b"))], now=now)
    later = event("a", time="2026-10-06T12:00:00Z")
    near = take_in(store, [written(tmp_path / "2.ndjson", later)], now=now)
    assert (near.lines, near.landed, near.problem_lines) == (1, 0, 1)
    far = take_in(store, [written(tmp_path / "3.ndjson", event("b", time="2026-12-03T12:00:00Z"))], now=now)
    assert (far.lines, far.landed, far.skipped, far.problem_lines) == (1, 1, {}, 0)


def test_the_same_files_again_add_nothing(store: Store, tmp_path: Path, now: datetime) -> None:
    """Files whose content is held are recognized, under another name and packed too."""
    path = written(tmp_path / "1.ndjson", event("a"), b"broken")
    first = take_in(store, [path], now=now)
    again = take_in(store, [written(tmp_path / "again.gz", event("a"), b"broken", packed=True)], now=now)
    assert (again.repeated, again.lines, again.landed) == (first.take_in, 2, 0)
    assert sum(again.skipped.values()) == 2
    assert len(usage(store)) == 1


@pytest.mark.parametrize(
    "write",
    [
        lambda events: json.dumps(events).encode(),
        lambda events: b"\xef\xbb\xbf" + json.dumps(events, indent=2).encode(),
        lambda events: gzip.compress("\r\n".join(json.dumps(e) for e in events).encode()),
        lambda events: b"\xef\xbb\xbf" + "\n\n".join(json.dumps(e) for e in events).encode(),
        lambda events: json.dumps(
            [
                {"specversion": "1.0", "type": "u", "source": "s", "id": str(n), "time": e["time"], "data": e}
                for n, e in enumerate(events)
            ]
        ).encode(),
    ],
    ids=["array", "array-with-mark", "crlf-gzip", "blank-lines", "cloudevents-batch"],
)
def test_every_form_of_file_is_read(store: Store, tmp_path: Path, now: datetime, write: object) -> None:
    """A JSON array, NDJSON with any line ends, gzip, a byte-order mark and a batch of CloudEvents say the same."""
    path = tmp_path / "events"
    path.write_bytes(write([event("a"), event("b", usage={"page": 3})]))  # type: ignore[operator]
    result = take_in(store, [path], now=now)
    assert (result.lines, result.landed, result.problem_lines) == (2, 2, 0)
    assert [(row["input"], row["unit"]) for row in usage(store)] == [(200, None), (0, "page")]


def test_one_event_over_several_lines_is_one_event(store: Store, tmp_path: Path, now: datetime) -> None:
    """A file that is a single object, written for people, is one event."""
    path = tmp_path / "event.json"
    path.write_text(json.dumps(EVENT, indent=2), encoding="utf-8")
    assert take_in(store, [path], now=now).landed == 1


MAPPING = """
[constants]
provider = "azure"
model = "gpt-4o"
operation = "chat"
[columns]
time = "TIMESTAMP"
[usage]
input = "ContextTokens"
output = "GeneratedTokens"
"""
TRACE = (
    b"TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.6805900,374,44\r\n\r\n"
    b"2023-11-16 18:15:50.9951690,396,109\r\n2023-11-16 18:15:51,x,1\r\n2023-11-16 18:15:52,1\r\n"
    b"2023-11-16 18:15:53\xff,1,1\r\n" + b"x" * 200_000 + b",1,1\r\n2023-11-16 18:15:54,0,7\r\n"
)


def test_a_trace_in_csv_is_read_by_a_mapping(store: Store, tmp_path: Path, now: datetime) -> None:
    """Lines become events with an id of their own, bad ones problems; the file again adds nothing."""
    (tmp_path / "map.toml").write_text(MAPPING, encoding="utf-8")
    mapping = read_mapping(tmp_path / "map.toml")
    path = tmp_path / "trace.csv"
    path.write_bytes(TRACE)
    result = take_in(store, [path], mapping=mapping, now=now)
    assert (result.lines, result.landed, result.problem_lines) == (7, 3, 4)
    assert [(p.code, p.line) for p in result.problems] == [
        ("bad-quantity", 5),
        ("wrong-column-count", 6),
        ("bad-encoding", 7),
        ("bad-csv", 8),
    ]
    rows = sorted(usage(store), key=lambda row: str(row["time"]))
    assert [(r["input"], r["output"], r["provider"], r["model"]) for r in rows] == [
        (374, 44, "azure", "gpt-4o"),
        (396, 109, "azure", "gpt-4o"),
        (0, 7, "azure", "gpt-4o"),
    ]
    assert str(rows[0]["time"]).startswith("2023-11-16 18:15:46.680590")
    assert take_in(store, [path], mapping=mapping, now=now).repeated == result.take_in


def test_a_mapping_says_time_context_and_tags(store: Store, tmp_path: Path, now: datetime) -> None:
    """Times in unix milliseconds, semicolons, context and tags are told by the mapping, given as a table here."""
    path = tmp_path / "calls.csv"
    path.write_text("who;when;pages;tier;plan\nacme;1759492800123.5;1.25;flex;pro\n", encoding="utf-8")
    mapping = {
        "columns": {"time": "when", "customer": "who"},
        "usage": {"page": "pages"},
        "context": {"tier": "tier"},
        "tags": {"plan": "plan"},
        "time": {"format": "unix_ms"},
    }
    assert take_in(store, [path], mapping=mapping, now=now).problems == ()
    (row,) = usage(store)
    assert (row["customer"], row["context"], row["tags"], row["quantity"]) == (
        "acme",
        "tier=flex",
        {"plan": "pro"},
        Decimal("1.25"),
    )
    assert str(row["time"]).startswith("2025-10-03 12:00:00.123500")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = ", "not TOML"),
        ("[cols]\na = 'b'", "unknown table [cols]"),
        ("[columns]\nwhen = 'b'", "unknown key 'when'"),
        ("[columns]\ntime = 5", "columns.time"),
        ("columns = 5", "no table"),
        ("[columns]\ntime = 't'", "what time and usage are"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """A mapping file is refused with what is wrong in it."""
    path = tmp_path / "map.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadConfig, match=said.replace("[", r"\[")):
        read_mapping(path)


def test_files_that_cannot_be_read_are_refused_and_leave_nothing(store: Store, tmp_path: Path, now: datetime) -> None:
    """No file, a missing one, an empty one, a cut-off gzip, a CSV without its column: refused, and nothing lands."""
    good = written(tmp_path / "good.ndjson", event("a"))
    with pytest.raises(BadInput):
        take_in(store, [], now=now)
    with pytest.raises(BadInput, match="does not exist"):
        take_in(store, [good, tmp_path / "none"], now=now)
    with pytest.raises(Unreadable, match="empty"):
        take_in(store, [good, written(tmp_path / "empty")], now=now)
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(b"{}\n" * 9999)[:-20])
    with pytest.raises(Unreadable, match="cut-off"):
        take_in(store, [good, cut], now=now)
    table = tmp_path / "t.csv"
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(Unreadable, match="no column 'when'"):
        take_in(store, [table], mapping={"columns": {"time": "when"}, "usage": {"input": "b"}}, now=now)
    assert (usage(store), arrived(store), store.count("usage"), store.count("take_in")) == ([], 0, 0, 0)


def test_both_engines_hold_the_same_rows(both: tuple[Store, Store], tmp_path: Path) -> None:
    """A file lands with the same values, to the last digit, on DuckDB and ClickHouse."""
    path = written(
        tmp_path / "e.ndjson",
        *(event(f"e-{n}", usage={"input": n, "gpu_second": f"{n}.000000001"}, own=str(n % 3)) for n in range(50)),
        *(event(f"q-{n}", usage={"output": n}, reported_cost=f"0.{n:012d}") for n in range(50)),
    )
    for one in both:
        take_in(one, [path], now=datetime(2026, 11, 2, tzinfo=UTC))
    duck, click = ([{k: v for k, v in row.items() if k != "time"} for row in content(one)] for one in both)
    assert duck == click
