"""Write `docs/cli.md`: every command and option, from the commands themselves, and what `--json` prints.

The page is never edited; `python -m tools.cli_docs` writes it anew, and tests say when it is out of date or when a
command prints other keys than `PRINTS` says.
"""

from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click

from outlay.cli import main

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"

#: The keys that a command prints with `--json`, in any order, and what a reader should know about them.
PRINTS: dict[str, tuple[tuple[str, ...], str]] = {
    "outlay demo": (
        ("store", "folder", "answer", "truth"),
        "`answer` is what `outlay explain` prints; `truth` is what the generator planted. Nothing is served.",
    ),
    "outlay import": (
        (
            *("take_in", "source", "files", "lines", "skipped", "skipped_by_reason", "skipped_totals"),
            *("problem_lines", "problems", "totals", "control_totals", "matches", "differences"),
            *("costs", "control_costs", "restated", "repeated", "notes"),
        ),
        (
            "With them stands one count of what landed: `charges` for a bill, `events` and `duplicates` for events,"
            " `rows` for the rest. `lines` is always what landed plus `skipped` plus `problem_lines`. `matches` says"
            " whether the totals and what was skipped meet the file's own, to the last digit; `differences` says by how"
            " much not. `costs` are those beside the billed one where the format keeps them apart, `control_costs` what"
            " the files hold of them. With `--dry-run` there is `preview`, the first charges, and nothing is kept."
        ),
    ),
    "outlay sources": (
        ("sources", "findings"),
        (
            "One of `sources` for each `[[source]]`: `state` is `imported`, `unchanged`, `failed` or `never run`;"
            " `days_behind` is how old its newest day is; secrets are left out of `last_error`. `findings` are open:"
            " `source-stopped`, `source-failing` and `source-silent`, each with `evidence` and `fix`."
        ),
    ),
    "outlay run": (
        (
            *("period", "billed", "allocated", "idle", "unallocated", "unpriced_quantity", "unpriced_bound"),
            *("conserved", "by_currency", "stages", "runs", "left_as_they_are"),
        ),
        (
            "The four sums are amounts when there is one currency, else objects by currency. `conserved` is always"
            " `true`: a run that loses a cent ends with exit code 70 and publishes nothing. `left_as_they_are` are"
            " months whose usage events were removed, when no period was given."
        ),
    ),
    "outlay rerate": (
        ("period", "months"),
        (
            "For each of `months`: `run` and the run it `replaced`; `change` of usage times price by currency; `rows`"
            " by feature, customer, provider and model, `shares` of the bill by feature and customer, with `before`,"
            " `after` and `change`; `prices` that differ, for `per` units, with the time they hold and their source."
        ),
    ),
    "outlay costs": (
        (
            *("period", "origin", "by", "rows", "total", "currency", "totals", "conversion", "coverage", "remainders"),
            *("states", "adjustments"),
        ),
        (
            "Each row has the dimensions asked for, `amount`, `currency`, and `calls` where usage knows the same"
            " dimensions. `total` and `currency` are `null` when there are several currencies; `totals` has each."
            " `states` says how final the figures are, by month and provider; `adjustments` came late for closed months"
            " and are shown in this period, never among `rows`."
        ),
    ),
    "outlay features": (("period", "rows", "conversion"), "One row per feature and currency."),
    "outlay customers": (
        ("period", "rows", "conversion"),
        "`margin` and `margin_ratio` are `null`, with a `reason`, where no revenue is known in the cost's currency.",
    ),
    "outlay models": (
        ("period", "rows", "conversion"),
        "One row per provider and model; amounts are usage times price.",
    ),
    "outlay users": (
        ("period", "users", "rows", "conversion"),
        "`users` counts all of them, `rows` holds the dearest.",
    ),
    "outlay reconcile": (
        (
            *("period", "currency", "billed", "estimated", "gap", "coverage", "causes", "rows", "evidence"),
            *("calibrated", "states", "conversion"),
        ),
        (
            "`gap` is `billed` minus `estimated`; the amounts of `causes` sum to it exactly, in all and in each of"
            " `rows`. `coverage` is the part of what was billed for usage that events tell of; `evidence` says how each"
            " cause was concluded; `calibrated` is what each feature costs once scaled to the invoices, from `low` to"
            " `high`; `states` says how final the figures are."
        ),
    ),
    "outlay explain": (
        (
            "before",
            "after",
            "currency",
            "change",
            "effects",
            "by",
            "segments",
            "causes",
            "verdict",
            "notes",
            "conversion",
        ),
        "`effects` sum to `change` exactly, and so do those of each segment to its own change.",
    ),
    "outlay trace": (("id", "totals", "rows"), "One row per event, with its cost."),
    "outlay failures": (("period", "rows", "conversion"), "One row per feature, outcome and error."),
    "outlay heatmap": (("period", "rows", "conversion"), "`weekday` 1 is Monday; hours are UTC."),
    "outlay localize": (
        (
            *("causes", "evidence", "actual", "expected", "change", "explained", "unexplained", "currency"),
            *("leaves", "dimensions", "problems"),
        ),
        (
            "`causes` are objects of value by dimension; a single empty one says that everything moved alike."
            " `evidence` has the amounts of each in the same order, how many `leaves` it holds, and `log_odds`, the"
            " natural logarithm of how much likelier it is a cause than chance. `explained` counts what lies in two"
            " causes once. `problems` are lines of the table that could not be read."
        ),
    ),
    "outlay evidence": (
        ("period", "where", "query", "totals", "shares", "pools", "rules", "events_removed"),
        (
            "Shares lead to their pools and rules, pools to lines of the bill, weights to events and prices."
            " `events_removed` are the months of which roll-ups are left and no events, and since when."
        ),
    ),
    "outlay trace-back": (
        ("period", "where", "query", "totals", "shares", "pools", "rules", "events_removed"),
        (
            "As `outlay evidence`, and besides: `driver_rows` of each share, `taken` of each pool (the shares of other"
            " rules it was made of), and who put each rule into force, when and why."
        ),
    ),
    "outlay estimate": (
        ("feature", "on", "users", "days", "requests", "models", "bands", "assumptions", "stored"),
        (
            "`models` is one row per model compared, the cheapest first; costs are `null` where something has no price."
            " With `--score`: `feature`, `estimate`, `made_at`, `period`, `days`, `models` with their `measures`,"
            " `actual_models`, `unpriced_quantity` and `ledger`."
        ),
    ),
    "outlay anomalies": (
        ("first", "last", "series", "anomalies", "problems"),
        (
            "One of `anomalies` per series and day: `series`, `day`, `actual`, `expected`, `low` and `high` (what would"
            " have been ordinary), `kind` (spike, drop, shift, pattern, leak, new, vanished), `severity` (low, medium,"
            " high), and `currency` and `release` where known. Of the ledger, `slice` (value by dimension), for the"
            " newest ones what `moved` inside, and instead of `problems` `left_out`: how many small slices were not"
            " looked at."
        ),
    ),
    "outlay forecast": (
        ("known_to", "from", "to", "forecasts", "whole", "problems"),
        (
            "One of `forecasts` per series: `total` of the days after `known_to` up to and including `to`, `low80` to"
            " `high80` for that total, `actual` for the month so far, `with_actual` for both; without `--table` the"
            " dimensions. `whole` is the same by currency, of all series together. `daily` comes with `--daily`."
        ),
    ),
    "outlay budgets": (
        ("month", "budgets", "calls", "breached"),
        (
            "One of `budgets` per budget, or per value of one that is for each: `spent` this month, `estimated` (the"
            " part that no bill reaches yet), `left`, `part`, `burn_short` and `burn_long` (times as fast as it may),"
            " what the month will come to (`forecast`, `low80` to `high80`), `breach` (the day it is gone), `state`"
            " (ok, warn, over), `reason`, and `elsewhere`: amounts in other currencies, which are not counted. One of"
            " `calls` per call budget. `breached` is how many are over."
        ),
    ),
    "outlay budgets check": (("month", "budgets", "calls", "breached"), "As `outlay budgets`."),
    "outlay whatif": (
        (
            *("scenario", "period", "where", "by", "currency", "actual", "counterfactual", "change", "left_out"),
            *("totals", "rows", "unpriced", "assumptions"),
        ),
        (
            "`rows` sum to the totals exactly. `left_out` is what usage did cost that would have no price; it is on"
            " neither side. With `--file`: `period` and `scenarios`, each as above."
        ),
    ),
    "outlay self-hosted": (
        (
            *("period", "days", "currency", "held", "active", "idle", "unallocated", "utilisation_ratio"),
            *("gpu_seconds", "tokens", "usage_based", "allocation_based", "rows", "break_even", "assumptions"),
        ),
        (
            "`usage_based` and `allocation_based` are per million tokens: of what was used, and of all that was held."
            " `break_even` is `null` without `--against`."
        ),
    ),
    "outlay price": (
        ("amount", "currency", "parts", "unpriced"),
        "`parts` sum to `amount` exactly; what has no price is in `unpriced` and not in the amount.",
    ),
    "outlay prices list": (
        ("on", "known_at", "rows"),
        "One row per model, with the ordinary prices of a small prompt; each has its own `per` and `currency`.",
    ),
    "outlay prices show": (
        ("provider", "model", "pattern", "records"),
        (
            "Every record of the model. `state` is `in force`, `past`, `future` or `replaced`, on the day asked for. A"
            " `marginal` price is for the tokens of its unit from `size_from` on only."
        ),
    ),
    "outlay prices diff": (
        ("of", "from", "to", "rows"),
        "`of` is `validity` or `knowledge`; with the latter each row has the period and the day it was learnt.",
    ),
    "outlay prices check": (
        ("period", "findings"),
        (
            "`finding` is `unpriced`, `overlap`, `gap` or `ends-soon`. What is unpriced has its `quantity` and `bound`,"
            " the most it may cost; a `null` bound means that nothing nearby has a price."
        ),
    ),
    "outlay prices import": (
        ("file", "learnt", "learnt_at", "problems"),
        "`learnt` counts new records: what was known already is none. Entries with a problem are left out.",
    ),
    "outlay prices credits": (
        ("on", "rows"),
        (
            "One row per credit. `drawn` is what bills took off, `measured` usage times price of what the credit is"
            " for, `left` its `amount` less that."
        ),
    ),
    "outlay prices discrepancies": (
        (
            *("file", "on", "period", "rows", "entries", "compared", "equal", "different", "only_theirs"),
            *("unknown_here", "other_currency", "covered", "amount", "currency", "not_compared", "problems"),
        ),
        (
            "`amount` of a row is our `quantity` times what the other list asks more for one unit (less, when it is"
            " negative); `ours` and `theirs` are for a million units. `covered` is what the usage that was compared"
            " costs by our list."
        ),
    ),
    "outlay prices snapshot": (("file", "bytes", "prices", "known_at"), "The file is for `outlay.price(...)`."),
    "outlay close": (
        ("month", "closed_at", "actor", "reason", "run", "rule_version", "fingerprint"),
        "`fingerprint` is of the figures that are final; it is compared when the month is opened again.",
    ),
    "outlay reopen": (
        ("month", "reopened_at", "actor", "reason", "run", "unchanged"),
        "`unchanged` says whether the ledger was still what the month was closed with.",
    ),
    "outlay restatements": (
        ("period", "bills", "movements", "adjustments"),
        (
            "`bills` that a later import replaced; `movements` of months that were over, each with its `change`, the"
            " `take_ins` that came before it and `rows` by feature, customer and team; `adjustments` of closed months"
            " that are in force, by currency."
        ),
    ),
    "outlay rules apply": (
        ("rule_version", "rules", "author", "reason", "effective_from"),
        "`rules` are the names, in order.",
    ),
    "outlay rules plan": (
        ("period", "before", "after", "changed", "moved"),
        (
            "`before` and `after` are versions; `changed` names the rules that were split anew; `moved` holds rows by"
            " `feature`, `customer`, `team`, `rule` and `state`, whose `change` sums to zero in each currency."
        ),
    ),
    "outlay rules history": (("versions",), "The last applied first."),
    "outlay rules show": (
        ("rule_version", "rules", "named", "order"),
        "`named` are dimensions and mappings; `order` is that in which rules are split.",
    ),
    "outlay rules sensitivity": (
        ("period", "where", "rows", "totals", "assumptions"),
        "Each row has what one rule gives now, and by every other driver in `drivers`.",
    ),
    "outlay aws-tags list": (
        ("tags", "backfills"),
        (
            "For each tag `key`, `kind`, `status` (active or inactive), `last_updated`, `last_used`, and `also`, the"
            " keys that differ from it only in spelling. For each backfill `from`, `requested_at`, `status` and"
            " `completed_at`."
        ),
    ),
    **dict.fromkeys(
        ("outlay aws-tags activate", "outlay aws-tags deactivate"),
        (
            ("applied", "changed", "unchanged", "refused"),
            "Without `--apply`, `applied` is false and `changed` is what would be. `refused` is AWS's code by key.",
        ),
    ),
    "outlay aws-tags backfill": (
        ("applied", "from", "tags", "backfill"),
        "`tags` are the active keys, which are filled in; `backfill` is AWS's answer, `null` without `--apply`.",
    ),
    **dict.fromkeys(
        ("outlay keys make", "outlay keys rotate"),
        (
            ("key", "name", "scopes", "bound", "events_per_second", "expires_at", "revoked", "text"),
            "`text` is the key itself, shown once.",
        ),
    ),
    "outlay keys list": (("keys",), "For each: `key` and all that is printed when it is made, but its `text`."),
    "outlay keys revoke": (
        ("key", "name", "scopes", "bound", "events_per_second", "expires_at", "revoked"),
        "The key that has ended.",
    ),
    "outlay retain": (
        ("days", "dry_run", "removed", "kept", "waiting"),
        (
            "One row per month, with its `events`. `kept` is old enough and stays, for a `reason`; `waiting` came after"
            " the others of its month had been removed, and no ledger counts it."
        ),
    ),
    "outlay erase": (
        ("pseudonym", "rows", "sessions", "elsewhere", "rules", "dry_run", "scrubbed", "collector_running"),
        (
            "`rows` counts by `table.column` where the id stood; `elsewhere` and `rules` name what says the same and"
            " was left. `pseudonym` is `null` when nothing was replaced."
        ),
    ),
    "outlay export focus": (
        ("path", "period", "grain", "rows", "charges", "totals", "control_totals", "matches"),
        "`totals` were read back from the file; `control_totals` are the charges'. They meet, or no file is left.",
    ),
    "outlay export csv": (("path", "rows"), "The file has the rows of the table, or of the answer."),
    "outlay export parquet": (("path", "rows"), "The same."),
    "outlay doctor": (
        ("outlay", "store", "default_store", "engine", "take_ins", "published", "removed"),
        (
            "`take_ins` are the imports, `published` the ledgers, `removed` the months whose usage events were removed;"
            " `waiting` of such a month counts events that came afterwards."
        ),
    ),
}
_HEAD = """\
Generated by `python -m tools.cli_docs`; do not edit.

# The command line

`outlay` comes with the `server` extra. In a checkout, `make setup` puts it at `.venv/bin/outlay`; [start.md](start.md)
walks through the commands in the order one needs them.

## What holds for every command

**Periods.** `--period 2026-10` is a whole month. `--from` and `--to` belong together, and `--to` is the day *after* the
last. `outlay explain` takes `2026-09` or `2026-09-01..2026-09-15`, again without the last day.

**Dimensions.** The attribution: `feature`, `customer`, `team`, `user`, `environment`, `service`, `release`. What the
bill says: `provider`, `service_name`, `sub_account_name`, `charge_category`, and `currency`. Also `model`, `day`,
`rule` and `state`. With `--origin billed`, every column of the bill and `tag:KEY`. A dimension that does not exist is
refused, with the nearest names.

**JSON.** `--json` prints one object. Keys are stable: new ones may be added, none is renamed or removed without a note
in the changelog. Amounts are decimal strings in the currency beside them, never numbers. A key with nothing to say is
`null`; it is never 0 in place of "not known".

**Errors.** Two lines on standard error: what happened and where, then the fix and a stable code. With `--json`,
standard output holds `{"error": {"code": ..., "message": ..., "fix": ...}}`.

| exit code | means |
|---|---|
| 0 | done |
| 1 | done, and there is something to look at |
| 2 | refused: an option, a date, a name or a file that you can mend |
| 3 | a source failed: a file is not what it claims to be |
| 4 | the engine failed: the database is held, full, corrupt or not reachable |
| 70 | a law does not hold. Nothing was published; please report it |

"""


def commands(command: click.Command, context: click.Context) -> Iterator[click.Context]:
    """Yield the context of every command a person can type, in the order the help lists them."""
    yield context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from commands(below, click.Context(below, info_name=name, parent=context))


def page() -> str:
    """Return the whole page as Markdown."""
    found = commands(main, click.Context(main, info_name="outlay"))
    return _HEAD + "\n".join(_section(context) for context in found)


def _section(context: click.Context) -> str:
    command = context.command
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [f"## {context.command_path}\n", _prose(command.help or ""), f"```text\n{usage}\n```\n"]
    if command.epilog:
        parts.append(f"{command.epilog}\n")
    parts += _options(context)
    if context.command_path in PRINTS:
        keys, note = PRINTS[context.command_path]
        parts.append(f"`--json` prints {', '.join(f'`{key}`' for key in keys)}. {note}\n")
    return "\n".join(parts)


def _prose(text: str) -> str:
    r"""Return help text as Markdown; a block that click is told to leave alone is set as code.

    >>> print(_prose("One.\n\n\b\nTwo?\n  three"))
    One.
    <BLANKLINE>
    ```text
    Two?
      three
    ```
    <BLANKLINE>
    """
    blocks = []
    for block in cleandoc(text).split("\n\n"):
        kept = block.removeprefix("\b\n")
        blocks.append(block if kept == block else f"```text\n{kept}\n```")
    return "\n\n".join(blocks) + "\n"


def _options(context: click.Context) -> list[str]:
    rows = []
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context)
        if record and isinstance(parameter, click.Option) and "--help" not in parameter.opts:
            names, meaning = (text.replace("|", "\\|") for text in record)
            rows.append(f"| `{names}` | {meaning} |")
    return ["\n".join(["| option | means |", "|---|---|", *rows]) + "\n"] if rows else []


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
