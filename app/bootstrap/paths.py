"""Where a profile keeps its files, below one data directory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

COUNTING = ("data", "api", "ingest", "prober")  # roles, as they are served together or by themselves


@dataclass(frozen=True, slots=True)
class DataPaths:
    root: Path

    @property
    def counts(self) -> Path:
        """One count journal per writing role."""
        return self.root / "counts"

    @property
    def api_keys(self) -> Path:
        return self.root / "access" / "api-keys.json"

    @property
    def hook_token(self) -> Path:
        return self.root / "access" / "hook-token"

    @property
    def anchors(self) -> Path:
        return self.root / "anchors"

    @property
    def consistency(self) -> Path:
        return self.root / "data" / "consistency.sqlite"

    @property
    def control(self) -> Path:
        return self.root / "control"

    @property
    def ledger(self) -> Path:
        return self.control / "ledger.sqlite"

    @property
    def sent_counts(self) -> Path:
        """What CloudWatch was sent of the ledger."""
        return self.control / "sent-counts.sqlite"

    @property
    def exclusions(self) -> Path:
        return self.control / "exclusions.sqlite"

    @property
    def router(self) -> Path:
        return self.control / "router.sqlite"

    @property
    def notifications(self) -> Path:
        return self.control / "notifications.sqlite"

    @property
    def sessions(self) -> Path:
        return self.control / "console.sqlite"

    @property
    def journals(self) -> Sequence[Path]:
        """Of every process that counts, whether it ever ran or not."""
        return [self.journal(role) for role in COUNTING]

    def journal(self, role: str) -> Path:
        return self.counts / f"{role}.sqlite"
