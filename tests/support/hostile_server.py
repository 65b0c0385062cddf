"""A server that answers every request as no server should: without end, a byte now and then, or too deep."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
DEEP = b"[" * 200_000


def endless() -> Iterator[bytes]:
    """A list of texts that has no end."""
    yield HEAD + b'{"status": "success", "data": ["a"'
    while True:
        yield b', "a"' * 20_000


def deep() -> Iterator[bytes]:
    yield HEAD + DEEP


def whole(status: str, body: bytes) -> Iterator[bytes]:
    """A decent answer."""
    yield f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


class HostileServer:
    """``parts`` makes what is sent to each who asks; ``pause`` lies between two parts, in seconds.

    One that ``speaks_first`` waits for no question.
    """

    def __init__(
        self, parts: Callable[[], Iterator[bytes]], pause: float = 0.0, speaks_first: bool = False
    ) -> None:
        self._parts, self._pause, self._speaks_first = parts, pause, speaks_first
        self.sent = 0
        self._ended = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if not self._speaks_first:
                connection.recv(65_536)
            for part in self._parts():
                connection.sendall(part)
                self.sent += len(part)
                if self._ended.wait(self._pause):
                    return
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):  # what is still being sent: closing now would reset it
                pass

    def end(self) -> None:
        self._ended.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@contextmanager
def hostile(
    parts: Callable[[], Iterator[bytes]], pause: float = 0.0, speaks_first: bool = False
) -> Iterator[HostileServer]:
    server = HostileServer(parts, pause, speaks_first)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.end()
        thread.join()
