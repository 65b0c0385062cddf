"""Rule files: one for each SLO, recordings then alerts; as documents and as Kubernetes resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slo.model import conventions as names
from slo.model.catalogue import Catalogue
from slo.model.promql import PromqlError, analyse
from slo.model.spec import MetricQuery, Slo
from slo.prometheus.alerts import alert_group
from slo.prometheus.pyrra_names import pyrra_group
from slo.prometheus.records import Group, record_groups
from slo.prometheus.sloth_names import sloth_group, under_sloth_names
from slo.prometheus.yaml_text import render_yaml

Document = Mapping[str, object]
COUNTED = ("prometheus", "cloudwatch")  # types of sources


def rule_files(
    catalogue: Catalogue, environment: str, *, sloth_names: bool = False, pyrra_names: bool = False
) -> dict[str, Document]:
    """File name (``shop-checkout.rules.yaml``) to rule file, in name order.

    SLOs that no Prometheus rule can count are left out; ``unsupported`` says why. ``sloth_names`` and
    ``pyrra_names`` also record everything under the names that Sloth's and Pyrra's dashboards read.
    """
    return {
        rules_file(slo): rule_file(slo, environment, sloth_names=sloth_names, pyrra_names=pyrra_names)
        for slo in supported(catalogue)
    }


def rules_file(slo: Slo) -> str:
    return f"{names.slug(slo.id)}.rules.yaml"


def rule_file(
    slo: Slo, environment: str, *, sloth_names: bool = False, pyrra_names: bool = False
) -> Document:
    """Recordings of each objective in the order they depend on each other, then the alerts."""
    if sloth_names:
        slo = under_sloth_names(slo)
    groups = recordings(slo, environment)
    if sloth_names:
        groups += [sloth_group(slo, objective, environment) for objective in slo.objectives]
    if pyrra_names:
        groups += [pyrra_group(slo, objective, environment) for objective in slo.objectives]
    alerts = alert_group(slo, environment)
    return {"groups": [*groups, *([alerts] if alerts["rules"] else [])]}


def recordings(slo: Slo, environment: str) -> list[Group]:
    return [group for objective in slo.objectives for group in record_groups(slo, objective, environment)]


def supported(catalogue: Catalogue) -> Iterator[Slo]:
    return (slo for slo in catalogue.slos if unsupported(slo) is None)


def _resource(name: str, document: Document, environment: str) -> Document:
    stem = name.removesuffix(".rules.yaml").lower()
    labels = {"app.kubernetes.io/managed-by": "mirante", "mirante.dev/environment": environment}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": f"mirante-{stem}", "labels": labels},
        "spec": {"groups": document["groups"]},
    }


def resource_text(name: str, rule_file_text: str, environment: str) -> str:
    """The resource of a rule file that is rendered already: the same lines, two spaces to the right."""
    head = render_yaml(_resource(name, {"groups": []}, environment)).removesuffix("  groups: []\n")
    moved = "  " + rule_file_text.removesuffix("\n").replace("\n", "\n  ")
    return head + moved.replace("\n  \n", "\n\n").replace("\n  \n", "\n\n") + "\n"


def unsupported(slo: Slo) -> str | None:
    """Why Prometheus cannot count it, so that no rule is generated; ``None`` when it can."""
    for part, metric in slo.indicator.queries.items():
        if metric.source_type != "Prometheus":
            return f"{part} comes from {metric.source_type}, which Prometheus rules cannot query"
        try:
            query = analyse(metric.query)
        except PromqlError as error:
            return f"the {part} query is not PromQL: {error}"
        if lacks_range(slo, metric):
            return f"the {part} query counts a counter without a range; write increase(...[{{{{.window}}}}])"
        if query.counts == "mixed":
            return f"the {part} query mixes increase() and rate()"
    return slo.shared_grouping.problem or None


def left_out(slo: Slo) -> str | None:
    """Why nothing that is generated can count it; ``None`` when Prometheus or CloudWatch can."""
    asked = slo.indicator.queries.items()
    strange = {part: m.source_type for part, m in asked if m.source_type.lower() not in COUNTED}
    told = ", ".join(f"{part} comes from {source}" for part, source in strange.items())
    return f"{told}, which Mirante cannot count" if told else None


def built_part(catalogue: Catalogue) -> Catalogue:
    """Without the SLOs that are left out of everything generated."""
    return catalogue.without({slo.id for slo in catalogue.slos if left_out(slo)})


def is_left_out_on_purpose(slo: Slo) -> bool:
    """Whether the definition says that another tool measures it."""
    return slo.annotations.get(f"{names.ANNOTATION_PREFIX}rules") == names.NO_RULES


def lacks_range(slo: Slo, metric: MetricQuery) -> bool:
    """Whether it reads a counter as it stands, which says nothing."""
    events = slo.indicator.events
    return events is not None and events.counter and not metric.is_windowed
