"""OpenSLO ``SLI``: ratio and threshold metrics, and the sources they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from foundation.located import Section
from slo.model.entities import DataSource
from slo.model.spec import Indicator, MetricQuery, RatioIndicator, ThresholdIndicator

LONGEST_DESCRIPTION = 1050


@dataclass(frozen=True, slots=True)
class SliContext:
    """``dialect`` is ``v1`` (``metricSource``) or ``v2alpha`` (``dataSourceRef`` beside ``spec``)."""

    data_sources: Mapping[str, DataSource]
    dialect: str = "v1"


def read_sli_spec(spec: Section, context: SliContext) -> Indicator | None:
    """The ``spec`` of an SLI; ``None`` after a refusal."""
    spec.text("description", longest=LONGEST_DESCRIPTION)
    ratio = spec.section("ratioMetric")
    threshold = spec.section("thresholdMetric")
    spec.close()
    if (ratio is None) == (threshold is None):
        spec.refuse("ratioMetric", "exactly one of ratioMetric and thresholdMetric is needed", _ONE_OF)
        return None
    if threshold is not None:
        metric = _metric(threshold, context)
        return None if metric is None else ThresholdIndicator(metric)
    assert ratio is not None
    return _ratio(ratio, context)


_ONE_OF = "Keep the one this indicator is."


def _ratio(section: Section, context: SliContext) -> RatioIndicator | None:
    parts = {key: _part(section, key, context) for key in ("good", "bad", "total", "raw")}
    counter = section.flag("counter", default=False)
    raw_type = section.text("rawType", choices=("success", "failure")) or None
    section.close()
    given = {key for key in parts if section.has(key)}
    problem = _shape_problem(given, raw_type)
    if problem:
        section.refuse("", problem, "Give good and total, or bad and total, or raw and rawType.")
        return None
    if any(parts[key] is None for key in given):
        return None
    return RatioIndicator(**parts, raw_type=raw_type, counter=counter)


def _shape_problem(given: set[str], raw_type: str | None) -> str | None:
    if given == {"raw"}:
        return None if raw_type else "raw says nothing without rawType: success or failure"
    if raw_type:
        return "rawType belongs to raw only"
    if given in ({"good", "total"}, {"bad", "total"}):
        return None
    return f"{' and '.join(sorted(given)) or 'nothing'} given"


def _part(ratio: Section, key: str, context: SliContext) -> MetricQuery | None:
    section = ratio.section(key)
    return None if section is None else _metric(section, context)


def _metric(section: Section, context: SliContext) -> MetricQuery | None:
    if context.dialect != "v1" and not section.has("metricSource"):
        return _source_v2(section, context)
    source = section.section("metricSource", required=True)
    section.close()
    if source is None:
        return None
    reference, source_type = source.text("metricSourceRef"), source.text("type")
    known = context.data_sources.get(reference)
    if known is not None and source_type and source_type.lower() != known.type.lower():
        problem = f"{source_type!r} differs from data source {reference!r}, which is {known.type!r}"
        source.refuse("type", problem, "Remove `type:`; the data source says it.")
    if not source_type:
        source_type = _inferred_type(source, "metricSourceRef", reference, known)
    query = _query(source, source_type)
    source.close()
    return query


def _source_v2(section: Section, context: SliContext) -> MetricQuery | None:
    reference = section.text("dataSourceRef")
    inline = section.section("dataSourceSpec")
    known = context.data_sources.get(reference)
    if inline is not None:
        source_type = inline.text("type", required=True)
        inline.text("description")
        inline.plain("connectionDetails")
        inline.close()
    else:
        source_type = _inferred_type(section, "dataSourceRef", reference, known)
    query = _query(section, source_type)
    section.close()
    return query


def _inferred_type(section: Section, key: str, reference: str, known: DataSource | None) -> str:
    if known is not None:
        return known.type
    if reference:
        section.refuse(key, f"no DataSource is called {reference!r}", "Define it, or write `type:` here.")
    else:
        section.refuse("type", "is required where no data source is named", "Add `type: Prometheus`.")
    return ""


def _query(section: Section, source_type: str) -> MetricQuery | None:
    spec = section.section("spec", required=True)
    if spec is None:
        return None
    prometheus = source_type.lower() == "prometheus"
    query = spec.text("query", required=prometheus).strip()
    rest = {key: spec.plain(key) for key in spec if key != "query"}
    unknown = set(rest) - {"cloudwatch", "queryType", "dimensions"}
    if prometheus and unknown:
        name = sorted(unknown)[0]
        spec.refuse(name, "is not known in a Prometheus source", "Write `query:` and, if any, `cloudwatch:`.")
    return MetricQuery("Prometheus" if prometheus else source_type, query, rest)
