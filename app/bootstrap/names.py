"""What a person calls roles, servers and targets, apart from the code behind them, which is slow to load."""

from __future__ import annotations

DATA_ROLES = frozenset({"api", "ingest"})
CONTROL_ROLES = frozenset({"prober", "evaluator", "router", "console", "exporters"})
OF_PLATFORM = frozenset({*DATA_ROLES, "prober"})
"""Roles that only a workspace with a decision platform has: it is the decision API that is probed."""
ROLE_NAMES = sorted({"data", "control", *DATA_ROLES, *CONTROL_ROLES})
SERVERS = ("mariadb", "redis", "cassandra", "aws", "alertmanager", "prometheus")
TARGETS = ("aws", "grafana", "prometheus", "alertmanager")
