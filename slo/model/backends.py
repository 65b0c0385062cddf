"""What judges a service level: our own ledger, and the backends that rules and alarms are generated for."""

from __future__ import annotations

LEDGER, PROMETHEUS, CLOUDWATCH = "ledger", "prometheus", "cloudwatch"
BACKENDS = (LEDGER, PROMETHEUS, CLOUDWATCH)
