"""Files of Stripe's JSON: pages of lists as the API answers them, arrays, or an object a line."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from outlay.errors import Unreadable
from outlay.fetching.reading import Part
from outlay.revenue.contract import Line
from outlay.terms.problem import Problem


@dataclass(slots=True)
class Held:
    """What some files hold.

    Args:
        objects: Every object that is not part of another, by kind (`invoice`, ...), each with the place of its file.
        lines: Further lines of invoices and credit notes, by the id of what they belong to.
        unfinished: Addresses of lists of which the last page is missing.
    """

    objects: dict[str, list[tuple[int, Part]]] = field(default_factory=lambda: defaultdict(list))
    lines: dict[str, list[Part]] = field(default_factory=lambda: defaultdict(list))
    unfinished: set[str] = field(default_factory=set)

    def lines_of(self, owner: Part) -> list[Part]:
        """Return the lines of an invoice or credit note: those within it, and those of further pages."""
        first = list(owner.part("lines").parts("data")) if "lines" in owner.fields else []
        known = {line.text("id") for line in first}
        return first + [line for line in self.lines.get(owner.text("id") or "", ()) if line.text("id") not in known]

    def has_all_lines(self, owner: Part) -> bool:
        """Say whether the pages with further lines of an invoice are there, where it has some."""
        ident = owner.text("id") or ""
        if not owner.part("lines").flag("has_more"):
            return True
        return ident in self.lines and not any(f"/{ident}/" in url for url in self.unfinished)

    def missing_pages(self) -> Iterator[Line]:
        """Yield a problem of the whole for each list of which the last page is missing."""
        for url in sorted(self.unfinished):
            fix = "export the other pages of the list too, and import them together"
            yield Line(1, 0, problem=Problem("pages-missing", url, None, None, None, None, None, fix))


def held(paths: Sequence[Path]) -> Held:
    """Read files.

    Raises:
        Unreadable: One of them is not JSON, or not an object of Stripe's.
    """
    found, ended, begun = Held(), set[str](), set[str]()
    seen: set[str] = set()
    for place, path in enumerate(paths, start=1):
        for page in _documents(path):
            if page.text("object") != "list":
                _file(found, place, page, "", seen)
                continue
            url = page.text("url") or ""
            (begun if page.flag("has_more") else ended).add(url)
            for one in page.parts("data"):
                _file(found, place, one, url, seen)
    found.unfinished = begun - ended
    return found


def _file(found: Held, place: int, one: Part, url: str, seen: set[str]) -> None:
    """Put an object where it belongs; one that stood before is passed over."""
    kind, ident = one.text("object"), one.text("id")
    if not kind or not ident:
        raise Unreadable(f"{one.where} is no object of Stripe's", fix="export it from Stripe's API", code="not-stripe")
    if ident in seen:
        return
    seen.add(ident)
    if kind.endswith("line_item"):
        found.lines[url.strip("/").split("/")[-2] if url.count("/") > 1 else ""].append(one)
    else:
        found.objects[kind].append((place, one))


def _documents(path: Path) -> Iterator[Part]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path.name} is not UTF-8 text", fix="save it as UTF-8", code="bad-encoding") from error
    try:
        whole = json.loads(text, parse_float=Decimal)
        parts = whole if isinstance(whole, list) else [whole]
    except (ValueError, ArithmeticError, RecursionError):
        parts = [_line(line, path, number) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    for number, part in enumerate(parts, start=1):
        if not isinstance(part, dict):
            raise Unreadable(
                f"{path.name}: object {number} is none", fix="export it from Stripe's API", code="not-stripe"
            )
        yield Part(part, f"{path.name}[{number}]")


def _line(text: str, path: Path, number: int) -> object:
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Unreadable(
            f"{path.name}:{number} is not JSON, or ends too early", fix="export it again", code="not-json"
        ) from error
