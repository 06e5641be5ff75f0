"""Golden cases: what usage costs by the vendors' own pages, written down from the page and not by running the book."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from outlay.prices.book import Book
from outlay.prices.quote import Quote, quote

HERE = Path(__file__).parent
CASES = sorted((HERE / "cases").glob("*.toml"))


@dataclass(frozen=True)
class Case:
    """One file: usage of one model, and what each part of it costs by the page."""

    said: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> "Case":
        """Read one file."""
        return cls(tomllib.loads(path.read_text(encoding="utf-8")))

    @property
    def parts(self) -> dict[str, Decimal]:
        """Return the amount of each unit by the page."""
        return {unit: Decimal(part["amount"]) for unit, part in self.said["parts"].items()}

    def quoted(self, book: Book) -> Quote:
        """Ask the book."""
        usage = {unit: part["quantity"] for unit, part in self.said["parts"].items()}
        used_at: datetime = self.said["used_at"]
        return quote(book, self.said["provider"], self.said["model"], usage, used_at, self.said.get("context"))


def disagreements() -> dict[str, dict[str, Any]]:
    """Return where page and book differ, by the case's name."""
    said = tomllib.loads((HERE / "disagreements.toml").read_text(encoding="utf-8"))
    return {case: entry for entry in said.get("disagreement", ()) for case in entry["cases"]}


def test_there_are_cases_of_every_kind() -> None:
    """At least sixty combinations of provider, model and context, each from a page that is named."""
    read = [Case.read(path) for path in CASES]
    combinations = {(c.said["provider"], c.said["model"], str(c.said.get("context"))) for c in read}
    assert len(combinations) >= 60
    assert all(c.said["source"].startswith("https://") for c in read)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_usage_costs_what_the_page_says(book: Book, path: Path) -> None:
    """Every part and the sum are the page's, to the last digit; where they are not, the difference is written down."""
    case = Case.read(path)
    for part in case.said["parts"].values():
        assert Decimal(part["amount"]) == part["quantity"] * Decimal(part["price"]) / part["per"]
    assert sum(case.parts.values()) == Decimal(case.said["amount"])
    found = case.quoted(book)
    parts = {part.unit: part.amount for part in found.parts}
    noted = disagreements().get(path.stem)
    if noted is None:
        assert found.unpriced == ()
        assert parts == case.parts
        assert found.amount == Decimal(case.said["amount"])
        assert found.currency == "USD"
    else:
        assert parts != case.parts, "the page and the book agree: take the case out of disagreements.toml"
        assert str(found.amount.normalize()) == noted["book"][path.stem]


def test_every_disagreement_is_about_a_case_and_has_a_reason() -> None:
    """What page and book disagree about names both and says why."""
    names = {path.stem for path in CASES}
    for case, entry in disagreements().items():
        assert case in names
        assert entry["why"].strip()
        assert entry["book"].keys() == set(entry["cases"])
