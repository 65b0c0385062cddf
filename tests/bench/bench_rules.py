"""1,000 SLOs to rule files, beside the floor of serialising the same documents as JSON."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import TypeVar

from slo.indicators.ratio import RatioIndicator
from slo.loaders.catalogue_files import load_catalogue
from slo.model.catalogue import Catalogue
from slo.model.spec import MetricQuery, Objective, Slo
from slo.prometheus import render_yaml, rule_files

SLOS = int(os.environ.get("MIRANTE_BENCH_SLOS", "1000"))
CPU_SECONDS_ALLOWED = 1.5
MEMORY_MB_ALLOWED = 300

T = TypeVar("T")


def catalogue() -> Catalogue:
    """Every SLO has queries of its own, so that no cache helps."""
    base = load_catalogue().slo("credit/decision-latency")
    return Catalogue(slos=tuple(_slo(base, index) for index in range(SLOS)))


def _slo(base: Slo, index: int) -> Slo:
    def count(matcher: str) -> MetricQuery:
        query = f'sum(increase(requests_total{{app="{index}"{matcher}}}[{{{{.window}}}}]))'
        return MetricQuery("Prometheus", query)

    indicator = RatioIndicator(bad=count(',code=~"5.."'), total=count(""))
    objectives = (Objective("main", Fraction(9_990 + index % 9, 10_000)),)
    return replace(base, name=f"slo-{index:04d}", indicator=indicator, objectives=objectives)


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """``(result, CPU seconds of this process)``."""
    began = time.process_time()
    return work(), time.process_time() - began


def run() -> dict[str, object]:
    many = catalogue()
    files, build = timed(lambda: rule_files(many, "prod"))
    texts, render = timed(lambda: [render_yaml(document) for document in files.values()])
    _, floor = timed(lambda: [json.dumps(document) for document in files.values()])
    groups = [group for document in files.values() for group in document["groups"]]  # type: ignore[attr-defined]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "slos": SLOS,
        "rules": sum(len(group["rules"]) for group in groups),
        "megabytes": sum(len(text.encode()) for text in texts) / 1e6,
        "build_cpu_seconds": build,
        "render_cpu_seconds": render,
        "total_cpu_seconds": build + render,
        "allowed_cpu_seconds": CPU_SECONDS_ALLOWED,
        "json_floor_cpu_seconds": floor,
        "ratio_to_json_floor": (build + render) / floor,
        "peak_memory_megabytes": memory,
        "allowed_memory_megabytes": MEMORY_MB_ALLOWED,
    }
