"""Confirms proven SNS subscriptions: one request, to SNS itself, no redirects, and never twice."""

from __future__ import annotations

from collections import OrderedDict

import httpx

from alarms.model.errors import NotConfirmed

KEPT = 1_000
TIMEOUT_SECONDS = 5.0


class Subscriptions:
    """The caller has checked that SNS signed the address and that it is SNS's own."""

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
        while len(self._visited) > KEPT:
            self._visited.popitem(last=False)

    async def close(self) -> None:
        await self._client.aclose()
