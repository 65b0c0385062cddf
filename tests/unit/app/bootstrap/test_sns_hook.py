"""The role's own /hooks/sns: what SNS did not sign for us, lately and for the first time, moves nothing."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from alarms.intake.sns_host import HttpsCertificates
from alarms.model.receipt import ReceiptState
from app.bootstrap.paths import DataPaths
from app.bootstrap.process import ProcessParts
from app.bootstrap.router import RouterParts, open_router
from app.bootstrap.routing_role import add_routing
from app.settings import Settings
from dataplatform.observability.telemetry import PrometheusTelemetry
from dataplatform.observability.tracing import QuietTracer
from foundation.clock import ManualClock
from slo.ledger.sqlite_counts import SqliteCountJournal
from slo.loaders.catalogue_files import load_catalogue
from tests.support.alerts import MONDAY_10
from tests.support.hooks import TOPIC, MadeSns

HOUR = timedelta(hours=1)


@asynccontextmanager
async def served(
    settings: Settings, certificates: HttpsCertificates | None = None
) -> AsyncIterator[tuple[RouterParts, httpx.AsyncClient]]:
    """The role in a process of its own, asked over HTTP; its loops stand still."""
    catalogue, clock, registry = load_catalogue(), ManualClock(MONDAY_10), CollectorRegistry()
    journal = SqliteCountJournal(settings.data_dir / "counts.sqlite", "router", clock)
    telemetry, paths = PrometheusTelemetry(registry, journal), DataPaths(settings.data_dir)
    parts = ProcessParts("router", settings, paths, clock, registry, journal, telemetry, QuietTracer())
    routing = open_router(settings, catalogue)
    add_routing(parts, catalogue, routing, certificates)
    application = Starlette(routes=parts.routes)
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://router") as client:
        yield routing, client
    await parts.process(application).close()
    routing.store.close()


@dataclass
class Site:
    """The role over its real store; ``fetched`` are the certificates asked for, ``connected`` the rest."""

    routing: RouterParts
    client: httpx.AsyncClient
    sns: MadeSns = field(default_factory=MadeSns)
    fetched: list[str] = field(default_factory=list)
    connected: list[object] = field(default_factory=list)

    async def post(self, body: bytes) -> int:
        return (await self.client.post("/hooks/sns", content=body)).status_code

    def kept(self) -> int:
        return self.routing.store.count_receipts(ReceiptState.PENDING)


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    sns, fetched, connected = MadeSns(), list[str](), list[object]()

    def serve(request: httpx.Request) -> httpx.Response:
        fetched.append(str(request.url))
        return httpx.Response(200, content=sns.fetch(str(request.url)))

    def connect(*address: object, **_: object) -> None:
        connected.append(address)
        raise OSError("nothing may be asked of the outside")

    monkeypatch.setattr(socket, "getaddrinfo", connect)
    settings = Settings(data_dir=tmp_path, alarm_topics=(TOPIC,))
    certificates = HttpsCertificates(httpx.Client(transport=httpx.MockTransport(serve)))
    async with served(settings, certificates) as (routing, client):
        yield Site(routing, client, sns, fetched, connected)


REFUSED: list[dict[str, Any]] = [
    {"Message": "forged"},
    {"Signature": "AAAA"},
    {"at": MONDAY_10 - 2 * HOUR},
    {"at": MONDAY_10 + HOUR},
    {"topic": "arn:aws:sns:sa-east-1:123456789012:other"},
    {"topic": "arn:aws:sns:us-east-1:123456789012:alarms"},
    {"url": "https://evil.example/x.pem"},
    {"url": "https://sns.s3.amazonaws.com/x.pem"},
    {"url": "https://sns.sa-east-1.amazonaws.com:8443/x.pem"},
    {"version": "3"},
]


async def test_forged_expired_and_misaddressed_messages_are_refused_without_a_request(site: Site) -> None:
    assert await site.post(site.sns.message()) == 200
    assert (site.kept(), len(site.fetched)) == (1, 1)
    for kind in ("Notification", "SubscriptionConfirmation"):
        for change in REFUSED:
            assert await site.post(site.sns.message(kind=kind, **change)) == 401, change
    elsewhere = site.sns.message(kind="SubscriptionConfirmation", SubscribeURL="https://evil.example/")
    assert await site.post(elsewhere) == 401
    assert (site.kept(), len(site.fetched), site.connected) == (1, 1, [])


async def test_a_replay_is_answered_as_snss_own_retries_are_and_changes_nothing(site: Site) -> None:
    body = site.sns.message()
    assert [await site.post(body) for _ in range(3)] == [200, 200, 200]
    assert (site.kept(), len(site.fetched), site.connected) == (1, 1, [])


async def test_a_subscription_that_cannot_be_confirmed_is_asked_for_again(site: Site) -> None:
    assert await site.post(site.sns.message(kind="SubscriptionConfirmation")) == 503
    assert len(site.connected) == 1
    assert site.kept() == 0


async def test_without_a_topic_on_the_list_nothing_is_taken(tmp_path: Path) -> None:
    async with served(Settings(data_dir=tmp_path)) as (routing, client):
        answer = await client.post("/hooks/sns", content=MadeSns().message())
        assert answer.status_code == 401
        assert json.loads(answer.text)["detail"] == (
            "SNS messages are not accepted here: alarm_topics is empty"
        )
        assert routing.store.count_receipts(ReceiptState.PENDING) == 0
