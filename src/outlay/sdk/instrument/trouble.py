"""Trouble: what goes wrong in our own code while a host is watched. It is counted and said, never raised.

Comes in: what failed, by name. Goes out: one more in `outlay.drops()`, and one line for whoever reads the log.
"""

import sys

from outlay.sdk.output.drops import DEBUG, DROPS


def swallowed(what: str) -> None:
    """Count something of ours that failed and that the host must not notice.

    Args:
        what: What failed, a few words. The log has them with the class of the exception being handled, never with its
            message, which may quote what people wrote.
    """
    kind = sys.exc_info()[0]
    DROPS.count("tracking")
    DROPS.notice(f"tracking: {what}", f"{what} failed: {kind.__name__ if kind else 'not usable'}", DEBUG)


def said_once(what: str, message: str) -> None:
    """Say in the log that something cannot be tracked, for whoever set it up to read."""
    DROPS.notice(what, message)
