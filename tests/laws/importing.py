"""A process that imports until it is killed: it says what the store holds, then acknowledges every import."""

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from outlay.bills import importers as bills
from outlay.bills import take_in as bill
from outlay.capture import take_in as usage
from outlay.store import Store, open_store
from tests.laws.world import read

_HELD = """
SELECT f.name AS name, t.lines AS lines, COALESCE(c.held, 0) + COALESCE(u.held, 0) AS held
FROM take_in AS t
JOIN source_file AS f ON f.take_in = t.take_in
LEFT JOIN (SELECT take_in, COUNT(*) AS held FROM current_charge GROUP BY take_in) AS c ON c.take_in = t.take_in
LEFT JOIN (SELECT take_in, COUNT(*) AS held FROM current_usage GROUP BY take_in) AS u ON u.take_in = t.take_in
ORDER BY name
"""


def held(store: Store) -> list[tuple[str, int, int]]:
    """Return every file that counts, with the lines it has and the rows that are seen of it."""
    return [(str(row["name"]), int(str(row["lines"])), int(str(row["held"]))) for row in read(store, _HELD)]


def say(word: str, what: object) -> None:
    """Tell the parent."""
    sys.stdout.write(json.dumps([word, what]) + "\n")
    sys.stdout.flush()


def take_all(store: Store, paths: Iterable[Path], now: datetime) -> None:
    """Import files one by one and acknowledge each."""
    for path in paths:
        say("begin", path.name)
        if path.suffix == ".csv":
            bill.take_in(store, bills.importers()["focus"], bill.Request(paths=[path]), now=now)
        else:
            usage.take_in(store, [path], mapping=None, now=now)
        say("done", path.name)


if __name__ == "__main__":
    opened = open_store(sys.argv[1])
    say("held", held(opened))
    take_all(opened, [Path(name) for name in sys.argv[3:]], datetime.fromisoformat(sys.argv[2]))
    say("held", held(opened))
    opened.close()
