"""What is asked of SNS itself, over HTTPS and without redirects: signing certificates and confirmations."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

import httpx

from alarms.model.errors import NotAuthentic, NotConfirmed

LARGEST = 16_384
KEPT = 32
MOST_A_MINUTE = 10  # SNS changes its certificate about once a year
KEPT_ADDRESSES = 1_000
TIMEOUT_SECONDS = 5.0


class HttpsCertificates:
    """A ``CertificateSource``, bounded in size, number and rate, cached. The caller has
    checked the address; this one only fetches it.

    Forged messages that name ever new certificates cost SNS's host ten requests a minute, no more.
    """

    def __init__(
        self, client: httpx.Client | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client or httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._asked: deque[float] = deque(maxlen=MOST_A_MINUTE)
        self._monotonic = monotonic
        self._lock = threading.Lock()

    def fetch(self, url: str) -> bytes:
        with self._lock:
            if url in self._kept:
                self._kept.move_to_end(url)
                return self._kept[url]
            self._count()
        found = self._download(url)
        with self._lock:
            self._kept[url] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def _count(self) -> None:
        now = self._monotonic()
        if len(self._asked) == MOST_A_MINUTE and now - self._asked[0] < 60:
            raise NotAuthentic("sns", "messages name too many unknown certificates")
        self._asked.append(now)

    def _download(self, url: str) -> bytes:
        try:
            with self._client.stream("GET", url) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise NotAuthentic("sns", f"its certificate URL answered {answer.status_code}")
                content = b""
                for chunk in answer.iter_bytes():
                    content += chunk
                    if len(content) > LARGEST:
                        raise NotAuthentic("sns", "its certificate is too large")
                return content
        except httpx.HTTPError as error:
            raise NotAuthentic("sns", "its certificate cannot be fetched") from error

    def close(self) -> None:
        self._client.close()


class Subscriptions:
    """Confirms proven subscriptions, never twice.

    The caller has checked that SNS signed the address and that it is SNS's own.
    """

    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self._client = client or httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False)
        self._visited: OrderedDict[str, None] = OrderedDict()

    async def confirm(self, url: str) -> None:
        """A replay asks for nothing. Raises ``NotConfirmed``: SNS did not take it and will be asked again."""
        if url in self._visited:
            return
        try:
            (await self._client.get(url)).raise_for_status()
        except httpx.HTTPError as error:
            raise NotConfirmed(type(error).__name__) from error
        self._visited[url] = None
        while len(self._visited) > KEPT_ADDRESSES:
            self._visited.popitem(last=False)

    async def close(self) -> None:
        await self._client.aclose()
