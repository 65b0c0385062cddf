"""Prometheus (Debian's), on loopback: counts Mirante's own servers and tells the Alertmanager beside it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from dataplatform.local.server import LOOPBACK
from dataplatform.local.web_server import is_ready

CONFIG = """\
global: {{scrape_interval: 15s, evaluation_interval: 15s}}
rule_files: ["{rules}/*.rules.yaml"]
alerting:
  alertmanagers:
    - file_sd_configs: [{{files: [alertmanagers.json]}}]
scrape_configs:
  - job_name: mirante
    file_sd_configs: [{{files: [mirante.json]}}]
"""


class Prometheus:
    """``prometheus.yml`` is made once and then yours; ``rules/`` is for `mirante apply prometheus`."""

    name = "prometheus"

    def missing(self) -> str | None:
        return None if shutil.which("prometheus") else "Install Debian's package prometheus"

    def prepare(self, folder: Path) -> None:
        (folder / "rules").mkdir(exist_ok=True)
        config = folder / "prometheus.yml"
        if not config.exists():
            config.write_text(CONFIG.format(rules=folder / "rules"), encoding="utf-8")
        if not (folder / "mirante.json").exists():
            point_at(folder, scraped=(), alertmanagers=())

    def command(self, folder: Path, port: int) -> Sequence[str]:
        return [
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{port}",
            "--web.enable-lifecycle",
        ]

    def environment(self, folder: Path, port: int) -> dict[str, str]:
        return {}

    def answers(self, folder: Path, port: int) -> bool:
        return is_ready(port)


def point_at(folder: Path, scraped: Sequence[str], alertmanagers: Sequence[str]) -> None:
    """Whom it asks and whom it tells, host:port each. A running server takes it over by itself."""
    for name, targets in (("mirante", scraped), ("alertmanagers", alertmanagers)):
        told = json.dumps([{"targets": list(targets)}])
        (folder / f"{name}.json").write_text(told, encoding="utf-8")
