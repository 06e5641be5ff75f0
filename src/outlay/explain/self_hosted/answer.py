"""The answer about self-hosted models: what was used and what was idle, per feature and model, and against buying."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import NamedTuple, cast

from outlay.errors import BadInput
from outlay.explain.rows import ledger
from outlay.explain.self_hosted.bought import against
from outlay.explain.self_hosted.nodes import PROVIDER, UNIT, Held, Node, Weights, held
from outlay.store import Row, Store
from outlay.terms.money import EXACT, rounded, split
from outlay.terms.period import Period

_ZERO = Decimal(0)
_MILLION = 1_000_000
_RATIO = Decimal("0.0001")


class _Work(NamedTuple):
    """Who asked for what: a feature and a model."""

    feature: str | None
    model: str | None


@dataclass(slots=True)
class _Done:
    """What one feature did on one model."""

    calls: int = 0
    prefill: int = 0
    decode: int = 0
    cached: int = 0
    gpu_seconds: Decimal = _ZERO
    active: Decimal = _ZERO
    idle: Decimal = _ZERO

    @property
    def tokens(self) -> int:
        """Return all of its tokens."""
        return self.prefill + self.cached + self.decode


@dataclass(slots=True)
class _Money:
    """What the machines cost, and how it is known what of it was used."""

    currency: str
    idle: Decimal = _ZERO
    unallocated: Decimal = _ZERO
    known_idle: bool = True
    told: list[str] = field(default_factory=list)


def self_hosted(
    store: Store,
    period: Period,
    *,
    rule: str | None = None,
    nodes: Sequence[Node] = (),
    weights: Weights | None = None,
    bought: str | None = None,
) -> dict[str, object]:
    """Say what models on one's own machines cost.

    Args:
        store: Holds the published ledger.
        period: Whole days.
        rule: The rule that gathers the machines' charges; None means every rule that splits by GPU-seconds.
        nodes: Machines by price, in the place of the ledger's.
        weights: Of tokens, where GPU time was not measured; None means the default.
        bought: A model to hold it against, `PROVIDER/MODEL`.

    Returns:
        `held` = `active` + `idle` + `unallocated`, exactly; `utilisation_ratio` (active over held, None when nothing
        tells what was idle); `usage_based` and `allocation_based` cost per million tokens: of active cost only, and of
        all that was held; `rows` per feature and model, with the idle cost shared in proportion to active cost;
        `break_even` against the model that can be bought; `assumptions`.

    Raises:
        BadInput: No machines are found, or nothing ran on them; or they are billed in several currencies.
        UnknownName: The model to hold it against has no price.
    """
    work = _work(store, period)
    weights = weights or Weights()
    money = (
        _by_price(work, held(nodes, period.days * 24), nodes, weights)
        if nodes
        else _by_ledger(store, period, rule, work, weights)
    )
    _share_idle(work, money)
    active = sum((done.active for done in work.values()), _ZERO)
    tokens = sum(done.tokens for done in work.values())
    whole = active + money.idle + money.unallocated
    rows = [_row(key, done, money) for key, done in work.items()]
    rows.sort(key=lambda row: (-cast(Decimal, row["active"]), str(row["feature"])))
    answer: dict[str, object] = {
        "period": str(period),
        "days": period.days,
        "currency": money.currency,
        "held": whole,
        "active": active,
        "idle": money.idle if money.known_idle else None,
        "unallocated": money.unallocated,
        "utilisation_ratio": _ratio(active, whole) if money.known_idle else None,
        "gpu_seconds": sum((done.gpu_seconds for done in work.values()), _ZERO),
        "tokens": tokens,
        "usage_based": _per_million(active, tokens) if money.known_idle else None,
        "allocation_based": _per_million(whole, tokens),
        "rows": rows,
        "break_even": None,
        "assumptions": money.told,
    }
    if bought:
        full = Fraction(tokens) * Fraction(whole) / Fraction(active) if money.known_idle and active else None
        answer["break_even"] = against(store, period, bought, (whole, money.currency), tokens, full)
    return answer


def _work(store: Store, period: Period) -> dict[_Work, _Done]:
    values = {"first": period.first, "end": period.end, "provider": PROVIDER, "unit": UNIT}
    work: dict[_Work, _Done] = {}
    for row in store.rows("explain/self_hosted", values):
        done = work.setdefault(_Work(cast("str | None", row["feature"]), cast("str | None", row["model"])), _Done())
        tokens, cached, decoded = (cast(int, row[name]) for name in ("tokens", "cached", "decoded"))
        done.calls += cast(int, row["calls"])
        done.prefill += tokens - cached - decoded
        done.cached += cached
        done.decode += decoded
        done.gpu_seconds += cast(Decimal, row["held"])
    if not work:
        raise BadInput(
            f"nothing ran on machines of your own in {period}",
            fix=f"send usage events with provider {PROVIDER!r}, or with {UNIT} in their usage, then run `outlay run`",
            code="nothing-self-hosted",
        )
    return work


def _by_ledger(store: Store, period: Period, rule: str | None, work: dict[_Work, _Done], weights: Weights) -> _Money:
    """Take active and idle cost from the ledger's shares; what it could not split is split by tokens."""
    shares = _shares(store, period, rule)
    currencies = sorted({cast(str, row["currency"]) for row in shares})
    if len(currencies) > 1:
        raise BadInput(
            f"these machines are billed in {' and '.join(currencies)}, and amounts of several currencies do not add up",
            fix="name the rule of one currency with --rule",
            code="two-currencies",
        )
    money = _Money(currencies[0])
    rules = ", ".join(sorted({repr(row["rule"]) for row in shares}))
    given = [row for row in shares if row["state"] == "allocated"]
    said = {name: any(row[name] is not None for row in given) for name in ("feature", "model")}
    for row in given:
        meant = [
            key
            for key in work
            if (not said["feature"] or key.feature == row["feature"])
            and (not said["model"] or key.model == row["model"])
        ] or [_Work(cast("str | None", row["feature"]), cast("str | None", row["model"]))]
        _give(work, meant, cast(Decimal, row["amount"]), weights)
    money.idle = sum((cast(Decimal, row["amount"]) for row in shares if row["state"] == "idle"), _ZERO)
    rest = sum((cast(Decimal, row["amount"]) for row in shares if row["state"] == "unallocated"), _ZERO)
    measured = any(row["driver"] == f"unit:{UNIT}" for row in given)
    if not measured:
        # A rule that knows the capacity calls all of it idle when no GPU time was reported, though tokens came out.
        if rest + money.idle:
            _give(work, list(work), rest + money.idle, weights)
        money.idle, money.known_idle = _ZERO, False
        money.told += [f"Costs are what rule {rules} gathered.", _of_tokens(weights), _no_idle()]
        return money
    money.told.append(f"Costs are the ledger's shares of rule {rules}: used and idle as that rule splits them.")
    if rest:
        money.unallocated = rest
        money.told.append("What the rule could not split is shared like idle cost.")
    return money


def _shares(store: Store, period: Period, rule: str | None) -> list[Row]:
    by = ("rule", "driver", "state", "feature", "model")

    def asked(where: Mapping[str, str]) -> list[Row]:
        return ledger(store, period, by, where)

    rules = [rule] if rule else sorted({cast(str, row["rule"]) for row in asked({"driver": f"unit:{UNIT}"})})
    found = [row for name in rules for row in asked({"rule": name})]
    if not found:
        which = f"rule {rule!r} gathered no charges" if rule else "no rule splits charges by GPU-seconds"
        raise BadInput(
            f"{which} in {period}",
            fix=f'write a rule with driver = "unit:{UNIT}" and run it, name another rule with --rule, or give the price'
            " of the machines with --nodes",
            code="no-machines",
        )
    return found


def _by_price(work: dict[_Work, _Done], owned: Held, nodes: Sequence[Node], weights: Weights) -> _Money:
    """Take the machines at their price per GPU-hour; what GPU time or throughput tells was used is active."""
    whole = rounded(EXACT.divide(Decimal(owned.amount.numerator), Decimal(owned.amount.denominator)))
    gpu_hours = owned.gpu_seconds / 3600
    money = _Money(nodes[0].currency)
    hours = EXACT.divide(Decimal(gpu_hours.numerator), Decimal(gpu_hours.denominator))
    money.told.append(f"Machines are taken at their price: {hours:,.6g} GPU-hours held.")
    measured = sum((Fraction(done.gpu_seconds) for done in work.values()), Fraction())
    if measured:
        busy = measured
        money.told.append("Used is the GPU time that usage says.")
    elif owned.throughput:
        prefill, decode = owned.throughput
        busy = sum((done.prefill / prefill + done.decode / decode for done in work.values()), Fraction())
        weights = Weights(
            *(rounded(EXACT.divide(Decimal(r.denominator), Decimal(r.numerator))) for r in owned.throughput)
        )
        money.told.append("Used is the time that the tokens take at the stated throughput, cached prompt tokens none.")
    else:
        busy = owned.gpu_seconds
        money.known_idle = False
        money.told += [_of_tokens(weights), _no_idle()]
    part = min(busy / owned.gpu_seconds, Fraction(1))
    if busy > owned.gpu_seconds:
        money.told.append("More GPU time was used than the machines were held: check their number and hours.")
    active, money.idle = split(whole, [part.numerator, part.denominator - part.numerator])
    _give(work, list(work), active, weights)
    return money


def _give(work: dict[_Work, _Done], keys: Sequence[_Work], amount: Decimal, weights: Weights) -> None:
    """Split active cost over features and models: by GPU time where it was measured, else by tokens."""
    done = [work.setdefault(key, _Done()) for key in keys]
    shares = [Fraction(one.gpu_seconds) for one in done]
    if not any(shares):
        shares = [weights.of(one.prefill, one.decode) for one in done]
    if not any(shares):
        shares = [Fraction(1)] * len(done)
    for one, part in zip(done, split(amount, _whole(shares)), strict=True):
        one.active += part


def _share_idle(work: Mapping[_Work, _Done], money: _Money) -> None:
    """Share idle and unallocated cost in proportion to active cost: who uses the machines answers for having them."""
    whole = money.idle + money.unallocated
    shares = _whole([Fraction(done.active) for done in work.values()])
    if whole and any(shares):
        for done, part in zip(work.values(), split(whole, shares), strict=True):
            done.idle = part


def _whole(shares: Sequence[Fraction]) -> list[int]:
    """Return shares as whole weights of the same proportions, none below 0."""
    least = lcm(*(share.denominator for share in shares))
    return [max(0, int(share * least)) for share in shares]


def _row(key: _Work, done: _Done, money: _Money) -> dict[str, object]:
    whole = done.active + done.idle
    return {
        "feature": key.feature,
        "model": key.model,
        "currency": money.currency,
        "calls": done.calls,
        "tokens": done.tokens,
        "prefill": done.prefill + done.cached,
        "decode": done.decode,
        "gpu_seconds": done.gpu_seconds,
        "active": done.active,
        "idle": done.idle if money.known_idle else None,
        "amount": whole,
        "usage_based": _per_million(done.active, done.tokens) if money.known_idle else None,
        "allocation_based": _per_million(whole, done.tokens),
    }


def _per_million(amount: Decimal, tokens: int) -> Decimal | None:
    return rounded(EXACT.divide(amount * _MILLION, Decimal(tokens))) if tokens else None


def _ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    return EXACT.divide(part, whole).quantize(_RATIO) if whole else None


def _of_tokens(weights: Weights) -> str:
    return (
        f"No GPU time was measured, so tokens split the cost: one of an answer weighs {weights.decode}, one of a prompt"
        f" {weights.prefill}, one read from the cache nothing."
    )


def _no_idle() -> str:
    return "Nothing tells how much was idle, so all of it counts as used."
