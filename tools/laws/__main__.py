"""Run every law over the repository: one line per breach, exit status 1 when there is any."""

import sys
from pathlib import Path

from tools.laws.gather import files_of, laws


def main() -> int:
    """Print the breaches and return the exit status."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    files = files_of(root)
    found = [breach for law in laws() for breach in law.check(files)]
    for breach in found:
        print(breach)
    print(f"{len(laws())} laws, {len(files)} files, {len(found)} breaches")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
