"""Offers as OpenSLO files that a newcomer can read: every field explained once, every number with its reason.

What comes from the server goes through the YAML emitter, or into comments without line breaks.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from foundation.quantities import (
    decimal_text,
    percent_text,
    rounded_percent_text,
    rounded_text,
    span_text,
)
from slo.loaders.writer import Number
from slo.model.conventions import ANNOTATION_PREFIX
from slo.offers import NotOffered, Offer, OfferedService, Offers
from slo.prometheus.yaml_text import render_yaml

WIDTH = 108
MOST_REFUSED = 200
TEAM = "on-call"
FOLDER = "slo/definitions"
REFUSED = "NOT-PROPOSED.md"
Document = dict[str, object]

# What each field means, said where it stands for the first time in a file.
NOTES = {
    "mirante.dev/owner": "The team that owns it: one of the teams in alarms/policy.yaml.",
    "mirante.dev/total": "Texts for boards and pages: what is counted, and what counts as good.",
    "budgetingMethod": "Occurrences counts events; Timeslices would count minutes.",
    "timeWindow": "The target applies to the last 30 days, rolling.",
    "ratioMetric": (
        "What is counted, as PromQL: good (or bad) and total. Mirante fills in {{.window}} "
        "(5m, 1h): keep it. "
        "Add conditions inside the braces of both queries, for example to leave health checks out."
    ),
}
COMPONENTS = (
    "The components of the system: what each depends on (depends_on: [other-id]), who owns it and "
    "which SLOs it serves. Fill in depends_on: when two of them alert and one depends on the other, "
    "the other counts as the cause. tier: a failure of 1 stops the business, 2 degrades it, 3 delays "
    "it; 4 only monitors. kind: api, service, store, cache, stream, function, worker or probe. "
    "name_pt is the Portuguese name."
)


def definition_files(found: Offers, source: str) -> dict[str, str]:
    """By path below the workspace: one file a service, ``components.yaml``, and what was left out.

    ``source`` is who was asked.
    """
    files = {f"{FOLDER}/{one.name}.yaml": _service_file(one, source) for one in found.services}
    components = render_yaml({"components": [_component(one) for one in found.services]})
    files[f"{FOLDER}/components.yaml"] = comment(COMPONENTS) + components
    if found.refused:
        files[REFUSED] = _not_proposed(found.refused, source)
    return files


def comment(text: str, indent: str = "") -> str:
    """As YAML comment lines, whatever the text holds."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    lines = textwrap.wrap(plain, WIDTH - len(indent) - 2, break_on_hyphens=False)
    return "".join(f"{indent}# {line}\n" for line in lines)


def _service_file(service: OfferedService, source: str) -> str:
    scope = ", ".join(f"{label}={value!r}" for label, value in service.scope)
    head = comment(
        f"Proposed by `mirante init` from what {source} says of {scope}. It is a proposal: change "
        "what you like, then run `mirante check`."
    )
    parts = [_explained(head + render_yaml(_service(service)), NOTES)]
    notes = {key: note for key, note in NOTES.items() if key != "mirante.dev/owner"}
    for offer in service.offers:
        parts.append(_reasons(offer) + _explained(render_yaml(_slo(service, offer)), notes, offer))
        notes = {}
    return "---\n".join(parts)


def _explained(text: str, notes: Mapping[str, str], offer: Offer | None = None) -> str:
    """A comment above the first line of each field that has one."""
    waiting = dict(notes)
    if offer is not None:
        waiting["target"] = (
            f"{decimal_text(offer.target)}: {percent_text(1 - offer.target)} may fail, the error budget. "
            "Choose a target that you would defend, not what was reached today."
        )
    lines = []
    for line in text.splitlines(keepends=True):
        found = re.match(r"( *)(?:- )?'?([A-Za-z./-]+)'?:", line)
        if found and found[2] in waiting:
            lines.append(comment(waiting.pop(found[2]), found[1]))
        lines.append(line)
    return "".join(lines)


def _reasons(offer: Offer) -> str:
    measured = offer.measured
    said = [
        f"{offer.title}. Recognised as: {offer.convention}.",
        f"Measured: about {measured.events:,} events in the last {span_text(measured.span)}; {offer.why}.",
    ]
    if measured.events < 1_000:
        said.append("That is too little to judge by: look again (mirante slo status) once there is more.")
    if measured.hourly * (1 - offer.target) < 1:
        said.append(
            f"At about {rounded_text(measured.hourly, 0)} an hour a single failure can page: "
            'mirante.dev/min-events: "100", among the annotations, keeps an alert quiet below that many.'
        )
    if len(offer.edges) > 1:
        others = ", ".join(offer.edges)
        said.append(
            f"The threshold has to be a bucket edge of the histogram. There are: {others}. "
            "To choose another, change le in the query and the words beside it."
        )
    return "".join(comment(line) for line in said)


def _service(service: OfferedService) -> Document:
    metadata: Document = {"name": service.name}
    if service.called != service.name:
        metadata["displayName"] = service.called
    metadata["annotations"] = {f"{ANNOTATION_PREFIX}owner": TEAM}
    return {"apiVersion": "openslo/v1", "kind": "Service", "metadata": metadata, "spec": {}}


def _slo(service: OfferedService, offer: Offer) -> Document:
    metric = {"good": offer.part_query, "total": offer.total_query}
    if offer.part == "bad":
        metric = {"bad": offer.part_query, "total": offer.total_query}
    sources = {
        name: {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}
        for name, query in metric.items()
    }
    annotations = {
        f"{ANNOTATION_PREFIX}total": offer.total,
        f"{ANNOTATION_PREFIX}good": offer.good,
    }
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {
            "name": offer.name,
            "displayName": f"{service.called}: {offer.title}",  # pages and boards show those of all services
            "annotations": annotations,
        },
        "spec": {
            "service": service.name,
            "budgetingMethod": "Occurrences",
            "timeWindow": [{"duration": "30d", "isRolling": True}],
            "indicator": {
                "metadata": {"name": offer.name},
                "spec": {"ratioMetric": {"counter": True, **sources}},
            },
            "objectives": [
                {
                    "displayName": f"{percent_text(offer.target)} of {offer.total}",
                    "target": Number(decimal_text(offer.target)),
                }
            ],
        },
    }


def _component(service: OfferedService) -> Document:
    return {
        "id": service.name,
        "name": service.called,
        "name_pt": service.called,
        "kind": "service",
        "tier": 2,
        "owner": TEAM,
        "slos": [f"{service.name}/{offer.name}" for offer in service.offers],
    }


def _not_proposed(refused: Sequence[NotOffered], source: str) -> str:
    """Markdown; what comes from the server stands in code marks that it cannot leave."""
    lines = [
        "# What was recognised and not proposed\n",
        (
            f"`mirante init` found these in {source} and left them out. Nothing reads this file; delete "
            "it when you are done.\n"
        ),
        *_listed(refused[:MOST_REFUSED]),
    ]
    if len(refused) > MOST_REFUSED:
        lines.append(f"- and {len(refused) - MOST_REFUSED:,} more")
    return "\n".join(lines) + "\n"


def _listed(refused: Sequence[NotOffered]) -> Iterator[str]:
    for one in refused:
        where = f" of {_code(one.service)}" if one.service else ""
        yield f"- {_code(one.metric)}{where}: {''.join(c if c.isprintable() else ' ' for c in one.reason)}"


def _code(text: str) -> str:
    return "`" + "".join(c if c.isprintable() and c != "`" else " " for c in text) + "`"


def measured_text(offer: Offer) -> str:
    """``99.97 % of about 1,200 in 3h``"""
    measured = offer.measured
    share = rounded_percent_text(measured.good_share)
    return f"{share} of about {measured.events:,} in {span_text(measured.span)}"
