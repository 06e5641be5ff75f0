"""`python -m tests.fuzz [NAME] [SECONDS]`: look for inputs that break a parser's word, led by what its code did.

Without a name all parsers share the time, and `api` is asked whatever its document describes. What is found is written
to `.cache/fuzz/`, where the next search goes on; a broken word ends it with status 1 and the input's place.
"""

import importlib
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic

from tests.fuzz.mutating import Edit, mutated
from tests.fuzz.once import ONCE

FOLDER = Path(__file__).parents[2] / ".cache" / "fuzz"
_API = "api"
_SECONDS = 60
_LONGEST = 1 << 16
#: A parser that needs longer for so little can be kept busy by whoever sends it.
_TIMEOUT_S = 20
_MEMORY_MB = 4096


def main(arguments: list[str]) -> int:
    """Search, and return the status."""
    seconds = int(arguments.pop()) if arguments and arguments[-1].isdigit() else _SECONDS
    if arguments == [_API]:
        return _asked(seconds)
    if arguments:
        return _searched(arguments[0], seconds)
    from tests.fuzz.listed import PARSERS  # noqa: PLC0415 - a search imports it itself, to see into it

    names = [*PARSERS, _API]
    each = str(max(1, seconds // len(names)))
    broken = [name for name in names if subprocess.call([sys.executable, "-m", "tests.fuzz", name, each])]
    sys.stdout.write(f"{len(names)} parsers, {each} s each: {', '.join(broken) or 'none'} broke its word\n")
    return 1 if broken else 0


def _searched(name: str, seconds: int) -> int:
    import atheris  # noqa: PLC0415 - only a search needs it

    with atheris.instrument_imports(include=["outlay"]):
        parsers = importlib.import_module("tests.fuzz.listed").PARSERS
    if name not in parsers:
        sys.stderr.write(f"there is no parser {name!r}. Fix: name one of {', '.join([*parsers, _API])}\n")
        return 2
    seeds = [*parsers[name].seeds(), *(body for body in ONCE.get(name, ()) if len(body) < _LONGEST)]
    corpus = FOLDER / name
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        (corpus / sha256(seed).hexdigest()[:16]).write_bytes(seed)
    options = {
        "max_total_time": seconds,
        "max_len": _LONGEST,
        "timeout": _TIMEOUT_S,
        "rss_limit_mb": _MEMORY_MB,
        "artifact_prefix": f"{FOLDER}/{name}-",
        "verbosity": 0,
        "print_final_stats": 0,
    }
    arguments = [sys.argv[0], *(f"-{key}={value}" for key, value in options.items()), str(corpus)]
    atheris.Setup(arguments, parsers[name].check, custom_mutator=_mutator(seeds))
    atheris.Fuzz()  # ends the process
    return 0


def _mutator(seeds: list[bytes]) -> Callable[[bytes, int, int], bytes]:
    """Return what makes the next input: now bit by bit, now with odd values in the place of whole fields."""
    import atheris  # noqa: PLC0415 - as above

    def mutate(body: bytes, most: int, seed: int) -> bytes:
        chance = Random(seed)
        if chance.random() < 0.5:
            found: bytes = atheris.Mutate(body, most)  # asked for late: there is none before the search begins
            return found
        edits = [Edit(*(chance.randrange(1 << 16) for _ in range(4))) for _ in range(chance.randint(1, 3))]
        return mutated(body, edits, seeds)[:most]

    return mutate


def _asked(seconds: int) -> int:
    from tests.serve.test_schema import ask_everything, collector  # noqa: PLC0415 - it brings half the world

    end = monotonic() + seconds
    for round_ in count(1):
        with TemporaryDirectory() as folder, collector(Path(folder), only_keys=bool(round_ % 2)) as (app, headers):
            ask_everything(app, headers, 20, seed=round_)
        if monotonic() > end:
            break
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
