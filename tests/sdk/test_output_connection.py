"""The connection: patient in the background, never for longer than it is told, also over TLS."""

import datetime as dt
import gzip
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from outlay.sdk.output.connection import Connection
from outlay.sdk.output.giving_up import Abandoned, Away
from outlay.sdk.output.verdict import by_status
from tests.sdk.fake_collector import collector, deaf, refusing


def calm() -> bool:
    """Say that nothing else is to be done."""
    return False


def certificate(folder: Path) -> Path:
    """Write a key and a certificate that 127.0.0.1 signed for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + dt.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "both.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(pem) + private)
    return path


class Echo(BaseHTTPRequestHandler):
    """Answers with the length of what it was sent."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer."""
        found = str(len(self.rfile.read(int(self.headers["Content-Length"])))).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(found)))
        self.end_headers()
        self.wfile.write(found)


@contextmanager
def secure(pem: Path) -> Iterator[str]:
    """Yield the address of a server that speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # a refused handshake is expected
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def test_requests_go_over_tls_and_the_certificate_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that nobody vouches for is refused; with its authority, large requests get through."""
    pem = certificate(tmp_path)
    with secure(pem) as url:
        with pytest.raises(Away, match="CERTIFICATE_VERIFY_FAILED"):
            Connection(url, 10, calm).post(b"x", {})
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        connection = Connection(url, 10, calm)
        assert [connection.post(b"x" * size, {}).body for size in (3, 3_000_000, 1)] == [b"3", b"3000000", b"1"]
        connection.close()


def test_a_server_that_never_shakes_hands_is_away() -> None:
    """A port that accepts and says nothing costs the time for connecting, and no more."""
    with deaf() as url, pytest.raises(Away, match="too long"):
        Connection(url, 0.2, calm).post(b"", {})
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(Away, match="too long"):
            Connection(f"https://127.0.0.1:{silent.getsockname()[1]}", 0.2, calm).post(b"", {})


def test_waiting_ends_when_the_owner_wants_no_more() -> None:
    """Whatever it waits for, the connection asks at every blink whether to go on."""
    began = monotonic()

    def impatient() -> bool:
        if monotonic() - began > 0.1:
            raise Abandoned
        return False

    with collector("hang") as (_, url), pytest.raises(Abandoned):
        Connection(url, 60, impatient).post(gzip.compress(b""), {})
    with socket.socket() as unread:
        unread.bind(("127.0.0.1", 0))
        unread.listen()
        with pytest.raises(Abandoned):
            Connection(f"http://127.0.0.1:{unread.getsockname()[1]}", 60, impatient).post(b"x" * 50_000_000, {})
    assert monotonic() - began < 10


def test_nobody_there_is_away_at_once() -> None:
    """A closed port is known as such without waiting."""
    with refusing() as url, pytest.raises(Away, match="cannot connect"):
        Connection(url, 60, calm).post(b"", {})


@pytest.mark.parametrize("url", ["ftp://h", "h:80", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """Only HTTP is spoken here."""
    with pytest.raises(ValueError, match="no address"):
        Connection(url, 1, calm)


@pytest.mark.parametrize(
    ("given", "wait_s"),
    [("7", 7), ("999999999999", 3600), ("soon", 0), ("-1", 0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("\u0663", 0)],
)
def test_how_long_to_wait_is_read_with_care(given: str, wait_s: float) -> None:
    """Seconds or a date; nonsense is no wait, and nothing makes us wait longer than an hour."""
    from outlay.sdk.output.connection import Answer  # noqa: PLC0415 - only here

    assert by_status(Answer(503, {"retry-after": given}, b"")).wait_s == wait_s


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20_000,
        b"\x00" * 70_000,
    ],
)
def test_what_is_no_http_is_away(answer: bytes) -> None:
    """Whatever a port says, it is an answer or it is none."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()

        def serve() -> None:
            other, _ = held.accept()
            with other, suppress(OSError):  # a client that has heard enough hangs up
                other.recv(65536)
                other.sendall(answer)
                other.shutdown(socket.SHUT_WR)
                while other.recv(65536):  # closing with something unread would take the answer back
                    pass

        thread = Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(Away):
            Connection(f"http://127.0.0.1:{held.getsockname()[1]}", 5, calm).post(b"x", {})
        thread.join(10)
