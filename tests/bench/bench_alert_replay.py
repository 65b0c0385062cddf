"""Thirty days of recorded payloads through two policies: how long a person waits for `alerts replay`."""

from __future__ import annotations

import json
import os
import random
import resource
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alarms.intake.normalise import IntakeRules, intake_rules
from alarms.model.receipt import Receipt, ReceiptState
from alarms.policy.alarm_policy import load_alarm_policy
from alarms.policy.policy import RoutingPolicy, StormGuard
from alarms.reports.page_changes import ChangeKind
from alarms.reports.replay import ReplayPlan, replay
from alarms.router.topology import Topology
from alarms.stores.record import open_sqlite_record
from alarms.stores.sqlite import SqliteRouterStore
from tests.support.hooks import alert, alertmanager

PAYLOADS = int(os.environ.get("MIRANTE_BENCH_ALERTS", "100000"))
DAYS = 30
BEGINS = datetime(2026, 3, 2, tzinfo=UTC)
SERIES = 400
WORDS = ("critical", "warning", "info", "high")


def run() -> dict[str, object]:
    alarms = load_alarm_policy()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "router.db"
        _record(path)
        record = open_sqlite_record(path)
        plan = ReplayPlan(
            changed=replace(
                alarms.policy, tell_more_after=timedelta(minutes=30), storm=_earlier(alarms.policy.storm)
            ),
            changed_schedules=alarms.schedules,
            current=alarms.policy,
            current_schedules=alarms.schedules,
            topology=Topology(),
            rules_of=_rules,
            since=BEGINS,
            until=BEGINS + timedelta(days=DAYS),
        )
        began, busy = time.perf_counter(), time.process_time()
        found = replay(record, plan)
        seconds, cpu = time.perf_counter() - began, time.process_time() - busy
        record.close()
    return {
        "payloads": found.receipts,
        "days": DAYS,
        "pages": len(found.before),
        "changes": {kind.value: len(found.of(kind)) for kind in ChangeKind},
        "seconds": seconds,
        "cpu_seconds": cpu,
        "payloads_per_cpu_second_through_both_policies": found.receipts / cpu,
        "goal": "minutes at most",
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "load_average": os.getloadavg()[0],
    }


def _earlier(storm: StormGuard) -> StormGuard:
    return replace(storm, incidents=storm.incidents // 2)


def _rules(policy: RoutingPolicy) -> IntakeRules:
    return intake_rules("bench", [], policy.severity_words, policy.ignored_labels)


def _record(path: Path) -> None:
    """Alerts of many kinds that fire, repeat and end, evenly over the days."""
    chance, store, firing = random.Random(1), SqliteRouterStore(path), dict[int, datetime]()
    receipts = []
    for number in range(PAYLOADS):
        at = BEGINS + timedelta(days=DAYS) * number / PAYLOADS
        which = chance.randrange(SERIES)
        ends = which in firing and chance.random() < 0.5
        began = firing.pop(which) if ends else firing.setdefault(which, at)
        one = alert(
            f"Alert{which % 50}",
            "resolved" if ends else "firing",
            began,
            at if ends else None,
            {"summary": "is not as it should be " * 5, "description": "x" * 300},
            severity=WORDS[which % 4],
            job="node",
            namespace=f"n{which % 20}",
            instance=f"db{which}",
        )
        payload = json.dumps(alertmanager(one)).encode()
        receipts.append(Receipt(f"r-{number:08d}", "alertmanager", at, payload, state=ReceiptState.DONE))
    for start in range(0, len(receipts), 5_000):
        store.append_receipts(receipts[start : start + 5_000])
    store.close()
