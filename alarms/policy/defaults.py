"""What a workspace gets for the parts of ``alarms/`` that it does not have; ``README.md`` lists it."""

from __future__ import annotations

from pathlib import Path

from foundation.workspace import Workspace

DEFAULTS = Path(__file__).parents[1] / "defaults"
POLICY, SCHEDULES, PEOPLE, CHANNELS, RACI, INDICATORS, INTAKES = (
    "policy.yaml",
    "schedules.yaml",
    "people.yaml",
    "channels.yaml",
    "raci.yaml",
    "indicators.yaml",
    "intakes.yaml",
)
RUNBOOKS = "runbooks"


def alarm_file(workspace: Workspace, name: str) -> Path:
    """The workspace's own file, or the default of that name."""
    return workspace.alarm_file(name) or DEFAULTS / name
