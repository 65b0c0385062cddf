"""Writes definition files a person could have written, and reads what the loader says of them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from foundation.errors import DefinitionError, DefinitionErrors
from slo.loaders.catalogue_files import load_catalogue
from slo.model.catalogue import Catalogue

SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: uptime
  displayName: Uptime
spec:
  service: web
  budgetingMethod: Occurrences
  timeWindow:
    - duration: 30d
      isRolling: true
  indicator:
    metadata:
      name: uptime
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: Prometheus
            spec:
              query: sum(rate(http_requests_total{code!~"5.."}[{{.window}}]))
        total:
          metricSource:
            type: Prometheus
            spec:
              query: sum(rate(http_requests_total[{{.window}}]))
  objectives:
    - displayName: Most
      target: 0.99
"""

SLOTH = """\
version: prometheus/v1
service: web
slos:
  - name: uptime
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))
        total_query: sum(rate(http_requests_total[{{.window}}]))
    alerting:
      name: WebErrors
"""


def load_texts(folder: Path, **files: str) -> Catalogue:
    """``uptime=TEXT`` is written to ``uptime.yaml``; all of them are read together."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(dedent(text), encoding="utf-8")
    return load_catalogue(folder)


def refusals(folder: Path, **files: str) -> list[DefinitionError]:
    """What is wrong with them; empty when they load."""
    try:
        load_texts(folder, **files)
    except DefinitionErrors as errors:
        return list(errors.errors)
    return []


def line_of(text: str, needle: str) -> int:
    """1-based line of the first line that holds ``needle``."""
    return next(n for n, line in enumerate(text.splitlines(), 1) if needle in line)
