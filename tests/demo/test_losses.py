"""Every fault that is injected is found under its right name, with its amount, alone and with all others."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from outlay.demo.losses import FAULTS, NONE, Losses
from outlay.store import Store
from outlay.store.tables.reconciled import PARTS
from tests.demo.losing import Faulty, cleared, priced, reconciled, write
from tests.laws.world import read, total

ALL = Losses(
    unseen=50,
    timeouts=30,
    doubled="export-service",
    batch="analytics.insights",
    dearer=("gpt-5.4", 20, date(2026, 10, 9)),
    restated=("claude-sonnet-5", 8, date(2026, 10, 6), date(2026, 10, 8)),
    zone=("openai", date(2026, 10, 11)),
)
ALONE = {
    "unseen": replace(NONE, unseen=ALL.unseen),
    "price": replace(NONE, dearer=ALL.dearer),
    "counted_twice": replace(NONE, doubled=ALL.doubled),
    "timed_out": replace(NONE, timeouts=ALL.timeouts),
    "context": replace(NONE, batch=ALL.batch),
    "restatement": replace(NONE, restated=ALL.restated),
    "timing": replace(NONE, zone=ALL.zone),
}
#: A found amount is right within this part of the true one.
_NEAR = Decimal("0.02")


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """A store that knows prices and nothing else; list prices take longer to learn than all the rest."""
    made = priced()
    yield made
    made.drop()


def found(store: Store, faulty: Faulty) -> dict[str, Decimal]:
    """Reconcile the days, and return what each cause came to; of timing, what was moved."""
    cleared(store)
    reconciled(store, faulty)
    hold(store)
    amounts = {name: total(read(store, f"SELECT {name} AS amount FROM reconciliation")) for name in PARTS}
    moved = read(store, "SELECT amount FROM gap_evidence WHERE cause = 'timing'")
    return amounts | {"timing": total(moved)}


def hold(store: Store) -> None:
    """Add the parts up again: in every row they sum to its gap."""
    parts = " + ".join(PARTS)
    off = f"SELECT * FROM reconciliation WHERE billed - estimated <> {parts}"
    assert not read(store, off)


def near(amount: Decimal, true: Decimal) -> bool:
    """Say whether an amount is within two percent of the true one."""
    return abs(amount - true) <= abs(true) * _NEAR


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found_under_its_right_name(name: str, store: Store, tmp_path: Path) -> None:
    """Alone, its cause has its amount within two percent, and no other cause has a fiftieth of it."""
    faulty = write(tmp_path, ALONE[name])
    amounts, true = found(store, faulty), faulty.truth[name]
    assert set(faulty.truth) == {name}
    assert near(amounts[name], true), (amounts[name], true)
    others = {cause: amounts[cause] for cause in PARTS if cause not in (name, "credits_and_tax")}
    assert not {cause: amount for cause, amount in others.items() if abs(amount) > abs(true) * _NEAR}


def test_all_faults_together_are_told_apart(store: Store, tmp_path: Path) -> None:
    """Five calls in a hundred unseen, seven faults at once: each amount is within two percent of its own truth."""
    faulty = write(tmp_path, ALL)
    amounts = found(store, faulty)
    assert set(faulty.truth) == set(FAULTS)
    wrong = {name: (amounts[name], true) for name, true in faulty.truth.items() if not near(amounts[name], true)}
    assert not wrong


def test_a_story_without_faults_has_none_to_find(store: Store, tmp_path: Path) -> None:
    """Rounding aside, what the providers bill is what was seen: the ordinary story's timeouts are all that is named."""
    faulty = write(tmp_path, NONE)
    amounts = found(store, faulty)
    assert faulty.truth == {}
    named = {name for name in PARTS if abs(amounts[name]) > 1}
    assert named == {"timed_out", "credits_and_tax"}
