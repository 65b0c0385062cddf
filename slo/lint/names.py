"""Names that collide once they become file, rule and alarm names; owners and components that do not exist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from slo.lint.finding import Finding, FindingLevel, error, warning
from slo.lint.surroundings import LintSurroundings
from slo.model import conventions as names
from slo.model.catalogue import Catalogue
from slo.model.spec import Slo


def check_names(catalogue: Catalogue, around: LintSurroundings) -> Iterator[Finding]:
    yield from _collisions(catalogue, names.slug, "file and alarm name")
    yield from _collisions(catalogue, names.camel, "alert name")
    yield from _same_counts(catalogue)
    yield from _owners(catalogue, around)
    yield from _components(catalogue, around)


def _collisions(catalogue: Catalogue, name: Callable[[str], str], what: str) -> Iterator[Finding]:
    groups: dict[str, list[Slo]] = defaultdict(list)
    for slo in catalogue.slos:
        groups[name(slo.id)].append(slo)
    for shared, slos in groups.items():
        for slo in slos[1:]:
            reason = f"shares the {what} {shared!r} with {slos[0].id!r}"
            yield error(slo, "same-name", "metadata.name", reason, "Rename one of them.")


def _same_counts(catalogue: Catalogue) -> Iterator[Finding]:
    first: dict[tuple[object, ...], Slo] = {}
    for slo in catalogue.slos:
        asked = slo.indicator.queries.items()
        counted = tuple((part, metric.source_type, metric.query) for part, metric in asked)
        targets = tuple(sorted((o.target, o.value or 0) for o in slo.objectives))
        key = (counted, targets, slo.window, slo.grouping)
        if key in first:
            reason = f"has the same target over the same events as {first[key].id!r}"
            yield warning(slo, "duplicate", "indicator", reason, "Keep one of them.")
        first.setdefault(key, slo)


def _owners(catalogue: Catalogue, around: LintSurroundings) -> Iterator[Finding]:
    for slo in catalogue.slos:
        owner = catalogue.owner(slo)
        fix = "Name the team in mirante.dev/owner, on the SLO or on its Service."
        if not owner:
            yield warning(slo, "no-owner", "mirante.dev/owner", "this SLO has no owner", fix)
        elif around.teams and owner not in around.teams:
            known = f"Teams: {', '.join(sorted(around.teams))}."
            # Other tools' files have ``owner`` as a label like any, of names that are no teams of ours.
            level = warning if slo.labels.get("owner") == owner else error
            yield level(slo, "unknown-owner", "mirante.dev/owner", f"there is no team {owner!r}", known)


def _components(catalogue: Catalogue, around: LintSurroundings) -> Iterator[Finding]:
    if not catalogue.components:
        return
    served = {slo_id for component in catalogue.components for slo_id in component.slos}
    for slo in catalogue.slos:
        if slo.id not in served:
            fix = "In components.yaml, add it to the `slos` of the components that serve it."
            yield warning(slo, "no-component", "components", "no component serves this SLO", fix)
    for component in catalogue.components:
        if around.teams and component.owner not in around.teams:
            reason = f"component {component.id!r} is owned by {component.owner!r}, which is not a team"
            fix = f"Teams: {', '.join(sorted(around.teams))}."
            file = next((f for f in catalogue.sources if f.endswith("components.yaml")), "components.yaml")
            yield Finding(FindingLevel.ERROR, "unknown-owner", file, None, "owner", reason, fix)
