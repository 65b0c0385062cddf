"""The log groups of the platform: who writes them, and how long each is kept (§3.5.2: one to six months)."""

from __future__ import annotations

from dataclasses import dataclass

ALLOWED_RETENTION_DAYS = (30, 60, 90, 120, 150, 180)
"""What CloudWatch offers between one month and six."""


@dataclass(frozen=True, slots=True)
class LogGroup:
    """``retention_days`` by what the log is for; ``why`` says it."""

    role: str
    retention_days: int
    why: str

    def name(self, environment: str) -> str:
        return f"/mirante/{environment}/{self.role}"


LOG_GROUPS = (
    LogGroup("api", 90, "requests and errors: a quarter is enough to see a trend"),
    LogGroup("ingest", 60, "stream processing: reprocessing happens within days"),
    LogGroup("control", 90, "evaluations, notifications, escalations"),
    LogGroup("access", 180, "who read what: asked for by security reviews"),
    LogGroup("audit", 180, "a copy for searching; the audit chain itself is kept in the database"),
    LogGroup("debug", 30, "verbose logs of single investigations"),
)


def log_group(role: str) -> LogGroup:
    return next(group for group in LOG_GROUPS if group.role == role)
