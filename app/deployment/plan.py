"""What has to change, place by place, and in which order: made first, then changed, removed last."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.deployment.difference import in_words
from app.deployment.resource import Deployed, Document, ResourcePlace


class Action(StrEnum):
    """``FOREIGN`` has one of our names and not our mark: it is left alone, and stands in the way."""

    CREATE = "create"
    CHANGE = "change"
    REMOVE = "remove"
    FOREIGN = "foreign"
    LEFT = "left"


NOT_OURS = "it does not carry our mark; rename it, or remove it if nobody needs it"
ACTED_ON = (Action.CREATE, Action.CHANGE, Action.REMOVE)


@dataclass(frozen=True, slots=True)
class Change:
    """``words`` say what differs; ``document`` is what is wanted, None when it is to go."""

    place: ResourcePlace
    name: str
    action: Action
    words: tuple[str, ...] = ()
    document: Document | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """``in_step`` counts what is as it should be, by kind."""

    changes: tuple[Change, ...]
    in_step: dict[str, int]

    @property
    def to_do(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.action in ACTED_ON)

    @property
    def foreign(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.action is Action.FOREIGN)


def make_plan(
    places: Sequence[ResourcePlace], *, prune: bool = False, reading: Callable[[str], None] = lambda _: None
) -> Plan:
    """Compare each place, in order. ``reading`` hears the kind that is being read.

    Raises:
        DeploymentError, AwsError: a place cannot be read; nothing was changed.
    """
    made: list[Change] = []
    gone: list[Change] = []
    in_step: dict[str, int] = {}
    for place in places:
        reading(place.kind)
        wanted = place.wanted()
        deployed = place.deployed(wanted.keys())
        changes = [_compared(place, name, wanted[name], deployed.get(name)) for name in wanted]
        made += [change for change in changes if change is not None]
        gone = [*_superfluous(place, wanted.keys(), deployed, prune), *gone]
        in_step[place.kind] = sum(change is None for change in changes)
    return Plan((*made, *gone), in_step)


def _compared(place: ResourcePlace, name: str, wanted: Document, deployed: Deployed | None) -> Change | None:
    if deployed is None:
        return Change(place, name, Action.CREATE, (), wanted)
    if not deployed.ours:
        return Change(place, name, Action.FOREIGN, (NOT_OURS,))
    words = in_words(wanted, deployed.document)
    return Change(place, name, Action.CHANGE, words, wanted) if words else None


def _superfluous(
    place: ResourcePlace, wanted: Collection[str], deployed: Mapping[str, Deployed], prune: bool
) -> Iterator[Change]:
    """Ours, and no longer generated. Last made, first removed."""
    for name in sorted(set(deployed) - set(wanted), reverse=True):
        if not deployed[name].ours:
            continue
        if not place.removable:
            yield Change(
                place, name, Action.LEFT, ("no longer generated, but it may hold data; remove it by hand",)
            )
        elif prune:
            yield Change(place, name, Action.REMOVE, ("no longer generated",))
        else:
            yield Change(place, name, Action.LEFT, ("no longer generated; remove it with --prune",))
