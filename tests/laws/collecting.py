"""A collector in a process of its own, as test_law_11_collector.py runs it: `python -m tests.laws.collecting ...`.

`serve URL JOURNAL` collects until it is killed; `show URL JOURNAL` files what is left, and prints the id of every event
in the store, as often as it is there.
"""

import sys
from pathlib import Path

from outlay.capture.intake import Intake
from outlay.serve.app import serve
from outlay.store import open_store
from tests.laws.world import read

if __name__ == "__main__":
    task, url, journal = sys.argv[1:]
    store = open_store(url)
    if task == "serve":
        serve(store, journal=Path(journal), port=0, ready=lambda said: print(said, flush=True))
    else:
        Intake(store, Path(journal)).close()
        print(*(row["id"] for row in read(store, "SELECT id FROM current_usage")), sep="\n")
    store.close()
