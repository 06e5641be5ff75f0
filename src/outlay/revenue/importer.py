"""The importers of business tables, by name."""

from outlay.catalog import Catalog
from outlay.revenue import importers as folder
from outlay.revenue.contract import Importer


def importers() -> Catalog[Importer]:
    """Return every business importer by name."""
    return Catalog(folder, kind="importer", offers="IMPORTER", group="outlay.revenue.importers")
