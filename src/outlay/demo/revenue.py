"""The customers: who they are, how much they use, what they pay.

Comes in: the seed and the scale. Goes out: the roster, random picks of who calls, `customers.csv` and
`revenue.csv`. Names are invented syllables; no company is meant.
"""

from bisect import bisect
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from random import Random

from outlay.demo.season import MONTHS

#: Per 400 customers: segment -> (customers, users each, base traffic weight).
_SEGMENTS = {"enterprise": (40, 120, 26_000), "mid-market": (120, 30, 6_500), "starter": (240, 6, 1_200)}
#: Plans of a segment with their monthly price in USD.
_PLANS = {
    "enterprise": (("enterprise", 2_400), ("enterprise-plus", 4_800)),
    "mid-market": (("business", 490), ("business-plus", 890)),
    "starter": (("starter", 49), ("starter-plus", 99)),
}
_HEADS = ("Bo", "Cal", "Dru", "Ev", "Fen", "Gal", "Hov", "Il", "Jar", "Kel", "Lum", "Mor", "Nev", "Or", "Pra", "Quil")
_MIDDLES = ("a", "ba", "da", "e", "fi", "go", "i", "lo", "mi", "no", "o", "ra", "su", "ta", "u", "vo", "wi", "za")
_TAILS = ("beth", "dran", "fex", "gorn", "lith", "mund", "nar", "phin", "quor", "rim", "sta", "thane", "vex", "wick")


@dataclass(frozen=True, slots=True)
class Customer:
    """A paying customer.

    Args:
        customer: Its stable id.
        name: An invented word.
        segment: `enterprise`, `mid-market` or `starter`.
        plan: What it pays for.
        status: `active`, `trial` or `churned`.
        started_on: First day as a customer.
        users: Number of its users.
        weight: Its traffic relative to the others'.
        fee: Monthly subscription in USD.
        tags_documents: Whether it asked for automatic tagging before everyone got it.
    """

    customer: str
    name: str
    segment: str
    plan: str
    status: str
    started_on: date
    users: int
    weight: int
    fee: Decimal
    tags_documents: bool

    def uses(self, month: int) -> bool:
        """Say whether it is a customer in the month with this index (0 or 1) of the story."""
        return self.started_on < MONTHS[month].end and not (self.status == "churned" and month == 1)


class Crowd:
    """The customers of one month, from whom callers are picked by their weight.

    Args:
        customers: All customers.
        month: Index of the month.
    """

    def __init__(self, customers: list[Customer], month: int) -> None:
        self._who = [customer for customer in customers if customer.uses(month)]
        self._until = list(accumulate(customer.weight for customer in self._who))

    def pick(self, rng: Random) -> tuple[Customer, str]:
        """Return a customer and one of its users; both follow a power law."""
        customer = self._who[bisect(self._until, int(rng.random() * self._until[-1]))]
        luck = rng.random()
        # The cube makes few users busy and most of them rare, with multiplications only: the same on any machine.
        return customer, f"u-{customer.customer[5:]}-{int(customer.users * luck * luck * luck) + 1:03d}"


def roster(seed: int, scale: int) -> list[Customer]:
    """Return all customers, 400 per unit of scale, in order of id."""
    rng = Random(f"{seed}/roster")  # noqa: S311 - a story, not a secret
    found: list[Customer] = []
    for segment, (count, users, weight) in _SEGMENTS.items():
        ranks = sorted(range(count * scale), key=lambda _: rng.random())
        for nth, rank in enumerate(ranks):
            found.append(_customer(rng, len(found), segment, users, weight * scale // (rank + 4 * scale), nth))
    return found


def _customer(rng: Random, index: int, segment: str, users: int, weight: int, nth: int) -> Customer:
    plan, fee = _PLANS[segment][rng.random() < 0.3]  # noqa: PLR2004 - three in ten take the larger plan
    status, started = "active", date(2023, 1, 1) + timedelta(days=int(rng.random() * 1_300))
    if segment != "enterprise" and nth % 50 == 7:  # noqa: PLR2004
        status = "churned"
    elif segment == "starter" and nth % 40 == 3:  # noqa: PLR2004
        status, fee = "trial", 0
    elif nth % 60 == 11:  # noqa: PLR2004
        started = date(2026, 10, 1) + timedelta(days=int(rng.random() * 4))
    if segment == "starter" and status == "active" and nth % 48 == 5:  # noqa: PLR2004
        weight = weight * 12 + 2_500  # a few small customers use the product like large ones
    asked = rng.random() < (0.5 if segment == "enterprise" else 0.25)
    return Customer(
        customer=f"cust-{index + 1:04d}",
        name=_name(index),
        segment=segment,
        plan=plan,
        status=status,
        started_on=started,
        users=users,
        weight=max(weight, 1),
        fee=Decimal(fee),
        tags_documents=asked,
    )


def _name(index: int) -> str:
    """Return an invented word, another one for every index below 4,032 and numbered after that."""
    many = len(_HEADS) * len(_MIDDLES) * len(_TAILS)
    lap, place = divmod(index, many)
    place = place * 1_613 % many  # a prime step walks through all words without repeating one
    head, rest = divmod(place, len(_MIDDLES) * len(_TAILS))
    middle, tail = divmod(rest, len(_TAILS))
    word = _HEADS[head] + _MIDDLES[middle] + _TAILS[tail]
    return f"{word} {lap + 1}" if lap else word


def write(folder: Path, customers: list[Customer]) -> None:
    """Write `customers.csv` and `revenue.csv` (customer, month, kind, amount, currency) into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["customer,name,segment,plan,status,started_on"]
    lines += [f"{c.customer},{c.name},{c.segment},{c.plan},{c.status},{c.started_on}" for c in customers]
    (folder / "customers.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    lines = ["customer,month,kind,amount,currency"]
    for index, month in enumerate(MONTHS):
        for nth, customer in enumerate(customers):
            if customer.uses(index):
                lines += [f"{customer.customer},{month.name},{what},USD" for what in _paid(customer, nth, index)]
    (folder / "revenue.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _paid(customer: Customer, nth: int, month: int) -> list[str]:
    """Return `kind,amount` for what a customer pays in a month."""
    if not customer.fee:
        return []
    paid = [f"subscription,{customer.fee:.2f}"]
    if customer.segment == "enterprise" and nth % 3 == 0:
        paid.append(f"usage,{customer.fee * Decimal(12 + nth % 9 + month).scaleb(-2):.2f}")
    if nth % 45 == 9:  # noqa: PLR2004
        paid.append(f"refund,{customer.fee * Decimal('-0.1'):.2f}")
    return paid
