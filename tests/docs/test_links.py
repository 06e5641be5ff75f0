from pathlib import Path
from urllib.parse import unquote

from tests.docs.pages import ROOT, anchors, links, pages


def broken(page: Path) -> list[str]:
    """Return one line for every link of a page that leads nowhere inside the repository."""
    found = []
    for line, target in links(page.read_text(encoding="utf-8")):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, fragment = unquote(target).partition("#")
        place = page if not name else (ROOT / name[1:] if name.startswith("/") else page.parent / name)
        if not place.exists():
            found.append(f"{page}:{line}: links to {target}, which does not exist. Fix: write it or mend the link")
        elif fragment and place.suffix == ".md" and fragment not in anchors(place.read_text(encoding="utf-8")):
            found.append(f"{page}:{line}: {place.name} has no heading for #{fragment}. Fix: mend the fragment")
    return found


def test_every_link_inside_the_repository_leads_somewhere() -> None:
    """Each relative link of each page names a file that is there, and a heading that is in it."""
    found = [line for page in pages() for line in broken(page)]
    assert not found, "\n".join(found)


def test_a_link_to_nowhere_is_named(tmp_path: Path) -> None:
    """A missing page and a missing heading are named by file and line; code and the web are not followed."""
    page = tmp_path / "x.md"
    page.write_text(
        "# Top\n[a](y.md)\n[b](#top)\n[c](#bottom)\n`[d](z.md)`\n```\n[e](z.md)\n```\n[f](https://example.com/z)\n",
        encoding="utf-8",
    )
    found = broken(page)
    assert [line.split(": ")[0] for line in found] == [f"{page}:2", f"{page}:4"]
