import json
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from outlay.cli import main
from tests.bills.fetched import aws_credentials
from tests.bills.servers.cost_explorer import CostExplorer
from tests.bills.servers.loopback import serving
from tests.docs.examples import files, typed
from tests.docs.pages import ROOT, pages, read
from tools.cli_docs import PRINTS, commands, page

#: What is typed to see a command's JSON, after the files of docs/start.md were imported; in order. Building the demo's
#: company takes longer than a page is worth: it is built, and its answer read, by the tests of the demo itself.
TYPED = {
    "outlay import": "outlay import focus bill.csv --json",
    "outlay sources": "outlay sources --config sources.toml --json",
    "outlay run": "outlay run --json",
    "outlay rerate": "outlay rerate --period 2026-10 --json",
    "outlay costs": "outlay costs --by feature --json",
    "outlay features": "outlay features --json",
    "outlay customers": "outlay customers --json",
    "outlay models": "outlay models --json",
    "outlay users": "outlay users --json",
    "outlay reconcile": "outlay reconcile --json",
    "outlay close": "outlay close 2026-09 --accept-gap start --json",
    "outlay reopen": "outlay reopen 2026-09 --reason more --json",
    "outlay restatements": "outlay restatements --json",
    "outlay explain": "outlay explain --before 2026-09 --after 2026-10 --json",
    "outlay localize": "outlay localize table.csv --actual actual --expected expected --json",
    "outlay trace": "outlay trace e-1 --json",
    "outlay failures": "outlay failures --json",
    "outlay heatmap": "outlay heatmap --json",
    "outlay evidence": "outlay evidence --json",
    "outlay trace-back": "outlay trace-back --json",
    "outlay estimate": "outlay estimate feature.toml --json",
    "outlay anomalies": "outlay anomalies --table series.csv --json",
    "outlay forecast": "outlay forecast --table series.csv --json",
    "outlay budgets": "outlay budgets --config budgets.toml --json",
    "outlay budgets check": "outlay budgets check --config budgets.toml --json",
    "outlay whatif": "outlay whatif --traffic 10 --json",
    "outlay self-hosted": "outlay self-hosted --period 2026-10 --nodes nodes.toml --json",
    "outlay price": "outlay price openai gpt-4o-mini --usage input=1000,output=200 --on 2026-10-01 --json",
    "outlay prices list": "outlay prices list --provider openai --json",
    "outlay prices show": "outlay prices show openai gpt-4o-mini --json",
    "outlay prices diff": "outlay prices diff --from 2026-06-01 --to 2026-11-01 --json",
    "outlay prices check": "outlay prices check --json",
    "outlay prices import": "outlay prices import prices.toml --json",
    "outlay prices discrepancies": "outlay prices discrepancies map.json --json",
    "outlay prices snapshot": "outlay prices snapshot --out prices.snapshot --json",
    "outlay prices credits": "outlay prices credits --json",
    "outlay rules apply": "outlay rules apply rules.toml --json",
    "outlay rules plan": "outlay rules plan rules.toml --period 2026-10 --json",
    "outlay rules history": "outlay rules history --json",
    "outlay rules show": "outlay rules show --json",
    "outlay rules sensitivity": "outlay rules sensitivity --team a --period 2026-10 --json",
    "outlay aws-tags list": "outlay aws-tags list --json",
    "outlay aws-tags activate": "outlay aws-tags activate team --json",
    "outlay aws-tags deactivate": "outlay aws-tags deactivate team --apply --json",
    "outlay aws-tags backfill": f"outlay aws-tags backfill --from {datetime.now(UTC):%Y-%m} --json",
    "outlay keys make": "outlay keys make ci --json",
    "outlay keys list": "outlay keys list --json",
    "outlay keys rotate": "outlay keys rotate ci --grace-hours 0 --json",
    "outlay keys revoke": "outlay keys revoke ci --json",
    "outlay export focus": "outlay export focus --period 2026-10 --to focus.csv --json",
    "outlay export csv": "outlay export csv charge --json",
    "outlay export parquet": "outlay export parquet costs --by feature --json",
    "outlay doctor": "outlay doctor --json",
    "outlay retain": "outlay retain --dry-run --json",
    "outlay erase": "outlay erase --user u-1 --dry-run --json",
}
#: Files for the commands that look ahead: a planned feature, and machines of one's own with a call on them.
AHEAD = {
    "feature.toml": 'feature = "x"\nusers = 1\nrequests_per_user_per_day = 1\ntokens = { input = 1 }\n'
    '[[model]]\nprovider = "openai"\nmodel = "gpt-4o-mini"\n',
    "sources.toml": '[[source]]\nname = "bills"\nimport = "focus"\nplace = "bill.csv"\nevery = "1d"\n',
    "budgets.toml": '[[budget]]\nname = "all"\namount = 1000\ncurrency = "USD"\n',
    "nodes.toml": '[[node]]\nprice_per_gpu_hour = "2.50"\n',
    "table.csv": "feature,actual,expected\nchat,5,5\ntags,9,5\n",
    "series.csv": "series,day,amount\nchat,2026-10-01,5\n",
    "own.ndjson": '{"id": "o-1", "time": "2026-10-10T09:00:00Z", "provider": "self-hosted", "model": "llama-3.1-8b",'
    ' "usage": {"input": 10, "gpu_second": 2}, "user": "u-1"}\n',
}
#: One of these counts stands beside the other keys of an import.
LANDED = {"charges", "events", "duplicates", "rows"}


def with_json() -> set[str]:
    """Return the commands that take `--json`."""
    found = commands(main, click.Context(main, info_name="outlay"))
    return {c.command_path for c in found if any("--json" in p.opts for p in c.command.params)}


def test_the_page_of_the_command_line_is_current() -> None:
    """docs/cli.md is what the commands say now."""
    assert read("docs/cli.md") == page(), "docs/cli.md is out of date. Fix: python -m tools.cli_docs"


def test_what_each_command_prints_as_json_is_described() -> None:
    """Each command that takes --json has its keys on the page."""
    missing = sorted(with_json() - set(PRINTS))
    assert not missing, f"{missing} are not described. Fix: name their keys in PRINTS of tools/cli_docs.py"


def parsed(command: str) -> click.Command:
    """Let click read a command as typed, down to its options, without running it."""
    words = shlex.split(command)[1:]
    found: click.Command = main
    context = click.Context(main, info_name="outlay")
    while isinstance(found, click.Group):
        if found.invoke_without_command and (not words or words[0].startswith("-")):
            break
        _, below, words = found.resolve_command(context, words)
        assert below is not None
        context, found = click.Context(below, info_name=below.name, parent=context), below
    found.make_context(found.name, list(words), parent=context.parent)
    return found


@pytest.mark.parametrize("page", sorted(str(path.relative_to(ROOT)) for path in pages()))
def test_every_command_on_a_page_can_be_typed(page: str) -> None:
    """Each command of `outlay` that a page shows exists, and takes the options and arguments shown."""
    for command in typed(read(page)):
        assert parsed(command).name, command


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """AWS on this machine, where boto3 looks for it, with one tag key."""
    aws_credentials(monkeypatch, tmp_path)
    with serving(CostExplorer(tags={"team": {"Type": "UserDefined", "Status": "Inactive"}})) as front:
        monkeypatch.setenv("AWS_ENDPOINT_URL_COST_EXPLORER", front.url)
        yield


@pytest.mark.usefixtures("aws")
def test_each_command_prints_the_keys_that_are_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The JSON of each command, on a small store, has exactly the keys the page names."""
    for name, content in files(read("docs/start.md")).items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "prices.toml").write_text("", encoding="utf-8")
    (tmp_path / "map.json").write_text('{"gpt-4o-mini": {"litellm_provider": "openai"}}', encoding="utf-8")
    for name, content in AHEAD.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OUTLAY_STORE", "duckdb:keys.duckdb")

    def printed(command: str) -> set[str]:
        result = CliRunner().invoke(main, shlex.split(command)[1:], catch_exceptions=False)
        assert result.exit_code == 0, f"{command}\n{result.output}"
        return set(json.loads(result.stdout))

    for command in (
        "outlay import events events.ndjson --json",
        "outlay import events own.ndjson --json",
        "outlay import customers_csv customers.csv --json",
        TYPED["outlay import"],
    ):
        assert printed(command) - LANDED == set(PRINTS["outlay import"][0]), command
    for words, command in TYPED.items():
        if words in with_json() and words != "outlay import":
            assert printed(command) == set(PRINTS[words][0]), command
    assert set(PRINTS) - set(TYPED) == {"outlay demo"}
