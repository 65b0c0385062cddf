"""Prometheus rules, their unit tests and their Kubernetes resources, as pure functions of the catalogue."""

from slo.prometheus.promtool import rule_tests
from slo.prometheus.rules import (
    resource_text,
    rule_file,
    rule_files,
    rules_file,
    supported,
)
from slo.prometheus.yaml_text import render_yaml

__all__ = [
    "render_yaml",
    "resource_text",
    "rule_file",
    "rule_files",
    "rule_tests",
    "rules_file",
    "supported",
]
