from pathlib import Path

import pytest

from tests.house.planting import planted
from tools.laws.no_float_near_money import check


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("x = float('1.5')", "float() is called"),
        ("x = list(map(float, texts))", "a float is declared"),
        ("def f(amount: float) -> None: ...", "a float is declared"),
        ("def f() -> float | None: ...", "a float is declared"),
        ("amount: dict[str, float] = {}", "a float is declared"),
        ("x = amount * 0.1", "the float 0.1"),
        ("x = amount - -0.1", "the float 0.1"),
        ("amount += 1e3", "the float 1000.0"),
        ("x = Decimal(0.1)", "the float 0.1"),
    ],
)
@pytest.mark.parametrize("room", ["terms/x.py", "allocate/deep/x.py", "flow.py"])
def test_a_float_near_money_is_named_with_its_line(tmp_path: Path, line: str, what: str, room: str) -> None:
    """Every way to bring a float into a money room is named by file and line, with a fix."""
    place = planted(tmp_path, f"src/outlay/{room}", f'"""Text."""\n{line}\n')
    (found,) = check([place])
    assert found.startswith(f"{place}:2: {what}")
    assert "Fix: " in found


@pytest.mark.parametrize(
    "line",
    [
        "x = Decimal('0.1') * 3",
        "x = amount > 3",
        "def f(elapsed_s: float, wait_seconds: float = 0.5) -> None: ...",
        "elapsed_s: float = clock() - 0.0",
        "def idle_seconds() -> float: ...",
        "score: float = 1.0  # float is fine: a dimensionless z-score",
    ],
)
def test_decimals_seconds_and_reasoned_statistics_pass(tmp_path: Path, line: str) -> None:
    """Decimals, measured seconds and floats with a stated reason are no breach."""
    assert check([planted(tmp_path, "src/outlay/cost/x.py", line + "\n")]) == []


def test_an_excuse_without_a_reason_does_not_count(tmp_path: Path) -> None:
    """The comment that lifts the law has to say why."""
    place = planted(tmp_path, "src/outlay/cost/x.py", "score: float = 1  # float is fine:\n")
    assert len(check([place])) == 1


def test_a_file_of_statistics_can_be_excused_whole(tmp_path: Path) -> None:
    """A comment on a line of its own, with a reason, lifts the law for one file."""
    text = "# float is fine in this file: ratios without a unit, no amount is kept in one\nx: float = 1.0\n"
    assert check([planted(tmp_path, "src/outlay/explain/x.py", text)]) == []


def test_rooms_without_money_may_use_floats(tmp_path: Path) -> None:
    """The law holds in the rooms that carry money and nowhere else."""
    places = [planted(tmp_path, p, "x = float(1)\n") for p in ("src/outlay/sdk/x.py", "bench/x.py", "terms/x.py")]
    assert check(places) == []
