"""The store: one small protocol, two engines, the tables, and the runner of `.sql` files.

Comes in: names of queries with parameters, rows, files. Goes out: rows. Only this room knows a database.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

from outlay.errors import BadConfig
from outlay.store.protocol import Row, Store

__all__ = ["Row", "Store", "default_url", "open_store", "price_mark"]


def default_url() -> str:
    """Return `OUTLAY_STORE`, or the DuckDB file in the platform's data directory."""
    if url := os.environ.get("OUTLAY_STORE"):
        return url
    from platformdirs import user_data_path  # noqa: PLC0415 - only the default needs it

    return f"duckdb://{user_data_path('outlay', appauthor=False) / 'outlay.duckdb'}"


def open_store(url: str | None = None) -> Store:
    """Open a store, making it when it does not exist.

    Args:
        url: `duckdb:///absolute/path`, `duckdb:relative/path`, `duckdb:///:memory:`,
            `clickhouse://host:port/database`, or `chdb:///folder` (ClickHouse in this process, for tests).
            None means `default_url()`.

    Raises:
        BadConfig: The URL names no engine.
        EngineFailed: The engine cannot open it: held, corrupt, unreachable.

    >>> store = open_store("duckdb:///:memory:")
    >>> store.engine
    'duckdb'
    """
    url = url or default_url()
    parts = urlsplit(url)
    if parts.scheme == "duckdb":
        from outlay.store.duckdb import DuckDB  # noqa: PLC0415 - an engine is loaded when it is asked for

        return DuckDB(_path_in(url), memory_limit=os.environ.get("OUTLAY_MEMORY_LIMIT", "4GB"))
    if parts.scheme in ("clickhouse", "chdb"):
        from outlay.store.clickhouse import ClickHouse  # noqa: PLC0415 - an engine is loaded when it is asked for

        return ClickHouse(url, parts)
    raise BadConfig(
        f"store {url!r} names no engine",
        fix="write duckdb:///absolute/path, duckdb:relative/path or clickhouse://host:port/database",
    )


def price_mark(url: str) -> str | None:
    """Return what changes whenever the price book of a store may have, without opening a database.

    Args:
        url: As for `open_store`.

    Returns:
        None when that cannot be told: the store is new, in memory, in use, not reached, or was changed by others.
    """
    from outlay.store.marks import mark_of_file, mark_of_server  # noqa: PLC0415 - not every program asks

    parts = urlsplit(url)
    if parts.scheme == "duckdb":
        path = _path_in(url)
        return mark_of_file(path.resolve()) if path else None
    return mark_of_server(parts) if parts.scheme == "clickhouse" else None


def _path_in(url: str) -> Path | None:
    """Return the file a `duckdb:` URL names, None for memory."""
    name = url.removeprefix("duckdb:").removeprefix("//")
    if name.lstrip("/") == ":memory:":
        return None
    if not name.strip("/"):
        raise BadConfig(f"store {url!r} names no file", fix="write duckdb:///absolute/path or duckdb:relative/path")
    return Path("/" + name.lstrip("/")) if name.startswith("/") else Path(name)
