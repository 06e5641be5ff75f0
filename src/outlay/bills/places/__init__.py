"""Where the files of a bill are: on the disk, in a folder, in a bucket, or with an importer that fetches them.

Comes in: paths and places as they were typed. Goes out: files that are ready, and what is wrong with the rest.
"""

from outlay.bills.places.bringing import Brought, bring

__all__ = ["Brought", "bring"]
