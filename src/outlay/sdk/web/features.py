"""Features: which ones are known, as a list, a question or a file."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock
from time import monotonic

from outlay.errors import BadConfig
from outlay.sdk.headers.tally import count

Given = Iterable[str] | Callable[[str], bool] | os.PathLike[str]
_EVERY = ".*"
_LOOK_AGAIN_S = 10.0


def known(given: Given) -> Callable[[str], bool]:
    """Return what says whether a feature is known. It never raises: what cannot be asked knows nothing.

    Args:
        given: Names, of which those that end with `.*` stand for a whole area; or a function that is asked each time;
            or a path to a file with a name on each line, empty lines and `# ...` apart. The file is read again within
            ten seconds after it changed; while it cannot be read, what it said last holds.

    Raises:
        BadConfig: The file cannot be read, or there is not one name.

    >>> knows = known(["search.answer", "export.*"])
    >>> knows("search.answer"), knows("export.csv"), knows("search"), knows("exporter.x")
    (True, True, False, False)
    """
    if callable(given):
        return _asked(given)
    if isinstance(given, os.PathLike):
        return _File(Path(given)).knows
    if isinstance(given, str):
        raise BadConfig(
            f"features={given!r} is a text, not a list of names", fix="write [...] around it, or Path(...) for a file"
        )
    return _among(given)


def _asked(question: Callable[[str], bool]) -> Callable[[str], bool]:
    def knows(feature: str) -> bool:
        try:
            return bool(question(feature))
        except Exception:  # noqa: BLE001 - law 12: a question of the host's own that fails must not fail its requests
            count("features-failed")
            return False

    return knows


def _among(names: Iterable[str]) -> Callable[[str], bool]:
    exact = frozenset(names)
    areas = tuple(name[:-1] for name in exact if name.endswith(_EVERY))
    if not exact:
        raise BadConfig("the list of known features is empty", fix="name the features, or use mode='observe'")
    if areas:
        return lambda feature: feature in exact or feature.startswith(areas)
    return exact.__contains__


class _File:
    """A file of features, looked at from time to time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._changed_ns = -1
        self._next_s = 0.0
        self._knows: Callable[[str], bool] = lambda _: False
        try:
            self._read()
        except (OSError, UnicodeDecodeError) as error:
            raise BadConfig(
                f"the features in {path} cannot be read: {error}", fix="name a readable text file"
            ) from None

    def knows(self, feature: str) -> bool:
        """Say whether the file names a feature."""
        if monotonic() >= self._next_s and self._lock.acquire(blocking=False):
            try:
                self._read()
            except (OSError, UnicodeDecodeError, BadConfig):
                count("features-failed")
            finally:
                self._lock.release()
        return self._knows(feature)

    def _read(self) -> None:
        self._next_s = monotonic() + _LOOK_AGAIN_S
        changed_ns = self._path.stat().st_mtime_ns
        if changed_ns != self._changed_ns:
            lines = self._path.read_text(encoding="utf-8").splitlines()
            names = [name for line in lines if (name := line.partition("#")[0].strip())]
            self._knows = _among(names)
            self._changed_ns = changed_ns
