"""Tables out: a table, a view, or an answer as a CSV or Parquet file.

Comes in: what the store holds, or rows of an answer. Goes out: one file.
"""

import tempfile
from pathlib import Path

from outlay.errors import UnknownName
from outlay.export.file import finished
from outlay.store import Store
from outlay.store.ddl import view_names
from outlay.store.tables import BY_NAME
from outlay.store.writing import writing

#: Of keys there are digests, which nobody needs in a file.
_KEPT_IN = {"api_key"}


def names() -> list[str]:
    """Return the tables and views that can be written.

    >>> {"charge", "current_charge", "ledger"} <= set(names())
    True
    """
    tables = {name for name, table in BY_NAME.items() if not table.passing and name not in _KEPT_IN}
    return sorted({*tables, *(name.removeprefix("view_") for name in view_names())})


def table(store: Store, name: str, path: Path, file_format: str) -> int:
    """Write every row of a table or view.

    Args:
        store: Holds it.
        name: One of `names()`.
        path: The file; one that is there is replaced once the new one is whole.
        file_format: `csv` or `parquet`.

    Returns:
        The rows that were written.

    Raises:
        UnknownName: There is no such table or view.
    """
    if name not in names():
        raise UnknownName("table or view", name, names())
    with finished(path) as unfinished, tempfile.TemporaryDirectory(prefix="outlay-", dir=path.parent) as folder:
        saved = Path(folder) / "saved.parquet"
        store.save("export/whole_table", {}, saved, table=name)
        with writing(Path(folder)) as writer:
            writer.show([saved])
            writer.write("export/as_saved", unfinished, file_format)
            return int(str(writer.rows("export/saved_rows")[0]["rows"]))
