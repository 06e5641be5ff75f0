from pathlib import Path

import pytest

from outlay.errors import BadConfig
from outlay.prices.overlay.fields import Fault
from outlay.prices.overlay.file import read_overlay
from outlay.prices.source import Stated

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
PERCENT = {"provider": '"acme"', "percent": '"12.5"', "valid_from": "2026-01-01", "source": '"contract 7"'}


def entry(kind: str, fields: dict[str, str], **changes: str | None) -> str:
    """Write one entry, with some fields changed, added or (None) left out."""
    held = {k: v for k, v in {**fields, **changes}.items() if v is not None}
    return f"[[{kind}]]\n" + "".join(f"{k} = {v}\n" for k, v in held.items())


def read(place: Path, *texts: str) -> tuple[tuple[Stated, ...], tuple[Fault, ...]]:
    """Write a file and read what it says and what is wrong with it."""
    place.write_text("".join(texts), encoding="utf-8")
    found = read_overlay(place)
    return found.stated, found.faults


def test_an_entry_is_read_as_it_stands(overlay_file: Path) -> None:
    """Amounts keep every digit, days are midnight UTC, contexts are written as the book writes them."""
    context = '{service_tier = "Flex", processing = "batch", region = "global"}'
    ((found,), faults) = read(overlay_file, entry("price", GOOD, amount='"0.10"', context=context))
    assert faults == ()
    assert str(found["amount"]) == "0.10"
    assert found["valid_from"].isoformat() == "2026-01-01T00:00:00+00:00"
    assert found["valid_to"].year == 9999
    assert found["context"] == "processing=batch;tier=flex"


@pytest.mark.parametrize(
    ("value", "amount"), [('"3.0"', "3.0"), ('"0.0000001"', "1E-7"), ('"1e-7"', "1E-7"), ("7", "7")]
)
def test_an_amount_is_a_whole_number_or_a_text(overlay_file: Path, value: str, amount: str) -> None:
    """What stands in quotes is read digit by digit."""
    ((found,), _) = read(overlay_file, entry("price", GOOD, amount=value))
    assert str(found["amount"]) == amount


BAD = [
    ("unit", None, "unit missing", "missing"),
    ("per", None, "per missing", "missing"),
    ("amuont", "1", "did you mean amount", "bad-overlay"),
    ("amount", "-1", "not negative", "bad-amount"),
    ("amount", '"three"', "not a number", "bad-amount"),
    ("amount", "true", "not a number", "bad-amount"),
    ("amount", "inf", "not negative", "bad-amount"),
    ("amount", "nan", "not negative", "bad-amount"),
    ("amount", '"0.1234567890123"', "too many digits", "bad-amount"),
    ("amount", "3.0", 'write it in quotes, amount = "3.0"', "bad-amount"),
    ("amount", "1e-7", "binary fraction", "bad-amount"),
    ("amount", "1234567.8901234567", "binary fraction", "bad-amount"),
    ("per", "0", "at least 1", "bad-number"),
    ("per", "1.5", "at least 1", "bad-number"),
    ("per", "9223372036854775808", "at least 1", "bad-number"),
    ("currency", '"EURO"', "ISO 4217", "bad-currency"),
    ("valid_from", '"2026-01-01"', "without quotes", "bad-date"),
    ("valid_from", "2026-01-01T00:00:00", "no time zone", "bad-date"),
    ("valid_to", "2025-01-01", "not after valid_from", "bad-overlay"),
    ("unit", '"Read units"', "not a name", "bad-overlay"),
    ("unit", '"discount of everything"', "not a name", "bad-overlay"),
    ("pattern", '"["', "regular expression", "bad-overlay"),
    ("context", '{hours = "night"}', "HH:MM-HH:MM", "bad-overlay"),
    ("context", '{tier = "a;b"}', "stand between", "bad-overlay"),
    ("context", '"flex"', "table of texts", "bad-overlay"),
    ("source", '""', "not a text", "bad-overlay"),
    ("source", '"acme (list price)"', "those words mark price lists", "bad-overlay"),
    ("size_from", "-1", "at least 0", "bad-number"),
    ("threshold", '"marginal"', "is no token", "bad-overlay"),
    ("threshold", '"banded"', 'or "marginal"', "bad-overlay"),
    ("correction", '"yes"', "without quotes", "bad-overlay"),
    ("project", '"a=b"', "stand between", "bad-overlay"),
    ("workspace", '"w-1"', "write it as project", "bad-overlay"),
    ("team", '"t-1"', "not possible here", "bad-overlay"),
]


@pytest.mark.parametrize(("field", "value", "said", "code"), BAD)
def test_a_bad_field_is_named_with_its_line(
    overlay_file: Path, field: str, value: str | None, said: str, code: str
) -> None:
    """The fault names file, line, entry and field, says how to mend it, and costs the next entry nothing."""
    fine = entry("price", GOOD, model='"other"')
    bad = entry("price", GOOD, **{field: value})
    ((kept,), (fault,)) = read(overlay_file, "# ours\n", bad, fine)
    line = 2 if value is None else next(n for n, text in enumerate(bad.splitlines(), 2) if text.startswith(field))
    assert kept["model"] == "other"
    assert (fault.line, fault.field, fault.code) == (line, field, code)
    assert str(fault).startswith(f"overlay.toml:{line}: price 1 (acme index): ")
    assert said in f"{fault} {fault.fix}"
    assert fault.problem.line == line
    assert fault.problem.fix


def test_everything_that_is_wrong_is_told_at_once(overlay_file: Path) -> None:
    """Several faults of several entries come together, also of the same entry, and one error tells them all."""
    texts = entry("price", GOOD, amount="-1", currency='"EURO"'), entry("discount", PERCENT, percent="101")
    _, faults = read(overlay_file, *texts, "[[price]]\nper =\n", entry("price", GOOD))
    assert [fault.line for fault in faults] == [5, 7, 12, 16]
    with pytest.raises(BadConfig) as error:
        read_overlay(overlay_file).refuse_faults()
    assert error.value.message.startswith("overlay.toml has 4 problems:\n")
    assert all(str(fault) in error.value.message for fault in faults)


def test_one_entry_that_is_not_toml_costs_the_others_nothing(overlay_file: Path) -> None:
    """A missing quote spoils its own entry, on its own line, and no other."""
    broken = entry("price", GOOD, model='"index')
    stated, (fault,) = read(overlay_file, entry("price", GOOD), broken, entry("price", GOOD, model='"third"'))
    assert [found["model"] for found in stated] == ["index", "third"]
    assert (fault.line, fault.code) == (12, "not-toml")


def test_two_prices_of_one_thing_at_one_time_are_refused(overlay_file: Path) -> None:
    """Which of two overlapping entries holds would be a guess, so neither does; a third is used."""
    texts = entry("price", GOOD), entry("price", GOOD, amount="17"), entry("price", GOOD, unit='"write_unit"')
    ((kept,), faults) = read(overlay_file, *texts)
    assert kept["unit"] == "write_unit"
    assert [fault.line for fault in faults] == [1, 10]
    assert "price 2 (acme index) on line 10" in faults[0].what


def test_a_context_may_be_a_part_of_its_own(overlay_file: Path) -> None:
    """A table under a header of its own belongs to the entry above it."""
    ((found,), faults) = read(overlay_file, entry("price", GOOD), '[price.context]\ntier = "flex"\n')
    assert (found["context"], faults) == ("tier=flex", ())


def test_several_units_may_stand_in_one_entry(overlay_file: Path) -> None:
    """A table of amounts states one price for each unit, in every other way alike."""
    several = entry("price", GOOD, unit=None, amount=None, amounts='{input = "2.50", output = "10", page = 1}')
    stated, faults = read(overlay_file, several)
    assert faults == ()
    assert [(found["unit"], str(found["amount"])) for found in stated] == [
        ("input", "2.50"),
        ("output", "10"),
        ("page", "1"),
    ]
    _, (fault,) = read(overlay_file, several.replace('"2.50"', "-1"))
    assert (fault.field, fault.code) == ("amounts", "bad-amount")
    _, (missing,) = read(overlay_file, entry("price", GOOD, unit=None))
    assert missing.what == "unit missing"


def test_days_of_the_week_are_checked(overlay_file: Path) -> None:
    """Days are named by three letters, as a span or one by one; anything else is refused."""
    ((found,), _) = read(overlay_file, entry("price", GOOD, context='{days = "Sat-Sun", hours = "01:00-04:00"}'))
    assert found["context"] == "days=sat-sun;hours=01:00-04:00"
    _, (fault,) = read(overlay_file, entry("price", GOOD, context='{days = "weekend"}'))
    assert "sat-sun" in fault.fix


def test_the_example_of_the_documentation_can_be_learnt(overlay_file: Path) -> None:
    """What the page about overlays shows has all six kinds of entries, and nothing is wrong with it."""
    page = (Path(__file__).parents[2] / "docs/add-a-price-source.md").read_text(encoding="utf-8")
    stated, faults = read(overlay_file, page.partition("```toml\n")[2].partition("```")[0])
    assert faults == ()
    assert len(stated) == 9


def test_a_percentage_says_what_it_is_of(overlay_file: Path) -> None:
    """A discount is of everything and an uplift of tokens, unless units are named."""
    texts = (
        entry("discount", PERCENT),
        entry("discount", PERCENT, model='"m-1"', unit='["input", "output"]'),
        entry("uplift", PERCENT, context='{region = "us"}'),
    )
    stated, faults = read(overlay_file, *texts)
    assert faults == ()
    assert [(found["model"], found["unit"], str(found["amount"])) for found in stated] == [
        ("*", "discount of everything", "12.5"),
        ("m-1", "discount of input,output", "12.5"),
        ("*", "uplift of tokens", "12.5"),
    ]


@pytest.mark.parametrize(
    ("kind", "changes", "said"),
    [
        ("discount", {"percent": "101"}, "percent is 101"),
        ("discount", {"percent": None}, "percent missing"),
        ("discount", {"account": '"p"'}, "not possible here"),
        ("discount", {"project": '"p"', "context": '{project = "q"}'}, "another one in context"),
        ("discount", {"model": '"m"', "pattern": '"m.*"'}, "both model and pattern"),
        ("uplift", {}, "context missing"),
        ("uplift", {"context": '{region = "global"}'}, "the ordinary one"),
        ("deployment", {"name": '"gpt"'}, "model missing"),
        ("prices", {}, "did you mean price"),
    ],
)
def test_a_bad_entry_of_another_kind_is_named(
    overlay_file: Path, kind: str, changes: dict[str, str | None], said: str
) -> None:
    """Discounts, uplifts, deployments and what is none of them are held to what they must say."""
    fields = {"provider": '"acme"'} if kind == "deployment" else PERCENT
    stated, faults = read(overlay_file, entry(kind, fields, **changes))
    assert stated == ()
    assert any(said in f"{fault} {fault.fix}" for fault in faults)


@pytest.mark.parametrize(("text", "said"), [("[[price", "not TOML"), ("prices = 1", "did you mean price")])
def test_a_file_that_is_no_overlay_is_refused(overlay_file: Path, text: str, said: str) -> None:
    """What is not TOML, and what holds no prices, is said to be so, on line 1."""
    overlay_file.write_text(text, encoding="utf-8")
    with pytest.raises(BadConfig, match=said) as error:
        read_overlay(overlay_file).refuse_faults()
    assert str(error.value).startswith("overlay.toml:1: ")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A wrong path is named, and so is a file that is no text."""
    with pytest.raises(BadConfig, match=r"none\.toml"):
        read_overlay(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadConfig, match="UTF-8"):
        read_overlay(tmp_path / "bytes.toml")
