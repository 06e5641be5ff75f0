"""Real servers of web applications, on the loopback."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue
from socket import AF_INET, SO_REUSEADDR, SOL_SOCKET, socket
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import uvicorn


class _Server(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config, answers: "Queue[bool]") -> None:
        super().__init__(config)
        self._answers = answers

    async def startup(self, sockets: "list[socket] | None" = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self._answers.put(self.started)


@contextmanager
def asgi(application: Callable[..., Any]) -> Iterator[str]:
    """Serve an ASGI application with uvicorn; yields the URL."""
    answers: Queue[bool] = Queue()
    with socket(AF_INET) as bound:
        bound.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", 0))
        server = _Server(uvicorn.Config(application, log_level="error", access_log=False, ws="none"), answers)
        thread = Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        assert answers.get(timeout=30)
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=30)


class _Quiet(WSGIRequestHandler):
    """A handler that writes nothing to the terminal."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def wsgi(application: Callable[..., Any]) -> Iterator[str]:
    """Serve a WSGI application with the standard library's server, all requests in one thread; yields the URL."""
    with make_server("127.0.0.1", 0, application, handler_class=_Quiet) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(timeout=30)
