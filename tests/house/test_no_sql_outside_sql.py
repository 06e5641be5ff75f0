from pathlib import Path

import pytest

from tests.house.planting import planted
from tools.laws.no_sql_outside_sql import check


@pytest.mark.parametrize(
    "code",
    [
        '"SELECT amount FROM charge"',
        '"""\n  SELECT\n  *\n  FROM charge"""',
        'f"SELECT {columns} FROM {table}"',
        '"SELECT amount " + "FROM charge"',
        '"SELECT amount FROM %s" % table',
        '"select amount, sum(quantity) from charge"',
        '"select * from charge"',
        '"INSERT INTO charge VALUES (1)"',
        '"insert into charge values (1)"',
        '"UPDATE charge SET amount = 1"',
        '"DELETE FROM charge"',
        '"delete from charge where amount = 1"',
        '"CREATE TABLE charge (amount INT)"',
        '"CREATE OR REPLACE VIEW v AS x"',
        '"alter table charge add column x int"',
        'f"WITH x AS (SELECT a FROM {t})"',
    ],
)
def test_sql_in_python_is_named_with_its_line(tmp_path: Path, code: str) -> None:
    """A string that is a statement is named once, by file and line, however it is put together."""
    place = planted(tmp_path, "src/outlay/cost/x.py", f'"""Text."""\nx = {code}\n')
    (found,) = check([place])
    assert found.startswith(f"{place}:2: SQL in Python")
    assert "Fix: " in found


@pytest.mark.parametrize(
    "code",
    [
        '"select a rule from the list below"',
        '"update the price book, then set the day"',
        '"delete from the file what is not needed"',
        '"Create a table of rules"',
        '"drop the line from the bill"',
        '"cost/estimate"',
        '"SELECTED"',
    ],
)
def test_words_for_people_pass(tmp_path: Path, code: str) -> None:
    """Sentences that use the same words are no breach."""
    assert check([planted(tmp_path, "src/outlay/cost/x.py", f"x = {code}\n")]) == []


def test_docstrings_the_store_and_other_code_are_left_alone(tmp_path: Path) -> None:
    """The law is about strings of the package that could be run, outside the room that assembles statements."""
    statement = '"SELECT a FROM b"\n'
    doc = planted(tmp_path, "src/outlay/cost/x.py", f"def f() -> None:\n    {statement}")
    store = planted(tmp_path, "src/outlay/store/x.py", f"x = {statement}")
    test = planted(tmp_path, "tests/engines/test_x.py", f"x = {statement}")
    assert check([doc, store, test]) == []
