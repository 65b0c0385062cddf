"""OpenSLO ``SLO``: indicator, window, objectives and alerts, resolved against what all files define."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fractions import Fraction

from foundation.located import Section
from slo.loaders.annotations import Annotations
from slo.loaders.metadata import Metadata, read_metadata
from slo.loaders.openslo_alerts import Condition, Policy, read_policy
from slo.loaders.openslo_objectives import RawObjective, check_bounds, read_objectives
from slo.loaders.openslo_sli import LONGEST_DESCRIPTION, SliContext, read_sli_spec
from slo.loaders.openslo_window import read_time_window
from slo.loaders.tiers import choose_tiers
from slo.model.entities import Composite, CompositeMember, WindowSet
from slo.model.spec import BudgetingMethod, Indicator, RatioIndicator, Slo


@dataclass(frozen=True, slots=True)
class Known:
    """Everything an SLO may refer to."""

    sli: SliContext
    indicators: Mapping[str, Indicator | None] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    targets: frozenset[str] = frozenset()
    windows: Mapping[str, WindowSet] = field(default_factory=dict)


def read_slo(document: Section, known: Known) -> tuple[list[Slo], Composite | None]:
    """One SLO; or, when objectives have indicators of their own, one for each and the composite of them."""
    metadata = read_metadata(document)
    annotations = Annotations(metadata)
    spec = document.section("spec", required=True)
    if spec is None:
        return [], None
    method = _method(spec)
    shared = _indicator(spec, known)
    raws = read_objectives(spec, method, annotations.words("objective-names"))
    own = [_indicator(raw.section, known) for raw in raws]
    for raw in raws:
        raw.section.plain("labels")
        raw.section.close()
    base = _base(document, spec, metadata, annotations, method, known, shared)
    spec.close()
    if any(_has_indicator(raw.section) for raw in raws):
        return _composite(spec, base, raws, own)
    if not _has_indicator(spec):
        spec.refuse("indicator", "is required and missing", "Add indicator: or indicatorRef:.")
    if shared is None:
        return [], None
    for raw in raws:
        check_bounds(raw, shared)
        if raw.weight is not None:
            raw.section.refuse("compositeWeight", "needs an indicator in each objective", "Remove it.")
    objectives = tuple(raw.objective for raw in raws)
    return ([replace(base, indicator=shared, objectives=objectives)] if objectives else []), None


_INDICATOR_KEYS = ("indicator", "indicatorRef", "sli", "sliRef")


def _has_indicator(section: Section) -> bool:
    return any(section.has(key) for key in _INDICATOR_KEYS)


def _indicator(section: Section, known: Known) -> Indicator | None:
    """Inline or by reference, in v1's words or v2alpha's; ``None`` when there is none (or it was refused)."""
    given = [key for key in _INDICATOR_KEYS if section.has(key)]
    if len(given) > 1:
        section.refuse(given[1], f"{given[0]} is given too", "Keep one of them.")
    for key in ("indicatorRef", "sliRef"):
        name = section.text(key)
        if name and name not in known.indicators:
            section.refuse(key, f"no SLI is called {name!r}", "Define it, or write it inline.")
        if name:
            return known.indicators.get(name)
    inline = section.section("indicator") or section.section("sli")
    return None if inline is None else _inline(inline, known)


def _inline(section: Section, known: Known) -> Indicator | None:
    section.text("apiVersion")
    section.text("kind", choices=("SLI",))
    if section.has("metadata"):
        read_metadata(section)
    spec = section.section("spec", required=True)
    section.close()
    return None if spec is None else read_sli_spec(spec, known.sli)


def _method(spec: Section) -> BudgetingMethod:
    choices = [method.value for method in BudgetingMethod]
    if not spec.has("budgetingMethod"):
        spec.notice("budgetingMethod", "is missing: Occurrences is assumed", "Write it; OpenSLO requires it.")
    return BudgetingMethod(spec.text("budgetingMethod", default="Occurrences", choices=choices))


def _base(
    document: Section,
    spec: Section,
    metadata: Metadata,
    annotations: Annotations,
    method: BudgetingMethod,
    known: Known,
    indicator: Indicator | None,
) -> Slo:
    window = read_time_window(spec)
    policies = _policies(spec, known)
    silence = _no_data_default(policies)
    return Slo(
        service=spec.text("service", required=True),
        name=metadata.name,
        display_name=metadata.display_name,
        description=spec.text("description", longest=LONGEST_DESCRIPTION),
        indicator=indicator or RatioIndicator(),
        method=method,
        window=window,
        objectives=(),
        tiers=choose_tiers(annotations, policies, known.windows, window.length),
        group_by=annotations.label_names("group-by"),
        min_events=annotations.count("min-events"),
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


def _no_data_default(policies: list[Policy]) -> str | None:
    """P3 unless policies speak: then the most urgent of those that alert when there is no data."""
    if not policies:
        return "P3"
    return min((p.condition.severity for p in policies if p.when_no_data and p.condition), default=None)


def _policies(spec: Section, known: Known) -> list[Policy]:
    found = []
    for item in spec.sections("alertPolicies"):
        if item.has("alertPolicyRef"):
            name = item.text("alertPolicyRef")
            item.close()
            if name in known.policies:
                found.append(known.policies[name])
            else:
                item.refuse(
                    "alertPolicyRef", f"no AlertPolicy is called {name!r}", "Define it, or write it inline."
                )
        else:
            item.text("apiVersion")
            item.text("kind", choices=("AlertPolicy",))
            found.append(read_policy(item, known.conditions, known.targets))
            item.close()
    return found


def _composite(
    spec: Section, base: Slo, raws: list[RawObjective], own: list[Indicator | None]
) -> tuple[list[Slo], Composite | None]:
    if _has_indicator(spec):
        spec.refuse("indicator", "a composite has its indicators in its objectives", "Move it there.")
    slos, members = [], []
    for raw, indicator in zip(raws, own, strict=True):
        if indicator is None:
            mend = "Every objective of a composite has an indicator or indicatorRef."
            raw.section.refuse("indicator", "is required and missing", mend)
            continue
        check_bounds(raw, indicator)
        name = f"{base.name}-{raw.objective.name}"
        objective = replace(raw.objective, name="main")
        title = f"{base.display_name}: {raw.objective.display_name or raw.objective.name}"
        member = replace(base, name=name, display_name=title, indicator=indicator, objectives=(objective,))
        slos.append(member)
        members.append(CompositeMember(member.id, "main", raw.weight or Fraction(1)))
    composite = Composite(base.service, base.name, base.display_name, base.description, tuple(members))
    return slos, composite
