import contextlib
import io
import re
from pathlib import Path

import pytest

from outlay.store import open_store
from outlay.store.clickhouse import ClickHouse
from outlay.store.tables import BY_NAME, TABLES
from tests.docs.examples import blocks
from tests.docs.pages import read

PAGE = "docs/scale.md"
_ENGINE = re.compile(r"ENGINE = ReplicatedMergeTree\([^)]*\)")


def printed() -> dict[str, str]:
    """Return what the program on the page prints: the definition of each table, by its name."""
    (program,) = blocks(read(PAGE), "python")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(program, PAGE, "exec"), {})  # noqa: S102 - the example is ours, and running it is the test
    statements = [text.strip() for text in out.getvalue().split(";\n") if text.strip()]
    return {name: text for table in TABLES if (text := _defining(name := table.name, statements))}


def _defining(name: str, statements: list[str]) -> str:
    return next((text for text in statements if f'NOT EXISTS "{name}" (' in text), "")


@pytest.fixture
def cluster(clickhouse_folder: Path) -> ClickHouse:
    """A store on the ClickHouse engine, to run definitions on."""
    made = open_store(f"chdb://{clickhouse_folder}?database=scale")
    assert isinstance(made, ClickHouse)
    return made


def test_the_program_on_the_page_prints_every_table() -> None:
    """Each table of the store is defined once, with the replicating engine."""
    found = printed()
    assert sorted(found) == sorted(BY_NAME)
    assert all(_ENGINE.search(text) for text in found.values())


def test_the_definition_shown_is_the_one_that_is_printed() -> None:
    """The example on the page is what its program prints for that table."""
    (shown,) = blocks(read(PAGE), "sql")
    assert shown.strip().removesuffix(";") == printed()["publication"]


def test_clickhouse_reads_the_definitions_for_replicas(cluster: ClickHouse) -> None:
    """Its own parser accepts each definition as printed; executing them needs a Keeper, which a laptop has not."""
    try:
        client = cluster._client()  # noqa: SLF001 - the protocol runs only queries of the package
        for name, text in printed().items():
            (first, *_) = client.query(f"EXPLAIN AST {text}").result_rows
            assert str(first[0]).startswith("CreateQuery"), name
    finally:
        cluster.drop()


def test_a_store_works_on_tables_made_from_the_page(cluster: ClickHouse) -> None:
    """The printed definitions, with the plain engine of the family, make tables that the store fills and reads."""
    try:
        client = cluster._client()  # noqa: SLF001 - the protocol runs only queries of the package
        for name, text in printed().items():
            client.command(f'DROP TABLE "{name}" SYNC')
            client.command(_ENGINE.sub("ENGINE = MergeTree", text))
        cluster.insert("publication", [{"month": "2026-10-01", "run": "r", "published_at": "2026-11-01 00:00:00"}])
        assert cluster.count("publication", run="r") == 1
        assert [row["run"] for row in cluster.rows("explain/published")] == ["r"]
    finally:
        cluster.drop()
