"""The real Prometheus and Alertmanager before a real router, with gaps in every direction.

Whenever Alertmanager says for over a minute that an alert is active, somebody was told, and the last word
that was told is that it fires. With ``MIRANTE_PROOF=full``: 50 series with gaps of 5 to 60 s for ten
minutes, and gaps of 5, 22 and 60 s in each direction. Otherwise a minute, and everything shorter.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.alerting_chain import METRIC, AlertingChain
from tests.support.alertmanager_server import needs_alertmanager
from tests.support.no_silence import Chaos, NoSilence, Schedules, alarm_policy, gaps
from tests.support.patience import patience, wait_until
from tests.support.processes import Role
from tests.support.prometheus_server import needs_prometheus
from tests.support.running_router import TOKEN

FULL = os.environ.get("MIRANTE_PROOF") == "full"
SERIES = 50
SECONDS = 600.0 if FULL else 0.0  # and until each direction has had its turn
LEAST, MOST = (5.0, 60.0) if FULL else (2.0, 5.0)
GAPS = (5.0, 22.0, 60.0) if FULL else (5.0,)
WATCH_EVERY, PAGE_AFTER, CLOSE_AFTER = (5.0, 20.0, 40.0) if FULL else (1.0, 6.0, 8.0)
RULES = [
    {
        "alert": "Proof",
        "expr": f"{METRIC} == 1",
        "labels": {"severity": "critical"},
        "annotations": {"summary": "series {{ $labels.n }}"},
    }
]

pytestmark = [needs_prometheus, needs_alertmanager, pytest.mark.proof]


def minute() -> float:
    """Of the claim; a shorter one where the proof is, unless the machine is busy."""
    return 60.0 if FULL else min(60.0, patience(15.0))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[NoSilence]:
    router = Role("router", tmp_path / "data")
    with AlertingChain(tmp_path / "chain", router.port, TOKEN, rules=RULES) as chain:
        router.settings |= {
            "MIRANTE_HOOK_TOKEN": TOKEN,
            "MIRANTE_ALARM_POLICY": str(alarm_policy(tmp_path / "policy")),
            "MIRANTE_ALERTMANAGER": chain.manager_url,
            "MIRANTE_PROMETHEUS": chain.prometheus_url,
            "MIRANTE_WATCH_EVERY": str(WATCH_EVERY),
            "MIRANTE_PAGE_UNSENT_AFTER": str(PAGE_AFTER),
            "MIRANTE_CLOSE_UNREPORTED_AFTER": str(CLOSE_AFTER),
        }
        with router:
            yield NoSilence(chain, router, minute())


def test_fifty_random_schedules_among_restarts_leave_nobody_untold(world: NoSilence) -> None:
    chain = world.chain
    schedules = Schedules(chain, SERIES, LEAST, MOST, seed=7)
    chaos = Chaos(gaps(chain, world.router), LEAST, MOST, seed=7)
    began = time.monotonic()
    with world.judging():
        with chaos.running(SECONDS) as restarts:
            while restarts.is_alive():
                schedules.step(time.monotonic() - began)
                time.sleep(0.1)
        schedules.all(1)
        everything = set(chain.page.values)
        wait_until(lambda: chain.active() == everything, 90, "Alertmanager says that all are active")
        wait_until(lambda: all_fire(world, everything), 90, "somebody was told of each")
        wait_until(lambda: world.judged, 90, "some have been active for so long")
        schedules.all(0)
        wait_until(lambda: chain.active() == set(), 90, "Alertmanager says that all are over")
        wait_until(lambda: not any(world.word.fires().values()), 180, "all are over for those who were told")
    print(
        f"\n{schedules.changes} changes, {len(chaos.gaps)} gaps, {world.word.messages()} messages, "
        f"{world.judged} judgements, longest until told {world.longest:.1f} s, "
        f"resolved by {world.word.resolved_by()}"
    )
    assert world.silent == []


@pytest.mark.parametrize(
    "direction", ["prometheus", "alertmanager", "router", "to the router", "to alertmanager"]
)
def test_a_gap_in_one_direction_silences_nothing(world: NoSilence, direction: str) -> None:
    chain, gap = world.chain, gaps(world.chain, world.router)[direction]
    chain.page.values = {f"{seconds:.0f}": 0 for seconds in GAPS} | {"always": 1, "during": 0}
    with world.judging():
        for seconds in GAPS:
            name = f"{seconds:.0f}"
            chain.page.values[name] = 1
            wait_until(lambda name=name: all_fire(world, {name, "always"}), 90, f"{name} is told")  # type: ignore[misc]
            gap.begin()
            chain.page.values["during"] = 1
            time.sleep(seconds)
            gap.end()
            wait_until(
                lambda: {name, "always", "during"} == chain.active(),  # noqa: B023
                90,
                "Alertmanager says that all are active",
            )
            wait_until(lambda: all_fire(world, {name, "always", "during"}), 90, "they are known")  # noqa: B023
            chain.page.values |= {name: 0, "during": 0}
            wait_until(lambda: chain.active() == {"always"}, 90, "two are over")
            wait_until(lambda: fires(world) == {"always"}, 180, "and nobody thinks that they fire")
    assert world.silent == []


def fires(world: NoSilence) -> set[str]:
    return {one for one, is_so in world.word.fires().items() if is_so}


def all_fire(world: NoSilence, names: set[str]) -> bool:
    return names <= fires(world)
