"""Files in a place: a file, a folder or a bucket; what its manifests name, or else all the data files there are.

Comes in: a place. Goes out: the files of the newest version of each month, and problems of the months that stay out.
"""

from collections.abc import Sequence
from pathlib import Path

from outlay.bills.importer import Asked, Fetched
from outlay.bills.places.manifests import Manifest, is_manifest, newest, read_manifest
from outlay.bills.places.s3 import SCHEME, Bucket
from outlay.bills.places.shelf import Entry, Folder, Shelf
from outlay.errors import SourceFailed
from outlay.terms.period import Period
from outlay.terms.problem import Problem

_DATA = (".csv", ".csv.gz", ".csv.zip", ".parquet", ".json", ".ndjson", ".jsonl", ".gz", ".zip")
_INCOMPLETE = "wait until the export is complete, or copy the missing file too, then import it again"


def fetch(asked: Asked) -> Fetched:
    """Return the files of a place.

    Args:
        asked: What was asked for. With a period, months that do not meet it are left alone.

    Raises:
        BadInput: There is no such place.
        SourceFailed: It cannot be read, or holds no file of a bill.
    """
    if not asked.place.startswith(SCHEME):
        path = Path(asked.place)
        if path.is_file() and not is_manifest(path.name):
            return Fetched([path])
    shelf: Shelf = Bucket(asked) if asked.place.startswith(SCHEME) else Folder(asked.place)
    entries = shelf.entries()
    found = [entry for entry in entries if is_manifest(entry.name)]
    if found:
        return _by_manifests(shelf, found, asked.period)
    data = [entry.name for entry in entries if _is_data(entry.name)]
    if not data:
        raise SourceFailed(
            f"{asked.place} holds no CSV, Parquet or JSON file",
            fix="name the folder that the export is delivered to",
            code="nothing-there",
        )
    paths = {name: shelf.bring(name) for name in data}
    return Fetched(list(paths.values()), names={path: shelf.address(name) for name, path in paths.items()})


def _is_data(name: str) -> bool:
    own = name.rpartition("/")[2]
    return own.casefold().endswith(_DATA) and not own.startswith((".", "_"))


def _by_manifests(shelf: Shelf, entries: Sequence[Entry], period: Period | None) -> Fetched:
    manifests, problems = [], []
    for entry in entries:
        try:
            manifests.append(read_manifest(entry.name, shelf.bring(entry.name).read_bytes(), entry.modified))
        except ValueError as error:
            problems.append(_whole("bad-manifest", shelf.address(entry.name), f"cannot be read: {error}"))
    kept = [manifest for manifest in newest(manifests) if _meets(manifest, period)]
    sets: dict[Path, str] = {}
    exports: dict[Path, str] = {}
    names: dict[Path, str] = {}
    for manifest in kept:
        found = {key: shelf.find(key, manifest.name) for key in manifest.keys}
        label = f"{manifest.export} {manifest.month}".strip()
        if missing := [key for key, name in found.items() if name is None]:
            said = f"{label} is left out: {missing[0]} is not there"
            problems.append(_whole("missing-part", shelf.address(manifest.name), said))
            continue
        for name in found.values():
            path = shelf.bring(str(name))
            sets[path], exports[path], names[path] = label, manifest.export, shelf.address(str(name))
    left = len(manifests) - len(kept)
    notes = [f"{left} older or other versions left alone"] if left else []
    return Fetched(list(sets), problems=problems, notes=notes, names=names, sets=sets, exports=exports)


def _meets(manifest: Manifest, period: Period | None) -> bool:
    """Say whether a month may hold charges of the period asked for; yes when it is not known."""
    if period is None or not manifest.month:
        return True
    month = Period.month(manifest.month)
    return month.first < period.end and period.first < month.end


def _whole(code: str, name: str, said: str) -> Problem:
    return Problem(code, name, None, None, said[:200], None, None, _INCOMPLETE)
