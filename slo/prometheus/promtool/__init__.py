"""Generated unit tests of generated rules, for ``promtool test rules``."""

from slo.prometheus.promtool.files import rule_tests, slo_tests

__all__ = ["rule_tests", "slo_tests"]
