"""A browser on a console: cookies kept, redirects followed, nothing leaves the process."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from html.parser import HTMLParser

import httpx
from starlette.types import ASGIApp

from tests.support.console_world import World

BASE_URL = "http://127.0.0.1:8601"


@asynccontextmanager
async def browser(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL, follow_redirects=True) as client:
        yield client


@asynccontextmanager
async def signed_in(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(world.application()) as client:
        answer = await client.get(world.sessions.issue_link(BASE_URL), follow_redirects=False)
        assert answer.status_code == 303, answer.text
        yield client


def csrf_of(page: str) -> str:
    """The token that the page's forms carry."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found is not None, "the page has no form"
    return found[1]


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def text_of(page: str) -> str:
    """What a person reads, spaces collapsed."""
    parser = _Text()
    parser.feed(page)
    return re.sub(r"\s+", " ", unescape(" ".join(parser.parts)))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags_of(page: str) -> list[tuple[str, dict[str, str | None]]]:
    """Every element with its attributes, in order."""
    parser = _Tags()
    parser.feed(page)
    return parser.found
