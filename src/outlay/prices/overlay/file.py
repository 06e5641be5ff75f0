"""Overlay files: dated prices in TOML for what no list knows or a contract changes.

Comes in: a file of `[[price]]`, `[[discount]]`, `[[uplift]]`, `[[deployment]]`, `[[reported]]` and `[[credit]]`
entries. Goes out: records of the book, and every entry that cannot be used with its line, its field and what to write
instead.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from outlay.errors import BadConfig
from outlay.prices.credit import is_credit
from outlay.prices.overlay.blocks import Block, blocks
from outlay.prices.overlay.entries import KINDS
from outlay.prices.overlay.fields import Fault, Fields
from outlay.prices.source import Stated

_KNOWN = ", ".join(f"[[{kind}]]" for kind in KINDS)
_NAMED = ("provider", "unit")
_SAME = ("provider", "model", "unit", "context", "size_from")


@dataclass(frozen=True, slots=True)
class Overlay:
    """What an overlay file says.

    Args:
        stated: Its usable entries in order. The pattern of a price is empty where the entry gives none.
        faults: What keeps the other entries from being used, by line.
    """

    stated: tuple[Stated, ...]
    faults: tuple[Fault, ...]

    def refuse_faults(self) -> None:
        """Refuse the file when any entry of it cannot be used, telling all of them.

        Raises:
            BadConfig: The message has file, line, entry and field of each.
        """
        if len(self.faults) == 1:
            raise BadConfig(str(self.faults[0]), fix=self.faults[0].fix, code="bad-overlay")
        if self.faults:
            told = "\n".join(f"{fault} ({fault.fix})" for fault in self.faults)
            raise BadConfig(
                f"{self.faults[0].file} has {len(self.faults)} problems:\n{told}",
                fix="mend these; nothing of the file was learnt",
                code="bad-overlay",
            )


def read_overlay(path: Path) -> Overlay:
    """Read an overlay file.

    Args:
        path: The file.

    Raises:
        BadConfig: It is not there, or not a text.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadConfig(f"{path}: {error.strerror}", fix="give the path of an overlay file") from error
    except UnicodeDecodeError as error:
        raise BadConfig(f"{path} is not a text in UTF-8: {error}", fix="save it as UTF-8") from error
    stated: list[tuple[Fields, Stated]] = []
    faults: list[Fault] = []
    places: Counter[str] = Counter()
    for block in blocks(text):
        places[block.table] += 1
        fields = Fields(path.name, places[block.table], block)
        if wrong := _not_an_entry(path.name, block):
            faults.append(wrong)
            continue
        found = KINDS[block.table](fields)
        faults += fields.faults
        for entry in found if not fields.faults else ():
            faults += _overlaps(path.name, fields, entry, stated)
            stated.append((fields, entry))
    overlapping = {fault.line for fault in faults if fault.code == "overlap"}
    usable = tuple(found for fields, found in stated if fields.line not in overlapping)
    return Overlay(usable, tuple(sorted(faults, key=lambda fault: fault.line)))


def _not_an_entry(file: str, block: Block) -> Fault | None:
    if block.error:
        entry = f"[[{block.table}]]" if block.table else "the file"
        what = f"not TOML: {block.error}"
        return Fault(file, block.error_line, entry, "", None, what, f"mend it there; entries are {_KNOWN}", "not-toml")
    if block.table in KINDS:
        return None
    name = block.table or next(iter(block.fields))
    near = get_close_matches(name, list(KINDS), 1)
    meant = f"did you mean {near[0]}? " if near else ""
    line = block.line if block.table else block.lines[name]
    return Fault(file, line, name, "", None, f"{name} means nothing here", f"{meant}Entries are {_KNOWN}", "unknown")


def _overlaps(file: str, fields: Fields, entry: Stated, before: Sequence[tuple[Fields, Stated]]) -> list[Fault]:
    """Find earlier entries for the same thing at the same time; neither is used, which holds would be a guess."""
    found = []
    for other, stated in before:
        credit = is_credit(entry["unit"])  # known by its name, whenever it holds
        names = _NAMED if credit else _SAME
        same = all(entry[name] == stated[name] for name in names)  # type: ignore[literal-required]  # names of fields
        together = entry["valid_from"] < stated["valid_to"] and stated["valid_from"] < entry["valid_to"]
        if same and (credit or together):
            for one, against in ((other, fields), (fields, other)):
                what = f"it is for the same thing at the same time as {against.entry} on line {against.line}"
                fix = "end the earlier one with valid_to, or leave one out"
                found.append(Fault(file, one.line, one.entry, "valid_from", None, what, fix, "overlap"))
    return found
