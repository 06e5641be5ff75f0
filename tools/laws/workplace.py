"""The repository speaks of the product, never of the place it was written in.

Paths of somebody's machine, the names of their folders of notes, hosts of their package mirrors: none of these
mean anything to a reader, they break the moment the tree is somewhere else, and some say more than they should.
The words below are put together from parts so that this file does not name what it forbids.

Lock files may name where a package comes from only if that is the public registry.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from tools.laws.gather import breach

_WORK = "/" + "work"
_OPT = "/" + "opt"
_TMP = "/" + "tmp"
WORDS = (
    f"{_WORK}/main",
    f"{_WORK}/shared",
    f"{_WORK}/." + "library",
    f"{_TMP}/" + "brief",
    f"{_OPT}/" + "pypi",
    f"{_OPT}/" + "wheels",
    "bash" + "_jobs",
    *("shared/" + folder for folder in ("design.md", "research", "poc", "hooks")),
    *("research/" + page + ".md" for page in ("contracts", "engines", "landscape", "style")),
    "co-authored-by: " + "claude",
    "claude" + " code",
    "as an ai " + "language model",
)
_PATTERN = re.compile("|".join(rf"(?<![\w.-]){re.escape(word)}" for word in WORDS), re.IGNORECASE)
_LOCKED = re.compile(r'"resolved":\s*"(?!https://registry\.npmjs\.org/)(https?|file):[^"]*"')
_FIX = "say it without the place: a path inside the repository, or a public address"


def check(paths: Iterable[Path]) -> list[str]:
    """Return one line for every mention of the workplace in a text file."""
    found = []
    for path in paths:
        content = path.read_bytes()
        if b"\0" in content:
            continue  # pictures and other binary files hold no prose
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
            if match := _PATTERN.search(line):
                found.append(breach(path, number, f"the workplace is mentioned ({match[0]!r})", _FIX))
            if path.name.endswith("lock.json") and _LOCKED.search(line):
                found.append(
                    breach(path, number, "a lock file names a private mirror", "lock against the public registry")
                )
    return found
