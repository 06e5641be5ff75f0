"""Errors as people and programs meet them: two lines and an exit code."""

import json

import click

from outlay.errors import Broken, EngineFailed, OutlayError, Refused, SourceFailed

_EXIT = ((Refused, 2), (SourceFailed, 3), (EngineFailed, 4), (Broken, 70))


def report(error: OutlayError, *, as_json: bool) -> int:
    """Print an error and return its exit code."""
    if as_json:
        click.echo(json.dumps({"error": {"code": error.code, "message": error.message, "fix": error.fix}}))
    click.secho(f"outlay: {error.message}.", fg="red", err=True)
    if error.fix:
        click.echo(f"Fix: {error.fix} (code {error.code})", err=True)
    return next((code for kind, code in _EXIT if isinstance(error, kind)), 1)
