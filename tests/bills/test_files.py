import gzip
import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from outlay.bills.take_in import Request, take_in
from outlay.errors import BadInput, Unreadable
from outlay.store import Store
from outlay.terms.take_in import TakeIn
from tests.bills.making import LINE, billed, charges, focus, left_behind, text_of, written

PLAIN = text_of([{"ServiceName": "Générateur"}, {"BilledCost": "2"}])
FORMS = {
    "plain": PLAIN.encode(),
    "gzip": gzip.compress(PLAIN.encode()),
    "gzip in two members": gzip.compress(PLAIN.encode()[:100]) + gzip.compress(PLAIN.encode()[100:]),
    "UTF-8 with a mark": PLAIN.encode("utf-8-sig"),
    "UTF-16": PLAIN.encode("utf-16"),
    "UTF-16 big-endian": b"\xfe\xff" + PLAIN.encode("utf-16-be"),
    "CRLF": PLAIN.replace("\n", "\r\n").encode(),
    "carriage returns alone": PLAIN.replace("\n", "\r").encode(),
    "semicolons": text_of([{"ServiceName": "Générateur"}, {"BilledCost": "2"}], delimiter=";").encode(),
    "tabs": text_of([{"ServiceName": "Générateur"}, {"BilledCost": "2"}], delimiter="\t").encode(),
    "no line end at the end": PLAIN.rstrip("\n").encode(),
    "names in another case": PLAIN.replace("ServiceName", "servicename").encode(),
}


def imported(store: Store, path: Path, content: bytes | str, now: datetime, **request: str) -> TakeIn:
    """Write content and take it in."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return take_in(store, focus(), Request([path], encoding=request.get("encoding")), now=now)


@pytest.mark.parametrize("form", FORMS)
def test_a_file_in_any_form_says_the_same(own: Store, tmp_path: Path, now: datetime, form: str) -> None:
    """Packing, marks, encodings, line ends and delimiters change nothing about the charges."""
    result = imported(own, tmp_path / "bill", FORMS[form], now)
    assert (result.lines, result.landed, result.problems, result.matches) == (2, 2, (), True)
    assert [(r["line"], r["service_name"], r["billed_cost"]) for r in charges(own)] == [
        (2, "Générateur", Decimal("1.5")),
        (3, "Amazon S3", Decimal(2)),
    ]


def test_latin_1_is_read_when_it_is_named_and_refused_by_line_when_not(
    own: Store, tmp_path: Path, now: datetime
) -> None:
    """Without --encoding only the lines that are no UTF-8 are problems; with it all land."""
    result = imported(own, tmp_path / "bill.csv", PLAIN.encode("latin-1"), now)
    assert [(p.code, p.line, p.column, p.amount) for p in result.problems] == [
        ("bad-encoding", 2, "ServiceName", Decimal("1.5"))
    ]
    assert "--encoding" in result.problems[0].fix
    again = imported(own, tmp_path / "bill.csv", PLAIN.encode("latin-1"), now, encoding="latin-1")
    assert (again.landed, [r["service_name"] for r in charges(own)]) == (2, ["Générateur", "Amazon S3"])


def test_a_byte_that_the_named_encoding_lacks_spoils_only_its_line(own: Store, tmp_path: Path, now: datetime) -> None:
    """A wrong byte in a cp1252 file is a problem of its line, not of the file."""
    content = text_of([{"ServiceName": "?"}, {}]).replace("?", "\x81").encode("latin-1")
    result = imported(own, tmp_path / "bill.csv", content, now, encoding="cp1252")
    assert (result.landed, [(p.code, p.line) for p in result.problems]) == (1, [("bad-encoding", 2)])


@pytest.mark.parametrize(
    ("content", "encoding", "code"),
    [
        (b"", None, "empty-file"),
        pytest.param(gzip.compress(b"", mtime=0), None, "empty-file", id="gzip of nothing"),
        (b"PAR1 and no more", None, "bad-parquet"),
        (PLAIN.encode("utf-16-le"), None, "not-text"),
        (b'"no end\n' + b"x\n" * 30, None, "bad-header"),
        (PLAIN.encode("utf-8"), "utf-16", "unknown-encoding"),
        (PLAIN.encode("utf-8"), "klingon", "unknown-encoding"),
    ],
)
def test_a_file_that_is_not_what_it_claims_is_refused_whole(
    own: Store, tmp_path: Path, now: datetime, content: bytes, encoding: str | None, code: str
) -> None:
    """A file that cannot be read at all is refused with its name and a fix, and nothing is taken in."""
    path = tmp_path / "bill.csv"
    path.write_bytes(content)
    with pytest.raises((Unreadable, BadInput)) as caught:
        take_in(own, focus(), Request([path], encoding=encoding), now=now)
    assert (caught.value.code, bool(caught.value.fix), left_behind(own)) == (code, True, {})


def test_a_path_without_a_file_is_refused(own: Store, tmp_path: Path, now: datetime) -> None:
    """No such file, a folder, and no path at all are refused, and the good file beside them is not taken in."""
    good = written(tmp_path / "good.csv", {})
    for paths in ([good, tmp_path / "absent.csv"], [good, tmp_path], []):
        with pytest.raises(BadInput) as caught:
            take_in(own, focus(), Request(paths), now=now)
        assert (caught.value.code, left_behind(own)) == ("no-file", {})


def test_a_truncated_gzip_gives_what_it_still_holds(own: Store, tmp_path: Path, now: datetime) -> None:
    """What can be unpacked lands, the line that was cut and the file as a whole are problems."""
    lines = [{"BilledCost": "1", "ResourceId": hashlib.sha256(bytes([n])).hexdigest()} for n in range(200)]
    whole = text_of(lines).encode()
    packed = gzip.compress(whole)
    result = imported(own, tmp_path / "bill.csv.gz", packed[: len(packed) // 2], now)
    file, cut = result.problems
    assert (file.code, file.line, file.file, file.amount) == ("truncated", None, "bill.csv.gz", None)
    assert (cut.code, cut.line) == ("truncated", result.landed + 2)
    assert 50 < result.landed < 200
    assert result.lines == result.landed + 1
    assert {row["billed_cost"] for row in charges(own)} == {Decimal(1)}


def test_a_gzip_with_a_broken_middle_gives_what_comes_before(own: Store, tmp_path: Path, now: datetime) -> None:
    """Bytes that were damaged on the way end the file; the lines before them land, the file is named."""
    packed = bytearray(gzip.compress(text_of([{"BilledCost": "1"}]).encode()))
    packed[-8:] = b"\x00" * 8  # the checksum
    result = imported(own, tmp_path / "bill.csv.gz", bytes(packed), now)
    assert (result.landed, [(p.code, p.line) for p in result.problems]) == (1, [("truncated", None)])


def test_quoted_line_ends_keep_physical_line_numbers(own: Store, tmp_path: Path, now: datetime) -> None:
    """A field that holds line ends is one record; the lines after it are numbered as an editor numbers them."""
    lines = [{"ServiceName": "one\ntwo\n\nfour"}, {}, {"BilledCost": "x"}, {"ServiceName": "cr\r\nlf"}, {}]
    result = imported(own, tmp_path / "bill.csv", text_of(lines), now)
    assert [(r["line"], r["service_name"]) for r in charges(own)] == [
        (2, "one\ntwo\n\nfour"),
        (6, "Amazon S3"),
        (8, "cr\r\nlf"),
        (10, "Amazon S3"),
    ]
    assert [(p.line, p.value) for p in result.problems] == [(7, "x")]


def test_blank_lines_are_no_lines_but_are_counted_in_numbers(own: Store, tmp_path: Path, now: datetime) -> None:
    """Blank lines, also at the end, hold nothing; the lines after them keep their numbers."""
    head, first, second = text_of([{}, {}]).splitlines(keepends=True)
    result = imported(own, tmp_path / "bill.csv", head + "\n" + first + "\r\n\n" + second + "\n\n", now)
    assert (result.lines, [r["line"] for r in charges(own)]) == (2, [3, 6])


def test_a_blank_line_and_a_carriage_return_do_not_cancel_out(own: Store, tmp_path: Path, now: datetime) -> None:
    """A record too few and a record too many are not taken for as many as there are lines."""
    head, first, second, third = text_of([{}, {"ServiceName": "a_b"}, {}]).splitlines(keepends=True)
    result = imported(own, tmp_path / "bill.csv", head + first + "\n" + second.replace("a_b", "a\rb") + third, now)
    assert result.lines == 3
    assert [r["line"] for r in charges(own)] + [p.line for p in result.problems] in ([2, 4, 5], [2, 5, 4])


def test_a_header_without_lines_is_an_empty_bill(own: Store, tmp_path: Path, now: datetime) -> None:
    """A header alone is no error: no lines, no money, and known the next time."""
    result = imported(own, tmp_path / "bill.csv", text_of([]), now)
    assert (result.lines, result.landed, result.totals, result.problems) == (0, 0, {}, ())
    assert take_in(own, focus(), Request([tmp_path / "bill.csv"]), now=now).repeated == result.take_in


def test_a_header_over_two_lines_is_read_whole(own: Store, tmp_path: Path, now: datetime) -> None:
    """A column name that holds a line end is one name, and the first line is line 3."""
    content = text_of([{"x_Note": "n"}]).replace("x_Note", '"x_\nNote"')
    result = imported(own, tmp_path / "bill.csv", content, now)
    assert (result.landed, charges(own)[0]["line"], charges(own)[0]["extra"]) == (1, 3, {"x_ Note": "n"})


def test_names_that_stand_twice_in_the_header_are_kept_apart(own: Store, tmp_path: Path, now: datetime) -> None:
    """The first of two columns of one name counts, in whatever case; the others are kept beside it."""
    content = text_of([{"a": "x", "b": 'y"\\', "c": "z"}], header=[*LINE, "a", "b", "c"])
    content = content.replace("Tags,a,b,c", 'Tags,BilledCost,billedcost,"odd""\\name"', 1)
    result = imported(own, tmp_path / "bill.csv", content, now)
    (row,) = charges(own)
    assert (result.totals, row["billed_cost"]) == ({"USD": Decimal("1.5")}, Decimal("1.5"))
    assert row["extra"] == {"BilledCost_12": "x", "billedcost_13": 'y"\\', "odd'/name": "z"}


def test_several_files_are_one_import(store: Store, tmp_path: Path, now: datetime) -> None:
    """Part files land together, each with its place; the same content twice among them lands once."""
    one = written(tmp_path / "part-1.csv", {}, {"ServiceName": "two\nlines"})
    two = tmp_path / "part-2.csv.gz"
    two.write_bytes(gzip.compress(text_of([{"BilledCost": "4"}, {"BilledCost": "?"}]).encode()))
    copy = written(tmp_path / "copy.csv", {}, {"ServiceName": "two\nlines"})
    result = take_in(store, focus(), Request([one, two, copy]), now=now)
    assert (result.files, result.lines, result.landed) == (("part-1.csv", "part-2.csv.gz", "copy.csv"), 6, 3)
    assert result.skipped == {"duplicate-file": 2}
    assert [(p.file, p.line) for p in result.problems] == [("part-2.csv.gz", 3)]
    assert (result.totals, billed(store)) == ({"USD": Decimal(7)}, Decimal(7))


def test_bytes_are_told_while_a_file_is_read(own: Store, tmp_path: Path, now: datetime) -> None:
    """A progress bar hears of every byte."""
    path, heard = written(tmp_path / "bill.csv", {}), list[int]()
    take_in(own, focus(), Request([path], advance=heard.append), now=now)
    assert sum(heard) == path.stat().st_size


def test_times_keep_their_offset(store: Store, tmp_path: Path, now: datetime) -> None:
    """No zone means UTC, an offset is honoured, a day is its midnight."""
    starts = ["2026-10-05T01:30:00+02:00", "2026-10-05 01:30:00", "2026-10-05", "2026-10-05T01:30:00.5-01:00"]
    imported(store, tmp_path / "bill.csv", text_of([{"ChargePeriodStart": s} for s in starts]), now)
    assert [row["charge_period_start"] for row in charges(store)] == [
        datetime(2026, 10, 4, 23, 30, tzinfo=UTC),
        datetime(2026, 10, 5, 1, 30, tzinfo=UTC),
        datetime(2026, 10, 5, tzinfo=UTC),
        datetime(2026, 10, 5, 2, 30, 0, 500_000, tzinfo=UTC),
    ]
