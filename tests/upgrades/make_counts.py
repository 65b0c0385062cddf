"""Make a ledger that an installed Mirante counted from a Prometheus, and say what was in it.

Run by the version that is to remember: ``python make_counts.py PATH/TO/mirante VERSION``.
Beside this file it leaves ``VERSION-counts.tar.xz`` (the data folder, its definition and the samples) and
``VERSION-counts.json`` (the ledger's minutes). Later versions go on with that ledger and those samples.
"""

from __future__ import annotations

import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

HERE = Path(__file__).parent
BEGIN = datetime(2026, 11, 20, 6, tzinfo=UTC)
COUNTED, MINUTES = 240, 270  # minutes that the version before counted, of those that there are
MINUTE = timedelta(minutes=1)
DEFINITION = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: checkout, displayName: Checkout}
spec:
  description: Checkouts that succeed.
  service: shop
  indicator:
    metadata: {name: checkout}
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: Prometheus
            spec: {query: 'sum(increase(checkouts_total{outcome="ok"}[{{.window}}]))'}
        total:
          metricSource:
            type: Prometheus
            spec: {query: 'sum(increase(checkouts_total[{{.window}}]))'}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
"""


def samples() -> list[str]:
    """Three instances, scraped every minute: one restarts, one is not scraped for a while, and the errors of
    one appear with the first."""
    chance, lines = random.Random(6), []
    for number in range(3):
        labels = f'job="shop",instance="10.0.0.{number}:80"'
        ok, bad, started = 90_000 * number, 0, BEGIN - timedelta(days=2)
        for minute in range(MINUTES + 1):
            at = (BEGIN + minute * MINUTE + timedelta(seconds=7 * number)).timestamp()
            if number == 0 and minute in (100, 235):
                ok, bad, started = 0, 0, BEGIN + (minute - 0.5) * MINUTE
            ok, bad = ok + chance.randint(20, 60), bad + (chance.random() < 0.3)
            if number == 1 and 150 <= minute < 160:
                continue
            shown = {"ok": ok, "error": bad}
            lines += [
                f'checkouts_total{{{labels},outcome="{outcome}"}} {value} {at}'
                for outcome, value in shown.items()
                if value or number != 2
            ]
            lines.append(f"up{{{labels}}} 1 {at}")
            lines.append(f"process_start_time_seconds{{{labels}}} {started.timestamp()} {at}")
    return lines


def environment(root: Path, minutes: int) -> dict[str, str]:
    """The clock stands ``minutes`` after the begin."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "MIRANTE_DATA_DIR": str(root / "data"),
        "MIRANTE_ENVIRONMENT": "upgrade",
        "MIRANTE_CLOCK": f"scaled:0.000001@{(BEGIN + minutes * MINUTE).isoformat()}",
    }


def collect(executable: Path, root: Path, url: str, minutes: int) -> None:
    command = [
        *(str(executable), "--definitions", str(root / "definitions"), "slo", "collect"),
        *("--prometheus", url, "--since", f"{BEGIN:%Y-%m-%dT%H:%M}"),
    ]
    done = subprocess.run(
        command, env=environment(root, minutes), capture_output=True, text=True, check=False, cwd=root
    )
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}")


def minutes_of(root: Path) -> dict[str, Any]:
    """Good, total and rows by minute after the begin, and all sources."""
    first = int(BEGIN.timestamp()) // 60
    with sqlite3.connect(root / "data" / "control" / "ledger.sqlite") as db:
        rows = db.execute(
            "SELECT minute - ?, sum(good), sum(total), count(*) FROM minute_rows GROUP BY 1 ORDER BY 1",
            (first,),
        ).fetchall()
        sources = [name for (name,) in db.execute("SELECT name FROM sources ORDER BY 1")]
        series = db.execute("SELECT count(*) FROM series").fetchone()[0]
    return {"minutes": {str(row[0]): list(row[1:]) for row in rows}, "sources": sources, "series": series}


@contextmanager
def served(root: Path) -> Iterator[str]:
    """A Prometheus over ``samples.om``."""
    blocks = ("tsdb", "create-blocks-from", "openmetrics", "-q", "samples.om", "tsdb")
    subprocess.run(["promtool", *blocks], check=True, cwd=root)
    (root / "prometheus.yml").write_text("global: {}\n", encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    options = (
        "--storage.tsdb.path=tsdb",
        "--storage.tsdb.retention.time=10y",
        f"--web.listen-address={address}",
    )
    process = subprocess.Popen(["prometheus", "--config.file=prometheus.yml", *options], cwd=root)
    try:
        while process.poll() is None and not ready(address):
            time.sleep(0.2)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait()


def ready(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/-/ready").is_success
    except httpx.TransportError:
        return False


def main(executable: str, version: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        (root / "definitions").mkdir()
        (root / "definitions" / "checkout.yaml").write_text(DEFINITION, encoding="utf-8")
        (root / "samples.om").write_text("\n".join([*samples(), "# EOF", ""]), encoding="utf-8")
        with served(root) as url:
            collect(Path(executable).absolute(), root, url, COUNTED)
        with tarfile.open(HERE / f"{version}-counts.tar.xz", "w:xz") as archive:
            for kept in ("data/control", "definitions", "samples.om"):
                archive.add(root / kept, kept)
        (HERE / f"{version}-counts.json").write_text(json.dumps(minutes_of(root)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
