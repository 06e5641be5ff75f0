"""How the tests of the documents read Markdown."""

import re
from collections.abc import Iterator
from pathlib import Path

from tools.laws.gather import files_of

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)


def read(path: str) -> str:
    """Return the text of a page, given by its path from the root; empty when there is no such page."""
    place = ROOT / path
    return place.read_text(encoding="utf-8") if place.is_file() else ""


def pages() -> list[Path]:
    """Return every Markdown page of the repository, cases apart."""
    return [path for path in files_of(ROOT) if path.suffix == ".md" and "cases" not in path.parts]


def links(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the target of each link; code is not searched."""
    prose = _CODE.sub(_blank, _FENCE.sub(_blank, text))
    for match in _LINK.finditer(prose):
        yield prose.count("\n", 0, match.start()) + 1, match[1] or match[2]


def anchors(text: str) -> set[str]:
    r"""Return the fragments that lead to the headings of a page, as the usual renderers make them.

    >>> sorted(anchors("# The river\n## `outlay run` & more\n## The river"))
    ['outlay-run--more', 'the-river', 'the-river-1']
    """
    found: set[str] = set()
    for heading in _HEADING.findall(_FENCE.sub(_blank, text)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        number = 1
        unique = slug
        while unique in found:
            unique = f"{slug}-{number}"
            number += 1
        found.add(unique)
    return found | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))


def _blank(match: re.Match[str]) -> str:
    """Return nothing but the line ends of what was matched, so that lines keep their numbers."""
    return re.sub(r"[^\n]", " ", match[0])
