"""What workloads took of a Kubernetes cluster, as metrics that split what its nodes cost: OpenCost and Kubecost.

Source: OpenCost's allocation API (`/allocation/compute`, `/allocation/summary`) and its CSV export. Their costs are
modelled from list prices; no invoice asks for them. So they are no charges here, but keys: a rule splits the nodes'
billed cost by them. Each allocation of each window is a line; `__idle__` is kept apart.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from outlay.errors import BadInput, Unreadable
from outlay.revenue.contract import Asked, Line
from outlay.revenue.metrics import fetched
from outlay.revenue.metrics.spans import Untaken, quantity, span
from outlay.terms.attribution import ATTRIBUTION
from outlay.terms.problem import Problem

OPTIONS = ("metric", "labels", "idle")
#: Where each dimension is looked for unless an option says: labels, and with @ what the cluster itself says.
PLACES: Mapping[str, Sequence[str]] = {
    "feature": ("feature",),
    "customer": ("customer", "tenant"),
    "team": ("team", "owner"),
    "user": (),
    "environment": ("environment", "env"),
    "service": ("app.kubernetes.io/name", "app", "@controller", "@namespace"),
    "release": ("app.kubernetes.io/version",),
}
IDLE, NOBODY = "__idle__", ("__unallocated__", "__unmounted__")
_APART, _SERVICE = "apart", "service"
_MILLION, _SECONDS, _MIB = Decimal(1_000_000), Decimal(3600), Decimal(1 << 20)
_SEPARATOR = re.compile(r"[^a-z0-9]+")
_FIX = "export the answer of OpenCost's /allocation/compute as it is, or its CSV export"


@dataclass(frozen=True, slots=True)
class _Key:
    """One metric: its ending, its unit, the amounts it adds up, each with what it is multiplied by."""

    ending: str
    unit: str
    fields: Sequence[str]
    times: Decimal


#: Quantities are large enough that thousandths of them, in which rules split, still tell workloads apart.
_KEYS = (
    _Key(
        "cost",
        "millionths",
        ("cpuCost", "cpuCostAdjustment", "ramCost", "ramCostAdjustment", "gpuCost", "gpuCostAdjustment"),
        _MILLION,
    ),
    _Key("gpu_cost", "millionths", ("gpuCost", "gpuCostAdjustment"), _MILLION),
    _Key("storage_cost", "millionths", ("pvCost", "pvCostAdjustment"), _MILLION),
    _Key(
        "network_cost",
        "millionths",
        ("networkCost", "networkCostAdjustment", "loadBalancerCost", "loadBalancerCostAdjustment"),
        _MILLION,
    ),
    _Key("cpu_request", "core_seconds", ("cpuCoreRequestAverage",), _SECONDS),
    _Key("cpu_usage", "core_seconds", ("cpuCoreUsageAverage",), _SECONDS),
    _Key("ram_request", "mib_hours", ("ramByteRequestAverage",), 1 / _MIB),
    _Key("ram_usage", "mib_hours", ("ramByteUsageAverage",), 1 / _MIB),
)
_AVERAGES = ("core_seconds", "mib_hours")
#: Columns of the CSV export, in lower case, and what the API calls them.
_CSV = {
    "cpucost": "cpuCost",
    "ramcost": "ramCost",
    "gpucost": "gpuCost",
    "pvcost": "pvCost",
    "networkcost": "networkCost",
    "cpucorerequestaverage": "cpuCoreRequestAverage",
    "cpucoreusageaverage": "cpuCoreUsageAverage",
    "rambytesrequestaverage": "ramByteRequestAverage",
    "rambytesusageaverage": "ramByteUsageAverage",
}


def read(paths: Sequence[Path], asked: Asked) -> Iterator[Line]:
    """Yield what each allocation of some files became.

    Raises:
        BadInput: An option is none, or cannot be.
        Unreadable: A file is no answer of OpenCost or Kubecost.
    """
    base = asked.options.get("metric", "kubernetes").strip() or "kubernetes"
    idle = asked.options.get("idle", _SERVICE)
    if idle not in (_SERVICE, _APART):
        raise BadInput(f"--option idle={idle} is none", fix=f"write {_SERVICE} or {_APART}", code="bad-option")
    said = fetched.dimensions(asked.options, "labels")
    places = {name: [said[name]] if name in said else list(PLACES[name]) for name in ATTRIBUTION}
    for place, path in enumerate(paths, start=1):
        for number, found in enumerate(_allocations(path), start=1):
            yield _line((place, number), path.name, found, (base, idle, places), asked)


@dataclass(frozen=True, slots=True)
class _Allocation:
    """One allocation: its name, its period as written, its amounts, labels, and what the cluster says of it."""

    name: str
    start: str
    end: str
    amounts: Mapping[str, Any]
    labels: Mapping[str, str]
    properties: Mapping[str, str]


def _line(
    at: tuple[int, int],
    file: str,
    found: _Allocation | str,
    told: tuple[str, str, Mapping[str, Sequence[str]]],
    asked: Asked,
) -> Line:
    base, idle, places = told
    place, number = at
    if isinstance(found, str):
        return Line(place, number, problem=Problem("bad-record", file, number, None, found[:80], None, None, _FIX))
    about, value = "window", f"{found.start}..{found.end}"
    try:
        starts_at, ends_at = span(found.start, found.end, "", asked.now)
        hours = Decimal((ends_at - starts_at) // (ends_at - starts_at).resolution) / 1_000_000 / _SECONDS
        shared = {"starts_at": starts_at, "ends_at": ends_at, "adds_up": True, **_who(found, places)}
        is_idle = found.name == IDLE or found.name.endswith(f"/{IDLE}")
        if is_idle:
            shared |= {"service": IDLE}
        rows = []
        for key in _KEYS:
            about = key.fields[0]
            measured = [str(found.amounts[name]) for name in key.fields if found.amounts.get(name) not in (None, "")]
            if not measured:
                continue
            value = " + ".join(measured)
            exact = sum((_number(each) for each in measured), Decimal(0)) * key.times
            exact *= hours if key.unit in _AVERAGES else 1
            amount = quantity(format(exact, "f"), rounded=True)
            if amount:
                ending = f"idle_{key.ending}" if is_idle and idle == _APART else key.ending
                rows.append({**shared, "metric": f"{base}_{ending}", "quantity": amount, "unit": key.unit})
    except Untaken as error:
        return Line(
            place, number, problem=Problem(error.code, file, number, about, value[:80] or None, None, None, error.fix)
        )
    return Line(place, number, rows) if rows else Line(place, number, skipped="nothing-measured")


def _number(text: str) -> Decimal:
    """Read one amount; an adjustment may be negative, their sum not."""
    return -quantity(text[1:], rounded=True) if text.startswith("-") else quantity(text, rounded=True)


def _who(found: _Allocation, places: Mapping[str, Sequence[str]]) -> dict[str, str | None]:
    """Return who caused an allocation: the first place that says something, for each dimension."""
    labels = {_folded(key): value for key, value in found.labels.items() if value}

    def looked_up(place: str) -> str | None:
        if place.startswith("@"):
            said = found.properties.get(place[1:]) or None
            return None if said in (IDLE, *NOBODY) else said
        return labels.get(_folded(place))

    return {name: next(filter(None, map(looked_up, places[name])), None) for name in places}


def _folded(label: str) -> str:
    """Return a label's key as Prometheus would write it, because OpenCost reads it from there.

    >>> _folded("app.kubernetes.io/name")
    'app_kubernetes_io_name'
    """
    return _SEPARATOR.sub("_", label.lower()).strip("_")


def _allocations(path: Path) -> Iterator[_Allocation | str]:
    """Yield the allocations of a file; of one that is none, what stood there."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path.name} is not UTF-8 text", fix=_FIX, code="bad-encoding") from error
    if text.lstrip()[:1] == "{":
        yield from _of_answer(text, path.name)
    else:
        yield from _of_table(text, path.name)


def _of_answer(text: str, name: str) -> Iterator[_Allocation | str]:
    try:
        answer = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{name} is no JSON: {error}"[:200], fix=_FIX, code="bad-json") from error
    code, data = answer.get("code"), answer.get("data")
    if code not in (None, "200"):
        raise Unreadable(f"{name} is an answer with code {code}: {answer.get('message')}"[:200], fix=_FIX)
    sets = data.get("sets") if isinstance(data, Mapping) else data
    if not isinstance(sets, list):
        raise Unreadable(f"{name} has no list in `data`", fix=_FIX)
    for each in sets:
        window: Mapping[str, Any] = {}
        held = each
        if isinstance(each, Mapping) and isinstance(each.get("allocations"), Mapping):
            held, window = each["allocations"], each.get("window") or {}
        if held is None:
            continue
        if not isinstance(held, Mapping):
            yield str(held)
            continue
        for own, record in held.items():
            yield _of_record(own, record, window) if isinstance(record, Mapping) else f"{own}: {record}"


def _of_record(name: str, record: Mapping[str, Any], window: Mapping[str, Any]) -> _Allocation:
    properties = _mapping(record.get("properties"))
    period = _mapping(record.get("window")) or _mapping(window)
    return _Allocation(
        name=str(record.get("name") or name),
        start=_text(period.get("start") or record.get("start")),
        end=_text(period.get("end") or record.get("end")),
        amounts=record,
        labels={key: _text(value) for key, value in _mapping(properties.get("labels")).items()},
        properties={"name": name} | {key: value for key, value in properties.items() if isinstance(value, str)},
    )


def _of_table(text: str, name: str) -> Iterator[_Allocation | str]:
    """Yield the rows of OpenCost's CSV export: one pod or container of one day each."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    header = {column.lower(): column for column in reader.fieldnames or () if column}
    if "date" not in header or not any(column in header for column in _CSV):
        raise Unreadable(f"{name} is neither OpenCost's JSON nor its CSV export", fix=_FIX, code="missing-column")
    try:
        for row in reader:
            if None in row or None in row.values():
                yield f"{len([v for v in row.values() if v is not None])} fields"
                continue
            yield _of_row({column: row[own] for column, own in header.items()})
    except csv.Error as error:
        raise Unreadable(f"{name} cannot be read as CSV: {error}", fix=_FIX, code="bad-csv") from error


def _of_row(cells: Mapping[str, str]) -> _Allocation:
    labels = {key.removeprefix("label_"): value for key, value in cells.items() if key.startswith("label_")}
    listed = _parsed(cells.get("labels", ""))
    day = cells["date"].strip()[: len("2026-10-05")]
    return _Allocation(
        name=cells.get("pod") or cells.get("namespace") or "",
        start=day,
        end="",
        amounts={_CSV[column]: value.strip() for column, value in cells.items() if column in _CSV},
        labels={**{key: _text(value) for key, value in _mapping(listed).items()}, **labels},
        properties={
            "namespace": cells.get("namespace", ""),
            "controller": cells.get("controllername", ""),
            "pod": cells.get("pod", ""),
            "container": cells.get("container", ""),
            "cluster": cells.get("cluster", ""),
        },
    )


def _parsed(text: str) -> object:
    try:
        return json.loads(text) if text.strip() else None
    except (ValueError, RecursionError):
        return None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return "" if value is None else str(value)
