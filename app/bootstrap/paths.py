"""Where a profile keeps its files, below one data directory."""

from __future__ import annotations

from pathlib import Path

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus

COUNTING = ("data", "api", "ingest", "prober")  # roles, as they are served together or by themselves


class DataPaths:
    """``counts`` holds one journal for each role that counts, ``sent_counts`` what CloudWatch was sent."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.counts = root / "counts"
        self.journals = [self.journal(role) for role in COUNTING]  # whether the role ever ran or not
        self.api_keys = root / "access" / "api-keys.json"
        self.hook_token = root / "access" / "hook-token"
        self.anchors = root / "anchors"
        self.relational = root / "data" / "relational.sqlite"
        self.consistency = root / "data" / "consistency.sqlite"
        self.control = root / "control"
        self.ledger = self.control / "ledger.sqlite"
        self.sent_counts = self.control / "sent-counts.sqlite"
        self.exclusions = self.control / "exclusions.sqlite"
        self.router = self.control / "router.sqlite"
        self.notifications = self.control / "notifications.sqlite"
        self.sessions = self.control / "console.sqlite"

    def journal(self, role: str) -> Path:
        return self.counts / f"{role}.sqlite"


class NoDataFolder(MiranteError):
    """What reads makes nothing: a folder that is not there is told."""

    exit_status = ExitStatus.ENVIRONMENT

    def __init__(self, root: Path) -> None:
        super().__init__(f"{root}: there is no such data folder. Check --data-dir, or run `mirante up`")


def paths_in(root: Path) -> DataPaths:
    """The paths below a data folder that is there.

    Raises:
        NoDataFolder: it is not.
    """
    if not root.is_dir():
        raise NoDataFolder(root)
    return DataPaths(root)
