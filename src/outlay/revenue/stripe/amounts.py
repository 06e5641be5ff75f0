"""Amounts as Stripe writes them: whole numbers of a currency's smallest unit, taxes and discounts beside them.

Source: Stripe's page on supported currencies, and its API reference of invoices, line items and credit notes.
"""

from collections.abc import Iterator
from decimal import Decimal

from outlay.fetching.reading import Part
from outlay.terms.currency import CURRENCIES

#: Currencies whose smallest unit is the whole, and those with a thousandth. ISK and UGX are whole as well, but Stripe
#: keeps writing them with two places.
_WHOLE = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())  # noqa: SIM905 - a list of codes
_THOUSANDTHS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


def currency(part: Part) -> str | None:
    """Return the ISO 4217 code of an object; None when it is no currency."""
    code = (part.text("currency") or "").upper()
    return code if code in CURRENCIES else None


def major(minor: Decimal | int, code: str) -> Decimal:
    """Return an amount of smallest units in the currency itself.

    >>> major(1050, "USD"), major(1050, "JPY"), major(1050, "KWD"), major(500, "UGX")
    (Decimal('10.50'), Decimal('1050'), Decimal('1.050'), Decimal('5.00'))
    """
    places = 0 if code in _WHOLE else 3 if code in _THOUSANDTHS else 2
    return Decimal(minor).scaleb(-places)


def net(line: Part) -> int:
    """Return a line's amount after its discounts and the credits spent on it, without tax, in smallest units."""
    discounts = sum(each.count("amount") for each in _listed(line, "discount_amounts"))
    if not discounts:
        discounts = line.count("discount_amount")  # of a credit note's line
    credit = sum(
        each.count("amount")
        for each in _listed(line, "pretax_credit_amounts")
        if each.text("type") == "credit_balance_transaction"
    )
    return line.count("amount") - discounts - credit - _tax(line, is_inclusive=True)


def tax(line: Part) -> int:
    """Return all tax on a line, within its amount or on top of it, in smallest units."""
    return _tax(line, is_inclusive=True) + _tax(line, is_inclusive=False)


def _tax(line: Part, *, is_inclusive: bool) -> int:
    """Return the tax of one kind: `taxes` since the spring of 2025, `tax_amounts` before."""
    found = list(_listed(line, "taxes"))
    if found:
        wanted = "inclusive" if is_inclusive else "exclusive"
        return sum(each.count("amount") for each in found if each.text("tax_behavior") == wanted)
    return sum(
        each.count("amount") for each in _listed(line, "tax_amounts") if bool(each.flag("inclusive")) is is_inclusive
    )


def _listed(part: Part, name: str) -> Iterator[Part]:
    """Yield the objects of a list that may be absent or null."""
    if part.fields.get(name) is not None:
        yield from part.parts(name)
