"""Pages of answers that are kept on the disk: what is settled is never paid or waited for twice.

Comes in: a request and its answer. Goes out: the answer to the same request, for ever when it is settled, for a short
time when it may still change. One file a page, named by the fingerprint of who asked for what.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from outlay.errors import EngineFailed

_SETTLED, _PASSING = ".json", ".passing.json"


@dataclass(slots=True)
class Kept:
    """A folder of pages.

    Args:
        folder: Where they are; made when the first one is kept.
        owner: On whose behalf is asked. Others never see these pages; it is in the fingerprint only, never in a file.
        now: The instant of the import.
        passing: How long a page that is not settled may stand for an answer.
        anew: Whether to ask for everything again, whatever is kept.
        found: How many pages were answered from here.
    """

    folder: Path
    owner: str
    now: datetime
    passing: timedelta
    anew: bool = False
    found: int = 0
    _unsettled: list[Path] = field(default_factory=list)

    def find(self, request: Mapping[str, object]) -> str | None:
        """Return the kept answer to a request; None when there is none that may still be used."""
        for path in () if self.anew else (self._path(request), self._path(request, _PASSING)):
            page = self._read(path)
            if page is None or (path.name.endswith(_PASSING) and not self._is_young(page)):
                continue
            if path.name.endswith(_PASSING):
                self._unsettled.append(path)
            self.found += 1
            return str(page["body"])
        return None

    def _read(self, path: Path) -> Mapping[str, object] | None:
        """Return a page; None when there is none, or one that was cut off: it is asked for again."""
        try:
            page = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return page if isinstance(page, dict) and isinstance(page.get("body"), str) else None

    def _is_young(self, page: Mapping[str, object]) -> bool:
        try:
            kept_at = datetime.fromisoformat(str(page.get("kept_at")))
            return timedelta(0) <= self.now - kept_at < self.passing
        except (ValueError, TypeError):
            return False

    def keep(self, request: Mapping[str, object], body: str, *, settled: bool) -> None:
        """Keep an answer; whoever reads at the same time sees the old page or the new one, never half.

        Raises:
            EngineFailed: The folder cannot be written to.
        """
        path = self._path(request, "" if settled else _PASSING)
        page = {"request": dict(request), "kept_at": self.now.isoformat(), "settled": settled, "body": body}
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.touch(mode=0o600)  # what was used and paid is nobody else's business
            part.write_text(json.dumps(page), encoding="utf-8")
            part.replace(path)
        except OSError as error:
            raise EngineFailed(
                f"cannot keep a fetched page in {self.folder}: {error.strerror}",
                fix="make room there, or let this user write to it",
                code="cache-not-writable",
            ) from error
        if not settled:
            self._unsettled.append(path)

    def forget_unsettled(self) -> None:
        """Remove the pages of this fetch that may still change; they were kept in case that it failed half way."""
        for path in self._unsettled:
            with suppress(OSError):
                path.unlink()
        self._unsettled.clear()

    def forget_aged(self) -> None:
        """Remove pages that may still change and are too old to stand for an answer, whoever kept them."""
        with suppress(OSError):
            for path in self.folder.glob(f"*{_PASSING}"):
                page = self._read(path)
                if page is None or not self._is_young(page):
                    path.unlink(missing_ok=True)

    def _path(self, request: Mapping[str, object], ending: str = "") -> Path:
        named = json.dumps([self.owner, dict(request)], sort_keys=True)
        return self.folder / f"{sha256(named.encode()).hexdigest()}{ending or _SETTLED}"
