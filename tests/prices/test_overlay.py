from pathlib import Path

import pytest

from outlay.errors import BadConfig
from outlay.prices.overlay import read_overlay

GOOD = {
    "provider": '"acme"',
    "model": '"index"',
    "unit": '"read_unit"',
    "amount": "16",
    "per": "1_000_000",
    "currency": '"EUR"',
    "valid_from": "2026-01-01",
    "source": '"price page"',
}


def written(place: Path, **changes: str | None) -> Path:
    """Write one entry, with some fields changed, added or (None) left out."""
    fields = {k: v for k, v in {**GOOD, **changes}.items() if v is not None}
    place.write_text("[[price]]\n" + "".join(f"{k} = {v}\n" for k, v in fields.items()), encoding="utf-8")
    return place


def test_an_entry_is_read_as_it_stands(overlay_file: Path) -> None:
    """Amounts keep every digit, days are midnight UTC, contexts are written as the book writes them."""
    (entry,) = read_overlay(written(overlay_file, amount="0.10", context='{tier = "Flex", processing = "batch"}'))
    assert str(entry["amount"]) == "0.10"
    assert entry["valid_from"].isoformat() == "2026-01-01T00:00:00+00:00"
    assert entry["valid_to"].year == 9999
    assert entry["context"] == "processing=batch;tier=flex"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("unit", None, "unit missing"),
        ("amuont", "1", "did you mean amount"),
        ("amount", "-1", "not negative"),
        ("amount", '"1"', "not a number"),
        ("amount", "inf", "not negative"),
        ("amount", "0.1234567890123", "too many digits"),
        ("per", "0", "at least 1"),
        ("per", "1.5", "at least 1"),
        ("currency", '"EURO"', "ISO 4217"),
        ("valid_from", '"2026-01-01"', "without quotes"),
        ("valid_from", "2026-01-01T00:00:00", "no time zone"),
        ("valid_to", "2025-01-01", "not after valid_from"),
        ("unit", '"Read units"', "not a name"),
        ("pattern", '"["', "regular expression"),
        ("context", '{hours = "night"}', "HH:MM-HH:MM"),
        ("source", '""', "not a text"),
        ("source", '"acme (list price)"', "those words mark price lists"),
        ("size_from", "-1", "at least 0"),
    ],
)
def test_a_bad_field_is_named(overlay_file: Path, field: str, value: str | None, said: str) -> None:
    """The error names file, entry and field, and says how to mend it."""
    with pytest.raises(BadConfig, match=said) as error:
        read_overlay(written(overlay_file, **{field: value}))
    assert str(error.value).startswith("overlay.toml: price 1 (acme index): ")
    assert error.value.fix


def test_two_prices_of_one_thing_at_one_time_are_refused(overlay_file: Path) -> None:
    """Which of two overlapping entries holds would be a guess."""
    text = written(overlay_file).read_text(encoding="utf-8")
    overlay_file.write_text(text + text.replace("16", "17"), encoding="utf-8")
    with pytest.raises(BadConfig, match="prices 1 and 2 are for the same thing"):
        read_overlay(overlay_file)


@pytest.mark.parametrize(("text", "said"), [("[[price", "is not TOML"), ("prices = 1", "prices means nothing")])
def test_a_file_that_is_no_overlay_is_refused(overlay_file: Path, text: str, said: str) -> None:
    """What is not TOML, and what holds no prices, is said to be so."""
    overlay_file.write_text(text, encoding="utf-8")
    with pytest.raises(BadConfig, match=said):
        read_overlay(overlay_file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A wrong path is named."""
    with pytest.raises(BadConfig, match=r"none\.toml"):
        read_overlay(tmp_path / "none.toml")
