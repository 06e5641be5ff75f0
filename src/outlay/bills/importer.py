"""The contract of a bill importer: which column of the file is which column of a charge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from outlay import bills
from outlay.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Importer:
    """What a bill format is.

    Args:
        name: Its name on the command line, the name of its file.
        title: What it is called in sentences.
        columns: For each column of a charge that the format knows, the names it goes by, preferred first.
        mandatory: Columns of a charge without which a line means nothing.
    """

    name: str
    title: str
    columns: Mapping[str, Sequence[str]]
    mandatory: Sequence[str]


def importers() -> Catalog[Importer]:
    """Return every bill importer by name."""
    from outlay.bills import importers as folder  # noqa: PLC0415 - the folder imports this contract

    return Catalog(folder, kind="importer", offers="IMPORTER", group=f"{bills.__name__}.importers")
