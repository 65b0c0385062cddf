"""CloudWatch burn-rate alarms, as boto3 arguments and as CloudFormation: pure functions of the catalogue."""

from slo.cloudwatch.alarms import alarms, is_composite, skipped
from slo.cloudwatch.template import templates

__all__ = ["alarms", "is_composite", "skipped", "templates"]
