"""Several router processes on one MariaDB: killed, stopped, and with the database gone for a while.

With ``MIRANTE_PROOF=full`` (``make proof``) there is more load, more is killed, and the database is gone for
60 s.
"""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from dataplatform.local.mariadb import MariaDb
from dataplatform.local.server import running
from tests.support.aws_emulator import needs_emulator
from tests.support.local_servers import fresh_mysql, needs_mariadb
from tests.support.new_database import make_database
from tests.support.router_fleet import Fleet
from tests.support.sns_proxy import Fault, Publish, SnsProxy

FULL = os.environ.get("MIRANTE_PROOF") == "full"
ALERTS, KILLS = (50, 25) if FULL else (30, 3)  # many more alerts at once would be a storm: one incident
AWAY_SECONDS = 60.0 if FULL else 2.0
PATIENCE = 600.0 if FULL else 120.0

pytestmark = [needs_mariadb, needs_emulator, pytest.mark.proof]


def test_workers_killed_at_random_moments_under_load_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    seed = random.Random(4)
    with Fleet(tmp_path, fresh_mysql(), 3) as fleet:
        fleet.all_up()
        ports = list(fleet.members)
        for number in range(ALERTS):
            for port in seed.sample(ports, 2):  # two hear of it, one incident comes of it
                fleet.order_at(port, f"Alert{number}")
            if number % (ALERTS // KILLS) == ALERTS // KILLS - 1:
                time.sleep(seed.random() * 0.5)
                killed = fleet.members[seed.choice(ports)]
                killed.kill()
                killed.wait()
                fleet.restart_if_dead()
        fleet.until(fleet.all_accepted, "every alert is accepted by both", PATIENCE)
        fleet.until(fleet.all_paged, "everything accepted is an incident and paged", PATIENCE)
        fleet.verdict()


def test_a_worker_stopped_past_its_lease_and_resumed_does_not_undo_the_others_work(tmp_path: Path) -> None:
    with ExitStack() as stack:
        fleet = stack.enter_context(Fleet(tmp_path, fresh_mysql(), 0))
        proxy = stack.enter_context(SnsProxy(fleet.emulator))
        fleet.endpoint = proxy.url
        first = fleet.add()
        fleet.all_up()
        stopped = fleet.members[first]

        def slow(_: Publish) -> Fault:
            if not proxy.faults:
                os.kill(stopped.pid, signal.SIGSTOP)
            return Fault.NONE

        proxy.fault = slow
        fleet.order_at(first, "Stopped")
        fleet.until(fleet.arrived, "the page is on its way when the worker is stopped")
        other = fleet.add()
        fleet.until(lambda: len(fleet.arrived()) >= 2, "another worker takes the page over")
        (incident,) = fleet.incidents()
        fleet.until(lambda: delivery_of(fleet, incident["id"])["state"] == "sent", "it is marked as sent")
        os.kill(stopped.pid, signal.SIGCONT)
        fleet.port = first
        fleet.wait_until_up()
        fleet.order_at(first, "AfterIt")
        fleet.port = other
        fleet.until(fleet.all_paged, "the resumed worker, or the other, goes on")
        delivery = delivery_of(fleet, incident["id"])
        assert (delivery["state"], delivery["fence"]) == ("sent", 2)
        assert delivery["worker"] != f"worker-{stopped.pid}"
        fleet.verdict()


def delivery_of(fleet: Fleet, incident: str) -> dict[str, object]:
    return dict(fleet.show(incident)["notifications"][0])


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
def test_the_database_gone_for_a_while_is_503_and_nothing_is_lost(
    tmp_path: Path, how: signal.Signals
) -> None:
    folder = tmp_path / "database"
    with ExitStack() as stack:
        server = stack.enter_context(running(MariaDb(), folder))
        fleet = stack.enter_context(Fleet(tmp_path, make_database(server.port, "router"), 2))
        fleet.all_up()
        one, other = fleet.members
        for number in range(6):
            fleet.order_at(one, f"Before{number}")
        fleet.until(lambda: len(fleet.accepted_orders()) >= 4, "some are accepted")
        os.kill(server.pid, how)
        gone_at = time.monotonic()
        assert fleet.answers("Refused") == [503, 503]
        accepted = len(fleet.accepted_orders())
        for port in (one, other):
            fleet.order_at(port, "Refused")
        time.sleep(max(0.0, AWAY_SECONDS - (time.monotonic() - gone_at)))
        assert len(fleet.accepted_orders()) == accepted
        if how is signal.SIGKILL:
            server.process.wait()
            stack.enter_context(running(MariaDb(), folder, server.port))
        else:
            os.kill(server.pid, signal.SIGCONT)
        fleet.until(fleet.all_accepted, "what was refused is accepted", PATIENCE)
        fleet.until(fleet.all_paged, "everything accepted is an incident and paged", PATIENCE)
        fleet.verdict()
