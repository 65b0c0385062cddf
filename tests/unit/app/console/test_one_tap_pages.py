"""The page behind an acknowledge link, as a phone sees it: no sign-in, no script, nothing done by looking."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from alarms.model.alert import Alert, AlertState
from alarms.model.errors import StoreBusy
from alarms.model.ids import SortableIds
from alarms.model.incident import IncidentState
from alarms.model.severity import Severity
from alarms.notify.compose import Composer
from alarms.notify.links import LIFETIME, Links, LinkSigner
from alarms.policy.policy_file import load_policy
from alarms.policy.runbook import load_runbooks
from alarms.router.one_tap import OneTap
from alarms.router.router import Router
from app.console.one_tap_pages import OneTapPages
from tests.support.console_browser import BASE_URL, browser, tags_of, text_of
from tests.support.console_world import World

SIGNER = LinkSigner(lambda: b"a key")
LINKS = Links(BASE_URL, SIGNER)
TITLE = "Disk <b>full</b>"


def said(page: httpx.Response) -> str:
    """What a person reads; the page's style is in its head."""
    return text_of(page.text.partition("</head>")[2])


class Phone:
    """A world whose pages have links, and the application that serves these."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        composer = Composer(load_runbooks(), LINKS)
        clock = self.world.clock
        self.router = Router(self.world.store, load_policy(), clock, SortableIds(clock), composer=composer)
        self.world.router = self.router
        one_tap = OneTap(self.router, self.world.store, SIGNER, clock)
        self.app = Starlette(routes=OneTapPages(one_tap, LINKS, "test", "America/Sao_Paulo").routes())
        self.alert = Alert(
            alert_key="disk",
            source="alertmanager",
            environment="test",
            name="DiskFull",
            title=TITLE,
            title_pt="Disco <b>cheio</b>",
            state=AlertState.FIRING,
            starts_at=clock.now(),
            summary="full",
            labels={"instance": "db2"},
            severity=Severity.P1,
        )
        self.incident = self.router.receive(self.alert) or ""

    @property
    def link(self) -> str:
        made = [one.notification.message.acknowledge for one in self.world.store.deliveries()]
        return [link for link in made if link][-1]

    def is_in(self, state: IncidentState) -> bool:
        return self.router.incident(self.incident).state is state

    @asynccontextmanager
    async def open(self, language: str = "en") -> AsyncIterator[httpx.AsyncClient]:
        async with browser(self.app) as client:
            client.headers["accept-language"] = language
            yield client


@pytest.fixture
def phone(tmp_path: Path) -> Phone:
    return Phone(tmp_path)


async def test_the_page_shows_the_incident_and_one_button_and_the_button_acknowledges(phone: Phone) -> None:
    async with phone.open() as client:
        page = await client.get(phone.link)
        assert page.status_code == 200
        for part in ("P1", TITLE, "test, instance=db2", "Since 23 Nov 2026 14:42", "as operations"):
            assert part in said(page), part
        assert [tag for tag, _ in tags_of(page.text) if tag in ("button", "form", "script")] == [
            "form",
            "button",
        ]
        assert phone.is_in(IncidentState.OPEN)
        done = await client.post(phone.link)
    assert phone.is_in(IncidentState.ACKNOWLEDGED)
    assert done.history[0].status_code == 303, "loading it again does not send it again"
    assert "Acknowledged By operations (link) at 23 Nov 2026 14:42" in said(done)


async def test_it_speaks_portuguese_and_keeps_the_language_that_was_chosen(phone: Phone) -> None:
    async with phone.open("pt-BR") as client:
        page = await client.get(phone.link)
        assert '<html lang="pt-BR">' in page.text
        assert "Disco <b>cheio</b>" in said(page)
        assert "Você assume como operations" in said(page)
    async with phone.open("en") as client:
        done = await client.post(phone.link + "?lang=pt")
        assert done.url.query == b"lang=pt"
        assert "Assumido Por operations (link) em 23/11/2026 14:42" in said(done)


async def test_whatever_fetches_links_by_itself_acknowledges_nothing(phone: Phone) -> None:
    async with phone.open() as client:
        for method in ("GET", "HEAD", "GET", "OPTIONS", "PUT", "DELETE"):
            await client.request(method, phone.link)
        await client.get(phone.link, headers={"sec-purpose": "prefetch", "user-agent": "a mail scanner"})
    assert phone.is_in(IncidentState.OPEN)
    assert len(phone.router.timeline(phone.incident)) == 1


async def test_a_second_tap_says_who_was_first_and_when(phone: Phone) -> None:
    phone.router.acknowledge(phone.incident, "Bruno <script>")
    phone.world.clock.advance(timedelta(minutes=5))
    async with phone.open() as client:
        again = await client.post(phone.link)
    assert again.status_code == 409
    assert "By Bruno <script> at 23 Nov 2026 14:42. This link has been used" in said(again)
    assert "<script>" not in again.text


async def test_what_asks_again_sends_the_reader_to_the_newest_message(phone: Phone) -> None:
    old = phone.link
    phone.router.acknowledge(phone.incident, "bruno")
    phone.router.reassign(phone.incident, "development", "bruno")
    async with phone.open() as client:
        assert "use the link of the newest message" in said(await client.get(old))
        assert (await client.post(phone.link, follow_redirects=False)).status_code == 303


async def test_expired_broken_resolved_and_old_links_have_a_page_each(phone: Phone) -> None:
    link = phone.link
    pages: dict[str, tuple[int, str]] = {}

    async def visit(what: str, client: httpx.AsyncClient, address: str) -> None:
        looked, sent = await client.get(address), await client.post(address)
        assert looked.status_code == sent.status_code, what
        pages[what] = looked.status_code, said(looked)

    async with phone.open() as client:
        await visit("broken", client, link[:-1] + "0")
        await visit("far too long", client, link + "0" * 5_000)
        phone.router.resolve(phone.incident, "ana")
        await visit("resolved", client, link)
        phone.world.clock.advance(timedelta(minutes=11))  # more than reopen_within
        phone.router.receive(replace(phone.alert, starts_at=phone.world.clock.now()))
        await visit("old", client, link)
        phone.world.clock.advance(LIFETIME)
        await visit("expired", client, link)
    assert {what: status for what, (status, _) in pages.items()} == {
        "broken": 404,
        "far too long": 404,
        "resolved": 410,
        "old": 410,
        "expired": 410,
    }
    assert "not a valid link" in pages["broken"][1]
    assert "Resolved already" in pages["resolved"][1]
    assert "has come back since" in pages["old"][1]
    assert "It was valid until 26 Nov 2026" in pages["expired"][1]
    for what in ("broken", "far too long", "expired"):
        for secret in (phone.incident, "db2", "operations", "P1"):
            assert secret not in pages[what][1], f"{what} shows {secret}"
    assert phone.is_in(IncidentState.OPEN)


async def test_the_address_is_told_to_nobody_and_nothing_is_loaded_or_kept(phone: Phone) -> None:
    async with phone.open() as client:
        for answer in (await client.get(phone.link), await client.get("/ack/broken")):
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == "no-store"
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "set-cookie" not in answer.headers
            loaded = [tag for tag, _ in tags_of(answer.text) if tag in ("script", "img", "link", "iframe")]
            assert loaded == []


async def test_a_body_is_not_read(phone: Phone) -> None:
    read: list[int] = []

    scope = {"type": "http", "method": "POST", "path": "/ack/x.y", "headers": [], "query_string": b""}
    sent: list[object] = []

    async def receive() -> dict[str, object]:
        read.append(0)
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": True}

    async def send(message: object) -> None:
        sent.append(message)

    await phone.app(scope, receive, send)
    assert sent
    assert read == []


async def test_a_store_that_cannot_be_used_is_said_and_the_link_still_works_afterwards(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> object:
        raise StoreBusy("the disk is full")

    async with phone.open() as client:
        with monkeypatch.context() as patch:
            patch.setattr(phone.world.store, "transaction", busy)
            answer = await client.post(phone.link)
            assert answer.status_code == 503
            assert "Nothing was changed. Try again in a moment." in said(answer)
            assert "disk is full" not in answer.text
        assert (await client.post(phone.link)).status_code == 200
    assert phone.is_in(IncidentState.ACKNOWLEDGED)
