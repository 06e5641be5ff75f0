"""Sources: how fresh each scheduled source is, and what is wrong with any."""

from datetime import datetime
from typing import Any

from outlay.schedule.config import Config
from outlay.schedule.state import state
from outlay.serve.web.words import OUTCOMES
from outlay.store import Store

#: How many imports are shown.
_SHOWN = 30


def sources(store: Store, config: Config, flaw: str | None, now: datetime) -> dict[str, Any]:
    """Return what the page shows.

    Args:
        store: Holds the runs of sources.
        config: Names the sources.
        flaw: What is wrong with the configuration; None for nothing.
        now: The instant.
    """
    answer = state(store, config.sources, now, keep=False)
    stated = {source.name: source for source in config.sources}
    imports = store.rows("explain/take_ins")
    rows: list[dict[str, Any]] = []
    for row in answer.sources:
        own = [finding for finding in answer.findings if finding.subject == row["source"]]
        places = [place.rpartition("/")[2] or place for place in stated[str(row["source"])].places]
        rows.append({**row, "findings": own, "said": OUTCOMES[str(row["state"])], "places": places})
    return {
        "rows": rows,
        "findings": answer.findings,
        "ran": sum(1 for row in rows if row["last_run"]),
        "flaw": flaw,
        "now": now,
        "imports": imports[-_SHOWN:][::-1],
        "more_imports": max(0, len(imports) - _SHOWN),
    }
