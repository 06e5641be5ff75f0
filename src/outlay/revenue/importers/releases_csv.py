"""Releases: `release`, `released_at`, and optionally `service`. They stand on the same axis as changes in cost.

A release that is there already is skipped, so a list that grows may be imported again.
"""

from outlay.revenue.contract import Importer, instant, text

IMPORTER = Importer(
    name="releases_csv",
    table="release",
    columns={"release": text, "service": text, "released_at": instant},
    mandatory=("release", "released_at"),
    defaults={},
    held="revenue/releases",
)
