"""Live: what the last minutes cost, before any ledger is made of them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

from outlay.store import Row, Store

_MINUTE = timedelta(minutes=1)
_ZERO = Decimal(0)


def live(store: Store, now: datetime, *, minutes: int = 60, by: str = "feature") -> dict[str, object]:
    """Return what the last minutes cost, the one that is running included.

    Args:
        store: Holds what was collected.
        now: The instant.
        minutes: How many, from 1 to 60.
        by: `provider`, `model`, `feature` or `team`.

    Returns:
        `since`, `until`; `totals`, `minutes` (each `minute` of which something is known) and `rows` (by the dimension),
        all with `currency`, `amount` in it (usage times price), `calls`, `tokens` and `unpriced_quantity`. The dearest
        row stands first.
    """
    until = now.replace(second=0, microsecond=0) + _MINUTE
    span: Mapping[str, object] = {"starts_at": until - minutes * _MINUTE, "ends_at": until}

    def asked(*dimensions: str) -> list[Row]:
        return store.rows("explain/live", span, table="rollup_minute", by=dimensions)

    return {
        "since": span["starts_at"],
        "until": until,
        "totals": [row for row in asked() if cast(int, row["calls"])],
        "minutes": asked("minute"),
        "by": by,
        "rows": sorted(asked(by), key=lambda row: (-cast(Decimal, row["amount"]), str(row[by]))),
    }
