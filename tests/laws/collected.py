"""What a collector's store holds: `python -m tests.laws.collected URL JOURNAL`.

Files what is left of the journal, and prints the id of every event in the store, as often as it is there.
"""

import sys
from pathlib import Path

from outlay.capture.intake import Intake
from outlay.store import open_store
from tests.laws.world import read

if __name__ == "__main__":
    store = open_store(sys.argv[1])
    Intake(store, Path(sys.argv[2])).close()
    sys.stdout.writelines(f"{row['id']}\n" for row in read(store, "SELECT id FROM current_usage"))
    store.close()
