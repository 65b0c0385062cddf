"""Rule files: one for each SLO, recordings then alerts; as documents and as Kubernetes resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slo.model import conventions as names
from slo.model.catalogue import Catalogue
from slo.model.spec import Slo
from slo.prometheus.alerts import alert_group
from slo.prometheus.records import Group, record_groups
from slo.prometheus.sloth_names import sloth_group
from slo.prometheus.support import unsupported

Document = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Skipped:
    """An SLO nothing is generated for, and why."""

    slo_id: str
    reason: str


def rule_files(catalogue: Catalogue, environment: str, *, sloth_names: bool = False) -> dict[str, Document]:
    """File name (``credit-decision-latency.rules.yaml``) to rule file, in name order.

    SLOs that no Prometheus rule can count are left out; ``skipped`` names them. ``sloth_names`` also
    records everything under the names that Sloth's dashboards read.
    """
    return {
        rules_file(slo): rule_file(slo, environment, sloth_names=sloth_names) for slo in supported(catalogue)
    }


def rules_file(slo: Slo) -> str:
    return f"{names.slug(slo.id)}.rules.yaml"


def rule_file(slo: Slo, environment: str, *, sloth_names: bool = False) -> Document:
    """Recordings of each objective in the order they depend on each other, then the alerts."""
    groups = recordings(slo, environment)
    if sloth_names:
        groups += [sloth_group(slo, objective, environment) for objective in slo.objectives]
    alerts = alert_group(slo, environment)
    return {"groups": [*groups, *([alerts] if alerts["rules"] else [])]}


def recordings(slo: Slo, environment: str) -> list[Group]:
    return [group for objective in slo.objectives for group in record_groups(slo, objective, environment)]


def supported(catalogue: Catalogue) -> Iterator[Slo]:
    return (slo for slo in catalogue.slos if unsupported(slo) is None)


def skipped(catalogue: Catalogue) -> list[Skipped]:
    """What ``rule_files`` leaves out, with reasons a person can act on."""
    found = ((slo.id, unsupported(slo)) for slo in catalogue.slos)
    return [Skipped(slo_id, reason) for slo_id, reason in found if reason is not None]


def prometheus_rule_resources(
    catalogue: Catalogue, environment: str, *, sloth_names: bool = False
) -> dict[str, Document]:
    """The same groups as ``PrometheusRule`` resources of the Prometheus operator, one for each file."""
    return {
        name.replace(".rules.yaml", ".yaml"): _resource(name, document, environment)
        for name, document in rule_files(catalogue, environment, sloth_names=sloth_names).items()
    }


def _resource(name: str, document: Document, environment: str) -> Document:
    stem = name.removesuffix(".rules.yaml").lower()
    labels = {"app.kubernetes.io/managed-by": "mirante", "mirante.dev/environment": environment}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": f"mirante-{stem}", "labels": labels},
        "spec": {"groups": document["groups"]},
    }
