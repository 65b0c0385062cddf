"""Where a profile keeps its files, below one data directory."""

from __future__ import annotations

from pathlib import Path

from app.bootstrap.owner import claim, refuse_others
from app.settings import Settings
from dataplatform.directory import prepare_directory
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
        self.acknowledge_key = root / "access" / "acknowledge-key"
        self.anchors = root / "anchors"
        self.relational = root / "data" / "relational.sqlite"
        self.consistency = root / "data" / "consistency.sqlite"
        self.control = root / "control"
        self.ledger = self.control / "ledger.sqlite"
        self.budget_drift = self.control / "budget-drift.json"
        self.sent_counts = self.control / "sent-counts.sqlite"
        self.exclusions = self.control / "exclusions.sqlite"
        self.router = self.control / "router.sqlite"
        self.alarm_files = self.control / "alarm-files"
        self.notifications = self.control / "notifications.sqlite"
        self.sessions = self.control / "console.sqlite"

    def journal(self, role: str) -> Path:
        return self.counts / f"{role}.sqlite"


class NoDataFolder(MiranteError):
    """What reads makes nothing: a folder that is not there is told."""

    exit_status = ExitStatus.ENVIRONMENT

    def __init__(self, root: Path) -> None:
        super().__init__(f"{root}: there is no such data folder. Check --data-dir, or run `mirante up`")


def paths_of(settings: Settings) -> DataPaths:
    """The paths below the data folder, whether it is there or not, for who reads.

    Raises:
        OthersFolder: it belongs to another workspace.
    """
    refuse_others(settings.data_dir, settings.folders)
    return DataPaths(settings.data_dir)


def paths_in(settings: Settings) -> DataPaths:
    """The paths below a data folder that is there.

    Raises:
        NoDataFolder: it is not.
        OthersFolder: it belongs to another workspace.
    """
    if not settings.data_dir.is_dir():
        raise NoDataFolder(settings.data_dir)
    return paths_of(settings)


def claimed_paths(settings: Settings) -> DataPaths:
    """The paths below the data folder, for who writes: it is made if need be, and is this workspace's.

    Raises:
        OthersFolder: it belongs to another workspace.
        DataDirectoryError: it cannot be made or written.
    """
    claim(settings.data_dir, settings.folders)
    prepare_directory(settings.data_dir)
    return DataPaths(settings.data_dir)
