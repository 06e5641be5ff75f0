"""The importers of exchange rates, by name."""

from outlay.catalog import Catalog
from outlay.exchange import importers as folder
from outlay.exchange.contract import Importer


def importers() -> Catalog[Importer]:
    """Return every importer of exchange rates by name.

    >>> list(importers())
    ['ecb', 'rates_csv']
    """
    return Catalog(folder, kind="importer", offers="IMPORTER", group="outlay.exchange.importers")
