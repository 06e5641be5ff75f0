import json
from pathlib import Path
from threading import Event

import click
import pytest
from click.testing import CliRunner, Result

from outlay.cli import main
from outlay.cli.sources import watched
from outlay.store import open_store

CONFIG = """
[[source]]
name = "requests"
import = "metrics_csv"
place = "metrics.csv"
every = "6h"
[[source]]
name = "gone"
import = "metrics_csv"
place = "gone.csv"
every = "6h"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration, one file it names, and a store."""
    (tmp_path / "outlay.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "metrics.csv").write_text("metric,starts_at,quantity\nrequests,2026-10-01,5\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OUTLAY_STORE", f"duckdb://{tmp_path}/s.duckdb")
    monkeypatch.delenv("OUTLAY_CONFIG", raising=False)
    return tmp_path


def typed(*words: str) -> Result:
    """Type a command."""
    return CliRunner().invoke(main, list(words))


def test_what_is_due_is_imported_once(folder: Path) -> None:
    """`--once` is for cron: it says what came of each source, and ends, with 3 when one failed; the rest is left."""
    assert folder.is_dir()
    first = typed("import", "--watch", "--once")
    assert first.exit_code == 3
    assert "requests: imported, 1 rows, up to 2026-10-01" in first.output
    assert "gone: failed (no-file)" in first.output
    assert "2026-10: ledger published" in first.output
    again = typed("import", "--watch", "--once")
    assert (again.exit_code, "requests" in again.output) == (0, False)


def test_sources_are_shown_with_their_errors_and_findings(folder: Path) -> None:
    """As a table and as JSON; `--check` ends with 1 while something is wrong."""
    assert "never run" in typed("sources").output
    assert typed("sources", "--check").exit_code == 0
    typed("import", "--watch", "--once")
    shown = typed("sources", "--check")
    assert shown.exit_code == 1
    assert "source-failing" in shown.output
    assert "gone.csv does not exist" in shown.output
    found = json.loads(typed("sources", "--json").output)
    assert [(row["source"], row["state"], row["alarms"]) for row in found["sources"]] == [
        ("requests", "imported", []),
        ("gone", "failed", ["source-failing"]),
    ]
    assert [finding["rule"] for finding in found["findings"]] == ["source-failing"]
    (folder / "gone.csv").write_text("metric,starts_at,quantity\nother,2026-10-01,5\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["import", "focus", "--watch"], "leave the source out"),
        (["import"], "no source named ''"),
        (["sources", "--config", "elsewhere.toml"], "there is no configuration at elsewhere.toml"),
    ],
)
def test_what_cannot_be_is_refused(folder: Path, words: list[str], said: str) -> None:
    """With what to do instead."""
    assert folder.is_dir()
    result = typed(*words)
    assert result.exit_code == 2
    assert said in result.output + result.stderr


def test_no_configuration_is_said_to_be_missing(folder: Path) -> None:
    """`outlay sources` wants one; serving goes on without."""
    (folder / "outlay.toml").unlink()
    assert "there is no outlay.toml here" in typed("sources").stderr
    store = open_store("duckdb:///:memory:")
    with watched(store, None):
        assert store.count("source_run") == 0


def test_a_server_watches_the_sources_beside_serving(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the store that it holds; when serving ends, so does the watcher, after the import that runs."""
    store = open_store(f"duckdb://{folder}/s.duckdb")
    published = Event()
    monkeypatch.setattr(click, "echo", lambda text: published.set() if "published" in text else None)
    with watched(store, None):
        assert published.wait(60)
    assert store.count("source_run", source="requests") == 1
    store.close()
