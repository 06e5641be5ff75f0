"""Take-in: what one import made of its files, every line accounted for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from outlay.terms.problem import Problem


@dataclass(frozen=True, slots=True)
class Restatement:
    """An earlier take-in's partition that this one replaces, and what that moves.

    Args:
        take_in: The take-in that is replaced.
        partition: Provider, billing account and billing period, as one readable text.
        currency: Currency of both amounts.
        before: Billed cost of the partition before.
        after: Billed cost of the partition now.
    """

    take_in: str
    partition: str
    currency: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class TakeIn:
    """The result of one import. Law 1: `lines == landed + sum(skipped.values()) + problem_lines`.

    Args:
        take_in: Its id; every row that landed carries it.
        source: Name of the importer.
        files: Names of the files, in the order read.
        lines: Lines (records) the files hold, headers not counted.
        landed: Lines that became charges, usage events or revenue.
        skipped: Lines left out on purpose, by named reason.
        problem_lines: Lines that could not be taken in.
        problems: Those lines with their reasons, the first 10,000; all are in the `problem` table.
        totals: Money landed, by currency (empty for usage events).
        control_totals: Money the source says it holds, by currency, read independently of what landed.
        skipped_totals: Money on the lines left out, by named reason and currency.
        costs: Other costs that landed, by cost (`effective_cost`, ...) and currency, where the format has them.
        control_costs: What the source holds of them, read independently of what landed.
        restated: What this take-in replaces.
        repeated: The earlier take-in that already holds these very files, if one does.
        notes: What people should know and need not mend.
        preview: The first rows that would land, where nothing was to be kept.
    """

    take_in: str
    source: str
    files: tuple[str, ...]
    lines: int
    landed: int
    skipped: Mapping[str, int] = field(default_factory=dict)
    problem_lines: int = 0
    problems: tuple[Problem, ...] = ()
    totals: Mapping[str, Decimal] = field(default_factory=dict)
    control_totals: Mapping[str, Decimal] = field(default_factory=dict)
    skipped_totals: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    costs: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    control_costs: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    restated: tuple[Restatement, ...] = ()
    repeated: str | None = None
    notes: tuple[str, ...] = ()
    preview: tuple[Mapping[str, object], ...] | None = None

    @property
    def differences(self) -> dict[str, Decimal]:
        """Return, by currency, control total minus what landed and what was left out, where that is not zero."""
        zero = Decimal(0)
        gaps = {c: self.control_totals.get(c, zero) - self.totals.get(c, zero) for c in self.totals}
        gaps |= {c: total for c, total in self.control_totals.items() if c not in gaps}
        for left_out in self.skipped_totals.values():
            for currency, amount in left_out.items():
                gaps[currency] = gaps.get(currency, zero) - amount
        return {currency: gaps[currency] for currency in sorted(gaps) if gaps[currency]}

    @property
    def matches(self) -> bool:
        """Say whether what landed meets the control total to the last digit, in every currency."""
        return not self.differences
