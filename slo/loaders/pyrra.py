"""Pyrra's ``ServiceLevelObjective``: one promise on a selector of Prometheus.

Follows ``kubernetes/api/v1alpha1`` and ``slo`` of pyrra-dev/pyrra at commit 1ba95af.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from foundation.errors import Effect
from foundation.located import Section
from foundation.quantities import decimal_text, parse_duration, parse_number, percent_text
from slo.loaders.metadata import LONGEST_DESCRIPTION, checked_name
from slo.loaders.pyrra_alerts import read_pyrra_alerts
from slo.loaders.pyrra_indicators import PyrraIndicator, read_pyrra_indicator
from slo.model.entities import Service, WindowSet
from slo.model.spec import BudgetingMethod, Objective, Slo, Window
from slo.prometheus.names import SET_BY_US, label_name

GROUP = "pyrra.dev/"  # of its resources, and of the labels and annotations that it passes on
VERSION = f"{GROUP}v1alpha1"
KIND = "ServiceLevelObjective"
NO_NAMESPACE = "default"
_OURS_TO_KUBERNETES = "kubectl.kubernetes.io/last-applied-configuration"
_SHORTEST, _YEAR = timedelta(hours=1), timedelta(days=365)


def claims_to_be_pyrra(document: Section) -> bool:
    return document.text("apiVersion").startswith(GROUP)


@dataclass(frozen=True, slots=True)
class _Metadata:
    """``labels`` and ``annotations`` are those that Pyrra passes on, without their prefix."""

    name: str
    service: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    all_annotations: Mapping[str, str]


def read_pyrra(document: Section, _: WindowSet) -> tuple[Service | None, list[Slo]]:
    """The service (its namespace, where no label says one) and the SLO of one resource.

    Pyrra's windows follow the objective's own, whatever windows the folder has.
    """
    document.text("apiVersion", required=True, choices=(VERSION,))
    document.text("kind", required=True, choices=(KIND,))
    metadata = _metadata(document)
    document.plain("status")
    spec = document.section("spec", required=True)
    document.close()
    if spec is None or metadata is None:
        return None, []
    slo = _slo(document, spec, metadata)
    spec.close()
    return Service(metadata.service, metadata.service), [slo] if slo else []


def pyrra_changes(slo: Slo) -> Iterator[tuple[Effect, str]]:
    """What becomes otherwise in each of Pyrra's objectives."""
    text = (
        "the period is summed from recorded counts, not asked of the counters over the whole window at once"
    )
    yield Effect.CHANGED, text
    if slo.tiers:
        text = f"alerts carry slo={slo.id!r}, an environment and a tier, besides Pyrra's own labels"
        yield Effect.CHANGED, text
    if slo.no_data_severity:
        text = (
            f"one alert ({slo.no_data_severity}) for when the metrics of total stop; a series of errors that "
            "does not exist yet means none failed, where Pyrra alerts on its absence"
        )
        yield Effect.CHANGED, text
    text = (
        "the recorded series <metric>:burnrate… and <metric>:increase…; pyrra_objective, pyrra_availability "
        "and what else its boards read are recorded by `mirante build --pyrra-names`"
    )
    yield Effect.LOST, text


def _metadata(document: Section) -> _Metadata | None:
    section = document.section("metadata", required=True)
    if section is None:
        return None
    name = checked_name(section, "name")
    below = section.section("labels")
    service = f"{GROUP}service"
    if below is not None and below.has(service):
        owner = checked_name(below, service)
    elif section.has("namespace"):
        owner = checked_name(section, "namespace")
    else:
        owner = NO_NAMESPACE
        reason = f"is missing, and so is a label {service}: the service is {owner!r}"
        section.notice("namespace", reason, "Write one of them to name the service.")
    labels, annotations = section.labels("labels"), section.labels("annotations")
    others = sorted(key for key in labels if not key.startswith(GROUP))
    if others:
        reason = (
            f"{', '.join(others)} only say which Prometheus loads the rules; Pyrra puts them on no series "
            "or alert, and so they are left out"
        )
        section.notice("labels", reason, effect=Effect.LOST)
    for key in section:
        section.plain(key)
    annotations.pop(_OURS_TO_KUBERNETES, None)
    return _Metadata(name, owner, _passed_on(labels), _passed_on(annotations), annotations)


def _passed_on(texts: Mapping[str, str]) -> dict[str, str]:
    return {key.removeprefix(GROUP): value for key, value in texts.items() if key.startswith(GROUP)}


def _slo(document: Section, spec: Section, metadata: _Metadata) -> Slo | None:
    description = _description(spec)
    target, window = _target(spec), _window(spec)
    indicator = spec.section("indicator", required=True)
    found = None if indicator is None else read_pyrra_indicator(indicator)
    _say_what_is_not_kept(spec)
    alerts = read_pyrra_alerts(
        spec, window or timedelta(days=28), target or Fraction(99, 100), metadata.annotations
    )
    if target is None or window is None or found is None:
        return None
    runbook = metadata.annotations.get("runbook_url", "")
    return Slo(
        service=metadata.service,
        name=metadata.name,
        display_name=metadata.name,
        description=description,
        indicator=found.indicator,
        method=BudgetingMethod.OCCURRENCES,
        window=Window(window),
        objectives=(_objective(target, found),),
        tiers=alerts.tiers,
        summed_to=found.grouping if found.least is not None else None,  # counts say it in their queries
        owner=metadata.labels.get("owner", ""),
        no_data_severity=alerts.silence,
        no_data_after=alerts.silent_after,
        labels=_labels(spec, {**metadata.labels, **found.labels}),
        annotations=metadata.all_annotations,
        texts={"runbook": runbook} if runbook else {},
        source_file=document.file,
        source_line=document.line,
    )


def _objective(target: Fraction, found: PyrraIndicator) -> Objective:
    return Objective("main", target, op="gte" if found.least is not None else None, value=found.least)


def _labels(spec: Section, labels: Mapping[str, str]) -> dict[str, str]:
    """Pyrra's of the objective and of the ``=`` matchers, but for those that are ours to set."""
    taken = sorted(key for key in labels if label_name(key) in SET_BY_US)
    if taken:
        reason = f"Mirante sets {', '.join(taken)} itself on everything it makes; Pyrra's value is left out"
        spec.notice("indicator", reason, effect=Effect.CHANGED)
    return {key: value for key, value in labels.items() if key not in taken}


def _description(spec: Section) -> str:
    text = spec.text("description").strip()
    if len(text) <= LONGEST_DESCRIPTION:
        return text
    reason = f"is cut to the {LONGEST_DESCRIPTION} characters that OpenSLO allows"
    spec.notice("description", reason, effect=Effect.LOST)
    return text[: LONGEST_DESCRIPTION - 3] + "..."


def _target(spec: Section) -> Fraction | None:
    text = spec.text("target", required=True)
    percent = parse_number(text)
    if text and (percent is None or not 0 <= percent <= 100):
        spec.refuse("target", f"{text!r} is not a percentage of 0 to 100", 'Write for example "99.9".')
    if text and percent == 100:
        problem = "100 % leaves no error budget: a single error breaks the promise"
        spec.refuse("target", problem, 'Promise less than 100 %, for example "99.99".')
    if text and percent == 0:
        problem = "0 % promises nothing: no error can break the promise"
        spec.refuse("target", problem, "Promise more than 0 %.")
    if percent is None or not 0 < percent < 100:
        return None
    if percent < 1:
        reason = f"is a percentage: {text} promises {percent_text(percent / 100)}"
        spec.notice("target", reason, f'Write "{decimal_text(percent * 100)}" if that was meant.')
    return percent / 100


def _window(spec: Section) -> timedelta | None:
    text = spec.text("window", required=True)
    length = _length(text)
    if text and length is None:
        spec.refuse("window", f"{text!r} is not a duration", "Write for example 28d, 4w or 2w.")
        return None
    if length is not None and (length < _SHORTEST or length % timedelta(minutes=1)):
        problem = f"{text!r} is shorter than an hour or not a whole number of minutes"
        spec.refuse("window", problem, "Write for example 28d or 4w.")
        return None
    return length


def _length(text: str) -> timedelta | None:
    """Prometheus also has years of 365 days."""
    years, mark, rest = text.partition("y")
    if not mark:
        return parse_duration(text)
    below = parse_duration(rest) if rest else timedelta(0)
    is_written = years.isdecimal() and len(years) <= 2 and below is not None
    return int(years) * _YEAR + below if is_written and below is not None else None


def _say_what_is_not_kept(spec: Section) -> None:
    if spec.flag("performanceOverAccuracy", False):
        reason = "is what Mirante always does: long windows are sums of recorded counts, and stay exact"
        spec.notice("performanceOverAccuracy", reason, effect=Effect.CHANGED)
    if spec.text("partial_response_strategy"):
        reason = "only the ruler of Thanos reads it; set it on the groups where you load them"
        spec.notice("partial_response_strategy", reason, effect=Effect.LOST)
    output = spec.plain("ruleOutput")
    if output:
        reason = "splits the rules over two resources; Mirante writes one, with every rule in it"
        spec.notice("ruleOutput", reason, effect=Effect.LOST)
