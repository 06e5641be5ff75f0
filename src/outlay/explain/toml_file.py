"""TOML files that analyses read: numbers digit by digit, and every flaw told at once."""

import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from outlay.errors import BadConfig


def read_toml(path: Path) -> dict[str, Any]:
    """Read a file; numbers with a point become decimals.

    Raises:
        BadConfig: It cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadConfig(f"{path} cannot be read: {reason}", fix="give the path of a TOML file") from error
    except RecursionError as error:
        raise BadConfig(f"{path} is nested too deeply", fix="write tables in tables, not lists in lists") from error
    except ArithmeticError as error:
        raise BadConfig(f"{path} holds a number that cannot be", fix="look for one with a huge exponent") from error
    except ValueError as error:  # also for a whole number of thousands of digits
        raise BadConfig(f"{path} is not TOML: {error}", fix="mend the line it names") from error


def read_tables(path: Path, name: str) -> Sequence[Mapping[str, Any]]:
    """Read a file that holds tables of one name and nothing else.

    Raises:
        BadConfig: It cannot be read, or holds anything else, or none of them.
    """
    found = read_toml(path)
    listed = found.get(name)
    if not isinstance(listed, list) or not all(isinstance(table, dict) for table in listed) or set(found) != {name}:
        raise BadConfig(f"{path} holds something other than [[{name}]] tables", fix=f"write every one as [[{name}]]")
    return listed


def refuse(path: Path, flaws: Sequence[str]) -> None:
    """Refuse a file that has flaws, naming all of them.

    Raises:
        BadConfig: It has some.
    """
    if flaws:
        raise BadConfig(f"{path} cannot be used:\n  " + "\n  ".join(flaws), fix="mend each key that is named")
