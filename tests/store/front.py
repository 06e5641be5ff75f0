"""A small HTTP front over ClickHouse in this process: enough of the server's interface for clickhouse-connect.

Run as a program: `python front.py FOLDER`; prints the port it listens on, loopback only, and serves until killed.
"""

import gzip
import json
import re
import sys
import tempfile
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import chdb

_OF_THE_PROTOCOL = {
    "query", "database", "default_format", "query_id", "session_id", "session_timeout", "session_check", "compress",
    "decompress", "client_protocol_version", "wait_end_of_query", "send_progress_in_http_headers", "role", "quota_key",
    "http_headers_progress_interval_ms", "buffer_size", "enable_http_compression",
}  # fmt: skip
_INSERT = re.compile(rb"(?is)\s*insert\s.+?\bformat\s+(\w+)\s*\n")
_READS = re.compile(r"(?is)\s*(select|with|show|desc|exists|explain)")
_FORMAT = re.compile(r"(?is)\bformat\s+(\w+)\s*;?\s*$")


class Front(BaseHTTPRequestHandler):
    """One request of the driver: query in the URL or the body, rows of an insert in the body."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    engine: ClassVar[Any] = None
    lock = Lock()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer a ping, or a query in the URL."""
        if urlsplit(self.path).path == "/ping":
            self._send(200, b"Ok.\n", {})
        else:
            self.do_POST()

    def do_POST(self) -> None:
        """Run a query."""
        asked = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        body = self._body(asked)
        query, data = asked.get("query", ""), body
        if not query:
            found = _INSERT.match(body)
            query, data = (body[: found.end()].decode(), body[found.end() :]) if found else (body.decode(), b"")
        try:
            with Front.lock:
                answer, shape = self._run(query, data, asked)
        except Exception as error:  # noqa: BLE001 - whatever the engine says goes to the client
            code = re.search(r"Code: (\d+)", str(error))
            self._send(500, str(error).encode(), {"X-ClickHouse-Exception-Code": code[1] if code else "0"})
            return
        headers = {
            "X-ClickHouse-Query-Id": asked.get("query_id") or str(uuid.uuid4()),
            "X-ClickHouse-Timezone": "UTC",
            "X-ClickHouse-Summary": json.dumps({"read_rows": "0", "written_rows": "0"}),
        }
        if answer or _READS.match(query):
            headers["X-ClickHouse-Format"] = shape
        self._send(200, answer, headers)

    def _run(self, query: str, data: bytes, asked: dict[str, str]) -> tuple[bytes, str]:
        connection = Front.engine
        settings = {k: v for k, v in asked.items() if k not in _OF_THE_PROTOCOL and not k.startswith("param_")}
        parameters = {k.removeprefix("param_"): v for k, v in asked.items() if k.startswith("param_")}
        found = _FORMAT.search(query)
        shape = found[1] if found else asked.get("default_format") or "TabSeparated"
        if asked.get("database") not in (None, "", "__default__"):
            connection.query(f"USE `{asked['database']}`")
        for name, value in settings.items():
            connection.query(f"SET {name} = '{value}'")
        with tempfile.NamedTemporaryFile() as rows:
            if data and query.lstrip()[:6].lower() == "insert":
                rows.write(data)
                rows.flush()
                query = _FORMAT.sub(lambda m: f" FROM INFILE '{rows.name}' FORMAT {m[1]}", query.strip())
            elif data:
                query = f"{query}\n{data.decode()}"
            return connection.query(query, shape, params=parameters).bytes() or b"", shape

    def _body(self, asked: dict[str, str]) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline().strip() or b"0", 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("multipart/form-data"):
            boundary = kind.partition("boundary=")[2].strip('"').encode()
            for part in body.split(b"--" + boundary)[1:-1]:
                head, _, value = part.strip(b"\r\n").partition(b"\r\n\r\n")
                name = re.search(rb'name="([^"]+)"', head)
                asked[name[1].decode() if name else ""] = value.decode()
            body = b""
        return body

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    connect: Any = chdb.connect  # the driver says nothing about its types
    Front.engine = connect(str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
