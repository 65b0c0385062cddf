"""Composite SLOs: several objectives, each with counts of its own, burning together by weight.

OpenSLO v1 (``compositeWeight``): a weight multiplies how much a member's burn matters. A composite adds no
events of its own; its burn is the weighted mean of its members' burns, and known only as far as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from slo.judge.status import ObjectiveState, ObjectiveStatus
from slo.model.entities import Composite, CompositeMember
from slo.model.errors import UnknownSlo


@dataclass(frozen=True, slots=True)
class CompositeStatus:
    """``spent_ratio`` is the weighted mean of the members' spent budgets; 1 is all of it."""

    composite: Composite
    members: tuple[tuple[CompositeMember, ObjectiveStatus], ...]

    @property
    def state(self) -> ObjectiveState:
        """Unknown if any member is; exhausted when the common budget is; else the worst of the members.

        One member's exhausted budget is shown with the member: together they may still have some left.
        """
        states = {status.state for _, status in self.members}
        if ObjectiveState.NO_DATA in states:
            return ObjectiveState.NO_DATA
        if self.spent_ratio >= 1:
            return ObjectiveState.EXHAUSTED
        if states & {ObjectiveState.EXHAUSTED, ObjectiveState.BURNING}:
            return ObjectiveState.BURNING
        return ObjectiveState.NO_TRAFFIC if states == {ObjectiveState.NO_TRAFFIC} else ObjectiveState.OK

    @property
    def spent_ratio(self) -> Fraction:
        return _mean([(member.weight, status.budget.spent_ratio) for member, status in self.members])

    @property
    def left_ratio(self) -> Fraction:
        return 1 - self.spent_ratio

    @property
    def exact(self) -> bool:
        return all(status.exact for _, status in self.members)

    @property
    def burns(self) -> Mapping[timedelta, Fraction | None]:
        """Weighted burn in each window that every member has; members without events carry no weight."""
        shared = set.intersection(*(set(status.windows) for _, status in self.members))
        return {window: self._burn(window) for window in sorted(shared)}

    def _burn(self, window: timedelta) -> Fraction | None:
        known = [
            (member.weight, burn)
            for member, status in self.members
            if (burn := status.windows[window].burn) is not None
        ]
        return _mean(known) if known else None


def composite_status(composite: Composite, statuses: Sequence[ObjectiveStatus]) -> CompositeStatus:
    """From the statuses of the catalogue's SLOs; one member per series of a grouped SLO.

    Raises:
        UnknownSlo: a member is not among them.
    """
    found: list[tuple[CompositeMember, ObjectiveStatus]] = []
    for member in composite.members:
        own = [s for s in statuses if s.slo.id == member.slo_id and s.objective.name == member.objective]
        if not own:
            raise UnknownSlo(member.slo_id, [status.slo.id for status in statuses])
        found += [(member, status) for status in own]
    return CompositeStatus(composite, tuple(found))


def _mean(weighted: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    weights = sum((weight for weight, _ in weighted), Fraction(0))
    if not weights:
        return Fraction(0)
    return sum((weight * value for weight, value in weighted), Fraction(0)) / weights
