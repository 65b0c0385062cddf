"""The responsibility matrix (C.1) as data: who does what, and who answers for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from alarms.policy.defaults import RACI
from foundation.bilingual import Text
from foundation.files import read_document
from foundation.located import Place
from foundation.workspace import SHIPPED

ALERTS_AND_INCIDENTS = "alerts-and-incidents"


class Role(StrEnum):
    RESPONSIBLE = "R"
    ACCOUNTABLE = "A"
    CONSULTED = "C"
    INFORMED = "I"


@dataclass(frozen=True, slots=True)
class Activity:
    id: str
    name: Text
    roles: Mapping[str, Role]  # by team

    def teams(self, role: Role) -> tuple[str, ...]:
        return tuple(team for team, held in self.roles.items() if held is role)


@dataclass(frozen=True, slots=True)
class Raci:
    """Without activities, nobody is named for anything."""

    teams: tuple[str, ...] = ()
    activities: tuple[Activity, ...] = ()

    def activity(self, activity_id: str) -> Activity:
        return next(activity for activity in self.activities if activity.id == activity_id)

    def answers_for(self, activity_id: str) -> str | None:
        """The accountable team; where none is named, the responsible one; None: an empty matrix."""
        if not self.activities:
            return None
        activity = self.activity(activity_id)
        return (*activity.teams(Role.ACCOUNTABLE), *activity.teams(Role.RESPONSIBLE))[0]


def load_raci(path: Path = SHIPPED.alarms / RACI) -> Raci:
    """Raises ``foundation.errors.DefinitionErrors``."""
    top = read_document(path)
    fields = top.fields(["version", "teams", "activities"])
    fields["version"].choice(["1"])
    teams = fields["teams"].texts()
    activities = tuple(_activity(name, place, teams) for name, place in fields["activities"].entries())
    if ALERTS_AND_INCIDENTS not in [activity.id for activity in activities]:
        fields["activities"].wrong(
            f"lacks {ALERTS_AND_INCIDENTS}", "Add it; escalation needs to know who is accountable"
        )
    top.source.problems.raise_if_any()
    return Raci(teams, activities)


def _activity(name: str, place: Place, teams: tuple[str, ...]) -> Activity:
    fields = place.fields(["name", "roles"])
    title = fields["name"].bilingual()
    roles = [item.member(Role) for item in fields["roles"].items()]
    if len(roles) != len(teams):
        fields["roles"].wrong(f"has {len(roles)} roles for {len(teams)} teams", "Give one letter per team")
    if roles.count(Role.ACCOUNTABLE) > 1:
        fields["roles"].wrong("has two accountable teams", "Keep one A")
    if Role.RESPONSIBLE not in roles:
        fields["roles"].wrong("has no responsible team", "Give one team an R")
    return Activity(name, title, dict(zip(teams, roles, strict=False)))
