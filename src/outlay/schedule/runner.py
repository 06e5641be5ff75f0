"""Runner: imports what is due, one source after the other; one that fails does not stop the others."""

import logging
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import cast

from outlay.errors import EngineFailed, OutlayError
from outlay.schedule.config import Source
from outlay.schedule.importing import bring_in
from outlay.schedule.redacted import redacted
from outlay.schedule.runs import FAILED, IMPORTED, UNCHANGED, Run, due_at, failures, history, wait_after
from outlay.store import Store
from outlay.terms.take_in import TakeIn

Importing = Callable[[Store, Source, datetime, Path], TakeIn]
_log = logging.getLogger("outlay.schedule")


def run_due(
    store: Store,
    sources: Sequence[Source],
    clock: Callable[[], datetime],
    cache: Path,
    *,
    importing: Importing = bring_in,
    ending: Callable[[], bool] = lambda: False,
) -> list[Run]:
    """Import every source that is due, and write down what came of each.

    Args:
        store: Where all goes.
        sources: The scheduled sources.
        clock: Says what time it is, UTC.
        cache: A folder that importers keep things in.
        importing: Imports one source.
        ending: Says whether to stop before the next source.

    Returns:
        The runs, in order; a failed one says why.

    Raises:
        EngineFailed: The store itself failed; the source that was running is due again.
    """
    runs = history(store, sources, clock())
    made = []
    for source in sources:
        if ending():
            break
        if due_at(source, runs[source.name], clock()) <= clock():
            made.append(_run(store, source, runs[source.name], clock, cache, importing))
            made[-1].keep(store)
    return made


def _run(
    store: Store,
    source: Source,
    earlier: Sequence[Run],
    clock: Callable[[], datetime],
    cache: Path,
    importing: Importing,
) -> Run:
    began_at = clock()
    try:
        result = importing(store, source, began_at, cache)
    except EngineFailed:
        raise
    except OutlayError as error:
        return _failed(source, earlier, began_at, clock(), error.code, str(error))
    except Exception as error:  # noqa: BLE001 - a mistake of ours must not stop the other sources
        what = f"{type(error).__name__}: {error}"
        _log.error("%s: %s", source.name, redacted(what))  # no traceback: it may hold what is redacted here
        return _failed(source, earlier, began_at, clock(), "unexpected", what)
    ident = result.repeated or result.take_in
    return Run(
        source.name,
        began_at,
        clock(),
        UNCHANGED if result.repeated else IMPORTED,
        ident,
        0 if result.repeated else result.landed,
        _newest_day(store, ident, began_at),
        None,
        None,
        max(began_at + source.every, clock()),
    )


def _failed(
    source: Source, earlier: Sequence[Run], began_at: datetime, ended_at: datetime, code: str, what: str
) -> Run:
    next_at = ended_at + wait_after(source, failures(earlier) + 1)
    return Run(source.name, began_at, ended_at, FAILED, None, 0, None, code, redacted(what), next_at)


def _newest_day(store: Store, take_in: str, now: datetime) -> date | None:
    """Return the newest day that an import is about; no day to come."""
    (row,) = store.rows("schedule/newest_day", {"take_in": take_in})
    newest = cast("date | None", row["newest_day"])
    return min(newest, (now + timedelta(days=1)).date() - timedelta(days=1)) if newest else None
