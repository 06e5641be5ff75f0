"""Options: what is told to a source beside its files, checked by the importers that are tailored to it."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import replace

from outlay.bills.importer import ENDPOINT, Importer
from outlay.bills.places import Brought
from outlay.errors import BadInput, UnknownName


def known_only(source: str, options: Mapping[str, str], known: Collection[str]) -> dict[str, str]:
    """Return the options that a source knows.

    Args:
        source: Its name.
        options: What was told. The address to ask at is every source's own matter and left out.
        known: Their names.

    Raises:
        UnknownName: There is another one.

    >>> known_only("databricks_usage", {"currency": "EUR"}, ("currency", "prices"))
    {'currency': 'EUR'}
    """
    for name in options:
        if name not in known and name != ENDPOINT:
            raise UnknownName(f"option of {source}", name, known)
    return {name: value for name, value in options.items() if name in known}


def one_of(source: str, name: str, value: str, allowed: Collection[str]) -> str:
    """Return the value of an option that must be one of a few.

    Raises:
        BadInput: It is another one.
    """
    if value not in allowed:
        raise BadInput(
            f"option {name} of {source} is {value!r}", fix=f"write --option {name}={' or '.join(sorted(allowed))}"
        )
    return value


def as_told(brought: Brought, importer: Importer) -> Brought:
    """Return files whose fingerprints tell apart what a tailored importer makes of them.

    The same usage with other prices, or the same table with another mapping, is not the same bill.

    Args:
        brought: The files.
        importer: What reads them, tailored.
    """
    if not importer.tailored:
        return brought
    told = json.dumps(
        [
            importer.header_line,
            dict(importer.settings),
            dict(importer.constants),
            list(importer.columns.items()),
            list(importer.maps.items()),
        ],
        default=dict,
    )
    files = [
        replace(file, fingerprint=hashlib.sha256(f"{file.fingerprint} {told}".encode()).hexdigest())
        for file in brought.files
    ]
    return replace(brought, files=files)
