from pathlib import Path

import pytest

from tests.house.planting import planted
from tools.laws.no_naive_datetime import check


@pytest.mark.parametrize(
    "code",
    [
        "datetime.now()",
        "datetime.now(None)",
        "datetime.now(tz=None)",
        "datetime.datetime.now()",
        "datetime.utcnow()",
        "datetime.utcfromtimestamp(0)",
        "datetime.fromtimestamp(0)",
        "datetime.today()",
        "date.today()",
        "datetime(2026, 10, 1)",
        "dt.datetime(2026, 10, 1, tzinfo=None)",
        "then.replace(tzinfo=None)",
    ],
)
def test_a_naive_instant_is_named_with_its_line(tmp_path: Path, code: str) -> None:
    """Every way to make an instant without a zone, or to strip it of one, is named by file and line."""
    place = planted(tmp_path, "src/outlay/bills/x.py", f"\nx = {code}\n")
    (found,) = check([place])
    assert found.startswith(f"{place}:2: ")
    assert "Fix: " in found


@pytest.mark.parametrize(
    "code",
    [
        "datetime.now(UTC)",
        "datetime.now(tz=UTC)",
        "datetime.fromtimestamp(0, UTC)",
        "datetime(2026, 10, 1, tzinfo=UTC)",
        "datetime(2026, 10, 1, 0, 0, 0, 0, UTC)",
        "datetime(*parts)",
        "datetime(2026, 10, 1, **zone)",
        "date(2026, 10, 1)",
        "then.replace(tzinfo=UTC)",
        "text.replace('a', 'b')",
    ],
)
def test_an_instant_with_a_zone_passes(tmp_path: Path, code: str) -> None:
    """Aware instants, days and texts are no breach."""
    assert check([planted(tmp_path, "src/outlay/bills/x.py", f"x = {code}\n")]) == []


def test_only_the_store_may_strip_the_zone(tmp_path: Path) -> None:
    """An engine's column is UTC by declaration, so the store hands it instants without a zone; nobody else does."""
    code = "x = then.replace(tzinfo=None)\n"
    assert check([planted(tmp_path, "src/outlay/store/duckdb.py", code)]) == []
    assert len(check([planted(tmp_path, "tests/store/test_x.py", code)])) == 1
