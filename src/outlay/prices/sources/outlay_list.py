"""The list prices that Outlay itself brings along for things that are not models: `prices/overlay.toml`."""

from collections.abc import Iterator
from importlib.resources import as_file, files

from outlay.prices.overlay.file import read_overlay
from outlay.prices.source import LIST, Source, Stated

#: The day on which the lists were read.
_READ_ON = "2026-11-21"


def _read() -> Iterator[Stated]:
    with as_file(files("outlay.prices").joinpath("overlay.toml")) as path:
        found = read_overlay(path)
        found.refuse_faults()
        for entry in found.stated:
            yield entry | {"source": f"{SOURCE.label} {SOURCE.version} {entry['source']}{LIST}"}


SOURCE = Source(label="outlay", version=_READ_ON, read=_read)
