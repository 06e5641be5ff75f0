"""Manifests: which files make one complete bill, and which of several versions of it is the newest.

Comes in: the JSON files that vendors write beside exports, last of all. Goes out: one version per export and month.

Sources: AWS legacy reports (`reportKeys`, `assemblyId`, `billingPeriod`), AWS Data Exports (`dataFiles`, `executionId`,
the month in the path as `BILLING_PERIOD=YYYY-MM`), Azure Cost Management exports (`blobs`, `runInfo`). Letter case of
partitions differs between tables and years, so none is looked at.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

_MONTH = re.compile(r"(?:billing_period|date)=(\d{4}-\d{2})", re.IGNORECASE)
_DAYS = re.compile(r"(?:^|/)(\d{4})(\d{2})\d{2}-\d{8}(?:/|$)")
_RUN = re.compile(r"(?:^|/)(\d{8}T\d{6}(?:\.\d+)?Z)-[0-9A-Fa-f-]+/")
_ADDRESS = re.compile(r"^s3://[^/]+/")


@dataclass(frozen=True, slots=True)
class Manifest:
    """One version of one month of one export.

    Args:
        name: The manifest's own name on its shelf.
        export: The export that it belongs to, as the folder that holds it and its name.
        month: `YYYY-MM`; empty where neither the manifest nor its path says it.
        keys: Keys of its files.
        rank: Greater for the newer of two versions.
    """

    name: str
    export: str
    month: str
    keys: tuple[str, ...]
    rank: tuple[bool, str, str]


def is_manifest(name: str) -> bool:
    """Say whether a file is a manifest, by its name."""
    return name.rpartition("/")[2].casefold().endswith("manifest.json")


def read_manifest(name: str, text: bytes, modified: datetime) -> Manifest:
    """Read a manifest.

    Args:
        name: Its name on its shelf.
        text: Its content.
        modified: When it was written.

    Raises:
        ValueError: It names no files, or is no JSON object.
    """
    said = json.loads(text)
    if not isinstance(said, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - for the caller both are one
    keys = _keys(said)
    folder = name.rpartition("/")[0]
    run = _RUN.search(name)
    written = run[1] if run else f"{modified:%Y%m%dT%H%M%S.%fZ}"
    own_folder = str(said.get("assemblyId") or said.get("executionId") or "") or "-"
    # AWS keeps a copy of the newest legacy manifest above the folders of the versions.
    above = "reportKeys" in said and not folder.endswith(own_folder)
    return Manifest(name, _export(name, said), _month(name, said), keys, (above, written, name))


def newest(manifests: Iterable[Manifest]) -> list[Manifest]:
    """Return the newest version of each month of each export, in the order of exports and months."""
    found: dict[tuple[str, str], Manifest] = {}
    for manifest in manifests:
        key = (manifest.export, manifest.month)
        if key not in found or found[key].rank < manifest.rank:
            found[key] = manifest
    return [found[key] for key in sorted(found)]


def _keys(said: Mapping[str, object]) -> tuple[str, ...]:
    listed = said.get("reportKeys") or said.get("dataFiles") or said.get("blobs")
    if not isinstance(listed, list) or not listed:
        raise ValueError("it names no files (reportKeys, dataFiles or blobs)")
    keys = [each.get("blobName") if isinstance(each, dict) else each for each in listed]
    if not all(isinstance(key, str) and key for key in keys):
        raise ValueError("a file that it names has no name")
    return tuple(_ADDRESS.sub("", str(key)).lstrip("/") for key in keys)


def _month(name: str, said: Mapping[str, object]) -> str:
    """Return the month a manifest is for: as its path says it, else as it says itself."""
    if found := _MONTH.search(name):
        return found[1]
    if found := _DAYS.search(name):
        return f"{found[1]}-{found[2]}"
    for key, start in (("billingPeriod", "start"), ("runInfo", "startDate")):
        period = said.get(key)
        text = str(period.get(start, "")) if isinstance(period, dict) else ""
        digits = re.match(r"(\d{4})-?(\d{2})", text)
        if digits:
            return f"{digits[1]}-{digits[2]}"
    return ""


def _export(name: str, said: Mapping[str, object]) -> str:
    """Return the export a manifest belongs to: the folders above its partition, and what the manifest is called."""
    folder, _, own = name.rpartition("/")
    parts = folder.split("/") if folder else []
    for place, part in enumerate(parts):
        if part == "metadata" or _MONTH.fullmatch(part) or _DAYS.fullmatch(part):
            parts = parts[:place]
            break
    config = said.get("exportConfig")
    named = str(config.get("exportName", "")) if isinstance(config, dict) else ""
    return "/".join([*parts, named or re.sub(r"[-_]?manifest\.json$", "", own, flags=re.IGNORECASE)]).strip("/")
