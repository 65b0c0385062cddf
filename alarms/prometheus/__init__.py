"""Prometheus rules of the indicator alarms; the burn alerts of SLOs come from ``slo.prometheus``."""
