"""``components.yaml``: the parts of the platform, what they lean on and which SLOs they serve."""

from __future__ import annotations

from foundation.located import Section
from slo.model.entities import Component

KINDS = ("api", "service", "store", "cache", "stream", "function", "worker", "probe")


def read_components(document: Section) -> list[Component]:
    items = document.sections("components", required=True)
    document.close()
    components = [_component(item) for item in items]
    known = {component.id for component in components}
    for item, component in zip(items, components, strict=True):
        if sum(other.id == component.id for other in components) > 1:
            item.refuse("id", f"two components are called {component.id!r}", "Give each its own id.")
        for name in component.depends_on:
            if name not in known:
                mend = f"Components: {', '.join(sorted(known))}."
                item.refuse("depends_on", f"no component is called {name!r}", mend)
    return components


def _component(section: Section) -> Component:
    tier = section.number("tier", required=True)
    if tier is not None and tier not in (1, 2, 3, 4):
        section.refuse("tier", f"{tier} is not 1, 2, 3 or 4", "1 is the most critical.")
    component = Component(
        id=section.text("id", required=True),
        name=section.text("name", required=True),
        name_pt=section.text("name_pt", required=True),
        kind=section.text("kind", required=True, choices=KINDS),
        tier=int(tier or 4),
        owner=section.text("owner", required=True),
        depends_on=section.texts("depends_on"),
        slos=section.texts("slos"),
        description=section.text("description"),
        description_pt=section.text("description_pt"),
    )
    section.close()
    return component
