from pathlib import Path

import pytest

from tests.house.planting import planted
from tools.laws.workplace import WORDS, check


@pytest.mark.parametrize("word", WORDS)
def test_a_mention_of_the_workplace_is_named(tmp_path: Path, word: str) -> None:
    """Each word of the list is found in any text file, in capitals or not."""
    place = planted(tmp_path, "docs/x.md", f"# Page\n\nAs {word.upper()} says.\n")
    (found,) = check([place])
    assert found.startswith(f"{place}:3: ")
    assert "Fix: " in found


def test_a_lock_file_names_only_the_public_registry(tmp_path: Path) -> None:
    """Where a package comes from may be locked, as long as everybody can reach it."""
    line = '"resolved": "https://{}/uplot/-/uplot-1.6.32.tgz",\n'
    private = planted(tmp_path, "a/package-lock.json", line.format("mirror.internal"))
    public = planted(tmp_path, "b/package-lock.json", line.format("registry.npmjs.org"))
    assert len(check([private])) == 1
    assert check([public]) == []


def test_ordinary_words_and_binary_files_pass(tmp_path: Path) -> None:
    """Words that merely resemble the list, and files that are not text, are no breach."""
    prose = planted(tmp_path, "docs/x.md", "It works mainly in shared pools; see our research on engines.\n")
    picture = tmp_path / "x.png"
    picture.write_bytes(b"\0" + WORDS[0].encode())
    assert check([prose, picture]) == []
