"""Localize: which combinations of dimension values carry the difference between what happened and what was expected.

`table` is what is asked, `reading` reads it from a file, `between` makes it of two periods of the ledger. `cuboids`
lists all combinations, `noise` says what is ordinary, `search` finds what is not, `answer` says it in amounts.
How and why: docs/decisions/0020-localise-by-likelihood.md.
"""

from outlay.explain.localize.answer import Answer, Cause, localize
from outlay.explain.localize.between import localize_change
from outlay.explain.localize.reading import read_table
from outlay.explain.localize.table import Table

__all__ = ["Answer", "Cause", "Table", "localize", "localize_change", "read_table"]
