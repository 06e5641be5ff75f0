import csv
import gzip
from pathlib import Path

import pytest

from outlay.bills.reading.files import unpack
from outlay.bills.reading.json_lines import copy_json_records
from outlay.errors import Unreadable
from outlay.store import Store
from tests.bills.making import LINE
from tests.bills.other_clouds import all_accounted_for, as_json_lines, brought, landed


def copied(folder: Path, body: bytes) -> tuple[list[list[str]], list[tuple[str, int | None]]]:
    """Return the copy of a JSON file as rows, header first, and the problems of its other lines."""
    (folder / "b.json").write_bytes(body)
    file, careful = copy_json_records(unpack(folder / "b.json", folder), folder)
    with careful.path.open(encoding="utf-8", newline="") as rows:
        found = list(csv.reader(rows))
    assert found[0][1:] == file.header
    return found, [(problem.code, problem.line) for problem in careful.problems()]


def test_records_become_rows_with_their_lines(tmp_path: Path) -> None:
    """Names that come late, empty lines, nested values and digits past binary floating point are all kept."""
    body = b'{"a": 0.12345678901234567890, "b": {"c": 1.10}}\n\n  \n{"b": [], "late": true, "a": null}\n{"a": "x\\ny"}'
    rows, problems = copied(tmp_path, body)
    assert [row[1:] for row in rows] == [
        ["a", "b", "late"],
        ["0.12345678901234567890", '{"c": "1.10"}', ""],
        ["", "", "true"],
        ["x y", "", ""],
    ]
    assert [row[0] for row in rows[1:]] == ["1", "4", "5"]
    assert problems == []


def test_an_array_is_read_by_its_elements(tmp_path: Path) -> None:
    """One array of objects is as good as a line each; what is no object is set aside by its place."""
    rows, problems = copied(tmp_path, b' [{"a": 1},\n 7, {"a": 2}]')
    assert ([row[1] for row in rows[1:]], problems) == (["1", "2"], [("bad-json", 2)])


def test_lines_that_are_no_records_are_set_aside(tmp_path: Path) -> None:
    """Halves of records, other values, nesting without end and endless lines are problems of their own lines."""
    lines = [b'{"a": 1}', b'{"a": ', b"[1]", b'{"a":' * 100_000, b'{"a": "' + b"x" * 2_100_000 + b'"}', b'{"a": 2}']
    rows, problems = copied(tmp_path, b"\n".join(lines))
    assert [row[0] for row in rows[1:]] == ["1", "6"]
    assert problems == [("bad-json", 2), ("bad-json", 3), ("bad-json", 4), ("field-too-long", 5)]


def test_what_begins_like_an_array_and_is_none_is_refused(tmp_path: Path) -> None:
    """An array that was cut off has no lines to save, so the file is refused whole."""
    with pytest.raises(Unreadable, match="JSON array"):
        copied(tmp_path, b'[{"a": 1}, {"a"')


def test_names_that_an_engine_cannot_tell_apart_stay_apart(tmp_path: Path) -> None:
    """Names that differ by case, or hold quotes, get names of their own, and no value is lost."""
    rows, _ = copied(tmp_path, b'{"Cost": 1, "cost": 2, "a\\"b": 3, "": 4}')
    assert rows[0][1:] == ["Cost", "cost_2", "a'b", "column_4"]
    assert rows[1][1:] == ["1", "2", "3", "4"]


def test_any_format_may_come_as_json(store: Store, tmp_path: Path) -> None:
    """FOCUS as gzipped JSON lines lands like FOCUS as CSV, but for a file that was cut off within a line."""
    whole = as_json_lines([{**LINE, "Tags": {"team": "search"}}, {**LINE, "BilledCost": 2.25}])
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(whole.encode()))
    result = brought(store, "focus", tmp_path / "b.json.gz")
    assert (result.landed, result.problems, all_accounted_for(result)) == (2, (), True)
    assert [row["tags"] for row in landed(store)] == [{"team": "search"}, {"team": "search"}]
    (tmp_path / "c.json.gz").write_bytes(gzip.compress((whole + whole[:40]).encode())[:-12])
    result = brought(store, "focus", tmp_path / "c.json.gz")
    assert {"truncated"} == {problem.code for problem in result.problems}
    assert result.lines == result.landed + result.problem_lines
