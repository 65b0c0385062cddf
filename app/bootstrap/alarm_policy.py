"""What people decided about alarms, from one folder: policy, channels, schedules, duties and runbooks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alarms.policy.channel import Channels, load_channels
from alarms.policy.policy import RoutingPolicy
from alarms.policy.policy_file import load_policy
from alarms.policy.raci import Raci, load_raci
from alarms.policy.runbook import SHIPPED as SHIPPED_RUNBOOKS
from alarms.policy.runbook import Runbooks, load_runbooks
from alarms.policy.schedule import Schedules, load_schedules
from foundation.errors import DefinitionError, Problems

FILES = ("policy.yaml", "schedules.yaml", "raci.yaml", "channels.yaml")
RUNBOOKS = "runbooks"


@dataclass(frozen=True, slots=True)
class AlarmPolicy:
    policy: RoutingPolicy
    channels: Channels
    schedules: Schedules
    raci: Raci
    runbooks: Runbooks


def load_alarm_policy(folder: Path | None = None) -> AlarmPolicy:
    """``policy.yaml``, ``channels.yaml``, ``schedules.yaml``, ``raci.yaml`` and ``runbooks/`` of ``folder``;
    what it does not have is as shipped (``None``: everything is).

    Raises:
        DefinitionErrors: everything wrong in all of them, or a folder that holds none of them.
    """
    policy, schedules, raci, channels = _files(folder)
    problems = Problems()
    matrix = problems.attempt(lambda: load_raci(raci)) or load_raci()
    duty = problems.attempt(lambda: load_schedules(schedules))
    carriers = problems.attempt(lambda: load_channels(channels))
    rules = problems.attempt(lambda: load_policy(policy, matrix, carriers))
    pages = problems.attempt(lambda: _runbooks(folder))
    if duty is None or carriers is None or rules is None or pages is None or problems.errors:
        raise problems.all()
    return AlarmPolicy(rules, carriers, duty, matrix, pages)


def _files(folder: Path | None) -> tuple[Path | None, ...]:
    if folder is None:
        return (None,) * len(FILES)
    there = [folder / name for name in FILES if (folder / name).is_file()]
    if not there and not (folder / RUNBOOKS).is_dir():
        problem = f"holds none of {', '.join(FILES)} and {RUNBOOKS}/" if folder.is_dir() else "is no folder"
        fix = "Name the folder of your alarm policy, or unset alarm_policy to use what ships"
        raise DefinitionError(str(folder), "alarm_policy", problem, fix)
    return tuple(folder / name if folder / name in there else None for name in FILES)


def _runbooks(folder: Path | None) -> Runbooks:
    """The folder's own pages over the shipped ones."""
    shipped = load_runbooks(SHIPPED_RUNBOOKS)
    if folder is None or not (folder / RUNBOOKS).is_dir():
        return shipped
    own = load_runbooks(folder / RUNBOOKS)
    pages = {name: page for book in (shipped, own) for name in book.ids() if (page := book.get(name))}
    return Runbooks(pages)
