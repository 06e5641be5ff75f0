from decimal import Decimal
from pathlib import Path

import pytest

from outlay.errors import BadInput, OutlayError, UnknownName, Unreadable
from outlay.explain.localize import read_table

_HEAD = "feature,model,actual,expected\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A path for a table."""
    return tmp_path / "table.csv"


@pytest.mark.parametrize(
    "text",
    [
        "feature,model,actual,expected\nchat,m-1,1.50,2\ntags,m-2,,3e-2\n",
        "\ufefffeature,model,actual,expected\r\nchat,m-1,1.50,2\r\n\r\ntags,m-2,,3e-2\r\n",
        '"feature","model","actual","expected"\n"chat","m-1","1.50"," 2 "\n"tags","m-2","","3e-2"\n',
        "feature; model; actual; expected\nchat;m-1;1.50;2\ntags;m-2;;3e-2\n",
        "feature\tmodel\tactual\texpected\nchat\tm-1\t1.50\t2\ntags\tm-2\t\t3e-2",
        ",feature,model,expected,actual\n0,chat,m-1,2,1.50\n1,tags,m-2,3e-2,\n",
    ],
)
def test_a_table_is_read_however_it_was_written(file: Path, text: str) -> None:
    """A BOM, quotes, other delimiters, empty lines, a numbered first column, columns in any order: the same table."""
    file.write_text(text, encoding="utf-8", newline="")
    table, problems = read_table(file, "actual", "expected")
    assert (table.dimensions, table.values) == (["feature", "model"], [["chat", "tags"], ["m-1", "m-2"]])
    assert [*table.actual, *table.expected] == [Decimal("1.50"), 0, 2, Decimal("0.03")]
    assert not problems


def test_quoted_fields_may_hold_anything(file: Path) -> None:
    """Commas, quotes and line breaks within quotes are part of a value; a line after them is named by its number."""
    file.write_text(_HEAD + '"a, ""b""\nc",m-1,1,2\nchat,m-1,x,2\n', encoding="utf-8")
    table, problems = read_table(file, "actual", "expected")
    assert table.values[0] == ['a, "b"\nc']
    assert [(problem.line, problem.column) for problem in problems] == [(4, "actual")]


@pytest.mark.parametrize(
    "cell", ["1.2.3", "twelve", "nan", "NaN", "inf", "-Infinity", "1e999", "1_000", "$5", "0x1f", "1e26", "--1", "sNaN"]
)
def test_what_is_no_amount_is_a_problem_with_its_line_and_column(file: Path, cell: str) -> None:
    """Such a line is left out, and said by file, line, column and value; the others are read."""
    file.write_text(f"{_HEAD}chat,m-1,1,2\ntags,m-1,4,{cell}\n", encoding="utf-8")
    table, (problem,) = read_table(file, "actual", "expected")
    assert list(table.actual) == [1]
    assert (problem.file, problem.line, problem.column) == ("table.csv", 3, "expected")
    assert (problem.code, problem.value) == ("bad-amount", cell)
    assert problem.fix


def test_a_line_of_another_length_is_a_problem(file: Path) -> None:
    """More fields than the header has, or fewer."""
    file.write_text(f"{_HEAD}chat,m-1,1,2\ntags,m-1,4\ntags,m-1,4,5,6\n", encoding="utf-8")
    _, problems = read_table(file, "actual", "expected")
    assert [(problem.line, problem.code) for problem in problems] == [
        (3, "wrong-column-count"),
        (4, "wrong-column-count"),
    ]


def test_amounts_too_small_for_money_are_rounded_and_not_lost(file: Path) -> None:
    """What binary fractions leave over is kept to 30 places; what is smaller is 0."""
    file.write_text(f"{_HEAD}a,m-1,5.684341886080802e-14,1e-999999\n", encoding="utf-8")
    table, problems = read_table(file, "actual", "expected")
    assert [*table.actual, *table.expected] == [Decimal("5.684341886080802e-14"), 0]
    assert not problems


@pytest.mark.parametrize(
    ("content", "error", "code"),
    [
        (b"", BadInput, "empty-table"),
        (b"\n\n", BadInput, "empty-table"),
        (_HEAD.encode(), BadInput, "empty-table"),
        (b"actual,expected\n1,2\n", BadInput, "no-dimension"),
        (b"feature,actual,expectd\nchat,1,2\n", UnknownName, "unknown-name"),
        (b"feature,actual,actual,expected\nchat,1,1,2\n", BadInput, "column-twice"),
        (b"feature,feature,actual,expected\nchat,x,1,2\n", BadInput, "dimension-twice"),
        (_HEAD.encode() + b"chat,m-1,x,2\n", BadInput, "bad-amount"),
        (_HEAD.encode() + b"caf\xe9,m-1,1,2\n", Unreadable, "bad-encoding"),
        (_HEAD.encode() + b'"chat,m-1,1,2\n', Unreadable, "bad-csv"),
        (b"PK\x03\x04\x00\xff", OutlayError, None),
    ],
)
def test_what_is_no_table_is_refused_with_a_fix(
    file: Path, content: bytes, error: type[OutlayError], code: str | None
) -> None:
    """Nothing in it, no such column, a column twice, no line that can be used, not text, not CSV."""
    file.write_bytes(content)
    with pytest.raises(error) as refused:
        read_table(file, "actual", "expected")
    assert refused.value.fix
    assert code in (None, refused.value.code)


@pytest.mark.parametrize(
    ("actual", "expected", "dimensions"),
    [
        ("actual", "actual", ()),
        ("actual", "expected", ("actual",)),
        ("actual", "expected", ("colour",)),
    ],
)
def test_columns_that_cannot_be_are_refused(
    file: Path, actual: str, expected: str, dimensions: tuple[str, ...]
) -> None:
    """One column as both amounts, an amount as a dimension, a dimension that is not there."""
    file.write_text(f"{_HEAD}chat,m-1,1,2\n", encoding="utf-8")
    with pytest.raises(BadInput if dimensions != ("colour",) else UnknownName):
        read_table(file, actual, expected, dimensions)


def test_chosen_dimensions_add_up_the_others(file: Path) -> None:
    """With some dimensions chosen, lines that differ in the others are added up."""
    file.write_text(f"{_HEAD}chat,m-1,1,2\nchat,m-2,4,5\ntags,m-1,0,1\n", encoding="utf-8")
    table, _ = read_table(file, "actual", "expected", ["feature"])
    assert table.dimensions == ["feature"]
    assert [*table.actual, *table.expected] == [5, 0, 7, 1]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """No such file, or a folder: refused, naming it."""
    for path in (tmp_path / "none.csv", tmp_path, Path("a\0b")):
        with pytest.raises(BadInput, match="cannot be read"):
            read_table(path, "actual", "expected")
