"""Cron: what runs by the clock says what it is for, in the program itself or in the line that starts it.

*/15 * * * *  python -m outlay.sdk.propagate.cron nightly-report --feature report.nightly -- ./report.sh
"""

import argparse
import os
import sys
from collections.abc import Sequence

from outlay.sdk.headers.traceparent import new_trace
from outlay.sdk.propagate.carriers import environment
from outlay.sdk.scope import context, saying

_DIMENSIONS = ("feature", "customer", "team", "user", "session")
_NOT_FOUND, _NOT_STARTED = 127, 126


def cron(name: str, **said: object) -> context:
    """Return the scope of something that runs by the clock: a decorator, or `with` around it.

    Args:
        name: Its name in the schedule, which becomes the tag `scheduled` and the endpoint `cron NAME`.
        said: What `outlay.context` takes; `feature` above all.

    >>> from outlay.sdk.scope import said
    >>> @cron("nightly-report", feature="report.nightly")
    ... def report() -> None:
    ...     print(said())
    >>> report()
    {'scheduled': 'nightly-report', 'endpoint': 'cron nightly-report', 'feature': 'report.nightly'}
    """
    given = {dimension: value for dimension, value in said.items() if value is not None}
    return saying({"scheduled": name, "endpoint": f"cron {name}", **given})


def main(arguments: Sequence[str] | None = None) -> int:
    """Start a command that begins in a scope: `OUTLAY_CONTEXT` says it to the program and to what that starts.

    The command takes the place of this one, so its status and what signals do to it are its own.

    Returns:
        127 where there is no such command, 126 where it cannot be started; else it does not return.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    until = given.index("--") if "--" in given else len(given)
    command = given[until + 1 :]
    parser = argparse.ArgumentParser(
        prog="python -m outlay.sdk.propagate.cron",
        usage="%(prog)s NAME [--feature FEATURE] [...] -- COMMAND ...",
        description="Start a command in a scope.",
        allow_abbrev=False,
    )
    parser.add_argument("name", help="its name in the schedule")
    for dimension in _DIMENSIONS:
        parser.add_argument(f"--{dimension}", metavar=dimension.upper())
    asked = parser.parse_args(given[:until])
    if not command:
        parser.error("there is no command. Fix: write it behind --")
    with cron(asked.name, trace=new_trace(), **{name: getattr(asked, name) for name in _DIMENSIONS}):
        surroundings = {**os.environ, **environment()}
    try:
        os.execvpe(command[0], command, surroundings)  # noqa: S606 - starting what was asked for is its purpose
    except FileNotFoundError:
        print(f"{command[0]}: there is no such command", file=sys.stderr)  # noqa: T201 - as a shell would
        return _NOT_FOUND
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)  # noqa: T201 - as a shell would
        return _NOT_STARTED


if __name__ == "__main__":
    sys.exit(main())
