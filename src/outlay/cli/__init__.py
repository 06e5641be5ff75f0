"""The command line: what a person types. Prints what the API would return.

Exit codes: 0 done, 1 findings, 2 refused, 3 source failed, 4 engine failed, 70 a law broke.
"""

import sys
from typing import Any

import click

from outlay.cli.errors import report
from outlay.cli.imports import import_
from outlay.cli.look import look_commands
from outlay.cli.rules import price, rules
from outlay.cli.show import read_commands
from outlay.cli.start import demo, doctor, run, serve
from outlay.errors import OutlayError


class _Group(click.Group):
    """Commands in the order in which one meets them; our errors as two lines and an exit code."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the commands in the order they were added."""
        return list(self.commands)

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


for command in (demo, import_, run, *read_commands, *look_commands, price, rules, serve, doctor):
    main.add_command(command)
