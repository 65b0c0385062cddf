"""The kinds of what is generated, as ``mirante build --only`` names them."""

from __future__ import annotations

from collections.abc import Set
from enum import StrEnum


class OutputKind(StrEnum):
    RULES = "rules"
    TESTS = "tests"
    ALARMS = "alarms"
    GRAFANA = "grafana"
    CLOUDWATCH = "cloudwatch"
    ALERTMANAGER = "alertmanager"


OutputKinds = Set[OutputKind]
EVERY: OutputKinds = frozenset(OutputKind)
ON_CLOUDWATCH: OutputKinds = frozenset((OutputKind.ALARMS, OutputKind.CLOUDWATCH))
BOARDS: OutputKinds = frozenset((OutputKind.GRAFANA, OutputKind.CLOUDWATCH))

_FOLDERS = {
    "prometheus/tests/": OutputKind.TESTS,
    "prometheus/": OutputKind.RULES,
    "alertmanager/": OutputKind.ALERTMANAGER,
    "grafana/": OutputKind.GRAFANA,
    "cloudwatch/dashboards/": OutputKind.CLOUDWATCH,
    "cloudwatch/": OutputKind.ALARMS,
}


def kinds_of(path: str) -> OutputKinds:
    """Those that must be asked for before a generated file is made, by its path below the output folder.

    What lies beside the folders compares the boards of both."""
    return next((frozenset((kind,)) for folder, kind in _FOLDERS.items() if path.startswith(folder)), BOARDS)
