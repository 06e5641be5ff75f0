"""Parts of a whole, as people type them: a percentage, or a number below one; to a millionth."""

from decimal import Decimal, InvalidOperation

from outlay.errors import BadInput
from outlay.terms.money import EXACT

#: A part is whole in millionths.
PARTS = 1_000_000
_PERCENT = Decimal(100)


def read_part(text: object, what: str) -> Decimal:
    """Read a part of a whole: `30%`, or `0.3`.

    >>> read_part("30%", "the share"), read_part("0.3", "the share"), read_part("30", "the share")
    (Decimal('0.3'), Decimal('0.3'), Decimal('0.3'))

    Raises:
        BadInput: It is not a number from 0 to 100 %, is finer than a millionth, or is a bare 1, which could be 1 % or
            all.
    """
    said = str(text).strip()
    fix = "write a percentage such as 30%, or a part such as 0.3"
    try:
        value = Decimal(said.removesuffix("%").strip())
    except InvalidOperation as error:
        raise BadInput(f"{what} is {said!r}, which is not a number", fix=fix) from error
    if not value.is_finite() or not 0 <= value <= _PERCENT:
        raise BadInput(f"{what} is {said!r}, which is not a part of a whole", fix=fix)
    if value == 1 and not said.endswith("%"):
        raise BadInput(f"{what} is {said!r}, which could mean 1 % or all of it", fix="write 1% or 100%")
    part = EXACT.divide(value, _PERCENT) if said.endswith("%") or value > 1 else value
    if part * PARTS != int(part * PARTS):
        raise BadInput(f"{what} is {said!r}, which is finer than a millionth", fix=fix)
    return part.normalize() if part else Decimal(0)
