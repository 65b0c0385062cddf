"""Any number of SLOs as teams write them, in Sloth's files and in OpenSLO's: the same seed, the same bytes.

Services have a handful each, one file a service; queries, labels, objectives and texts differ from one to the
next, so that nothing is cheap because it repeats.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import yaml

OBJECTIVES = ("99", "99.5", "99.9", "99.95", "99.99")
TEAMS = ("checkout", "search", "identity", "payments", "logistics", "data")
CODES = ("5..", "5..|429", "(5..|408)")
ROUTES = ("/login", "/cart", "/orders", "/search", "/v1/items", "/pay")
SLOS_A_FILE = 5


@dataclass(frozen=True, slots=True)
class MadeSlo:
    """``bad`` and ``total`` are PromQL with ``{{.window}}``."""

    service: str
    name: str
    team: str
    objective: str
    title: str
    bad: str
    total: str


def made_slos(count: int, seed: int = 1) -> Iterator[MadeSlo]:
    chance = random.Random(seed)
    for index in range(count):
        service = f"svc-{index // SLOS_A_FILE:04d}"
        yield _made(chance, service, f"{chance.choice(('requests', 'latency', 'writes'))}-{index:05d}")


def _made(chance: random.Random, service: str, name: str) -> MadeSlo:
    where = f'job="{service}",route="{chance.choice(ROUTES)}",shard="{name[-5:]}"'
    if name.startswith("latency"):
        edge = chance.choice(("0.1", "0.3", "1", "2.5"))
        metric = "http_request_duration_seconds"
        total = f"sum(rate({metric}_count{{{where}}}[{{{{.window}}}}]))"
        bad = f'({total} - sum(rate({metric}_bucket{{{where},le="{edge}"}}[{{{{.window}}}}])))'
    else:
        metric = "http_requests_total" if name.startswith("requests") else "store_writes_total"
        total = f"sum(rate({metric}{{{where}}}[{{{{.window}}}}]))"
        bad = f'sum(rate({metric}{{{where},code=~"{chance.choice(CODES)}"}}[{{{{.window}}}}]))'
    title = f"{name.split('-')[0].capitalize()} of {service} on shard {name[-5:]}"
    return MadeSlo(service, name, chance.choice(TEAMS), chance.choice(OBJECTIVES), title, bad, total)


def write_sloth(folder: Path, count: int, seed: int = 1) -> None:
    """One file a service."""
    _write(folder, count, seed, lambda slos: [_sloth(slos)])


def write_openslo(folder: Path, count: int, seed: int = 1) -> None:
    """One file a service, a document for each SLO."""
    _write(folder, count, seed, lambda slos: [_openslo(slo) for slo in slos])


def _write(
    folder: Path, count: int, seed: int, documents: Callable[[list[MadeSlo]], list[dict[str, object]]]
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    by_service: dict[str, list[MadeSlo]] = {}
    for slo in made_slos(count, seed):
        by_service.setdefault(slo.service, []).append(slo)
    for service, slos in by_service.items():
        text = yaml.dump_all(documents(slos), Dumper=yaml.CSafeDumper, sort_keys=False)
        (folder / f"{service}.yaml").write_text(text, encoding="utf-8")


def _sloth(slos: list[MadeSlo]) -> dict[str, object]:
    return {
        "version": "prometheus/v1",
        "service": slos[0].service,
        "labels": {"owner": "on-call", "cmdb": slos[0].service},
        "slos": [
            {
                "name": slo.name,
                "objective": float(slo.objective),
                "description": slo.title,
                "labels": {"category": slo.name.split("-")[0]},
                "sli": {"events": {"error_query": slo.bad, "total_query": slo.total}},
                "alerting": {
                    "name": f"{slo.service}-{slo.name}".title().replace("-", ""),
                    "labels": {"category": slo.name.split("-")[0]},
                    "annotations": {"runbook": f"https://wiki.example/{slo.name}"},
                    "page_alert": {"labels": {"routing_key": slo.team}},
                    "ticket_alert": {"labels": {"channel": f"#{slo.team}"}},
                },
            }
            for slo in slos
        ],
    }


def _openslo(slo: MadeSlo) -> dict[str, object]:
    def metric(query: str) -> dict[str, object]:
        return {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}

    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {
            "name": slo.name,
            "displayName": slo.title,
            "labels": {"team": slo.team},
            "annotations": {"mirante.dev/owner": "on-call"},
        },
        "spec": {
            "description": f"{slo.title}, without errors of the server.",
            "service": slo.service,
            "indicator": {
                "metadata": {"name": f"{slo.name}-ratio"},
                "spec": {
                    "ratioMetric": {"counter": True, "bad": metric(slo.bad), "total": metric(slo.total)}
                },
            },
            "timeWindow": [{"duration": "30d", "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"target": float(Decimal(slo.objective) / 100), "displayName": "main"}],
        },
    }
