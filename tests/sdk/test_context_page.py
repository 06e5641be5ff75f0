"""The page about context: its programs run, its helper for browsers does what it says, its names are there."""

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import outlay
from outlay.sdk.headers.names import HEADERS, SIGNED_HEADER
from tests.docs.examples import blocks
from tests.docs.pages import ROOT, read

PAGE = "docs/context.md"


def test_the_programs_on_the_page_run() -> None:
    """All blocks, one after the other as they are read, are one program that ends well and warns of nothing."""
    shown = blocks(read(PAGE), "python")
    assert len(shown) >= 9
    program = "\n".join(shown) + "\nprint(outlay.ignored())"
    command = [sys.executable, "-W", "error::DeprecationWarning:__main__", "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == "{}\n"


def test_every_name_and_header_is_on_the_page() -> None:
    """What this part of the SDK offers, and every header it reads, is described."""
    text = read(PAGE)
    public = ["context", "carry", "cron", "extract", "inject", "ignored", "outbound", "sign_context"]
    assert set(public) <= set(outlay.__all__)
    missing = [name for name in [*public, "ASGIMiddleware", "WSGIMiddleware"] if f"outlay.{name}" not in text]
    missing += [header for header in [*HEADERS, SIGNED_HEADER] if header not in text.lower()]
    assert not missing


@pytest.fixture
def asked() -> Iterator[tuple[list[str], list[dict[str, str]]]]:
    """Two hosts on the loopback, as `127.0.0.1:port` each, and the headers that requests to them came with."""
    seen: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            """Keep the headers."""
            seen.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in range(2)]
    for server in servers:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield [f"127.0.0.1:{server.server_port}" for server in servers], seen
    for server in servers:
        server.shutdown()
        server.server_close()


_PAGE_IN_USE = """
const kept = new Map();
globalThis.location = new URL(`http://${process.argv[1]}/page`);
globalThis.sessionStorage = {
  getItem: (name) => kept.get(name) ?? null,
  setItem: (name, value) => kept.set(name, value),
};
const ours = await import(process.argv[3]);
const own = `http://${process.argv[1]}/`, other = `http://${process.argv[2]}/`;
await fetch(own);
ours.feature("search.answer");
ours.signed("v1.token");
await fetch(own);
await fetch(new Request(own, { headers: { "X-Feature-Context": "export.csv" } }));
await fetch(other);
ours.feature(null);
ours.allow(new URL(other).host);
await fetch(other);
"""


def test_the_helper_for_browsers_tells_own_hosts_and_nobody_else(
    asked: tuple[list[str], list[dict[str, str]]], tmp_path: Path
) -> None:
    """Forty lines that keep a session, say the feature and the signed context, and let a request say its own."""
    (helper,) = blocks(read(PAGE), "js")
    assert len(helper.splitlines()) <= 40
    (tmp_path / "outlay.mjs").write_text(helper, encoding="utf-8")
    hosts, seen = asked
    command = ["node", "--input-type=module", "-e", _PAGE_IN_USE, *hosts, str(tmp_path / "outlay.mjs")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    names = ("x-session-id", "x-feature-context", "x-outlay-context")
    told: list[dict[str, Any]] = [{name: headers[name] for name in names if name in headers} for headers in seen]
    session = told[0]["x-session-id"]
    assert len(session) == 36
    signed = {"x-session-id": session, "x-outlay-context": "v1.token"}
    assert told == [
        {"x-session-id": session},
        {**signed, "x-feature-context": "search.answer"},
        {**signed, "x-feature-context": "export.csv"},
        {},
        signed,
    ], json.dumps(told)
