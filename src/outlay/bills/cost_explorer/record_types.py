"""Record types: what AWS calls the kinds of lines of a bill, and the category of a charge that each is.

Source of the names: the values that Cost Explorer answers for RECORD_TYPE, in the words of the API and of the console.
"""

from typing import NamedTuple


class Kind(NamedTuple):
    """What a record type is as a charge.

    Args:
        category: Usage, Purchase, Tax, Credit or Adjustment; for a type nobody has heard of, its own name, so that its
            lines become problems that show the name and the money.
        charge_class: Correction, or nothing.
        frequency: One-Time, Recurring, Usage-Based, or nothing.
    """

    category: str
    charge_class: str | None = None
    frequency: str | None = None


_USAGE = Kind("Usage", None, "Usage-Based")
_ONCE, _AGAIN = Kind("Purchase", None, "One-Time"), Kind("Purchase", None, "Recurring")
_LESS, _OTHER = Kind("Credit", None, "One-Time"), Kind("Adjustment", None, "Usage-Based")
#: The same categories as those of the lines of a cost export (`aws_cur`).
_KINDS = {
    "usage": _USAGE,
    "discountedusage": _USAGE,
    "reservationappliedusage": _USAGE,
    "savingsplancoveredusage": _USAGE,
    "savingsplannegation": _USAGE,
    "flatratesubscription": _AGAIN,
    "fee": _ONCE,
    "outofcyclecharge": _ONCE,
    "upfront": _ONCE,
    "upfrontreservationfee": _ONCE,
    "savingsplanupfrontfee": _ONCE,
    "rifee": _AGAIN,
    "recurring": _AGAIN,
    "recurringreservationfee": _AGAIN,
    "savingsplanrecurringfee": _AGAIN,
    "support": _AGAIN,
    "supportfee": _AGAIN,
    "tax": Kind("Tax", None, "One-Time"),
    "credit": _LESS,
    "promotionalcredit": _LESS,
    "refund": Kind("Adjustment", "Correction", "One-Time"),
    "other": _OTHER,
}


def kind_of(record_type: str) -> Kind:
    """Return what a record type is as a charge.

    >>> kind_of("Tax").category, kind_of("Enterprise Discount Program Discount").category, kind_of("Novelty").category
    ('Tax', 'Adjustment', 'Novelty')
    """
    plain = "".join(letter for letter in record_type.lower() if letter.isalnum())
    if plain in _KINDS:
        return _KINDS[plain]
    return _OTHER if plain.endswith("discount") else Kind(record_type)
