"""A page of a service level says whether the boards still show the same counts, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from slo.drift import DriftReport
from tests.support.console_browser import signed_in, text_of
from tests.support.console_world import NOW, World, healthy_then_burning
from tests.support.drifts import drifted, found

SLO = "credit/decision-latency"
OWN: dict[str, Any] = {"environment": "local", "service": "credit", "objective": "main"}
BEFORE = {"en": "On the boards: ", "pt": "Nos painéis: "}


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.fill(SLO, healthy_then_burning(NOW, 180, 0.01, 0.01, 9))
    return made


async def said(world: World, language: str = "en") -> str:
    async with signed_in(world) as client:
        answer = await client.get(f"/console/slo/{SLO}", params={"lang": language})
    assert answer.status_code == 200
    return text_of(answer.text)


async def test_without_a_prometheus_nothing_is_said_of_boards(world: World) -> None:
    assert BEFORE["en"] not in await said(world)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "counted are 10,000"), ("pt", "foram contados 10.000")]
)
async def test_a_drift_is_named_where_the_budget_is_shown(world: World, language: str, words: str) -> None:
    world.drift = DriftReport(NOW, "http://prom", (replace(drifted(SLO), **OWN),))
    shown = await said(world, language)
    assert BEFORE[language] + "slo:total_events:increase5m" in shown
    assert words in shown


async def test_agreement_is_said_only_where_it_was_found(world: World) -> None:
    other = found("credit/transaction-errors", **OWN)
    world.drift = DriftReport(NOW, "http://prom", (other,))
    assert "On the boards: not compared with the counts" in await said(world)
    world.drift = DriftReport(NOW, "http://prom", (other, found(SLO, **OWN)))
    assert "On the boards: recorded as counted" in await said(world)


async def test_a_silent_prometheus_and_an_old_audit_are_unknown(world: World) -> None:
    since = NOW - timedelta(hours=1)
    world.drift = DriftReport(NOW, "http://prom", silence="cannot be reached", silent_since=since)
    shown = await said(world)
    assert "On the boards: unknown since" in shown
    assert "cannot be reached" in shown
    world.drift = DriftReport(since, "http://prom", (found(SLO, **OWN),))
    assert "On the boards: unknown; last compared" in await said(world)
