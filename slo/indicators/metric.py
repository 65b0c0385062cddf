"""A metric source: how a definition names it, where CloudWatch finds it, and PromQL that indicators share.

A definition may name its own metrics of CloudWatch (a *twin*), in a Prometheus source under ``cloudwatch:``
or as a source of ``type: CloudWatch``. Otherwise the ledger publishes its counts, ``GoodEvents`` and
``TotalEvents`` in ``Mirante/SLO``, so that every SLO has the same alarms whatever it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from foundation.errors import Effect, MiranteError
from foundation.exit_status import ExitStatus
from foundation.located import Section, suggestion
from slo.model import conventions as names
from slo.model.edges import by_number
from slo.model.entities import DataSource
from slo.model.grouping import Grouping, exactly
from slo.model.periods import MINUTE
from slo.model.promql import samples_range, whole
from slo.model.spec import CountExpressions, Indicator, MetricQuery, Objective, Slo

TWIN_KEYS = ("namespace", "metricName", "dimensions", "stat")
SPEC_KEYS = ("cloudwatch", "queryType", "dimensions")  # of a Prometheus source, beside `query`
ADD_TYPE = "Add `type: Prometheus`."
LOOK_BACK = timedelta(minutes=5)  # of a reading that is taken each minute

_MAY_CLASH = tuple(label for label in names.SET_BY_US if not label.startswith("alert"))

ReadMetric = Callable[[Section], MetricQuery | None]
Kinds = Mapping[str, Callable[[Section, ReadMetric], Indicator | None]]
"""How each type of SLI is read, by the key that OpenSLO has for it; ``None`` after a refusal."""


def real(query: str) -> str:
    """The query without its NaN values: no comparison holds for a NaN."""
    return f"({query}) >= -Inf"


def grouped(
    query: str, kept: Grouping, grouping: Grouping, operator: str = "sum", always: bool = False
) -> str:
    """The query, which leaves ``kept``, aggregated to ``grouping`` unless that is what it leaves.

    Bucket edges are matched by number. A label that we set ourselves is kept under another name.
    """
    text = by_number(query)
    clashing = [label for label in _MAY_CLASH if grouping.keeps(label)]
    for label in clashing:
        text = f'label_replace({text}, "{names.recorded_label(label)}", "$1", "{label}", "(.+)")'
    if clashing and grouping.exact:
        return exactly(map(names.recorded_label, grouping.names)).aggregated(operator, text)
    return whole(text) if kept == grouping and not always else grouping.aggregated(operator, text)


def averaged(share: CountExpressions, length: timedelta) -> CountExpressions:
    """What is read once a minute, over a longer slice."""
    if length == MINUTE:
        return share
    average = f"avg_over_time(({share.good})[{samples_range(length)}:1m])"
    return CountExpressions(average, average)


def document_of(metric: MetricQuery) -> Mapping[str, object]:
    """The source as an OpenSLO v1 document has it."""
    query = {"query": metric.query} if metric.query else {}
    return {"metricSource": {"type": metric.source_type, "spec": query | dict(metric.spec)}}


@dataclass(frozen=True, slots=True)
class MetricSources:
    """Reads a source: OpenSLO v1's ``metricSource``, or v2alpha's ``dataSourceRef`` beside ``spec``."""

    data_sources: Mapping[str, DataSource]
    is_v1: bool = True

    def read(self, section: Section) -> MetricQuery | None:
        """``None`` after a refusal."""
        if not self.is_v1 and not section.has("metricSource"):
            return self._v2alpha(section)
        source = section.section("metricSource", required=True)
        section.close()
        if source is None:
            return None
        reference, source_type = source.text("metricSourceRef"), source.text("type")
        known = self.data_sources.get(reference)
        if known is not None and source_type and source_type.lower() != known.type.lower():
            problem = f"{source_type!r} differs from data source {reference!r}, which is {known.type!r}"
            source.refuse("type", problem, "Remove `type:`; the data source already sets it.")
        query = _query(source, source_type or self._type(source, "metricSourceRef", reference))
        source.close()
        return query

    def _v2alpha(self, section: Section) -> MetricQuery | None:
        reference = section.text("dataSourceRef")
        inline = section.section("dataSourceSpec")
        if inline is None:
            source_type = self._type(section, "dataSourceRef", reference)
        else:
            source_type = inline.text("type", required=True)
            inline.text("description")
            inline.plain("connectionDetails")
            inline.close()
        query = _query(section, source_type)
        section.close()
        return query

    def _type(self, section: Section, key: str, reference: str) -> str:
        """Its data source's; one that is kept elsewhere is its own type, which nothing of ours counts."""
        known = self.data_sources.get(reference)
        if known is not None:
            return known.type
        if not reference:
            section.notice("type", "is missing, with no data source named; Prometheus is assumed", ADD_TYPE)
            return "Prometheus"
        meant = suggestion(reference, tuple(self.data_sources), "")
        if meant:
            section.no_such(key, "DataSource", reference, meant)
        else:
            problem = f"there is no DataSource {reference!r} here, so that nothing is counted from it"
            section.notice(key, problem, "Define it, or write `type:` here.", Effect.LOST)
        return f"data source {reference}"


def _query(section: Section, source_type: str) -> MetricQuery | None:
    spec = section.section("spec", required=True)
    if spec is None:
        return None
    prometheus = source_type.lower() == "prometheus"
    query = spec.text("query", required=prometheus).strip()
    rest = {key: spec.plain(key) for key in spec if key != "query"}
    for name in sorted(set(rest) - {*SPEC_KEYS}) if prometheus else ():
        meant = suggestion(name, ("query", *SPEC_KEYS), "")
        if meant:
            spec.refuse(name, "is not known in a Prometheus source", meant)
        else:
            spec.notice(name, "has no meaning in a Prometheus source", "Remove it.", Effect.LOST)
    return MetricQuery("Prometheus" if prometheus else source_type, query, rest)


def read_indicator(spec: Section, sources: MetricSources, kinds: Kinds) -> Indicator | None:
    """The one indicator that ``spec`` holds; ``None`` after a refusal."""
    given = {key: section for key in kinds if (section := spec.section(key)) is not None}
    spec.close()
    if len(given) != 1:
        problem = f"exactly one of {' and '.join(kinds)} is required"
        spec.refuse(next(iter(kinds)), problem, "Keep the one that this indicator uses.")
        return None
    ((key, section),) = given.items()
    return kinds[key](section, sources.read)


@dataclass(frozen=True, slots=True)
class CloudWatchMetric:
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()
    statistic: str = "Sum"

    @property
    def arguments(self) -> dict[str, object]:
        """As boto3 names a metric."""
        pairs = [{"Name": key, "Value": value} for key, value in self.dimensions]
        return {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": pairs}


@dataclass(frozen=True, slots=True)
class Twin:
    """Good or bad, and total; ``published`` when they are the ledger's own."""

    total: tuple[CloudWatchMetric, ...]
    part: tuple[CloudWatchMetric, ...]
    part_is_good: bool
    published: bool


class TwinError(MiranteError, ValueError):
    """The twin of a definition cannot be read; the message says why and how to fix it."""

    exit_status = ExitStatus.NO


def twin_of(slo: Slo, objective: Objective, environment: str) -> Twin:
    """
    Raises:
        TwinError: a twin is written, but not one that CloudWatch could query.
    """
    events = slo.indicator.events
    if events is not None:
        total_twin, part_twin = _written_twin(events.total), _written_twin(events.part)
        if bool(total_twin) != bool(part_twin):
            raise TwinError("only one of the two counts has a cloudwatch twin; give both or neither")
        if total_twin:
            return Twin(total_twin, part_twin, events.part_is_good, published=False)
    return _published(slo, objective, environment)


def _published(slo: Slo, objective: Objective, environment: str) -> Twin:
    dimensions = (("Environment", environment), ("Objective", objective.name), ("Slo", slo.id))
    total = CloudWatchMetric(names.CLOUDWATCH_NAMESPACE, names.CLOUDWATCH_TOTAL, dimensions)
    good = CloudWatchMetric(names.CLOUDWATCH_NAMESPACE, names.CLOUDWATCH_GOOD, dimensions)
    return Twin((total,), (good,), part_is_good=True, published=True)


def _written_twin(metric: MetricQuery) -> tuple[CloudWatchMetric, ...]:
    """One metric, or several that are added up; none when the source has no twin."""
    if metric.source_type.lower() == "cloudwatch":
        written: object = metric.spec.get("metrics", metric.spec)
    else:
        written = metric.spec.get("cloudwatch")
    if written is None:
        return ()
    items = written if isinstance(written, list) else [written]
    return tuple(_twin_metric(item) for item in items)


def _twin_metric(item: object) -> CloudWatchMetric:
    if not isinstance(item, Mapping):
        raise TwinError(f"a cloudwatch twin is a mapping of {', '.join(TWIN_KEYS)}")
    unknown = [key for key in item if key not in TWIN_KEYS]
    if unknown:
        raise TwinError(f"{unknown[0]!r} is not known in a cloudwatch twin; known: {', '.join(TWIN_KEYS)}")
    namespace, name = item.get("namespace"), item.get("metricName")
    if not namespace or not name:
        raise TwinError("a cloudwatch twin needs namespace and metricName")
    dimensions = item.get("dimensions") or {}
    if not isinstance(dimensions, Mapping):
        raise TwinError("dimensions is a mapping of names to values")
    statistic = str(item.get("stat", "Sum"))
    if statistic not in ("Sum", "SampleCount"):
        raise TwinError(f"stat {statistic!r} does not count events; use Sum or SampleCount")
    pairs = tuple(sorted((str(key), str(value)) for key, value in dimensions.items()))
    return CloudWatchMetric(str(namespace), str(name), pairs, statistic)
