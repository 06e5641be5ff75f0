"""A real Prometheus on loopback that scrapes what a test exposes."""

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

ROOT = Path(__file__).parents[2]
_READY = "Server is ready to receive web requests"
_CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


@contextmanager
def exposed(text: str) -> Iterator[tuple[int, Event]]:
    """Expose samples; yields the port, and what is set once they were scraped."""
    scraped = Event()
    times: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            times.append(1)
            if len(times) > 1:  # a target is scraped again only after what it gave before was kept
                scraped.set()
            self.send_response_only(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1], scraped
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def prometheus(text: str) -> Iterator[str]:
    """Run a server that has scraped some samples; yields its address. An absent one is installed, or fails."""
    subprocess.run([ROOT / "tools" / "setup" / "prometheus.sh"], check=True)
    folder = Path(tempfile.mkdtemp(prefix="outlay-prometheus-"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with exposed(text) as (target, scraped):
        (folder / "prometheus.yml").write_text(_CONFIG.format(port=target), encoding="utf-8")
        options = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
        options += [f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=30d"]
        server = subprocess.Popen(["prometheus", *options], stderr=subprocess.PIPE, text=True)
        try:
            assert server.stderr
            assert any(_READY in line for line in server.stderr), "prometheus ended. Fix: run it by hand to see why"
            assert scraped.wait(30), "prometheus did not scrape"
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.communicate(timeout=30)
            shutil.rmtree(folder, ignore_errors=True)
