"""One import of one scheduled source, whichever room it belongs to."""

from contextlib import nullcontext
from datetime import datetime
from pathlib import Path

from outlay.bills import importers as bills
from outlay.bills import take_in as bill
from outlay.capture import take_in as events
from outlay.capture.log_places import gathered
from outlay.capture.mapping import read_mapping
from outlay.errors import UnknownName
from outlay.exchange import take_in as rates
from outlay.exchange.importer import importers as exchanges
from outlay.revenue import take_in as business
from outlay.revenue.importer import importers as businesses
from outlay.schedule.config import Source
from outlay.store import Store
from outlay.terms.take_in import TakeIn

_EVENTS, _LOGS = "events", "logs"
#: The option of a bill's importer that names a mapping file.
_MAPPING = "mapping"


def known() -> list[str]:
    """Return the name of everything that can be imported."""
    return [*bills.importers(), *businesses(), *exchanges(), _EVENTS, _LOGS]


def bring_in(store: Store, source: Source, now: datetime, cache: Path) -> TakeIn:
    """Import a source once.

    Args:
        store: Where it goes.
        source: What to import.
        now: The instant of the import.
        cache: A folder that is kept between imports.

    Raises:
        UnknownName: There is no such importer.
        OutlayError: What the import itself raises.
    """
    paths = [Path(place) for place in source.places]
    if source.importer in bills.importers():
        importer = bills.importers()[source.importer]
        mapped = {_MAPPING: str(source.mapping)} if source.mapping and _MAPPING in importer.options else {}
        options = {**source.options, **mapped}
        kept = cache / source.importer
        request = bill.Request(places=source.places, append=source.append, options=options, cache=kept)
        return bill.take_in(store, importer, request, now=now)
    if source.importer in businesses():
        found = businesses()[source.importer]
        return business.take_in(store, found, source.places, now=now, options=source.options)
    if source.importer in exchanges():
        return rates.take_in(store, exchanges()[source.importer], paths, now=now)
    if source.importer not in (_EVENTS, _LOGS):
        raise UnknownName("source", source.importer, known())
    mapping = read_mapping(source.mapping) if source.mapping else None
    with gathered(paths) if source.importer == _LOGS else nullcontext(paths) as files:
        return events.take_in(store, files, mapping=mapping, now=now, source=source.importer)
