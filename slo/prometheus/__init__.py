"""Prometheus rules, their unit tests and their Kubernetes resources, as pure functions of the catalogue."""

from slo.prometheus.promtool import rule_tests
from slo.prometheus.rules import prometheus_rule_resources, rule_files
from slo.prometheus.yaml_text import render_yaml

__all__ = ["prometheus_rule_resources", "render_yaml", "rule_files", "rule_tests"]
