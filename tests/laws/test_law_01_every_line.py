import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outlay.bills.take_in import Request, take_in
from outlay.store import Store
from tests.bills.making import LINE, focus, left_behind, text_of

NOW = datetime(2026, 11, 2, tzinfo=UTC)
TEXT = st.text(st.sampled_from("ab,;\"\n 'é{}\\"), max_size=8)
GOOD = st.fixed_dictionaries(
    {"BilledCost": st.decimals(-99, 99, places=6).map(str), "ServiceName": TEXT.filter(lambda t: t != "NULL")}
)
BAD = st.sampled_from(
    [
        {"BilledCost": "x"},
        {"BilledCost": ""},
        {"ChargePeriodStart": "soon"},
        {"BillingCurrency": "?"},
        {"ProviderName": ""},
    ]
)
#: Lines that are no records: too short, too long, an open quote, bytes that are no text.
TORN = st.sampled_from(
    [b"AWS,111\n", b"1,2,3,4,5,6,7,8,9,10,11,12,13\n", b'AWS,"111\n', b"\xff\xfe,1,2,3,4,5,6,7,8,9,10\n"]
)
LINES = st.lists(st.one_of(GOOD, GOOD, GOOD, BAD, TORN), max_size=12)
FORM = settings(
    max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def content_of(lines: list[dict[str, str] | bytes]) -> bytes:
    """Return a file: records as the csv module writes them, and torn lines as they are."""
    head = text_of([], header=LINE).encode()
    return head + b"".join(
        line if isinstance(line, bytes) else text_of([line], header=LINE).encode()[len(head) :] for line in lines
    )


@FORM
@given(lines=LINES)
def test_every_line_is_a_charge_a_named_skip_or_a_problem(store: Store, lines: list[dict[str, str] | bytes]) -> None:
    """Lines of the file = charges + skipped + problems, whatever good and broken lines it mixes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bill.csv"
        path.write_bytes(content_of(lines))
        result = take_in(store, focus(), Request([path, path]), now=NOW)
    if result.repeated:
        assert result.lines == sum(result.skipped.values())
        return
    torn = sum(isinstance(line, bytes) for line in lines)
    assert result.lines == result.landed + sum(result.skipped.values()) + result.problem_lines
    assert result.skipped == ({"duplicate-file": result.lines // 2} if lines else {})
    assert result.lines // 2 == len(lines)
    assert len(result.problems) == result.problem_lines >= torn
    assert all(problem.line and problem.fix and problem.file == "bill.csv" for problem in result.problems)


@FORM
@given(lines=st.lists(GOOD, max_size=12))
def test_good_files_have_as_many_charges_as_the_csv_module_counts(store: Store, lines: list[dict[str, str]]) -> None:
    """A file without a broken line lands whole, counted independently, each charge on its physical line."""
    content = content_of([*lines])
    reader = csv.reader(io.StringIO(content.decode(), newline=""))
    counted = sum(1 for _ in reader) - 1
    before = left_behind(store).get("charge", 0)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bill.csv"
        path.write_bytes(content)
        result = take_in(store, focus(), Request([path]), now=NOW)
    assert (result.lines, result.problems) == (counted, ())
    assert result.landed == (0 if result.repeated else counted)
    assert left_behind(store).get("charge", 0) == before + result.landed
