"""Make a data folder with a little of everything, by an installed Mirante's own commands and HTTP answers.

Run by the version that is to remember: ``python make_folder.py PATH/TO/mirante VERSION``. Beside this
file it leaves ``VERSION.tar.xz`` (the folder) and ``VERSION.json`` (what that version said of it). Later
versions open the one and must say the other (``tests/integration/test_upgrade.py``).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

HERE = Path(__file__).parent
PACE = 20  # minutes of the folder's life in a minute of ours
CUSTOMERS, DECISIONS = 12, 40
READY_SECONDS, LIFE_MINUTES = 120, 24


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def cpf(number: int) -> str:
    digits = [int(digit) for digit in f"{500_000_000 + number:09d}"]
    for length in (10, 11):
        weighted = sum(digit * weight for digit, weight in zip(digits, range(length, 1, -1), strict=True))
        digits.append((weighted * 10) % 11 % 10)
    return "".join(map(str, digits))


def records() -> list[dict[str, Any]]:
    customers: list[dict[str, Any]] = [
        {
            "kind": "customer",
            "data": {
                "customer_id": f"C-{n}",
                "cpf": cpf(n),
                "version": 1,
                "status": "ACTIVE",
                "credit_score": 580 + 25 * n,
                "monthly_income_cents": 400_000 + 90_000 * n,
                "monthly_debt_payment_cents": 50_000,
                "existing_debts_cents": 0,
                "employment_years": n,
                "home_ownership": "OWN",
                "credit_history_years": 12,
                "delinquencies_24m": 0,
                "accounts_past_due": n % 5 // 4,
                "inquiries_12m": 1,
                "public_bankruptcies": 0,
                "tax_liens": 0,
                "credit_limit_cents": 9_000_000,
                "credit_used_cents": 400_000,
            },
        }
        for n in range(CUSTOMERS)
    ]
    spending: list[dict[str, Any]] = [
        {
            "kind": "transaction",
            "data": {
                "transaction_id": f"T-{n}",
                # the last is of nobody: it becomes a dead letter
                "customer_id": f"C-{n % CUSTOMERS}" if n < 20 else "C-nobody",
                "amount_cents": 1_000 + n,
                "kind": "PURCHASE",
            },
        }
        for n in range(21)
    ]
    return customers + spending


def body(number: int) -> dict[str, Any]:
    return {
        "customer_id": f"C-{number % CUSTOMERS}",
        "amount_cents": 300_000 + 10_000 * number,
        "term_months": 12 + number % 24,
        "purpose": ("CAR", "HOUSE", "OTHER")[number % 3],
    }


def webhook(name: str, severity: str, instance: str) -> dict[str, Any]:
    """One alert as Alertmanager sends it."""
    labels = {"alertname": name, "severity": severity, "instance": instance, "environment": "upgrade"}
    alert = {
        "status": "firing",
        "labels": labels,
        "annotations": {"summary": f"{name} on {instance}"},
        "startsAt": datetime.now(UTC).isoformat(),
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": f"{name}{instance}".encode().hex()[:16],
        "generatorURL": "",
    }
    return {
        "version": "4",
        "groupKey": f"{{}}:{{alertname={name!r}}}",
        "status": "firing",
        "receiver": "mirante",
        "groupLabels": {"alertname": name},
        "commonLabels": labels,
        "commonAnnotations": {},
        "externalURL": "",
        "truncatedAlerts": 0,
        "alerts": [alert],
    }


class Folder:
    """One data folder and the executable that owns it."""

    def __init__(self, executable: Path, root: Path, clock: str) -> None:
        self.executable, self.root = executable, root
        self.api_port, self.control_port = free_port(), free_port()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(root.parent),
            "COLUMNS": "200",
            "MIRANTE_DATA_DIR": str(root),
            "MIRANTE_ENVIRONMENT": "upgrade",
            "MIRANTE_CLOCK": clock,
            "MIRANTE_API_PORT": str(self.api_port),
            "MIRANTE_CONTROL_PORT": str(self.control_port),
            "MIRANTE_ROUTER_URL": "",
            "MIRANTE_LOG_LEVEL": "WARNING",
        }

    def run(self, *command: str, status: tuple[int, ...] = (0,)) -> str:
        done = subprocess.run(
            [self.executable, *command],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.root.parent,
        )
        if done.returncode not in status:
            raise SystemExit(f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def json(self, *command: str, status: tuple[int, ...] = (0,)) -> Any:
        return json.loads(self.run(*command, "--json", status=status))

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        log = (self.root.parent / "server.log").open("ab")
        process = subprocess.Popen(
            [self.executable, *command],
            env=self.environment,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            cwd=self.root.parent,
        )
        log.close()
        return process

    def ready(self, *ports: int) -> None:
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            try:
                answers = [httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5) for port in ports]
                if all(answer.status_code == 200 for answer in answers):
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        raise SystemExit(f"not ready within {READY_SECONDS} s: see {self.root.parent / 'server.log'}")

    def client(self, port: int, token: str) -> httpx.Client:
        return httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token}"}, timeout=30
        )


def live(folder: Folder, begin: datetime) -> dict[str, Any]:
    """A little of everything; what was answered over HTTP."""
    lines = folder.root.parent / "records.ndjson"
    lines.write_text("".join(json.dumps(record) + "\n" for record in records()), encoding="utf-8")
    scopes = [f"--scope={name}" for name in ("decisions:write", "decisions:read", "disbursements:write")]
    key = folder.run("keys", "create", *scopes, "upgrade").split()
    secret = next(word for word in reversed(key) if len(word) > 30)
    folder.run("ingest", str(lines), status=(0, 1))
    began = time.monotonic()
    process = folder.start("up")
    try:
        folder.ready(folder.api_port, folder.control_port)
        with folder.client(folder.api_port, secret) as api:
            answers = [decide(api, number) for number in range(DECISIONS)]
            paid = [pay(api, answer) for answer in answers]
        alarms(folder, begin)
        time.sleep(max(0.0, LIFE_MINUTES * 60 / PACE - (time.monotonic() - began)))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
    return {"key": secret, "decisions": answers, "disbursements": [one for one in paid if one is not None]}


def decide(api: httpx.Client, number: int) -> dict[str, Any]:
    asked = body(number)
    answer = api.post("/v1/decisions", json=asked, headers={"Idempotency-Key": f"upgrade-{number:04d}"})
    answer.raise_for_status()
    told = answer.json()
    where = f"/v1/decisions/{told['decision_id']}"
    explained = api.get(f"{where}/explanation")
    explained.raise_for_status()
    return {"asked": asked, "told": told, "read": api.get(where).json(), "explanation": explained.json()}


def pay(api: httpx.Client, answer: Mapping[str, Any]) -> dict[str, Any] | None:
    told = answer["told"]
    if told["outcome"] != "APPROVE":
        return None
    paid = api.post(f"/v1/decisions/{told['decision_id']}/disbursement")
    return {"decision_id": told["decision_id"], "status": paid.status_code, "body": paid.json()}


def alarms(folder: Folder, begin: datetime) -> None:
    token = (folder.root / "access" / "hook-token").read_text(encoding="utf-8").strip()
    with folder.client(folder.control_port, token) as hooks:
        for name, severity, instance in (
            ("DiskFull", "critical", "db1"),
            ("QueueLong", "warning", "q1"),
            ("CertificateEnds", "info", "www"),
        ):
            hooks.post("/hooks/alertmanager", json=webhook(name, severity, instance)).raise_for_status()
        hooks.post("/hooks/alertmanager", content=b'{"version": "4", "alerts": 7}')
    until = time.monotonic() + READY_SECONDS
    while len(found := folder.json("alerts", "list")) < 3 and time.monotonic() < until:
        time.sleep(0.5)
    ids = [one["id"] for one in found]
    folder.run("alerts", "ack", ids[0], "--by", "ana")
    folder.run("alerts", "note", ids[0], "The disk of db1 is being enlarged", "--by", "ana")
    folder.run("alerts", "resolve", ids[-1], "--by", "bia")
    folder.run("alerts", "silence", 'instance="q2"', "--minutes", "600", "--by", "ana", "--comment", "works")
    start = begin + timedelta(minutes=3)
    folder.run(
        "slo", "exclude", "credit/decision-latency",
        f"--from={start:%Y-%m-%dT%H:%M}", f"--to={start + timedelta(minutes=2):%Y-%m-%dT%H:%M}",
        "--reason", "a drill", "--by", "ana",
    )  # fmt: skip


def said(folder: Folder) -> dict[str, Any]:
    """What the commands say of the folder at rest."""
    incidents = folder.json("alerts", "list", "--all")
    return {
        "audit": folder.json("audit", "verify"),
        "incidents": incidents,
        "shown": [folder.json("alerts", "show", one["id"]) for one in incidents],
        "exclusions": folder.run("slo", "exclusions"),
        "silences": folder.run("alerts", "silences"),
        "quarantine": folder.run("alerts", "quarantine"),
        "keys": folder.run("keys", "list"),
        "sagas": folder.run("sagas", "list"),
        "dead_letters": folder.run("ingest", "dead-letters"),
        "ledger": ledger(folder.root / "control" / "ledger.sqlite"),
        "rows": {
            str(path.relative_to(folder.root)): rows(path) for path in sorted(folder.root.rglob("*.sqlite"))
        },
    }


def ledger(path: Path) -> list[list[Any]]:
    with sqlite3.connect(path) as db:
        found = db.execute("SELECT * FROM series ORDER BY 1")
        names = [column[0] for column in found.description]
        series = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        sums = {
            row[0]: row[1:]
            for row in db.execute(
                "SELECT series, count(DISTINCT minute), sum(good), sum(total) FROM minute_rows GROUP BY 1"
            )
        }
    return [[one["slo_id"], one["objective"], one["unit"], *sums.get(one["id"], (0, 0, 0))] for one in series]


def rows(path: Path) -> dict[str, int]:
    with sqlite3.connect(path) as db:
        tables = [
            row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        return {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}


def still(at: str) -> str:
    """A clock that hardly moves, as a setting; ``at`` is an ISO instant."""
    return f"scaled:0.000001@{at}"


def main(executable: str, version: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "data"
        begin = datetime.now(UTC).replace(microsecond=0)
        folder = Folder(Path(executable).absolute(), root, f"scaled:{PACE}@{begin.isoformat()}")
        answered = live(folder, begin)
        with tarfile.open(HERE / f"{version}.tar.xz", "w:xz") as archive:
            archive.add(root, "data")
        rest = begin + PACE * (datetime.now(UTC) - begin) + timedelta(minutes=5)
        folder.environment["MIRANTE_CLOCK"] = still(rest.isoformat())
        facts = {"version": version, "rest": rest.isoformat(), **answered, **said(folder)}
    (HERE / f"{version}.json").write_text(
        json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
