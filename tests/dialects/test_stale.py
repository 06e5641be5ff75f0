import json
import shutil
from pathlib import Path

import pytest

from tests.dialects.made_of import NODE, RECORDINGS, ROOT, changed, names, parts, stamp
from tests.dialects.playing import wanted


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Return a copy of the tree with only what recordings are made of, and a folder for the recordings of each."""
    shutil.copytree(ROOT / "tests" / "dialects", tmp_path / "tests" / "dialects")
    for name in names():
        (tmp_path / "recordings" / name).mkdir(parents=True)
        stamp(name, tmp_path, tmp_path / "recordings")
    return tmp_path


def stale(house: Path) -> dict[str, list[str]]:
    """Return what changed, by emitter, of those that are stale."""
    found = {name: changed(name, house, house / "recordings") for name in names(house)}
    return {name: since for name, since in found.items() if since}


def test_what_is_stamped_is_fresh_until_a_part_changes(house: Path) -> None:
    """A changed pin makes one emitter stale, and is named; stamping it again ends that."""
    assert stale(house) == {}
    pin = "tests/dialects/requirements/langfuse.txt"
    (house / pin).write_text("langfuse==999", encoding="utf-8")
    assert stale(house) == {"langfuse": [pin]}
    stamp("langfuse", house, house / "recordings")
    assert stale(house) == {}


def test_a_changed_server_makes_all_stale_and_a_driver_its_own(house: Path) -> None:
    """The server answers everybody; what the drivers share is shared by those in Python only."""
    with (house / "tests/dialects/fake_llm.py").open("a", encoding="utf-8") as file:
        file.write("# other answers\n")
    assert set(stale(house)) == set(names())
    for name in names():
        assert all((ROOT / part).is_file() for part in parts(name) if part != "recorder")
        assert ("tests/dialects/emitters/sending.py" in parts(name)) == (name != NODE)


def test_recordings_nobody_stamped_are_stale(house: Path) -> None:
    """Without a fingerprint, nobody knows what made them."""
    (house / "recordings" / NODE / "made_of.json").unlink()
    assert stale(house) == {NODE: sorted(parts(NODE, house))}


def test_only_what_is_stale_is_played_unless_all_is_asked_for(
    house: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the machine runs each time is done at once when nothing changed, and says why when something did."""
    for name in ("ALL", "RECORD"):
        monkeypatch.delenv(name, raising=False)
    assert wanted(house, house / "recordings") == []
    assert capsys.readouterr().out == "no recording is stale; ALL=1 plays all emitters\n"
    driver = "tests/dialects/emitters/vercel/send.mjs"
    (house / driver).write_text("// nothing", encoding="utf-8")
    assert wanted(house, house / "recordings") == [NODE]
    assert capsys.readouterr().out == f"{NODE}: its recordings are stale, changed since: {driver}\n"
    monkeypatch.setenv("ALL", "1")
    assert wanted(house, house / "recordings") == names()


def test_fingerprints_are_kept_beside_the_recordings() -> None:
    """Each emitter has one, of parts that are below the root."""
    for name in names():
        held = json.loads((RECORDINGS / name / "made_of.json").read_text(encoding="utf-8"))
        assert held.keys() == parts(name).keys()
