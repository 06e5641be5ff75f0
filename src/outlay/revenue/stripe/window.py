"""The months an import of Stripe's is about: those asked for, or the last two and this one."""

import re
from datetime import timedelta
from pathlib import Path

from outlay.errors import BadInput
from outlay.revenue.contract import Asked
from outlay.terms.period import Period, next_month

_ACCOUNT = re.compile(r"\w{1,40}", re.ASCII)


def window(asked: Asked) -> Period | None:
    """Return the months that an import says everything about; None for whatever its files hold.

    Without a period, what is fetched is about the two months before this one, and this one.
    """
    if asked.period:
        months = asked.period.months()
        return Period(months[0].first, months[-1].end)
    if not is_fetched(asked):
        return None
    this = asked.now.date().replace(day=1)
    before = (this - timedelta(days=1)).replace(day=1)
    return Period((before - timedelta(days=1)).replace(day=1), next_month(this))


def is_fetched(asked: Asked) -> bool:
    """Say whether an import comes from the API, which says everything, and not from some files."""
    return asked.folder != Path()


def stem(asked: Asked) -> str:
    """Return how the names of fetched files begin: by `--option account=`, several accounts are told apart.

    Raises:
        BadInput: The account is no plain name.
    """
    account = asked.options.get("account", "")
    if account and not _ACCOUNT.fullmatch(account):
        raise BadInput(
            f"--option account={account} is no name", fix="use letters, digits and underscores", code="bad-option"
        )
    return f"stripe@{account}-" if account else "stripe-"
