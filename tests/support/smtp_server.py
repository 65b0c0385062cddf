"""A mail server of a few lines: takes what it is given, or fails as it is told to."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable
from types import TracebackType

FAULTS = {"temporary": b"451 try later\r\n", "permanent": b"550 no such user\r\n"}


class SmtpCatcher:
    """Use as a context manager; ``port`` is where it listens on the loopback."""

    def __init__(self, read: Callable[[bytes], None], fault: Callable[[], str | None]) -> None:
        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220 test\r\n")
                while line := self.rfile.readline():
                    word = line.split()[0].upper() if line.split() else b""
                    if word == b"QUIT":
                        self.wfile.write(b"221 bye\r\n")
                        return
                    self.answer(word)

            def answer(self, word: bytes) -> None:
                told = fault()
                if word == b"RCPT" and told is not None:
                    self.wfile.write(FAULTS[told])
                elif word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    read(self.content())
                    self.wfile.write(b"250 kept\r\n")
                else:
                    self.wfile.write(b"250 yes\r\n")

            def content(self) -> bytes:
                lines = []
                while (line := self.rfile.readline()) != b".\r\n":
                    lines.append(line)
                return b"".join(lines)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> SmtpCatcher:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
