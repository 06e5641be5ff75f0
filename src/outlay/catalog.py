"""The folder is the list: what each module of a package offers, found by file name.

Adding an importer, a price source or a rule is adding one file; there is no registry to edit.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from types import ModuleType
from typing import TypeVar

from outlay.errors import BadConfig, UnknownName

Offer = TypeVar("Offer")


class Catalog(Mapping[str, Offer]):
    """Names are file names; a module is imported only when its name is asked for.

    Args:
        package: The folder to list, for example `outlay.bills.importers`.
        kind: What one entry is called in messages, for example `"importer"`.
        offers: The name every module in the folder must define, for example `"IMPORTER"`.
        group: Entry-point group through which other distributions add to the list.

    Raises:
        BadConfig: Another distribution takes a name that exists already.
    """

    def __init__(self, package: ModuleType, *, kind: str, offers: str, group: str) -> None:
        self._kind = kind
        self._offers = offers
        self._where = {
            module.name: f"{package.__name__}.{module.name}"
            for module in iter_modules(package.__path__)
            if not module.name.startswith("_")
        }
        for point in entry_points(group=group):
            if point.name in self._where:
                raise BadConfig(
                    f"{point.value} cannot be {kind} {point.name!r}: {self._where[point.name]} has that name",
                    fix="rename the entry point in the other distribution, or uninstall it",
                )
            self._where[point.name] = point.value

    def __getitem__(self, name: str) -> Offer:
        """Import the module of that name and return what it offers.

        Raises:
            UnknownName: No module of that name; the nearest names are shown.
        """
        if name not in self._where:
            raise UnknownName(self._kind, name, self._where)
        offer: Offer = getattr(import_module(self._where[name]), self._offers)
        return offer

    def __contains__(self, name: object) -> bool:
        """Say whether the name is listed, without importing anything."""
        return name in self._where

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names in alphabetical order."""
        return iter(sorted(self._where))

    def __len__(self) -> int:
        """Return how many names there are."""
        return len(self._where)
