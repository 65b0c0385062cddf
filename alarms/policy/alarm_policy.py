"""What people decided about alarms, from one workspace: policy, channels, schedules, duties and runbooks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from alarms.policy.channel import Channels, tells
from alarms.policy.channel_file import load_channels
from alarms.policy.defaults import (
    CHANNELS,
    DEFAULTS,
    INDICATORS,
    INTAKES,
    PEOPLE,
    POLICY,
    RACI,
    RUNBOOKS,
    SCHEDULES,
    alarm_file,
)
from alarms.policy.people import load_people
from alarms.policy.policy import RoutingPolicy
from alarms.policy.policy_file import load_policy
from alarms.policy.raci import Raci, load_raci
from alarms.policy.runbook import Runbooks, load_runbooks
from alarms.policy.schedule import Schedules
from alarms.policy.schedule_file import load_schedules
from foundation.errors import DefinitionError, Problems, UnreadableFile
from foundation.paths import is_absent, is_folder
from foundation.workspace import SHIPPED, Workspace

DEFAULT_TEAM = "on-call"
FILES = (POLICY, SCHEDULES, PEOPLE, RACI, CHANNELS, INDICATORS, INTAKES)


@dataclass(frozen=True, slots=True)
class AlarmPolicy:
    policy: RoutingPolicy
    channels: Channels
    schedules: Schedules
    raci: Raci
    runbooks: Runbooks


def load_alarm_policy(workspace: Workspace = SHIPPED) -> AlarmPolicy:
    """``policy.yaml``, ``channels.yaml``, ``schedules.yaml``, ``people.yaml``, ``raci.yaml`` and
    ``runbooks/`` of a workspace; what it does not have is as in ``defaults/`` (without a matrix, nobody is
    named in one).

    Raises:
        DefinitionErrors: everything wrong in all of them, or an ``own_alarms`` that holds none of them.
    """
    _refuse_empty(workspace)
    problems = Problems()
    raci = workspace.alarm_file(RACI)
    matrix = Raci() if raci is None else problems.attempt(lambda: load_raci(raci))
    carriers = problems.attempt(lambda: load_channels(alarm_file(workspace, CHANNELS)))
    people = problems.attempt(lambda: load_people(alarm_file(workspace, PEOPLE), carriers))
    duty = problems.attempt(lambda: load_schedules(alarm_file(workspace, SCHEDULES), people))
    rules = problems.attempt(lambda: _policy(workspace, Raci() if matrix is None else matrix, carriers))
    pages = problems.attempt(lambda: _runbooks(workspace))
    if matrix is None or duty is None or carriers is None or rules is None or pages is None:
        raise problems.all()
    problems.raise_if_any()
    return AlarmPolicy(rules, carriers, duty, matrix, pages)


def load_changed(workspace: Workspace, path: Path) -> AlarmPolicy:
    """A workspace's with other files in its place: those of a folder, or one policy file.

    Raises:
        DefinitionErrors: everything wrong in all of them, or there is no such file.
    """
    if path.is_dir():
        return load_alarm_policy(replace(workspace, own_alarms=path))
    now = load_alarm_policy(workspace)
    return replace(now, policy=load_policy(path, now.raci, now.channels))


def _refuse_empty(workspace: Workspace) -> None:
    """Or one that is no folder; the workspace's ``alarms/`` may be absent, and not be something else."""
    is_folder(workspace.alarms)
    folder = workspace.own_alarms
    if folder is None or not all(is_absent(folder / name) for name in (*FILES, RUNBOOKS)):
        return
    fix = "Name the folder of your alarm policy, or unset alarm_policy to use the workspace's"
    if not is_folder(folder):
        raise UnreadableFile(str(folder), "alarm_policy", "is not a folder", fix)
    raise DefinitionError(
        str(folder), "alarm_policy", f"holds none of {', '.join(FILES)} and {RUNBOOKS}/", fix
    )


def _policy(workspace: Workspace, raci: Raci, channels: Channels | None) -> RoutingPolicy:
    """The default team is told by every channel that tells people."""
    own = workspace.alarm_file(POLICY)
    if own is not None:
        return load_policy(own, raci, channels)
    policy = load_policy(DEFAULTS / POLICY, Raci())
    told = tuple(name for name, channel in (channels or {}).items() if tells(channel, DEFAULT_TEAM))
    if channels is not None and not told:
        fix = "Add one, for example default: {kind: local}, or write a policy.yaml"
        place = str(alarm_file(workspace, CHANNELS))
        raise DefinitionError(place, "channels", f"none of them tells the team {DEFAULT_TEAM!r}", fix)
    return replace(policy, teams=tuple(replace(team, channels=told) for team in policy.teams))


def _runbooks(workspace: Workspace) -> Runbooks:
    """The workspace's own pages over those that belong to every workspace."""
    found = load_runbooks(DEFAULTS / RUNBOOKS)
    for folder in workspace.alarm_folders():
        found = load_runbooks(folder / RUNBOOKS).over(found)
    return found
