"""uvicorn's protocol, with a bound on the size and the time of a request's head.

uvicorn keeps an unfinished head whole, however long, and waits for its end for ever: one client could stop a
process for all. Here a head has at most ``MOST_BYTES`` and ``MOST_HEADERS`` (else 431) and ``SECONDS`` to
arrive (else 408), and a connection keeps no more of it than that and one chunk of the transport.
"""

from __future__ import annotations

import asyncio
import logging

from starlette.responses import PlainTextResponse
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

MOST_BYTES = 65_536
MOST_HEADERS = 100
SECONDS = 10.0
TOO_LARGE = f"The head of a request may have {MOST_BYTES} bytes and {MOST_HEADERS} headers.\n"
TOO_SLOW = f"The head of a request did not arrive within {SECONDS:g} seconds.\n"

log = logging.getLogger("mirante.server")
_refuse_large = PlainTextResponse(TOO_LARGE, 431, headers={"connection": "close"})


class BoundedHeads(HttpToolsProtocol):
    """``_unread`` counts the bytes since the parser last told of a head's end or of a body: those of the head
    under way, or of a chunked body's trailers. ``_since`` is the loop's time at the first byte of the request
    that is not complete; ``None`` between two requests, when uvicorn's own timer closes the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._unread = 0
        self._in_head = False
        self._since: float | None = self.loop.time()
        self._watch = self.loop.call_later(SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unread += len(data)
        super().data_received(data)
        if self._unread > MOST_BYTES and not self.transport.is_closing():
            self._end(431, TOO_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._since = self.loop.time()

    def on_headers_complete(self) -> None:
        # Only a head that came in large chunks can be too large and yet complete.
        if len(self.headers) > MOST_HEADERS or (self._unread > MOST_BYTES and self._size() > MOST_BYTES):
            self.app = _refuse_large  # the last answer on this connection
        self._in_head = False
        self._unread = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unread = 0
        self._since = None
        super().on_message_complete()

    def _size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _look(self) -> None:
        """The time of a request that is being answered is the application's to bound."""
        now = self.loop.time()
        if self._since is not None and self._is_answering():
            self._since = now
        left = SECONDS if self._since is None else self._since + SECONDS - now
        if left > 0:
            self._watch = self.loop.call_later(left, self._look)
        elif not self.transport.is_closing():
            self._end(408, TOO_SLOW)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _end(self, status: int, reason: str) -> None:
        """Close; with an answer where one is owed, and not in the midst of another."""
        log.info("request head refused", extra={"event": "http.head_refused", "status": status})
        if self._in_head and not self._is_answering():
            head = f"content-type: text/plain\r\ncontent-length: {len(reason)}\r\nconnection: close\r\n\r\n"
            self.transport.write(STATUS_LINE[status] + head.encode() + reason.encode())
        self.transport.close()
