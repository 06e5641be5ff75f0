from pathlib import Path

import pytest

from tools.golden import settle


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the expectation of a case stands, in a tree of cases and a shell of its own."""
    monkeypatch.delenv("GOLDEN", raising=False)
    monkeypatch.delenv("FORCE", raising=False)
    return tmp_path / "bills" / "focus" / "plain" / "expected.json"


def written(place: Path, text: str) -> None:
    """Write an expectation as a person would."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


def test_what_is_expected_passes(place: Path, tmp_path: Path) -> None:
    """The same text passes, with or without the last line end."""
    written(place, "1\n")
    settle(place, "1", cases=tmp_path)
    settle(place, "1\n", cases=tmp_path)


def test_a_difference_is_shown(place: Path, tmp_path: Path) -> None:
    """Another text fails, with the lines that differ."""
    written(place, "1\n2\n")
    with pytest.raises(AssertionError, match=r"(?s)bills/focus/plain gives something else.*-2\n\+3"):
        settle(place, "1\n3\n", cases=tmp_path)


def test_a_case_without_expectation_fails_and_says_how_to_write_it(place: Path, tmp_path: Path) -> None:
    """A new case does not pass unseen, and nothing is written unasked."""
    with pytest.raises(AssertionError, match="Fix: make golden NAME=bills/focus/plain"):
        settle(place, "1", cases=tmp_path)
    assert not place.exists()


@pytest.mark.parametrize("name", ["bills", "bills/focus", "bills/focus/plain"])
def test_asking_for_a_case_writes_it(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A case is asked for by its own name or by a folder it is in."""
    monkeypatch.setenv("GOLDEN", name)
    settle(place, "1", cases=tmp_path)
    assert place.read_text(encoding="utf-8") == "1\n"


def test_a_name_that_only_begins_alike_is_another(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for `bills/fo` does not write `bills/focus`."""
    monkeypatch.setenv("GOLDEN", "bills/fo")
    with pytest.raises(AssertionError, match=r"has no expected\.json"):
        settle(place, "1", cases=tmp_path)


def test_an_expectation_is_overwritten_only_by_force(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without FORCE the old expectation stays and the run fails; with it the new one is written."""
    written(place, "1\n")
    monkeypatch.setenv("GOLDEN", "bills/focus")
    with pytest.raises(AssertionError, match="FORCE=1 overwrites"):
        settle(place, "2", cases=tmp_path)
    assert place.read_text(encoding="utf-8") == "1\n"
    monkeypatch.setenv("FORCE", "1")
    settle(place, "2", cases=tmp_path)
    assert place.read_text(encoding="utf-8") == "2\n"
