"""The command line: what a person types. Prints what the API would return.

Exit codes: 0 done, 1 findings, 2 refused, 3 source failed, 4 engine failed, 70 a law broke.
"""

import sys
from importlib import import_module
from typing import Any

import click

from outlay.cli.errors import report
from outlay.errors import OutlayError

#: Where each command is, in the order in which one meets them. A module is loaded when one of its commands is asked
#: for: all of them together take seconds to load, and `outlay price` answers in less than one.
COMMANDS = {
    "demo": "outlay.cli.start:demo",
    "import": "outlay.cli.imports:import_",
    "sources": "outlay.cli.sources:sources",
    "run": "outlay.cli.start:run",
    "rerate": "outlay.cli.rerate:rerate",
    "costs": "outlay.cli.show:costs",
    "features": "outlay.cli.show:features",
    "customers": "outlay.cli.show:customers",
    "models": "outlay.cli.show:models",
    "users": "outlay.cli.show:users",
    "reconcile": "outlay.cli.show:reconcile",
    "close": "outlay.cli.closing:close",
    "reopen": "outlay.cli.closing:reopen",
    "restatements": "outlay.cli.closing:restatements",
    "explain": "outlay.cli.look:explain",
    "localize": "outlay.cli.localize:localize",
    "evidence": "outlay.cli.look:evidence",
    "trace-back": "outlay.cli.look:trace_back",
    "trace": "outlay.cli.look:trace",
    "failures": "outlay.cli.look:failures",
    "heatmap": "outlay.cli.look:heatmap",
    "estimate": "outlay.cli.ahead:estimate",
    "whatif": "outlay.cli.ahead:whatif",
    "anomalies": "outlay.cli.anomalies:anomalies",
    "forecast": "outlay.cli.forecast:forecast",
    "budgets": "outlay.cli.budgets:budgets",
    "self-hosted": "outlay.cli.ahead:self_hosted",
    "price": "outlay.cli.price:price",
    "prices": "outlay.cli.prices:prices",
    "rules": "outlay.cli.rules:rules",
    "aws-tags": "outlay.cli.aws_tags:aws_tags",
    "export": "outlay.cli.export:export",
    "serve": "outlay.cli.start:serve",
    "keys": "outlay.cli.keys:keys",
    "retain": "outlay.cli.keep:retain",
    "erase": "outlay.cli.keep:erase",
    "doctor": "outlay.cli.start:doctor",
}


class _Group(click.Group):
    """Commands in the order in which one meets them; our errors as two lines and an exit code."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names of the commands, in that order."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; turn our errors into words."""
        try:
            return super().invoke(ctx)
        except OutlayError as error:
            sys.exit(report(error, as_json="--json" in sys.argv))


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--store",
    "store_url",
    envvar="OUTLAY_STORE",
    metavar="URL",
    help="Where the ledger is kept: duckdb:///path or clickhouse://host:port/database."
    " [default: a DuckDB file in your data directory]",
)
@click.version_option(package_name="outlay")
@click.pass_context
def main(ctx: click.Context, store_url: str | None) -> None:
    """Follow every dollar from the invoice line to the product feature, customer, team and user that caused it.

    \b
    New here?
      outlay demo                          a made-up company, its ledger and its dashboard
      outlay import focus BILL.csv         take your own bill in (FOCUS 1.0 to 1.3; CSV, gzip or Parquet)
      outlay import events EVENTS.ndjson   take usage in
      outlay run                           make the ledger
      outlay costs --by feature            ask it
      outlay explain --before 2026-09 --after 2026-10
    """  # noqa: D301 - click reads the escape as "keep these lines"
    ctx.ensure_object(dict)["store"] = store_url
