"""Blocks: an overlay file cut into its entries, each read by itself and with the lines on which its fields stand.

TOML readers give no line numbers, and lose a whole file to one bad character; an entry by itself loses only itself.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

_HEADER = re.compile(r'\s*\[\[\s*(?P<quote>["\']?)(?P<table>[\w-]+)(?P=quote)\s*\]\]\s*(#.*)?')
_PLACE = re.compile(r"\(at line (\d+), column \d+\)")


@dataclass(frozen=True, slots=True)
class Block:
    """One entry of a file.

    Args:
        table: The name in its `[[...]]`; empty for what stands before the first one.
        line: Line of its header.
        fields: What it says; numbers with a point are exact.
        error: Why it is not TOML; empty when it is.
        error_line: Line of that.
        lines: Line of each field.
    """

    table: str
    line: int
    fields: dict[str, object]
    error: str = ""
    error_line: int = 0
    lines: dict[str, int] = field(default_factory=dict)


def blocks(text: str) -> Iterator[Block]:
    r"""Yield the entries of a file in order, what stands before the first one too where it says something.

    >>> [(b.table, b.line, b.fields) for b in blocks("# prices\n[[price]]\nper = 1\n[[discount]]\n")]
    [('price', 2, {'per': 1}), ('discount', 4, {})]
    """
    table, began, held = "", 1, list[str]()
    for line, content in enumerate(text.splitlines(), start=1):
        if found := _HEADER.fullmatch(content):
            yield from _read(table, began, held)
            table, began, held = found["table"], line, []
        else:
            held.append(content)
    yield from _read(table, began, held)


def _read(table: str, began: int, held: list[str]) -> Iterator[Block]:
    # A part of an entry under a header of its own, as [price.context], is read as part of it.
    content = "\n".join(re.sub(rf"^\s*\[\s*{re.escape(table)}\s*\.", "[", line) if table else line for line in held)
    above = began if table else began - 1
    try:
        fields = tomllib.loads(content, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line = above + int(place[1]) if place else above + len(held)
        yield Block(table, began, {}, _PLACE.sub("", str(error)).strip(" ()"), line)
        return
    except RecursionError:
        yield Block(table, began, {}, "it is nested too deeply", began)
        return
    except (ValueError, ArithmeticError):
        yield Block(table, began, {}, "it holds a number of too many digits, or with a huge exponent", began)
        return
    lines = {name: max(1, above + _line_of(name, held)) for name in fields}
    if table or fields:
        yield Block(table, began, fields, lines=lines)


def _line_of(name: str, held: list[str]) -> int:
    key = re.compile(rf'\s*(\[[\w.\s-]*)?["\']?{re.escape(name)}["\']?\s*[.=\]]')
    return next((number for number, line in enumerate(held, start=1) if key.match(line)), 0)
