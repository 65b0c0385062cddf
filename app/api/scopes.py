"""What an API key may do."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    DECISIONS_WRITE = "decisions:write"
    DECISIONS_READ = "decisions:read"
    DISBURSEMENTS_WRITE = "disbursements:write"
    INGEST_WRITE = "ingest:write"
    FAULTS_WRITE = "faults:write"
    METRICS_READ = "metrics:read"
