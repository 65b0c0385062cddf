"""What a set of files defines, before it becomes a catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field

from foundation.errors import Notice
from slo.model.entities import Component, Composite, DataSource, NotificationTarget, Service, WindowSet
from slo.model.spec import Slo


@dataclass(slots=True)
class Definitions:
    """Filled file by file; ``catalogue_files`` hands it over complete."""

    slos: list[Slo] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    components: list[Component] = field(default_factory=list)
    composites: list[Composite] = field(default_factory=list)
    data_sources: list[DataSource] = field(default_factory=list)
    targets: list[NotificationTarget] = field(default_factory=list)
    windows: dict[str, WindowSet] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    sloth_files: set[str] = field(default_factory=set)
