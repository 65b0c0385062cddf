"""What a catalogue holds beside SLOs: services, components, data sources, targets, composites, windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction

from slo.model.spec import Tier


@dataclass(frozen=True, slots=True)
class Service:
    """OpenSLO ``Service``: a grouping of SLOs, with the team that owns it."""

    name: str
    display_name: str
    description: str = ""
    owner: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the platform, what it leans on and which SLOs it serves.

    ``kind``: api, service, store, cache, stream, function, worker, probe. ``tier`` 1 is the most critical.
    ``id`` is also the value of the ``component`` label in ``component_saturation_ratio``.
    """

    id: str
    name: str
    name_pt: str
    kind: str
    tier: int
    owner: str
    depends_on: tuple[str, ...] = ()
    slos: tuple[str, ...] = ()
    description: str = ""
    description_pt: str = ""


@dataclass(frozen=True, slots=True)
class DataSource:
    """OpenSLO ``DataSource``. Connection details stay as written; secrets do not belong in them."""

    name: str
    type: str
    description: str = ""
    connection: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotificationTarget:
    """OpenSLO ``AlertNotificationTarget``; the router's policy says how ``target`` is reached."""

    name: str
    target: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class CompositeMember:
    """``weight`` multiplies the burn of this member within the composite (1: as it is)."""

    slo_id: str
    objective: str
    weight: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Composite:
    """Several objectives with indicators of their own, burning together (OpenSLO v1, *Composite SLO*).

    Each member is a full SLO of the catalogue; the composite adds no counts of its own.
    """

    service: str
    name: str
    display_name: str
    description: str
    members: tuple[CompositeMember, ...]

    @property
    def id(self) -> str:
        return f"{self.service}/{self.name}"


@dataclass(frozen=True, slots=True)
class WindowSet:
    """A named set of burn-rate tiers; ``period`` is the one its budget shares were chosen for."""

    name: str
    period: timedelta
    tiers: tuple[Tier, ...]
    source_file: str = ""
