"""Checks of our own, one file per law, for what no linter knows.

Each module offers `check(paths)`: it gets the files of the repository and returns one line per breach,
`file:line: message. Fix: ...`. `python -m tools.laws` runs them all; a new file is found without a registry.
"""
