"""The groups of an objective that a person is shown: the worst, and how many there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from foundation.bilingual import Text
from slo.judge.status import ObjectiveState, ObjectiveStatus

MOST_SHOWN = 20
_BAD_FIRST = (
    ObjectiveState.EXHAUSTED, ObjectiveState.BURNING, ObjectiveState.NO_DATA,
    ObjectiveState.OK, ObjectiveState.NO_TRAFFIC,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShownGroups:
    """``hidden``: what is not among ``statuses``, a sentence for each objective."""

    statuses: tuple[ObjectiveStatus, ...]
    hidden: tuple[Text, ...]


def worst_groups(statuses: Iterable[ObjectiveStatus], most: int = MOST_SHOWN) -> ShownGroups:
    """At most ``most`` of each objective, in the order they came in; of more than that, the worst first."""
    groups: dict[tuple[str, str], list[ObjectiveStatus]] = {}
    for item in statuses:
        groups.setdefault((item.slo.id, item.objective.name), []).append(item)
    shown: list[ObjectiveStatus] = []
    hidden = []
    for (slo_id, objective), found in groups.items():
        shown += found if len(found) <= most else sorted(found, key=_rank)[:most]
        if len(found) > most:
            hidden.append(_hidden(slo_id, objective, found, most))
    return ShownGroups(tuple(shown), tuple(hidden))


def _rank(item: ObjectiveStatus) -> tuple[int, object]:
    return _BAD_FIRST.index(item.state), item.budget.left_ratio


def _hidden(slo_id: str, objective: str, found: Sequence[ObjectiveStatus], most: int) -> Text:
    bad = sum(item.state in (ObjectiveState.EXHAUSTED, ObjectiveState.BURNING) for item in found)
    return Text(
        f"{slo_id}, {objective}: showing the worst {most} of {len(found):,} groups; {bad:,} burn or have "
        "spent their budget",
        f"{slo_id}, {objective}: exibindo os {most} piores de {len(found):,} grupos; {bad:,} queimam ou "
        "gastaram o orçamento",
    )
