"""A charge of a provider of models: the columns that all of them fill alike.

Comes in: what a report says of one group. Goes out: a row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from outlay.bills.written import Value
from outlay.errors import BadInput, Unreadable
from outlay.terms.money import EXACT, rounded
from outlay.terms.period import Period

_DAY = timedelta(days=1)
#: A binary number says an amount to about 15 digits; sums of them differ by less than this part of the amount.
_NOISE = Decimal("1e-10")


@dataclass(frozen=True, slots=True)
class Bill:
    """What all charges of one month of one provider share.

    Args:
        provider: Its name.
        account: The organization that is billed.
        month: The month.
        settled_until: Days from this instant on may still change.
    """

    provider: str
    account: str
    month: Period
    settled_until: datetime

    def charge(self, starts_at: datetime, ends_at: datetime, amount: Decimal | None, currency: str | None,
               **columns: Value) -> dict[str, Value]:  # fmt: skip
        """Return a row for one bucket and group.

        Args:
            starts_at: Of the bucket.
            ends_at: Of the bucket, not included.
            amount: What is billed; None makes the line a problem.
            currency: As the provider writes it.
            columns: Further columns of a charge, and others for `extra`.

        Raises:
            Unreadable: The bucket is not within the month that was asked for.
        """
        if not (self.month.starts_at <= starts_at < ends_at <= self.month.ends_at):
            raise Unreadable(
                f"{self.provider} answers with {starts_at:%Y-%m-%dT%H:%MZ} to {ends_at:%Y-%m-%dT%H:%MZ},"
                f" but {self.month.name} was asked for",
                fix="the vendor's answer is not as documented; please report it with this message",
                code="not-as-documented",
            )
        row: dict[str, Value] = {
            "provider": self.provider,
            "billing_account_id": self.account,
            "billing_currency": (currency or "").upper(),
            "billing_period_start": self.month.starts_at,
            "billing_period_end": self.month.ends_at,
            "charge_period_start": starts_at,
            "charge_period_end": ends_at,
            "charge_category": "Usage",
            "charge_class": "Correction" if amount is not None and amount < 0 else None,
            "charge_frequency": "Usage-Based",
            "billed_cost": None if amount is None else rounded(amount),
            "service_category": "AI and Machine Learning",
            "service_subcategory": "Generative AI",
            "service_name": f"{self.provider} API",
            **columns,
        }
        if ends_at > self.settled_until:
            row["estimated"] = "true"
        return row


def model_columns(model: str | None, meter: str | None) -> dict[str, Value]:
    """Return the columns for what was used: the model as events name it, the class of tokens as we do."""
    return {
        "resource_id": model,
        "resource_name": model,
        "resource_type": "Model" if model else None,
        "sku_id": model,
        "sku_meter": meter,
    }


def met(total: Mapping[str, Decimal], summed: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return a vendor's own total, which it writes as a binary number; where only that differs, the sum of the groups.

    >>> met({"USD": Decimal("0.30000000000000004")}, {"USD": Decimal("0.3")})
    {'USD': Decimal('0.3')}
    """
    found = {}
    for currency, amount in total.items():
        own = summed.get(currency, Decimal(0))
        gap = abs(EXACT.subtract(amount, own))
        found[currency] = own if gap <= EXACT.multiply(abs(amount), _NOISE) else rounded(amount)
    return found


def silent_days(days: Period, said: set[datetime], vendor: str) -> list[str]:
    """Return a note when a report leaves days out: that is not the same as a cost of zero."""
    wanted = {days.starts_at + place * _DAY for place in range(days.days)}
    missing = sorted(wanted - said)
    if not missing:
        return []
    named = ", ".join(f"{day:%d}" for day in missing[:5]) + (", ..." if len(missing) > 5 else "")  # noqa: PLR2004 - enough
    return [f"{vendor} says nothing of {len(missing)} days ({named}); that is not zero"]


def dimensions(options: Mapping[str, str], usual: str, known: Sequence[str], source: str) -> list[str]:
    """Read `--option group_by=`.

    Raises:
        BadInput: It names something by which the report cannot be broken out, or nothing.

    >>> dimensions({}, "project_id,line_item", ("project_id", "line_item"), "openai")
    ['project_id', 'line_item']
    """
    text = options.get("group_by", usual)
    found = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    unknown = [name for name in found if name not in known]
    if unknown or not found:
        raise BadInput(
            f"--option group_by={text}: {source} cannot be broken out by {unknown[0] if unknown else 'nothing'}",
            fix=f"name some of {', '.join(known)}",
            code="unknown-group",
        )
    return found
