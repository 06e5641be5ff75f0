"""A store says which version it is of, and one of another version is not touched."""

from pathlib import Path

import duckdb
import pytest

from outlay.errors import EngineFailed
from outlay.store import open_store
from outlay.store.migrations import NEWEST


@pytest.mark.parametrize(("version", "code"), [(1, "store-older"), (NEWEST + 1, "store-newer")])
def test_a_store_of_another_version_is_refused(tmp_path: Path, version: int, code: str) -> None:
    """The error says which version it is and what to do; the file stays as it was."""
    path = tmp_path / "store.duckdb"
    open_store(f"duckdb://{path}").close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE migration SET version = ?", [version])
    with pytest.raises(EngineFailed, match=f"version {version}") as refused:
        open_store(f"duckdb://{path}")
    assert refused.value.code == code
    assert refused.value.fix
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("SELECT max(version) FROM migration").fetchone() == (version,)


def test_a_store_is_opened_again(tmp_path: Path) -> None:
    """The second time nothing is made anew."""
    path = tmp_path / "store.duckdb"
    for _ in range(2):
        open_store(f"duckdb://{path}").close()
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("SELECT count(*) FROM migration").fetchone() == (1,)
