"""What people decided about alarms, from one folder: policy, channels, schedules, duties and runbooks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alarms.policy.channel import Channels
from alarms.policy.channel_file import load_channels
from alarms.policy.policy import RoutingPolicy
from alarms.policy.policy_file import load_policy
from alarms.policy.raci import Raci, load_raci
from alarms.policy.runbook import SHIPPED as SHIPPED_RUNBOOKS
from alarms.policy.runbook import Runbooks, load_runbooks
from alarms.policy.schedule import Schedules, load_schedules
from foundation.errors import DefinitionError, DefinitionErrors

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
    wrong: list[DefinitionError] = []
    try:
        matrix = load_raci(raci)
    except DefinitionErrors as errors:
        wrong += errors.errors
        matrix = load_raci()
    try:
        duty = load_schedules(schedules)
    except DefinitionErrors as errors:
        wrong += errors.errors
    carriers: Channels | None = None
    try:
        carriers = load_channels(channels)
    except DefinitionErrors as errors:
        wrong += errors.errors
    try:
        rules = load_policy(policy, matrix, carriers)
    except DefinitionErrors as errors:
        wrong += errors.errors
    if wrong or carriers is None:
        raise DefinitionErrors(wrong)
    return AlarmPolicy(rules, carriers, duty, matrix, _runbooks(folder))


def _files(folder: Path | None) -> tuple[Path | None, ...]:
    if folder is None:
        return (None,) * len(FILES)
    there = [folder / name for name in FILES if (folder / name).is_file()]
    if not there and not (folder / RUNBOOKS).is_dir():
        problem = f"holds none of {', '.join(FILES)} and {RUNBOOKS}/" if folder.is_dir() else "is no folder"
        mend = "Name the folder of your alarm policy, or unset alarm_policy to use what ships"
        raise DefinitionErrors([DefinitionError(str(folder), "alarm_policy", problem, mend)])
    return tuple(folder / name if folder / name in there else None for name in FILES)


def _runbooks(folder: Path | None) -> Runbooks:
    """The folder's own pages over the shipped ones."""
    shipped = load_runbooks(SHIPPED_RUNBOOKS)
    if folder is None or not (folder / RUNBOOKS).is_dir():
        return shipped
    try:
        own = load_runbooks(folder / RUNBOOKS)
    except (OSError, UnicodeDecodeError) as error:
        place = getattr(error, "filename", None) or str(folder / RUNBOOKS)
        problem = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else f"cannot be read ({error})"
        raise DefinitionErrors([DefinitionError(place, "the file", problem, "Save it as UTF-8")]) from error
    pages = {name: page for book in (shipped, own) for name in book.ids() if (page := book.get(name))}
    return Runbooks(pages)
