"""One file per bill format; the file's name is the format's name on the command line."""

import sys

from outlay.bills.importer import Importer
from outlay.catalog import Catalog


def importers() -> Catalog[Importer]:
    """Return every bill importer by name."""
    return Catalog(sys.modules[__name__], kind="importer", offers="IMPORTER", group=__name__)
