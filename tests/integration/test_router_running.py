"""The router as it is deployed, beside a real Alertmanager and topics and queues that answer."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from foundation.clock import ScaledClock, clock_spec
from tests.support.alertmanager_server import Alertmanager, needs_alertmanager
from tests.support.aws_emulator import aws_variables, needs_emulator, shared_emulator
from tests.support.patience import Deadline, patience, wait_until
from tests.support.processes import Role
from tests.support.running_router import TOKEN, Desk, TeamQueues, alarm_policy

FULL = os.environ.get("MIRANTE_PROOF") == "full"
FACTOR = (
    5.0 if FULL else 60.0
)  # clock seconds in a real second: fifteen minutes are three, or a quarter of one
LATE = 12 if FULL else 20  # real seconds of a quiet machine
ACKNOWLEDGE_WITHIN = timedelta(minutes=15)  # P1's, in the matrix
SOON = 120.0  # real seconds


@pytest.fixture
def queues() -> TeamQueues:
    return TeamQueues(shared_emulator(), "across-a-kill", ("operations", "data-engineering"))


@pytest.fixture
def clock() -> ScaledClock:
    return ScaledClock(FACTOR, datetime.now(UTC))


@pytest.fixture
def router(queues: TeamQueues, clock: ScaledClock, tmp_path: Path) -> Iterator[Role]:
    on_topics = dict.fromkeys(("operations", "data-engineering"), ("pages",))
    settings = {
        **aws_variables(shared_emulator()),
        "MIRANTE_ALARM_POLICY": str(alarm_policy(tmp_path / "policy", {"pages": queues.channel}, on_topics)),
        "MIRANTE_CLOCK": clock_spec(clock.factor, clock.origin),
        "MIRANTE_HOOK_TOKEN": TOKEN,
    }
    with Role("router", tmp_path / "data", settings) as role:
        yield role


@pytest.fixture
def alertmanager(tmp_path: Path, router: Role) -> Iterator[Alertmanager]:
    server = Alertmanager(tmp_path, f"{router.url}/hooks/alertmanager", TOKEN)
    wait_until(server.ready, SOON, "Alertmanager is ready")
    yield server
    server.close()


def first_of(queues: TeamQueues, team: str, clock: ScaledClock) -> tuple[dict[str, str], datetime]:
    """The first message that reaches a team's queue, and when, as the router's clock tells it."""
    deadline = Deadline(SOON + ACKNOWLEDGE_WITHIN.total_seconds() / FACTOR)
    while not deadline.is_over():
        if messages := queues.take(team):
            return messages[0], clock.now()
        time.sleep(0.05)
    raise AssertionError(f"nothing reached {team}")


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def notification(desk: Desk, incident: str, step: str) -> dict[str, Any]:
    sent = [one["notification"] for one in desk.get(f"/v1/alerts/{incident}")["notifications"]]
    return next(one for one in sent if one["step"] == step)


@needs_emulator
@needs_alertmanager
@pytest.mark.proof
def test_an_alert_reaches_a_queue_across_kills_and_the_backups_stays_empty_until_its_minute(
    router: Role, alertmanager: Alertmanager, queues: TeamQueues, clock: ScaledClock
) -> None:
    router.kill()
    alertmanager.fire("WriterDown", severity="P1", component="aurora")
    wait_until(lambda: alertmanager.failed_posts() > 0, SOON, "Alertmanager has posted to nobody")
    router.start()
    page, _ = first_of(queues, "operations", clock)
    assert (page["step"], page["severity"], page["team"]) == ("first", "P1", "operations")
    assert "WriterDown fires" in page["body"]
    assert "Você é o primeiro a atender." in page["body"]
    assert queues.take("data-engineering") == []
    router.kill()
    router.start()
    backup, arrived = first_of(queues, "data-engineering", clock)
    assert (backup["step"], backup["incident"]) == ("backup", page["incident"])
    desk = Desk(router)
    paged = instant(notification(desk, page["incident"], "first")["created_at"])
    told = instant(notification(desk, page["incident"], "backup")["created_at"])
    timeline = desk.get(f"/v1/alerts/{page['incident']}")["timeline"]
    due = next(instant(entry["due_at"]) for entry in timeline if entry["due_at"])
    assert due == paged + ACKNOWLEDGE_WITHIN
    assert due <= told < due + timedelta(seconds=patience(LATE) * FACTOR)
    assert arrived >= due
    assert len(desk.get("/v1/alerts?state=all")["alerts"]) == 1
