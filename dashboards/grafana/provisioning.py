"""Grafana's provisioning files: the Prometheus data source and the folders of boards."""

from __future__ import annotations

from collections.abc import Mapping

from slo.prometheus.yaml_text import render_yaml

FOLDER = "Mirante"
BOARD_ROOT = "/etc/grafana/mirante"


def provisioning(prometheus_url: str = "http://127.0.0.1:9090") -> Mapping[str, bytes]:
    """Paths below ``grafana/`` to file contents. Grafana reads the boards from ``BOARD_ROOT``."""
    return {
        "provisioning/dashboards/mirante.yaml": render_yaml(_dashboards()).encode(),
        "provisioning/datasources/mirante.yaml": render_yaml(_data_sources(prometheus_url)).encode(),
    }


def board_path(board: str, language: str) -> str:
    """Name of a board's file below ``grafana/``; its language stands before the suffix."""
    return f"{board}.json" if language == "en" else f"{board}.{language}.json"


def _dashboards() -> Mapping[str, object]:
    provider = {
        "name": "mirante",
        "type": "file",
        "folder": FOLDER,
        "disableDeletion": False,
        "allowUiUpdates": False,
        "updateIntervalSeconds": 30,
        "options": {"path": BOARD_ROOT, "foldersFromFilesStructure": False},
    }
    return {"apiVersion": 1, "providers": [provider]}


def _data_sources(prometheus_url: str) -> Mapping[str, object]:
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": "Prometheus",
                "uid": "mirante-prometheus",
                "type": "prometheus",
                "access": "proxy",
                "url": prometheus_url,
                "isDefault": True,
                "jsonData": {"httpMethod": "POST", "manageAlerts": True, "timeInterval": "15s"},
            }
        ],
    }
