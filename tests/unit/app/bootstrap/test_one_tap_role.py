"""Acknowledge links are followed wherever the router or the console runs, by one key."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from alarms.model.severity import Severity
from app.bootstrap.control_side import build_control
from app.bootstrap.router import link_signer, open_router
from app.settings import Settings
from slo.loaders.catalogue_files import catalogue_of
from tests.support.alerts import foreign_alert


@pytest.mark.parametrize("role", ["router", "console"])
@pytest.mark.parametrize("key", ["", "the same on every machine"])
async def test_the_link_that_another_process_wrote_is_followed(role: str, key: str, tmp_path: Path) -> None:
    address = "https://mirante.example"
    settings = Settings(
        data_dir=tmp_path / "data", console_url=f"{address}/", acknowledge_key=key, log_level="ERROR"
    )
    process = await build_control(settings, frozenset({role}))
    writer = open_router(settings, catalogue_of(settings.folders))
    writer.router.receive(foreign_alert("DiskFull", Severity.P1))
    (link,) = {one.notification.message.acknowledge for one in writer.store.deliveries()}
    assert link.startswith(f"{address}/ack/")
    transport = httpx.ASGITransport(app=process.application)
    async with httpx.AsyncClient(transport=transport, base_url=address, follow_redirects=True) as client:
        assert "<button" in (await client.get(link)).text
        assert (await client.post(link)).status_code == 200
    (incident,) = writer.router.open_incidents()
    assert str(incident.acknowledged_by).endswith(" (link)")
    writer.store.close()
    await process.close()


def test_no_key_is_made_by_who_makes_no_link(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    link_signer(settings)
    assert not (tmp_path / "data").exists()
