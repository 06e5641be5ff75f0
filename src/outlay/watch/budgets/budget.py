"""Budgets as they are written: `[[budget]]` and `[[call_budget]]` tables of `outlay.toml`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from outlay.terms.attribution import ATTRIBUTION
from outlay.terms.currency import CURRENCIES

#: What a budget can be for: what both the ledger and usage name.
SCOPES = (*ATTRIBUTION, "model")
_NAME = re.compile(r"\S(.{0,98}\S)?")
_KEYS = ("name", "amount", "currency", "each", "warn_at", "deny", *SCOPES)
_CALL_KEYS = ("feature", "input_per_call", "output_per_call", "alert_multiplier", "least_calls", "model", "escalate")
_WARN_AT = Decimal("0.8")
#: Ordinary prompts differ by less than this; above it something has changed.
_MULTIPLIER = Decimal("1.4")
_LEAST_CALLS = 100
_MOST = Decimal(10) ** 15


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent in a calendar month (UTC).

    Args:
        name: What it is called; no two have the same name.
        amount: Money a month.
        currency: Its currency; amounts in others are not added up.
        scope: Value by dimension: what counts. Nothing is everything.
        each: The dimension each of whose values may spend the amount; None for one budget of all.
        warn_at: The part of the amount from which on it is a warning, from 0 to 1.
        deny: Whether what is over it is to be denied, rather than warned of.
    """

    name: str
    amount: Decimal
    currency: str
    scope: Mapping[str, str] = field(default_factory=dict)
    each: str | None = None
    warn_at: Decimal = _WARN_AT
    deny: bool = False


@dataclass(frozen=True, slots=True)
class CallBudget:
    """What one call of a feature may use, and the models it may ask.

    Args:
        feature: The feature.
        input_per_call: Tokens that go in, those read from and written to a cache included; None for any.
        output_per_call: Tokens that come out; None for any.
        alert_multiplier: How many times the budget is too much.
        least_calls: With fewer calls than that nothing is said.
        model: The model that is asked; None for any.
        escalate: Models that may be asked as well.
    """

    feature: str
    input_per_call: Decimal | None = None
    output_per_call: Decimal | None = None
    alert_multiplier: Decimal = _MULTIPLIER
    least_calls: int = _LEAST_CALLS
    model: str | None = None
    escalate: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Budgets:
    """All budgets of a configuration, in order."""

    monthly: tuple[Budget, ...] = ()
    of_calls: tuple[CallBudget, ...] = ()

    def __bool__(self) -> bool:
        """Say whether there is any."""
        return bool(self.monthly or self.of_calls)


def read_budgets(monthly: object, of_calls: object, flaws: list[str]) -> Budgets:
    """Read the tables of a configuration whose decimals are decimals.

    Args:
        monthly: The `[[budget]]` tables.
        of_calls: The `[[call_budget]]` tables.
        flaws: Gets a line for everything that cannot be used, with how to mend it.

    >>> flaws = []
    >>> table = {"name": "search", "amount": 500, "currency": "USD", "feature": "search.answer"}
    >>> read_budgets([table], [], flaws).monthly[0].scope, flaws
    ({'feature': 'search.answer'}, [])
    """
    found = Budgets(
        tuple(_monthly(table, number, flaws) for number, table in _tables("budget", monthly, flaws)),
        tuple(_of_calls(table, number, flaws) for number, table in _tables("call_budget", of_calls, flaws)),
    )
    flaws += [f"budget {name}: there are two of that name" for name in _twice([one.name for one in found.monthly])]
    flaws += [f"call_budget {name}: there are two" for name in _twice([one.feature for one in found.of_calls])]
    return found


def _tables(name: str, found: object, flaws: list[str]) -> list[tuple[int, Mapping[str, Any]]]:
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        flaws.append(f"{name}: write every one as a [[{name}]] table")
        return []
    return list(enumerate(found, start=1))


def _twice(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if name and names.count(name) > 1})


def _monthly(table: Mapping[str, Any], number: int, flaws: list[str]) -> Budget:
    name = _text(table.get("name", ""))
    where = f"budget {name or number}"
    flaws += [f"{where}: {key} is no key; there are {', '.join(_KEYS)}" for key in table if key not in _KEYS]
    if not _NAME.fullmatch(name):
        flaws.append(f"{where}: give it a name of at most 100 letters")
    amount = _positive(table.get("amount"))
    if amount is None:
        flaws.append(f"{where}: say how much a month, for example amount = 500")
    currency = _text(table.get("currency", ""))
    if currency not in CURRENCIES:
        flaws.append(f'{where}: say in which currency, an ISO 4217 code in capitals such as currency = "USD"')
    scope = {key: _text(table[key]) for key in SCOPES if key in table}
    flaws += [f'{where}: {key} is a text such as {key} = "..."' for key, value in scope.items() if not value]
    each = table.get("each")
    if each is not None and (each not in SCOPES or each in scope):
        flaws.append(f"{where}: each is one of {', '.join(key for key in SCOPES if key not in scope)}")
        each = None
    warn_at = _positive(table.get("warn_at", _WARN_AT))
    if warn_at is None or warn_at > 1:
        flaws.append(f"{where}: warn_at is a part of the amount, above 0 and at most 1")
    deny = table.get("deny", False)
    if not isinstance(deny, bool):
        flaws.append(f"{where}: deny is true or false")
    return Budget(name, amount or Decimal(1), currency, scope, each, warn_at or _WARN_AT, deny is True)


def _of_calls(table: Mapping[str, Any], number: int, flaws: list[str]) -> CallBudget:
    feature = _text(table.get("feature", ""))
    where = f"call_budget {feature or number}"
    flaws += [f"{where}: {key} is no key; there are {', '.join(_CALL_KEYS)}" for key in table if key not in _CALL_KEYS]
    if not feature:
        flaws.append(f'{where}: say of which feature, for example feature = "search.answer"')
    tokens: dict[str, Decimal | None] = {}
    for key in ("input_per_call", "output_per_call"):
        tokens[key] = _positive(table.get(key))
        if key in table and tokens[key] is None:
            flaws.append(f"{where}: {key} is a number of tokens above 0")
    multiplier = _positive(table.get("alert_multiplier", _MULTIPLIER))
    if multiplier is None or multiplier < 1:
        flaws.append(f"{where}: alert_multiplier is how many times the budget is too much, at least 1")
    least = table.get("least_calls", _LEAST_CALLS)
    if isinstance(least, bool) or not isinstance(least, int) or not 1 <= least <= _MOST:
        flaws.append(f"{where}: least_calls is a whole number above 0")
        least = _LEAST_CALLS
    model, escalate = table.get("model"), table.get("escalate", [])
    if model is not None and not _text(model):
        flaws.append(f'{where}: model is a text such as model = "gpt-5-mini"')
    if not isinstance(escalate, list) or not all(_text(each) for each in escalate):
        flaws.append(f'{where}: escalate is a list of models such as escalate = ["gpt-5"]')
        escalate = []
    if escalate and model is None:
        flaws.append(f"{where}: say which model is asked before it escalates: model")
    if not any(key in table for key in ("input_per_call", "output_per_call", "model")):
        flaws.append(f"{where}: it limits nothing; set input_per_call, output_per_call or model")
    return CallBudget(
        feature,
        tokens["input_per_call"],
        tokens["output_per_call"],
        multiplier or _MULTIPLIER,
        least,
        _text(model) or None,
        tuple(map(_text, escalate)),
    )


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _positive(value: object) -> Decimal | None:
    """Return a number above 0 and not beyond any money; None of anything else."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    return number if number.is_finite() and 0 < number < _MOST else None
