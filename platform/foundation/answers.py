"""What another server answers, read within limits: it may be wrong, endless or never come to an end.

AnswerRefused (an httpx.HTTPError)      what came is not read further
+-- TooLarge                            it holds more than ``MOST_BYTES``
+-- TooSlow                             it is not whole after ``MOST_SECONDS``, however little is missing
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event, Timer
from typing import Any

import httpx

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus

MOST_BYTES = 64_000_000
MOST_SECONDS = 60.0
SENT = ".send_request_body.complete"
CONNECTED = (".connect_tcp.complete", ".start_tls.complete")


class AnswerRefused(MiranteError, httpx.HTTPError):
    """A sentence's end: the server is its subject."""

    exit_status = ExitStatus.ENVIRONMENT


class TooLarge(AnswerRefused):
    def __init__(self, most: int) -> None:
        super().__init__(f"answered with more than {most / 1_000_000:,.0f} MB, which is not read")


class TooSlow(AnswerRefused):
    def __init__(self, seconds: float) -> None:
        super().__init__(f"did not finish its answer within {seconds:,.0f} s")


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """``content`` is unpacked, and whole. ``headers`` have small names."""

    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_success(self) -> bool:
        return httpx.codes.is_success(self.status)

    def json(self) -> Any:
        """
        Raises:
            ValueError: it is no JSON, or JSON nested deeper than anybody means.
        """
        try:
            return json.loads(self.content)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None


class AnswerReader:
    """Asks one server by ``client``, one question at a time.

    A client's own timeouts are of every read; a server that sends a byte now and then is within them for
    ever. So the connection is cut when the time is over, whatever it waits for.
    """

    def __init__(
        self, client: httpx.Client, seconds: float = MOST_SECONDS, most_bytes: int = MOST_BYTES
    ) -> None:
        self._client = client
        self._seconds, self._most = seconds, most_bytes
        self._stream: Any = None  # of the connection that the client keeps
        self.begun: WholeAnswer | None = None  # the last answer, as far as it came
        self.sent = False  # the last question, wholly

    def ask(self, method: str, url: str, **request: Any) -> WholeAnswer:
        """``request`` as httpx has it: ``params``, ``data``, ``json``, ``content``, ``headers``.

        Raises:
            httpx.HTTPError: no answer came, or ``AnswerRefused``.
            httpx.InvalidURL: it is none.
        """
        late = Event()

        def give_up() -> None:
            late.set()
            self._cut()

        def traced(event: str, about: Mapping[str, Any]) -> None:
            self.sent = self.sent or event.endswith(SENT)
            if event.endswith(CONNECTED):
                self._stream = about["return_value"]
                if late.is_set():
                    self._cut()

        timer = Timer(self._seconds, give_up)
        timer.daemon = True
        timer.start()
        try:
            answer = self._whole(method, url, {**request, "extensions": {"trace": traced}}, late)
        except httpx.TransportError as error:
            if not late.is_set():
                raise
            raise TooSlow(self._seconds) from error
        finally:
            timer.cancel()
        if late.is_set():  # a body that ends with the connection looks whole when that is cut
            raise TooSlow(self._seconds)
        return answer

    def _whole(self, method: str, url: str, request: Mapping[str, Any], late: Event) -> WholeAnswer:
        content = bytearray()
        self.begun, self.sent = None, False
        with self._client.stream(method, url, **request) as answer:
            headers = dict(answer.headers)
            self.begun = WholeAnswer(answer.status_code, b"", headers)
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > self._most:
                    raise TooLarge(self._most)
                if late.is_set():
                    raise TooSlow(self._seconds)
        return WholeAnswer(answer.status_code, bytes(content), headers)

    def _cut(self) -> None:
        known = None if self._stream is None else self._stream.get_extra_info("socket")
        if known is not None:
            with contextlib.suppress(OSError):
                known.shutdown(socket.SHUT_RDWR)
