"""Ways to plant a file in a copy of the tree, so that a law has something to find."""

from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]


def planted(folder: Path, path: str, text: str) -> Path:
    """Write a file at a path below a folder, as it would stand in the repository, and return it."""
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(dedent(text), encoding="utf-8")
    return place
