"""CloudWatch burn-rate alarms, as boto3 arguments and as CloudFormation: pure functions of the catalogue."""

from slo.cloudwatch.alarms import Skipped, alarms, is_composite, skipped
from slo.cloudwatch.template import template, templates

__all__ = ["Skipped", "alarms", "is_composite", "skipped", "template", "templates"]
