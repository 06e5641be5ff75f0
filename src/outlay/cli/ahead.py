"""Commands that look ahead: estimate, whatif, self-hosted."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import click

from outlay.cli.options import Asked, asked_list, asked_period, json_option, now, opened, read_command, store_option
from outlay.cli.tables import NOBODY, console, money, show
from outlay.errors import BadInput
from outlay.explain import self_hosted as own
from outlay.explain.estimate import estimate as estimated
from outlay.explain.estimate import keep, read_feature, score
from outlay.explain.estimate.answer import Part
from outlay.explain.parts import read_part
from outlay.explain.whatif import Scenario
from outlay.explain.whatif import whatif as replayed
from outlay.explain.whatif.answer import BY
from outlay.explain.whatif.scenario import read_factor, read_price, read_scenarios, read_swap
from outlay.prices.learn import seed
from outlay.serve.encode import to_json
from outlay.store import Store
from outlay.terms.money import plain

_TOML = ".toml"
_THOUSAND = 1000
#: Prices that hold from this year on have always held.
_ALWAYS = 1970


@click.command()
@click.argument("feature", metavar="FEATURE.toml")
@click.option("--score", "scored", is_flag=True, help="Hold the stored estimate of a feature against what happened.")
@click.option("--period", metavar="MONTH", help="With --score: what happened when. [default: since its first use]")
@click.option("--from", "since", metavar="DAY", help="With --score: first day, YYYY-MM-DD.")
@click.option("--to", "to", metavar="DAY", help="With --score: day after the last, YYYY-MM-DD.")
@click.option("--no-keep", is_flag=True, help="Do not store the estimate with the feature.")
@json_option
@store_option
@click.pass_context
def estimate(ctx: click.Context, /, feature: str, *, scored: bool, no_keep: bool, **given: Any) -> None:
    """Estimate what a feature will cost before it is built, at several models.

    FEATURE.toml says how many users ask how often, and how large requests are; see docs/estimate.md. The estimate is
    stored with the feature. `outlay estimate --score FEATURE` takes the feature's name, or its file, and says how it
    did.
    """
    path = Path(feature)
    period = asked_period(given["period"], given["since"], given["to"])
    if period and not scored:
        raise BadInput("--period says when something happened, an estimate has not", fix="add --score, or leave it out")
    planned = None if scored and not feature.endswith(_TOML) else read_feature(path)
    with opened(ctx, given["store_url"]) as store:
        if scored:
            answer = score(store, planned.feature if planned else feature, period)
        elif planned:
            at = now()
            seed(store, now=at)
            answer = estimated(store, planned, now=at, where=str(path))
            answer["stored"] = None if no_keep else keep(store, planned, answer, now=at)
    if given["as_json"]:
        click.echo(to_json(answer))
    elif scored:
        _show_score(answer)
    else:
        _show_estimate(answer)


def _show_estimate(answer: dict[str, Any]) -> None:
    rows = []
    currencies = {one["currency"] for one in answer["models"] if one["currency"]}
    single = next(iter(currencies)) if len(currencies) == 1 else ""
    for one in answer["models"]:
        band = one["low80"] != one["high80"]
        ten = one["scales"][-1]
        rows.append(
            {
                "currency": "" if single else one["currency"],
                "annual": one["annual"],
                "model": _named(one),
                "month": one["monthly"],
                "low80": one["low80"] if band else None,
                "high80": one["high80"] if band else None,
                "requests": None if one["per_request"] is None else one["per_request"] * _THOUSAND,
                "user": one["per_user"],
                "ten": ten["monthly"],
            }
        )
    columns = [("model", "model"), ("a month", "month")]
    columns += [("low", "low80"), ("high", "high80")] if any(row["low80"] is not None for row in rows) else []
    columns += [
        ("a year", "annual"),
        ("per 1,000 requests", "requests"),
        ("per user", "user"),
        ("a month at 10x", "ten"),
    ]
    requests = f"{_counted(answer['requests'])} requests a month"
    title = f"{answer['feature']}: {answer['users']:,} users, {requests}" + (f", in {single}" if single else "")
    show(title, columns, rows, empty="No models.")
    _show_parts(answer["models"])
    for one in answer["models"]:
        for lack in one["unpriced"]:
            near = f"; near it: {', '.join(lack.nearest)}" if lack.nearest else ""
            console.print(
                f"Without a price: {_counted(lack.quantity)} {lack.unit} a month at {lack.provider} {lack.model}"
                f" ({lack.reason}{near}). The rest costs {money(one['priced_part'], one['currency'] or '')}.",
                markup=False,
            )
    _say([*answer["assumptions"], answer["bands"]])
    if answer["stored"]:
        console.print(f"Stored. Once it is built: outlay estimate --score {answer['feature']}", markup=False)


def _show_parts(models: Sequence[Mapping[str, Any]]) -> None:
    """Print what a month of each model is made of; what is under 1 % of it is only counted."""
    parts = [(one, part) for one in models for part in cast("Sequence[Part]", one["parts"])]
    large = [(one, part) for one, part in parts if part.amount * 100 >= one["priced_part"]]
    names = ("for", "unit", "quantity", "price", "cost", "since")
    rows = [
        {
            "for": _named(one) if part.model == one["model"] else f"{_named(one)}: {part.provider} {part.model}",
            "unit": part.unit
            if not part.size_from
            else f"{part.unit}, {'tokens' if part.marginal else 'prompts'} from {part.size_from:,}",
            "quantity": round(part.quantity),
            "price": f"{plain(part.price)} per {part.per:,}",
            "cost": part.amount,
            "currency": part.currency,
            "since": "always" if part.valid_from.year == _ALWAYS else part.valid_from.date(),
        }
        for one, part in large
    ]
    show("What a month is made of", [(name, name) for name in names], rows, empty="Nothing in it has a price.", most=60)
    if len(large) < len(parts):
        console.print(f"{len(parts) - len(large)} parts of less than 1 % of a month are in --json.")
    if sources := sorted({part.source for _, part in parts}):
        console.print(f"Prices: {'; '.join(sources)}.", markup=False)


def _named(one: Mapping[str, Any]) -> str:
    return f"{one['provider']} {one['model']}" + (f" ({one['context']})" if one["context"] else "")


def _counted(quantity: Decimal) -> str:
    """Return a quantity as one reads it: whole, when it is large."""
    return f"{quantity:,.0f}" if quantity > _THOUSAND else f"{quantity.normalize():,f}"


def _show_score(answer: dict[str, Any]) -> None:
    console.print(
        f"{answer['feature']}, estimated on {answer['made_at']:%Y-%m-%d}, against {answer['period']}", style="bold"
    )
    built = [one for one in answer["models"] if one["built_with"]]
    for one in built or answer["models"]:
        rows = [
            {**each, "measure": each["measure"].replace("_", " "), "in": each["unit"]}
            | {name: _figure(each[name], each["unit"]) for name in ("estimate", "actual")}
            for each in one["measures"]
        ]
        title = f"{one['provider']} {one['model']}" + (", which it was built with" if one["built_with"] else "")
        columns = [("", "measure"), ("estimated", "estimate"), ("actual", "actual"), ("actual of estimate", "ratio")]
        show(title, [*columns, ("in", "in")], rows, empty="")
        if one["within_band"] is not None:
            console.print(f"The month is {'within' if one['within_band'] else 'outside'} the band of the estimate.")
    if not built:
        used = ", ".join(f"{row['provider']} {row['model']}" for row in answer["actual_models"])
        console.print(f"It was built with {used}, which the estimate does not have.", markup=False)
    billed = ", ".join(money(amount, currency) for currency, amount in answer["ledger"].items())
    if billed:
        console.print(
            f"The ledger gives it {billed} of what was billed for these days, machines and shared costs in it."
        )


def _figure(value: Decimal | None, unit: str) -> str | None:
    """Return a figure of a score as text: all its columns are of different units, which stand beside it."""
    if value is None:
        return None
    return money(value) if unit[:3].isupper() else f"{value:,.2f}".removesuffix(".00")


@click.command()
@click.option("--model", "model", multiple=True, metavar="OLD=NEW[@SHARE]", help="Calls of OLD go to NEW, or a share.")
@click.option("--cache-hit", metavar="RATE", help="This part of every prompt is read from the cache, e.g. 60%.")
@click.option("--batch", metavar="SHARE", help="This part of the calls goes through batches, e.g. 100%.")
@click.option("--prompt-cut", metavar="PERCENT", help="Every prompt is this much shorter, e.g. 20%.")
@click.option("--traffic", metavar="FACTOR", help="So many times the usage, e.g. 10.")
@click.option("--price", "price", multiple=True, metavar="[MODEL:]UNIT=AMOUNT/PER", help="Another price.")
@click.option(
    "--file", "path", type=click.Path(path_type=Path), help="TOML file of scenarios, instead of these options."
)
@click.option("--by", "by", multiple=True, metavar="DIM[,DIM]", help="[default: feature,provider,model]")
@read_command
def whatif(store: Store, asked: Asked, path: Path | None, by: tuple[str, ...], **given: Any) -> None:
    """Replay a period's real usage through other choices, call by call: what would it have cost?"""
    named = {name: value for name, value in given.items() if value}
    dimensions = asked_list(by) or list(BY)
    if path and named:
        raise BadInput("--file and other choices say the same thing twice", fix="write the choices into the file")
    if not path:
        answer = replayed(store, asked.period, _scenario(asked.where, **given), by=dimensions)
        if asked.as_json:
            click.echo(to_json(answer))
        else:
            _show_whatif(answer)
        return
    answers = [replayed(store, asked.period, scenario, by=dimensions) for scenario in _within(path, asked.where)]
    if asked.as_json:
        click.echo(to_json({"period": str(asked.period), "scenarios": answers}))
        return
    show(
        f"What if, {asked.period}",
        [("scenario", "scenario"), ("actual", "actual"), ("instead", "counterfactual"), ("change", "change")],
        [
            {**answer, **totals, "currency": c}
            for answer in answers
            for c, totals in cast("Any", answer["totals"]).items()
        ],
        empty="No usage in this period.",
    )
    for answer in answers:
        _show_whatif(answer)


def _within(path: Path, where: Mapping[str, str]) -> list[Scenario]:
    """Read a file of scenarios and narrow all of them."""
    found = []
    for scenario in read_scenarios(path):
        if twice := sorted({*scenario.where} & {*where}):
            raise BadInput(f"scenario {scenario.name!r} and --where both name {twice[0]}", fix="keep one of them")
        found.append(replace(scenario, where={**scenario.where, **where}))
    return found


def _scenario(where: Mapping[str, str], **given: Any) -> Scenario:
    zero, one = Decimal(0), Decimal(1)
    return Scenario(
        where=where,
        swaps=[read_swap(text) for text in given["model"]],
        cache_hit=read_part(given["cache_hit"], "--cache-hit") if given["cache_hit"] else None,
        batch=read_part(given["batch"], "--batch") if given["batch"] else zero,
        prompt_cut=read_part(given["prompt_cut"], "--prompt-cut") if given["prompt_cut"] else zero,
        traffic=read_factor(given["traffic"], "--traffic") if given["traffic"] else one,
        prices=[read_price(text) for text in given["price"]],
    )


def _show_whatif(answer: dict[str, Any]) -> None:
    for currency, sums in answer["totals"].items():
        part = f" ({sums['change'] / sums['actual'] * 100:+.1f} %)" if sums["actual"] else ""
        console.print(
            f"\n[bold]{answer['scenario']}[/bold]: {money(sums['counterfactual'], currency)} instead of"
            f" {money(sums['actual'], currency)}, [bold]{money(sums['change'], currency, sign=True)}[/bold]{part}"
        )
    names = answer["by"]
    columns = [*((n, n) for n in names), ("actual", "actual"), ("instead", "counterfactual"), ("change", "change")]
    left_out = any(row["left_out"] for row in answer["rows"])
    columns += [("not compared", "left_out"), ("calls", "calls")] if left_out else [("calls", "calls")]
    moved = [row for row in answer["rows"] if row["change"] or row["left_out"]]
    moved.sort(key=lambda row: (-abs(row["change"]), -row["left_out"]))
    rows = [{**row, **{n: NOBODY if row[n] is None else row[n] for n in names}} for row in moved]
    empty = "Nothing would cost more or less." if answer["rows"] else "No usage in this period and slice."
    show(f"Usage times price, {answer['period']}", columns, rows, empty=empty, most=20)
    if rows and len(rows) < len(answer["rows"]):
        others = len(answer["rows"]) - len(rows)
        console.print(f"{others} other{'s' * (others > 1)} would cost what {'they' if others > 1 else 'it'} did.")
    if answer["unpriced"]:
        _show_unpriced(answer["unpriced"])
    _say(answer["assumptions"])


def _show_unpriced(unpriced: Sequence[Mapping[str, Any]]) -> None:
    columns = [("model", "model"), ("priced as", "as"), ("why", "reason"), ("tokens and units", "quantity")]
    rows = [
        {**one, "as": f"{one['as_provider']} {one['as_model'] or ''}", "out": not one["comparable"]} for one in unpriced
    ]
    show("Without a price", [*columns, ("left out", "out")], rows, empty="")


@click.command("self-hosted")
@click.option("--against", metavar="PROVIDER/MODEL", help="A model that can be bought, to find the break-even.")
@click.option("--rule", metavar="NAME", help="The rule of the machines. [default: those that split by gpu_second]")
@click.option(
    "--nodes", "path", type=click.Path(path_type=Path), help="TOML file of machines and prices, instead of bills."
)
@click.option(
    "--weights", metavar="prefill=N,decode=N", help="Of tokens, without GPU time. [default: prefill=1,decode=4]"
)
@read_command
def self_hosted(store: Store, asked: Asked, path: Path | None, **given: Any) -> None:
    """Show what models on your own machines cost: used and idle, per million tokens, and against buying."""
    if asked.where:
        raise BadInput("--where does not go with machines that all share", fix="leave it out; rows are per feature")
    answer = own.self_hosted(
        store,
        asked.period,
        rule=given["rule"],
        nodes=own.read_nodes(path) if path else (),
        weights=own.read_weights(given["weights"]) if given["weights"] else None,
        bought=given["against"],
    )
    if asked.as_json:
        click.echo(to_json(answer))
    else:
        _show_self_hosted(answer)


def _show_self_hosted(answer: dict[str, Any]) -> None:
    currency = answer["currency"]
    held, used = money(answer["held"], currency), money(answer["active"], currency)
    if answer["utilisation_ratio"] is None:
        console.print(f"[bold]{held}[/bold] held, {answer['period']}. Nothing tells how much of it was idle.")
    else:
        ratio = f"{answer['utilisation_ratio'] * 100:.1f} %"
        console.print(
            f"[bold]{held}[/bold] held, {answer['period']}: {used} used ([bold]{ratio}[/bold]), the rest idle"
        )
    columns = [("feature", "feature"), ("model", "model"), ("calls", "calls"), ("tokens", "tokens")]
    columns += [("used", "active"), ("idle", "idle"), ("both", "amount")]
    columns += [("per million, used", "usage_based"), ("per million, both", "allocation_based")]
    whole = {"calls": sum(row["calls"] for row in answer["rows"])}
    whole |= {
        name: answer[name] for name in ("currency", "tokens", "active", "idle", "usage_based", "allocation_based")
    }
    rows = [*answer["rows"], {**whole, "feature": "all", "model": "", "amount": answer["held"]}]
    show("By feature; idle follows use", columns, rows, empty="")
    if even := answer["break_even"]:
        _show_break_even(even, currency)
    _say(answer["assumptions"])


def _show_break_even(even: dict[str, Any], currency: str) -> None:
    if even["tokens_per_month"] is None:
        console.print(f"No break-even: {even['reason']}.", markup=False)
        return
    cheaper = "Owning" if even["saving"] > 0 else "Buying"
    console.print(
        f"The same calls at {even['against']} would have cost {money(even['bought'], currency)}"
        f" ({money(even['bought_per_million'], currency)} per million tokens). {cheaper} was cheaper by"
        f" {money(abs(even['saving']), currency)}.",
        markup=False,
    )
    able = ""
    if even["capacity_per_month"] is not None:
        able = f"; these machines can serve {even['capacity_per_month']:,}"
    console.print(
        f"Owning is cheaper from {even['tokens_per_month']:,} tokens in 30 days; now {even['now_per_month']:,}{able}."
    )
    if even["reachable"] is False:
        console.print("So these machines cannot get there: fewer or cheaper ones would have to do the same work.")


def _say(sentences: Sequence[str]) -> None:
    for sentence in sentences:
        console.print(f"- {sentence}", markup=False)
