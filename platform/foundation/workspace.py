"""Where what people write is found: a folder laid out like the repository, and the packages' own by default.

``slo/definitions/`` (SLOs, ``components.yaml``), ``slo/windows/``, ``alarms/`` (policy, teams, schedules,
channels, indicators, runbooks) and ``dashboards/boards/`` (Python files on the board model). A part that is
not there takes a stated default; nothing of another workspace is ever used for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from foundation.paths import is_absent

CONFIG_FILE = "mirante.toml"


@dataclass(frozen=True, slots=True)
class Workspace:
    """``own_definitions`` stands for the folder of definitions; ``own_alarms`` goes over ``alarms/``, file by
    file."""

    root: Path
    own_definitions: Path | None = None
    own_alarms: Path | None = None

    @property
    def definitions(self) -> Path:
        return self.own_definitions or self.root / "slo" / "definitions"

    @property
    def windows(self) -> Path:
        return self.root / "slo" / "windows"

    @property
    def alarms(self) -> Path:
        return self.root / "alarms"

    @property
    def boards(self) -> Path:
        return self.root / "dashboards" / "boards"

    @property
    def config(self) -> Path:
        return self.root / CONFIG_FILE

    @property
    def is_shipped(self) -> bool:
        """Whether it is the one that comes with Mirante: the only one with a decision platform to run."""
        return self.root.resolve() == SHIPPED.root

    def alarm_folders(self) -> tuple[Path, ...]:
        """Those of ``alarms``, the one that goes over the others last."""
        return (self.alarms,) if self.own_alarms is None else (self.alarms, self.own_alarms)

    def alarm_file(self, name: str) -> Path | None:
        """``policy.yaml`` and the like; None: this workspace has none, and takes the default."""
        places = [folder / name for folder in reversed(self.alarm_folders())]
        return next((place for place in places if not is_absent(place)), None)


def _shipped_root() -> Path:
    """The packages' own folders: the repository in a checkout, ``site-packages`` when installed."""
    found = find_spec("slo")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).resolve().parents[1]


SHIPPED = Workspace(_shipped_root())
