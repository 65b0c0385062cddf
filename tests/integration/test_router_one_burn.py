"""One burn seen by a real Prometheus and Alertmanager, by CloudWatch and by our evaluator is one incident."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from alarms.intake.evaluator import alerts_of
from alarms.model.ids import SortableIds
from alarms.policy.policy_file import load_policy
from alarms.router.router import Router
from alarms.stores.sqlite import SqliteRouterStore
from dataplatform.local.server import free_port
from foundation.clock import SystemClock
from slo.judge.evaluate import evaluate
from slo.ledger.ledger import LedgerRow, SeriesKey
from slo.loaders.catalogue_files import load_catalogue
from slo.model.conventions import alert_key, cloudwatch_alarm_name
from slo.prometheus.rules import rule_file
from tests.support.aws_emulator import needs_emulator
from tests.support.hooks import eventbridge_event
from tests.support.memory_ledger import MemoryLedger
from tests.support.patience import patience
from tests.support.router_judge import HEADERS, Judge

PROMETHEUS = shutil.which("prometheus")
ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
SLO = load_catalogue().slo("credit/transaction-errors")
OBJECTIVE = SLO.objectives[0].name
TIERS = {tier.name for tier in SLO.tiers}

pytestmark = [
    needs_emulator,
    pytest.mark.skipif(
        PROMETHEUS is None or ALERTMANAGER is None, reason="Prometheus and Alertmanager are not installed"
    ),
]


class Failing:
    """Something to scrape: every fifth transaction fails."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                done = int(time.monotonic() * 1000)
                text = "\n".join(
                    f'credit_financial_transactions_total{{outcome="{outcome}"}} {count}'
                    for outcome, count in (("ok", done * 4), ("error", done))
                )
                body = f"# TYPE credit_financial_transactions_total counter\n{text}\n".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Silence."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def judge(tmp_path: Path) -> Iterator[Judge]:
    with Judge(tmp_path) as made:
        yield made


@pytest.fixture
def prometheus(tmp_path: Path, judge: Judge) -> Iterator[None]:
    """Prometheus on our generated rules, evaluated each second, and Alertmanager behind it."""
    target, alertmanager = Failing(), f"127.0.0.1:{free_port()}"
    rules = json.loads(json.dumps(rule_file(SLO, "test")))
    for group in rules["groups"]:
        group["interval"] = "1s"
    (tmp_path / "rules.yaml").write_text(json.dumps(rules), encoding="utf-8")
    scrape = {"job_name": "credit", "static_configs": [{"targets": [target.address]}]}
    configuration = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(tmp_path / "rules.yaml")],
        "scrape_configs": [scrape],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(configuration), encoding="utf-8")
    hook = {
        "url": judge.address("/hooks/alertmanager"),
        "http_config": {"authorization": {"credentials": "secret-of-the-test"}},
    }
    route = {"receiver": "m", "group_by": ["alertname"], "group_wait": "0s", "group_interval": "1s"}
    receivers = [{"name": "m", "webhook_configs": [hook]}]
    (tmp_path / "alertmanager.yml").write_text(
        json.dumps({"route": route, "receivers": receivers}), encoding="utf-8"
    )
    assert PROMETHEUS is not None
    assert ALERTMANAGER is not None
    with (tmp_path / "servers.log").open("wb") as log:
        servers = [
            subprocess.Popen(command, stdout=log, stderr=log)
            for command in (
                [
                    PROMETHEUS,
                    f"--config.file={tmp_path / 'prometheus.yml'}",
                    f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                    f"--web.listen-address=127.0.0.1:{free_port()}",
                ],
                [
                    ALERTMANAGER,
                    f"--config.file={tmp_path / 'alertmanager.yml'}",
                    f"--storage.path={tmp_path / 'alertmanager'}",
                    f"--web.listen-address={alertmanager}",
                    "--cluster.listen-address=",
                ],
            )
        ]
        try:
            yield
        finally:
            for server in servers:
                server.terminate()
                server.wait(timeout=patience(30))
            target.close()


def test_all_tiers_from_three_backends_are_one_incident_and_one_page(
    judge: Judge, prometheus: None, tmp_path: Path
) -> None:
    judge.start()
    judge.wait_until_up()
    seen_by_our_evaluator(tmp_path)
    seen_by_cloudwatch(judge)
    store = SqliteRouterStore(tmp_path / "router.sqlite")
    (incident,) = judge.incidents()

    def members() -> set[tuple[str, str | None]]:
        return {(record.source, record.tier) for record in store.alerts(incident["id"])}

    expected = {(source, tier) for source in ("evaluator", "cloudwatch", "alertmanager") for tier in TIERS}
    judge.until(lambda: members() >= expected, "Prometheus has seen the burn in all its tiers", 120)
    (only,) = judge.incidents()
    assert only["key"] == alert_key("test", SLO.id, OBJECTIVE, {})
    assert only["severity"] == "P1"
    judge.until(judge.told, "the page")
    assert judge.told() == [("operations", "first")]
    store.close()


def seen_by_our_evaluator(folder: Path) -> None:
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    series = SeriesKey("test", SLO.id, OBJECTIVE, SLO.revision, SLO.unit)
    ledger = MemoryLedger()
    ledger.write([LedgerRow(series, now - n * timedelta(minutes=1), "s", 80, 100) for n in range(1, 61)])
    clock = SystemClock()
    router = Router(SqliteRouterStore(folder / "router.sqlite"), load_policy(), clock, SortableIds(clock))
    router.receive_all(alerts_of(evaluate([SLO], ledger, "test", now), router.firing("evaluator")))
    router.close()


def seen_by_cloudwatch(judge: Judge) -> None:
    for tier in sorted(TIERS):
        name = cloudwatch_alarm_name("test", SLO.id, OBJECTIVE, tier)
        event = eventbridge_event(name, at=datetime.now(UTC))
        httpx.post(judge.address("/hooks/eventbridge"), json=event, headers=HEADERS).raise_for_status()
