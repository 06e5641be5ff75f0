"""The configuration, `outlay.toml`: what is imported how often, and what may be spent. No secret is in it."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from outlay.errors import BadConfig
from outlay.exchange.conversion import InCurrency
from outlay.exchange.rates import DEFAULT_DAYS, MOST_DAYS
from outlay.terms.currency import CURRENCIES
from outlay.watch.budgets.budget import Budgets, read_budgets

#: Where the configuration is when nobody says: in the folder one is in.
USUAL = Path("outlay.toml")
_SETTINGS = ("source", "budget", "call_budget", "run", "reporting_currency", "rate_days")
_KEYS = ("name", "import", "place", "places", "every", "settle", "options", "mapping", "append")
_DURATION = re.compile(r"([1-9]\d{0,5})\s*([mhdw])", re.ASCII)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_SECRET = re.compile(r"(?i)secret|token|passw|credential|api_?key|access_?key|private_?key")
_LEAST, _MOST = timedelta(minutes=1), timedelta(days=92)


@dataclass(frozen=True, slots=True)
class Source:
    """One scheduled source.

    Args:
        name: What it is called here.
        importer: The importer's name, as on the command line.
        places: Where it imports from; none for importers that need none.
        every: Time from the beginning of one import to that of the next.
        settle: How long after a day its rows may still come; None learns it from what came.
        options: What the importer is told.
        mapping: Mapping file, for events and logs.
        append: Whether imports add to what earlier ones said, rather than replace it.
    """

    name: str
    importer: str
    places: tuple[str, ...]
    every: timedelta
    settle: timedelta | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    mapping: Path | None = None
    append: bool = False


@dataclass(frozen=True, slots=True)
class Config:
    """What the configuration says.

    Args:
        sources: The scheduled sources, in order.
        run: Whether months that got new rows are run after an import.
        reporting: The currency that answers are in unless they are asked for another; None leaves amounts in their own.
        budgets: What may be spent.
    """

    sources: tuple[Source, ...]
    run: bool = True
    reporting: InCurrency | None = None
    budgets: Budgets = field(default_factory=Budgets)


def place_of(given: Path | None) -> Path | None:
    """Return where the configuration is: as given, `OUTLAY_CONFIG`, or `outlay.toml` where one is; None for none.

    Raises:
        BadConfig: It was named, and is not there.
    """
    named = given or (Path(said) if (said := os.environ.get("OUTLAY_CONFIG")) else None)
    if named is None:
        return USUAL if USUAL.is_file() else None
    if not named.is_file():
        raise BadConfig(f"there is no configuration at {named}", fix="write one, or leave the name out")
    return named


def read(path: Path) -> Config:
    """Read a configuration.

    Raises:
        BadConfig: It is not TOML, or a source cannot be used; every flaw is named.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, ValueError, ArithmeticError, RecursionError) as error:
        raise BadConfig(f"{path} cannot be read: {error}", fix="mend the line it names") from error
    flaws: list[str] = []
    tables, run = found.pop("source", []), found.pop("run", True)
    reporting = _reporting(found.pop("reporting_currency", None), found.pop("rate_days", DEFAULT_DAYS), flaws)
    budgets = read_budgets(found.pop("budget", []), found.pop("call_budget", []), flaws)
    flaws += [f"{key}: not a setting; there are {', '.join(_SETTINGS)}" for key in found]
    if not isinstance(run, bool):
        flaws.append("run: write true or false")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        flaws.append("source: write every one as a [[source]] table")
        tables = []
    sources = [_source(table, number, path.parent, flaws) for number, table in enumerate(tables, start=1)]
    names = [source.name for source in sources]
    flaws += [f"source {name}: there are two of that name" for name in sorted({n for n in names if names.count(n) > 1})]
    if flaws:
        raise BadConfig(f"{path} cannot be used:\n  " + "\n  ".join(flaws), fix="mend each key that is named")
    return Config(tuple(sources), run, reporting, budgets)


def duration(text: object) -> timedelta | None:
    """Read a length of time: a whole number and m, h, d or w; None when it is none.

    >>> duration("6h"), duration("soon")
    (datetime.timedelta(seconds=21600), None)
    """
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    return int(found[1]) * _UNITS[found[2]] if found else None


def _reporting(currency: object, days: object, flaws: list[str]) -> InCurrency | None:
    if isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= MOST_DAYS:
        flaws.append(f"rate_days: write how many days old a rate may be, from 0 to {MOST_DAYS}")
        days = DEFAULT_DAYS
    if currency is None:
        return None
    if currency not in CURRENCIES:
        flaws.append('reporting_currency: write an ISO 4217 code in capitals, such as "EUR"')
        return None
    return InCurrency(str(currency), days)


def _source(table: Mapping[str, Any], number: int, folder: Path, flaws: list[str]) -> Source:
    name = table.get("name", "")
    where = f"source {name or number}"
    flaws += [f"{where}: {key} is no key; there are {', '.join(_KEYS)}" for key in table if key not in _KEYS]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        flaws.append(f"{where}: name it with letters, digits, - _ and . only")
    importer = table.get("import", "")
    if not isinstance(importer, str) or not importer:
        flaws.append(f'{where}: say what imports it, for example import = "focus"')
    every, settle = duration(table.get("every")), duration(table.get("settle"))
    if every is None or not _LEAST <= every <= _MOST:
        flaws.append(f'{where}: say how often, from every = "1m" to every = "92d"')
    if "settle" in table and settle is None:
        flaws.append(f'{where}: settle is no length of time; write for example settle = "2d"')
    append = table.get("append", False)
    if not isinstance(append, bool):
        flaws.append(f"{where}: append is true or false")
    return Source(
        str(name),
        str(importer),
        _places(table, where, folder, flaws),
        every or _MOST,
        settle,
        _options(table.get("options", {}), where, flaws),
        _mapping(table.get("mapping"), where, folder, flaws),
        append is True,
    )


def _places(table: Mapping[str, Any], where: str, folder: Path, flaws: list[str]) -> tuple[str, ...]:
    """Return the places; a path is as seen from the configuration's own folder."""
    listed = table.get("places", [table["place"]] if "place" in table else [])
    if not isinstance(listed, list) or not all(isinstance(each, str) and each for each in listed):
        flaws.append(f'{where}: places is a list of texts; place = "..." is short for one')
        return ()
    found = []
    for each in listed:
        if "://" not in each:
            found.append(str(folder / each))
            continue
        if urlsplit(each).password or _SECRET.search(urlsplit(each).query):
            flaws.append(f"{where}: a place holds no secret; put it into the environment, as the source's page says")
        found.append(each)
    return tuple(found)


def _options(found: object, where: str, flaws: list[str]) -> dict[str, str]:
    if not isinstance(found, dict):
        flaws.append(f"{where}: options is a table of names and values")
        return {}
    options = {}
    for name, value in found.items():
        if _SECRET.search(name):
            flaws.append(f"{where}: option {name} looks like a secret; put it into the environment instead")
        if isinstance(value, bool | int | str):
            options[name] = str(value).lower() if isinstance(value, bool) else str(value)
        else:
            flaws.append(f"{where}: option {name} is a text or a whole number")
    return options


def _mapping(found: object, where: str, folder: Path, flaws: list[str]) -> Path | None:
    if found is None or isinstance(found, str):
        return folder / found if found else None
    flaws.append(f"{where}: mapping is the path of a file")
    return None
