"""Who a Stripe object is about: Stripe's own id, or what a key of the metadata says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from outlay.errors import BadInput
from outlay.fetching.reading import Part

_METADATA = "metadata."


@dataclass(slots=True)
class Customers:
    """How customers are called here.

    Args:
        key: `id`, or `metadata.KEY`.
        unnamed: Stripe's ids of customers that have no such key, met so far.
        deleted: Stripe's ids of deleted customers, met so far.
    """

    key: str
    unnamed: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)

    @classmethod
    def asked(cls, options: Mapping[str, str]) -> "Customers":
        """Read `--option customer=`.

        Raises:
            BadInput: It is neither `id` nor `metadata.KEY`.
        """
        key = options.get("customer", "id")
        if key != "id" and not key.removeprefix(_METADATA) != key:
            raise BadInput(f"--option customer={key} is not known", fix="write id, or metadata.KEY", code="bad-option")
        return cls(key)

    def of(self, *objects: Part) -> str | None:
        """Return the customer of an object; None when it has none.

        Args:
            *objects: The object, and those whose metadata may say it too, nearest first; the first has `customer`.
        """
        said = objects[0].fields.get("customer")
        if isinstance(said, dict):
            customer = Part(said, f"{objects[0].where}.customer")
            ident = customer.text("id")
        else:
            customer, ident = Part({}, ""), objects[0].text("customer")
        if ident is None:
            return None
        if customer.flag("deleted"):
            self.deleted.add(ident)
        if self.key == "id":
            return ident
        name = self.key.removeprefix(_METADATA)
        for each in (customer, *objects):
            metadata = each.part("metadata")
            if found := metadata.text(name):
                return found
        self.unnamed.add(ident)
        return ident

    def notes(self) -> list[str]:
        """Return what people should know about the customers met."""
        found = []
        if self.unnamed:
            found.append(
                f"{len(self.unnamed)} customers have no {self.key} and stand under Stripe's id: {_some(self.unnamed)}"
            )
        if self.deleted:
            found.append(f"{len(self.deleted)} customers were deleted at Stripe: {_some(self.deleted)}")
        return found


def _some(names: set[str]) -> str:
    shown = sorted(names)[:5]
    return ", ".join(shown) + (", ..." if len(names) > len(shown) else "")
