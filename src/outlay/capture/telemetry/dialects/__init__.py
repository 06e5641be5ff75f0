"""One file per emitter of telemetry. The folder is the list; there is nothing to register."""

import sys

from outlay.capture.telemetry.dialect import Dialect
from outlay.catalog import Catalog


def dialects() -> Catalog[Dialect]:
    """Return every dialect by name."""
    return Catalog(sys.modules[__name__], kind="dialect of telemetry", offers="DIALECT", group=__name__)
