"""Write the reviewed files anew: ``python tests/golden/update.py``; read the difference before the commit."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).parent
ENVIRONMENT = "golden"
REVIEWED = (
    "alertmanager/alertmanager.yml",
    "cloudwatch/dashboards/mirante-golden-operations.json",
    "cloudwatch/log-groups.json",
    "cloudwatch/metric-filters.json",
    "grafana/operations.json",
    "grafana/security.pt.json",
    "grafana/provisioning/dashboards/mirante.yaml",
    "grafana/provisioning/datasources/mirante.yaml",
    "prometheus/mirante-indicators.rules.yaml",
)
"""Enough to see every generator's hand; the rest is checked by what it must hold."""


def golden_path(path: str) -> Path:
    return FOLDER / path.replace("/", "__")


def main() -> None:
    from app.build import artifacts
    from app.workspace import open_workspace

    made = artifacts(open_workspace(), ENVIRONMENT)
    for path in REVIEWED:
        golden_path(path).write_bytes(made[path])


if __name__ == "__main__":
    sys.path.insert(0, str(FOLDER.parents[1]))
    main()
