"""Edition: which Outlay this is."""

from importlib.metadata import PackageNotFoundError, version


def edition() -> str:
    """Return the installed version; `0` when run from a source tree that was never installed."""
    try:
        return version("outlay")
    except PackageNotFoundError:
        return "0"
