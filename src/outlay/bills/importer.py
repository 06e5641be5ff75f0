"""The contract of a bill importer: which column of the file is which column of a charge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


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
