"""The contract of a bill importer: what a format is, and how its files come when they are not simply there.

Comes in: nothing; importers are values. `take_in` reads them, `importers/` holds one file for each.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from outlay.terms.period import Period
from outlay.terms.problem import Problem

#: The option that every source knows: where it asks, instead of the vendor's own address.
ENDPOINT = "endpoint-url"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an importer that fetches its files is asked for.

    Args:
        place: What stands after the source's name: a path, `s3://...`, `https://...`; may be empty.
        period: The only charge periods wanted; None leaves it to the importer.
        now: The instant of the import, UTC.
        options: Given as `--option name=value`; `endpoint-url` stands for `--endpoint-url`.
        folder: Where files may be put; gone after the import.
        cache: A folder of this importer's own that is kept from one import to the next.
    """

    place: str
    period: Period | None
    now: datetime
    options: Mapping[str, str]
    folder: Path
    cache: Path


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an importer brought.

    Args:
        files: In the layout that the importer's `columns` and `shape` describe.
        controls: The vendor's own total by currency, where it states one; it stands for the sum of the lines.
        problems: What is wrong with the whole, and not with one line (`line` is None).
        notes: What people should know and need not mend, for example `31 requests, 0.31 USD`.
        names: What a file is called in messages, where its path does not say it.
        sets: Of a file that is one part of several, the set they make (`2026-10`): one of them that cannot be read
            leaves out the others, and is a problem of the whole.
        exports: Of a file, the export that it belongs to: two exports that speak of the same bill are refused.
    """

    files: Sequence[Path]
    controls: Mapping[str, Decimal] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    notes: Sequence[str] = ()
    names: Mapping[Path, str] = field(default_factory=dict)
    sets: Mapping[Path, str] = field(default_factory=dict)
    exports: Mapping[Path, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Importer:
    """What a bill format is.

    A plain format needs only `columns`: each column of a charge is a column of the file. A format that says it
    otherwise has a `shape`, a query that turns its lines into charges. A source that is no file has `fetch`.

    Args:
        name: Its name on the command line, the name of its file.
        title: What it is called in sentences.
        columns: For each column of a charge that the format knows, the names it goes by, preferred first. With a
            `shape`: for each name that the shape reads.
        mandatory: Names of `columns` without which a line means nothing.
        stake: The two names of `columns` that hold the money and its currency, to say what is at stake on a line that
            cannot even be read as one.
        constants: Columns of a charge that no column of the file holds, for example `{"provider": "AWS"}`.
        shape: The query (`bills/aws_cur` is `bills/sql/aws_cur.sql`, marked `-- engine: reader`; another distribution
            gives its text) from the view `written` to what a charge is made of. `written` shows `line`, every name in
            `columns` as text (NULL where the file has none), every other column of the file by its own header, `maps`,
            and `extra`: the columns of the file that neither `columns` nor `maps` names. It returns `line` and
            columns of a charge as text, and where it has them `extra` (a map), `tags` as a map, `skip` (the named
            reason why the line is left out), and `refuse` (the code of the reason why it cannot be taken in, one of
            `refusals`) with `refused`, the text at fault. Every line of the file is one row, or several where it says
            several charges.
        maps: Names of maps that the shape reads, each with the beginnings of headers that it gathers, where what
            follows the beginning is the key; or with headers by key.
        exact: Names of `columns` that hold money, which `written` then shows as decimals, not as text. A line that has
            one which cannot be read has its name and text in the column `unread`: the shape must refuse such lines.
        instants: Names of `columns` that hold instants, which `written` shows as `TIMESTAMP` where Parquet has them so.
        costs: Costs other than `billed_cost` that the import is to meet with what the file holds.
        refusals: Codes that the shape may give in `refuse`, each with its fix.
        options: Names of the options it knows beside `endpoint-url`; others are refused.
        same_bill: Other importers that tell the same bill: what they said of the same days is replaced like its own.
            An import of one account is refused where they told the bill that holds all accounts.
        part_of: Other importers that tell all that this one tells a part of: beside them it is refused.
        keys: The query, marked `-- engine: reader`, from `written` to rows of `metric`: what a file measures beside its
            charges, by which rules can split some of them.
        keys_of: The name of `columns` that a file has where it measures such.
        settings: Texts that the shape reads as `setting('name')`.
        header_line: Line on which the header of a table begins.
        described: Whether somebody told what the columns are: one that the file lacks then refuses the whole file.
        fetch: Brings the files, for sources that are not plain files, folders or `s3://` places.
        tailored: Makes the importer that the options ask for, for formats that options describe, and refuses options it
            does not know; None for all others.
    """

    name: str
    title: str
    columns: Mapping[str, Sequence[str]]
    mandatory: Sequence[str]
    stake: tuple[str, str] = ("billed_cost", "billing_currency")
    constants: Mapping[str, str] = field(default_factory=dict)
    shape: str = ""
    maps: Mapping[str, Sequence[str] | Mapping[str, str]] = field(default_factory=dict)
    exact: Sequence[str] = ()
    instants: Sequence[str] = ()
    costs: Sequence[str] = ()
    refusals: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[str] = ()
    same_bill: Sequence[str] = ()
    part_of: Sequence[str] = ()
    keys: str = ""
    keys_of: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    header_line: int = 1
    described: bool = False
    fetch: Callable[[Asked], Fetched] | None = None
    tailored: Callable[[Mapping[str, str]], "Importer"] | None = None
