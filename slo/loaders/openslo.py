"""OpenSLO v1, and what its drafts word otherwise: objects of all files, then SLOs with references resolved.

Follows the specification's README and ``enhancements/v2alpha.md`` at commit aa5cb78 of OpenSLO/OpenSLO.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from functools import partial
from typing import TypeVar

from foundation.errors import Effect
from foundation.located import Section
from slo.indicators.metric import Kinds, MetricSources, read_indicator
from slo.loaders.metadata import (
    LONGEST_DESCRIPTION,
    Annotations,
    Metadata,
    checked_name,
    read_data_source,
    read_metadata,
    read_service,
    read_target,
)
from slo.loaders.objectives import WrittenObjective, check_bounds, read_objectives, read_time_window
from slo.loaders.openslo_alerts import (
    AlertCondition,
    AlertPolicy,
    no_data_severity,
    read_condition,
    read_policies,
    read_policy,
)
from slo.loaders.openslo_v1alpha import VERSION as V1ALPHA
from slo.loaders.openslo_v1alpha import read_measured, read_time_windows
from slo.loaders.tiers import choose_tiers
from slo.model.entities import Composite, CompositeMember, WindowSet
from slo.model.spec import BudgetingMethod, Indicator, Slo, Window

V1 = "openslo/v1"
VERSIONS = (V1, "openslo.com/v2alpha", "openslo/v2alpha", V1ALPHA)
OBJECTS = (
    "Service", "DataSource", "SLI", "SLO", "AlertPolicy", "AlertCondition", "AlertNotificationTarget",
)  # fmt: skip
NO_DATA_SEVERITY = "P3"  # unless policies speak
INDICATORS = ("indicator", "indicatorRef", "sli", "sliRef")

T = TypeVar("T")


class OpenSlo:
    """Everything that ``documents`` define; refusals gather in their problems.

    What they only name may be defined ``beside`` them, in other files; their own comes first.
    """

    def __init__(
        self,
        documents: Sequence[Section],
        windows: Mapping[str, WindowSet],
        kinds: Kinds,
        beside: OpenSlo | None = None,
    ) -> None:
        self._windows, self._kinds = windows, kinds
        self._documents = _by_kind(documents)
        self.services = self._named("Service", read_service)
        self.data_sources = self._named("DataSource", read_data_source)
        self.targets = self._named("AlertNotificationTarget", read_target)
        self._known_sources = (beside.data_sources if beside else {}) | self.data_sources
        self._known_targets = (beside.targets if beside else {}) | self.targets
        own = {name: c for name, c in self._named("AlertCondition", read_condition).items() if c}
        self._conditions: dict[str, AlertCondition] = (beside._conditions if beside else {}) | own
        policies = self._named("AlertPolicy", self._policy)
        self._policies: dict[str, AlertPolicy] = (beside._policies if beside else {}) | policies
        slis = self._named("SLI", self._sli)
        self._indicators: dict[str, Indicator | None] = (beside._indicators if beside else {}) | slis
        self.slos: list[Slo] = []
        self.composites: list[Composite] = []
        for document in self._documents["SLO"]:
            read = self._read_v1alpha if document.text("apiVersion") == V1ALPHA else self._read_slo
            read(document)
            document.close()

    def _named(self, kind: str, read: Callable[[Section], T]) -> dict[str, T]:
        found: dict[str, T] = {}
        first: dict[str, Section] = {}
        for document in self._documents[kind]:
            value = read(document)
            document.close()
            metadata = document.section("metadata")
            name = metadata.text("name") if metadata else ""
            if name in first:
                place = f"{first[name].file}:{first[name].line}"
                document.repeated("metadata.name", f"{kind} {name!r} is also defined in {place}")
            first.setdefault(name, document)
            found.setdefault(name, value)
        return found

    def _policy(self, document: Section) -> AlertPolicy:
        return read_policy(document, self._conditions, self._known_targets)

    def _sli(self, document: Section) -> Indicator | None:
        read_metadata(document)
        return self._inline(document, self._sources(document))

    def _sources(self, document: Section) -> MetricSources:
        return MetricSources(self._known_sources, is_v1=document.text("apiVersion") == V1)

    def _inline(self, section: Section, sources: MetricSources) -> Indicator | None:
        spec = section.section("spec", required=True)
        if spec is None:
            return None
        spec.text("description", longest=LONGEST_DESCRIPTION)
        return read_indicator(spec, sources, self._kinds)

    def _indicator(self, section: Section, sources: MetricSources) -> Indicator | None:
        """Inline or by reference; ``None`` when there is none (or it was refused)."""
        given = [key for key in INDICATORS if section.has(key)]
        if len(given) > 1:
            section.refuse(given[1], f"{given[0]} is also given", "Keep one of them.")
        for key in ("indicatorRef", "sliRef"):
            name = section.text(key)
            if name and name not in self._indicators:
                section.no_such(key, "SLI", name, "Define it, or write it inline.")
            if name:
                return self._indicators.get(name)
        inline = section.section("indicator") or section.section("sli")
        if inline is None:
            return None
        inline.text("apiVersion")
        inline.text("kind", choices=("SLI",))
        if inline.has("metadata"):
            read_metadata(inline)
        found = self._inline(inline, sources)
        inline.close()
        return found

    def _read_slo(self, document: Section) -> None:
        """One SLO; or, where objectives have indicators of their own, one for each, and their composite."""
        metadata = read_metadata(document)
        spec = document.section("spec", required=True)
        if spec is None:
            return
        annotations, sources = Annotations(metadata), self._sources(document)
        method, shared = _method(spec), self._indicator(spec, sources)
        objectives = read_objectives(spec, method, annotations.words("objective-names"))
        own = [self._indicator(written.section, sources) for written in objectives]
        for written in objectives:
            written.section.plain("labels")
            written.section.close()
        slo = self._but_for_indicator(document, spec, metadata, annotations, method, read_time_window(spec))
        spec.close()
        if any(_has_indicator(written.section) for written in objectives):
            self._add_composite(spec, slo, objectives, own)
        elif not _has_indicator(spec):
            spec.refuse("indicator", "is required but missing", "Add indicator: or indicatorRef:.")
        elif shared is not None and objectives:
            is_named = not (spec.has("indicator") or spec.has("sli"))
            bounded = [check_bounds(written, shared, is_named=is_named) for written in objectives]
            for written in objectives:
                if written.weight is not None:
                    problem = "needs an indicator in each objective"
                    written.section.refuse("compositeWeight", problem, "Remove it.")
            if all(bounded):
                self.slos.append(slo(indicator=shared, objectives=tuple(one.objective for one in objectives)))

    def _read_v1alpha(self, document: Section) -> None:
        """One SLO; or one for each objective, where they are not measured alike."""
        metadata = read_metadata(document)
        spec = document.section("spec", required=True)
        if spec is None:
            return
        annotations, method = Annotations(metadata), _method(spec)
        measured = read_measured(spec, method, annotations.words("objective-names"))
        window = read_time_windows(spec)
        slo = self._but_for_indicator(document, spec, metadata, annotations, method, window)
        spec.close()
        indicators = [one.indicator for one in measured]
        if not measured or None in indicators:
            return
        if all(indicator == indicators[0] for indicator in indicators):
            objectives = tuple(one.objective for one in measured)
            self.slos.append(slo(indicator=indicators[0], objectives=objectives))
            return
        reason = "each objective becomes an SLO of its own, since they are measured differently"
        spec.notice("objectives", reason, effect=Effect.CHANGED)
        for one in measured:
            whole = slo(indicator=one.indicator, objectives=(replace(one.objective, name="main"),))
            title = f"{whole.display_name}: {one.objective.display_name or one.objective.name}"
            own = f"{whole.name}-{one.objective.name}"
            self.slos.append(replace(whole, name=own, display_name=title))

    def _but_for_indicator(
        self,
        document: Section,
        spec: Section,
        metadata: Metadata,
        annotations: Annotations,
        method: BudgetingMethod,
        window: Window,
    ) -> Callable[..., Slo]:
        """An SLO that still wants its ``indicator`` and ``objectives``."""
        written = spec.sections("alertPolicies")
        policies: list[AlertPolicy] = []
        if written:
            policies = read_policies(written, self._policies, self._conditions, self._known_targets)
        silence = no_data_severity(policies) if policies else NO_DATA_SEVERITY
        return partial(
            Slo,
            service=checked_name(spec, "serviceRef" if spec.has("serviceRef") else "service"),
            name=metadata.name,
            display_name=metadata.display_name,
            description=spec.text("description", longest=LONGEST_DESCRIPTION),
            method=method,
            window=window,
            tiers=choose_tiers(annotations, policies, self._windows, window.length),
            summed_to=annotations.summed_to(),
            min_events=annotations.count("min-events"),
            min_bad_events=annotations.count("min-bad-events"),
            expected_events_per_hour=annotations.number("expected-events-per-hour"),
            refresh_interval=annotations.duration("refresh-interval"),
            owner=annotations.text("owner"),
            no_data_severity=annotations.severity("no-data-severity", silence),
            no_data_after=annotations.duration("no-data-after") or timedelta(minutes=5),
            labels=metadata.labels,
            annotations=metadata.annotations,
            texts=annotations.texts(),
            source_file=document.file,
            source_line=document.line,
        )

    def _add_composite(
        self,
        spec: Section,
        slo: Callable[..., Slo],
        objectives: Sequence[WrittenObjective],
        own: Sequence[Indicator | None],
    ) -> None:
        if _has_indicator(spec):
            spec.refuse("indicator", "a composite keeps its indicators in its objectives", "Move it there.")
        whole, members = None, []
        for written, indicator in zip(objectives, own, strict=True):
            if indicator is None and _has_indicator(written.section):
                continue
            if indicator is None:
                fix = "Give every objective of a composite an indicator or indicatorRef."
                written.section.refuse("indicator", "is required but missing", fix)
                continue
            check_bounds(written, indicator)
            objective = written.objective
            whole = slo(indicator=indicator, objectives=(replace(objective, name="main"),))
            title = f"{whole.display_name}: {objective.display_name or objective.name}"
            member = replace(whole, name=f"{whole.name}-{objective.name}", display_name=title)
            self.slos.append(member)
            members.append(CompositeMember(member.id, "main", written.weight or Fraction(1)))
        if whole is not None:
            names = whole.service, whole.name, whole.display_name, whole.description
            self.composites.append(Composite(*names, tuple(members)))


def _by_kind(documents: Sequence[Section]) -> Mapping[str, list[Section]]:
    found: dict[str, list[Section]] = {kind: [] for kind in OBJECTS}
    for document in documents:
        version = document.text("apiVersion", required=True)
        kind = document.text("kind", required=True, choices=OBJECTS) if version in VERSIONS else ""
        if kind:
            found[kind].append(document)
        if version not in VERSIONS:
            fix = f"Write apiVersion: {V1}; its objectives and indicators are written differently."
            document.refuse("apiVersion", f"{version!r} is not supported", fix)
    return found


def _has_indicator(section: Section) -> bool:
    return any(section.has(key) for key in INDICATORS)


def _method(spec: Section) -> BudgetingMethod:
    choices = [method.value for method in BudgetingMethod]
    if not spec.has("budgetingMethod"):
        spec.notice("budgetingMethod", "is missing; Occurrences is assumed", "Add it; OpenSLO requires it.")
    return BudgetingMethod(spec.text("budgetingMethod", default="Occurrences", choices=choices))
